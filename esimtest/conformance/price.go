package conformance

import (
	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/internal/money"
)

func priceChecks(caps esim.Capabilities) []check {
	if !caps.Order {
		return nil
	}
	list := []check{
		{"a balance that does not cover it", (*trial).tooPoor},
		{"a quote without a price", func(t *trial) {
			t.unchecked(func(r *esim.OrderRequest) { r.Quote = unpriced(t.h.Package) })
		}},
	}
	if caps.PriceGuard == esim.PriceGuardNone {
		return append(list,
			check{"a quote is unsupported", func(t *trial) {
				t.unchecked(func(r *esim.OrderRequest) { r.Quote = &t.h.Package })
			}},
			check{"a ceiling is unsupported", func(t *trial) {
				t.unchecked(func(r *esim.OrderRequest) { r.MaxTotal = t.h.Package.Price })
			}},
		)
	}
	list = append(list,
		check{"the listed price", (*trial).rightQuote},
		check{"another price than listed", (*trial).wrongQuote},
		check{"a total above the ceiling", (*trial).lowCeiling},
		check{"a ceiling alone", (*trial).ceilingAlone},
		check{"a ceiling in another currency", (*trial).foreignCeiling},
	)
	list = append(list, only(caps.PriceGuard >= esim.PriceGuardChecked,
		check{"a price changed since it was listed", (*trial).changedPrice})...)
	return append(list, only(caps.TopUp, check{"prices of top-ups", (*trial).topUpPrices})...)
}

// tooPoor orders without money. That the refusal is recognised as one is more
// than every provider's documents allow; that nothing is charged is not.
func (t *trial) tooPoor() {
	t.needs(t.h.SetBalance != nil, "SetBalance")
	c := t.patient()
	b := t.orderBuyer(1)
	balance := t.h.Ledger.Balance().Amount()
	t.h.SetBalance("0")
	ref := t.reference()
	refusal := t.fails(c, b, ref)
	t.verify(b, nil, refusal)
	t.wantBought(0)
	t.h.SetBalance(balance)
	if !esim.MayRepeat(refusal) {
		return // the client cannot know that it was refused
	}
	if o, err := b.call(t.ctx(), c, ref); err != nil {
		t.Errorf("the account is funded again, and the same reference fails: %v", err)
	} else {
		t.verify(b, o, err)
	}
	t.wantBought(1)
}

// fails makes a purchase that must not succeed.
func (t *trial) fails(c esim.Client, b buyer, ref string) error {
	t.Helper()
	_, err := b.call(t.ctx(), c, ref)
	if err == nil {
		t.Errorf("%s succeeded, and should not have", b.op)
	}
	return err
}

func unpriced(p esim.Package) *esim.Package {
	p.Price = esim.Money{}
	return &p
}

// unchecked makes an order whose price cannot be checked at all: unsupported,
// with nothing sent.
func (t *trial) unchecked(change func(r *esim.OrderRequest)) {
	c := t.patient()
	r := esim.OrderRequest{PackageID: t.h.Package.ID, Reference: t.reference()}
	change(&r)
	t.mark()
	_, err := c.Order(t.ctx(), r)
	t.unsent(err, esim.ErrUnsupported)
	t.wantBought(0)
}

func (t *trial) rightQuote() {
	c := t.patient()
	quote := t.quoted(c, t.h.Package)
	t.mark()
	o, err := c.Order(t.ctx(), esim.OrderRequest{
		PackageID: quote.ID, Reference: t.reference(), Quote: quote, MaxTotal: quote.Price,
	})
	if err != nil {
		t.Fatalf("an order at the listed price of %v failed: %v", quote.Price, err)
	}
	t.wantBought(1)
	t.wantTotal(o)
}

// wantTotal checks what the order says it cost.
func (t *trial) wantTotal(o *esim.Order) {
	t.Helper()
	sum := esim.Money{}
	for _, c := range t.booked() {
		if sum.Currency() == "" {
			sum = c.Amount
			continue
		}
		sum = money.Plus(sum, c.Amount)
	}
	if o.Total == (esim.Money{}) {
		return // not reported
	}
	if !money.Same(o.Total, sum) || (o.Total.Currency() != "" && o.Total != sum) {
		t.Errorf("the order says it cost %v, the ledger %v", o.Total, sum)
	}
}

