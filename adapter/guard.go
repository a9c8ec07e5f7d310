package adapter

import "github.com/esimkit/esim"

// Terms are what Order and TopUp have in common.
type Terms struct {
	PackageID string
	Quantity  int
	Quote     *esim.Package
	MaxTotal  esim.Money
}

// Guarded reports whether the caller set a quote or a ceiling.
func (p *Terms) Guarded() bool { return p.Quote != nil || !p.MaxTotal.IsZero() }

// aboveMaximum reports whether an amount is more than any one order costs, in any
// currency of a reseller.
func aboveMaximum(m esim.Money) bool {
	const most = 1_000_000_000_000
	limit, _ := esim.MoneyOf(most, 0, m.Currency())
	return m.Compare(limit) > 0
}

// Terms checks package, quote and ceiling against each other.
func (c *Check) Terms(p Terms) {
	c.ID("PackageID", p.PackageID)
	c.amount("MaxTotal", p.MaxTotal)
	if !p.MaxTotal.IsZero() && p.MaxTotal.Currency() == "" {
		c.Fail("MaxTotal", "has no currency")
	}
	q := p.Quote
	if q == nil {
		return
	}
	c.amount("Quote.Price", q.Price)
	switch {
	case q.Provider != c.t.spec.Provider:
		c.Fail("Quote.Provider", "is another provider's")
	case q.ID != p.PackageID: // ids are opaque
		c.Fail("Quote.ID", "is another package's")
	case q.Price.Currency() == "":
		c.Unsupported("Quote.Price", "is not stated, so it cannot be checked")
	case !p.MaxTotal.IsZero() && q.Price.Currency() != p.MaxTotal.Currency():
		c.Fail("MaxTotal", "is in another currency than Quote.Price")
	}
	c.Price(p, q.Price, "Quote.Price")
}

func (c *Check) amount(field string, m esim.Money) {
	if m.Sign() < 0 {
		c.Fail(field, "is negative")
	} else if aboveMaximum(m) {
		c.Fail(field, "is absurdly large")
	}
}

// Price compares a price per unit, as read from source, with the quote and
// the ceiling of a purchase. It sends nothing; call it before the purchase.
func (c *Check) Price(p Terms, price esim.Money, source string) {
	if c.err != nil {
		return
	}
	if p.Quote != nil {
		switch cmp, err := price.Cmp(p.Quote.Price); {
		case err != nil:
			c.Unsupported("Quote.Price", "is in another currency than "+source)
		case cmp != 0:
			c.record(esim.ErrPriceChanged, source+" is "+price.String()+" now, quoted was "+p.Quote.Price.String())
		}
	}
	if p.MaxTotal.IsZero() || c.err != nil {
		return
	}
	total, err := price.MulInt(max(p.Quantity, 1))
	if err != nil {
		c.Fail("MaxTotal", "cannot be compared: the total has too many digits")
		return
	}
	switch cmp, err := total.Cmp(p.MaxTotal); {
	case err != nil:
		c.Unsupported("MaxTotal", "is in another currency than "+source)
	case cmp > 0:
		c.record(esim.ErrPriceChanged, "the total would be "+total.String()+", above MaxTotal "+p.MaxTotal.String())
	}
}