func (t *trial) wrongQuote() {
	c := t.patient()
	for _, by := range []string{"0.01", "-0.01", "1000000"} {
		quote := t.quoted(c, t.h.Package)
		quote.Price = money.Plus(quote.Price, money.Of(by, quote.Price.Currency()))
		t.mark()
		_, err := c.Order(t.ctx(), esim.OrderRequest{PackageID: quote.ID, Reference: t.reference(), Quote: quote})
		t.refused(err, esim.ErrPriceChanged)
		t.wantBought(0)
	}
}

func (t *trial) changedPrice() {
	t.needs(t.h.SetPrice != nil, "SetPrice")
	c := t.patient()
	quote := t.quoted(c, t.h.Package)
	old := quote.Price.Amount()
	for _, now := range []string{"999.99", "0.01"} {
		t.h.SetPrice(quote.ID, now)
		t.mark()
		_, err := c.Order(t.ctx(), esim.OrderRequest{PackageID: quote.ID, Reference: t.reference(), Quote: quote})
		t.h.SetPrice(quote.ID, old)
		t.refused(err, esim.ErrPriceChanged)
		t.wantBought(0)
	}
}

func (t *trial) lowCeiling() {
	c := t.patient()
	quote := t.quoted(c, t.h.Package)
	low := money.Minus(quote.Price, money.Of("0.01", quote.Price.Currency()))
	requests := []esim.OrderRequest{{Quantity: 1, MaxTotal: low}}
	if limit := c.Capabilities().MaxQuantity; limit != 1 {
		requests = append(requests, esim.OrderRequest{Quantity: 2, MaxTotal: money.Plus(quote.Price, low)})
	}
	for _, r := range requests {
		r.PackageID, r.Reference, r.Quote = quote.ID, t.reference(), quote
		t.mark()
		_, err := c.Order(t.ctx(), r)
		t.refused(err, esim.ErrPriceChanged)
		t.wantBought(0)
	}
}

// ceilingAlone is checked or unsupported, and never ignored.
func (t *trial) ceilingAlone() {
	c := t.patient()
	price := t.quoted(c, t.h.Package).Price
	t.mark()
	_, err := c.Order(t.ctx(), esim.OrderRequest{
		PackageID: t.h.Package.ID, Reference: t.reference(), MaxTotal: money.Minus(price, money.Of("0.01", price.Currency())),
	})
	t.refused(err, esim.ErrPriceChanged, esim.ErrUnsupported)
	t.wantBought(0)
	_, err = c.Order(t.ctx(), esim.OrderRequest{PackageID: t.h.Package.ID, Reference: t.reference(), MaxTotal: price})
	if err != nil {
		t.refused(err, esim.ErrUnsupported)
		t.wantBought(0)
		return
	}
	t.wantBought(1)
}

func (t *trial) foreignCeiling() {
	c := t.patient()
	t.mark()
	_, err := c.Order(t.ctx(), esim.OrderRequest{
		PackageID: t.h.Package.ID, Reference: t.reference(), MaxTotal: money.Of("1000000", "XTS"),
	})
	t.refused(err, esim.ErrUnsupported, esim.ErrInvalidRequest)
	if n := t.sentPurchases(); n != 0 || outcome(err) != esim.OutcomeNotSent {
		t.Errorf("%d purchases were sent and the outcome is %v, though the ceiling cannot be checked", n, outcome(err))
	}
}

func (t *trial) topUpPrices() {
	c := t.patient()
	iccid := t.h.TopUpICCID(t)
	right := t.topUps(c, iccid)[0]
	if right.Price.Currency() == "" {
		t.Skipf("not checked: the provider states no price for the top-up %s", right.ID)
	}
	wrong := right
	wrong.Price = money.Plus(right.Price, money.Of("0.01", right.Price.Currency()))
	low := money.Minus(right.Price, money.Of("0.01", right.Price.Currency()))
	t.mark()
	for _, r := range []esim.TopUpRequest{
		{Quote: &wrong},
		{Quote: &right, MaxTotal: low},
	} {
		r.ICCID, r.PackageID, r.Reference = iccid, right.ID, t.reference()
		_, err := c.TopUp(t.ctx(), r)
		t.refused(err, esim.ErrPriceChanged)
		t.wantBought(0)
	}
	_, err := c.TopUp(t.ctx(), esim.TopUpRequest{ICCID: iccid, PackageID: right.ID, Reference: t.reference(), Quote: &right})
	if err != nil {
		t.Errorf("a top-up at the listed price of %v failed: %v", right.Price, err)
	}
	t.wantBought(1)
}
