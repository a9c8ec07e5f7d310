package conformance

import (
	"errors"
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

const (
	deliveryTime = time.Minute // of the provider's clock
	pollEvery    = 5 * time.Millisecond
	waitAtMost   = 30 * time.Second
)

func deliveryChecks(caps esim.Capabilities) []check {
	list := only(caps.Order,
		check{"one eSIM", func(t *trial) { t.delivers(t.h.Package, 1) }},
		check{"a pending order", (*trial).pendingOrder},
	)
	list = append(list, only(caps.Order && caps.MaxQuantity != 1,
		check{"two eSIMs", func(t *trial) { t.delivers(t.h.Package, 2) }},
		check{"a pending order of two eSIMs", (*trial).pendingPair})...)
	list = append(list, only(caps.Order && caps.GetOrder,
		check{"GetOrder agrees with Order", (*trial).orderAgrees})...)
	list = append(list, only(caps.Order && caps.GetESIM,
		check{"GetESIM agrees with Order", (*trial).esimAgrees})...)
	list = append(list, only(caps.Order && caps.Usage,
		check{"Usage counts what is used", (*trial).usageGrows})...)
	list = append(list, only(caps.TopUp,
		check{"TopUp is charged once", (*trial).topUpCounts})...)
	list = append(list, only(caps.TopUp && caps.Usage,
		check{"TopUp adds data", (*trial).topUpAdds})...)
	list = append(list, only(caps.Order && caps.Balance,
		check{"Balance agrees with the ledger", (*trial).balanceAgrees})...)
	list = append(list, only(caps.Order && caps.Cancel,
		check{"Cancel refunds once", (*trial).cancelOnce},
		check{"Cancel refunds once though the answer is lost", (*trial).cancelLost},
		check{"Cancel leaves what is in use", (*trial).cancelUsed})...)
	return append(list, unknownChecks(caps)...)
}

// delivers orders and checks that what was paid for is in hand, eSIM by eSIM.
func (t *trial) delivers(p esim.Package, quantity int) *esim.Order {
	t.Helper()
	c := t.patient()
	t.mark()
	o, err := c.Order(t.ctx(), esim.OrderRequest{PackageID: p.ID, Quantity: quantity, Reference: t.reference()})
	if err != nil {
		t.Fatalf("Order failed in a world without faults: %v", err)
	}
	t.wantTotal(o)
	o = t.finish(c, o)
	t.wantBought(quantity)
	var paid []string
	for _, charge := range t.booked() {
		paid = append(paid, charge.ICCIDs...)
	}
	var got []string
	for _, e := range o.ESIMs {
		if bare, err := esim.ParseICCID(string(e.ICCID)); err != nil || bare != e.ICCID {
			t.Errorf("an eSIM of order %s has the ICCID %q", o.ID, e.ICCID)
		}
		if e.Activation.IsZero() {
			t.Errorf("eSIM %s of order %s has no activation code", e.ICCID, o.ID)
		}
		got = append(got, string(e.ICCID))
	}
	slices.Sort(paid)
	slices.Sort(got)
	if !slices.Equal(got, paid) {
		t.Fatalf("order %s brought the eSIMs %v, paid were %v", o.ID, got, paid)
	}
	if len(got) != quantity {
		t.Fatalf("%d of %d eSIMs are in hand", len(got), quantity)
	}
	return o
}

func (t *trial) pendingOrder() {
	t.needs(t.h.Pending.ID != "", "Pending")
	c := t.patient()
	t.mark()
	o, err := c.Order(t.ctx(), esim.OrderRequest{PackageID: t.h.Pending.ID, Reference: t.reference()})
	if err != nil {
		t.Fatalf("Order failed in a world without faults: %v", err)
	}
	if o.Status != esim.OrderPending {
		t.Errorf("the order is %v before it is delivered, want pending", o.Status)
	}
	if n := o.Delivered(); n != 0 {
		t.Errorf("%d eSIMs are said to be delivered while the order is pending: %+v", n, o)
	}
	t.wantBought(1)
	t.delivers(t.h.Pending, 1)
}

// pendingPair waits for two eSIMs. Some providers show one only; then the
// other may not be lost in silence: the wait must end as incomplete, with what
// came, and a repeat under the same reference, where that replays, must bring
// both.
func (t *trial) pendingPair() {
	t.needs(t.h.Pending.ID != "", "Pending")
	t.needs(t.h.Advance != nil, "Advance")
	c := t.patient()
	r := esim.OrderRequest{PackageID: t.h.Pending.ID, Quantity: 2, Reference: t.reference()}
	t.mark()
	o, err := c.Order(t.ctx(), r)
	if err != nil {
		t.Fatalf("Order failed in a world without faults: %v", err)
	}
	t.h.Advance(deliveryTime)
	done, err := esim.WaitOrder(t.ctx(), c, o.Ref(), esim.WaitOptions{Quantity: o.Quantity, Interval: pollEvery, Timeout: waitAtMost})
	if e, ok := errors.AsType[*esim.Error](err); ok {
		if !errors.Is(err, esim.ErrIncomplete) || e.Outcome != esim.OutcomeAccepted || e.Order == nil {
			t.Fatalf("an eSIM is missing, and the error is no accepted ErrIncomplete with the rest: %v", err)
		}
		if c.Capabilities().OrderRepeat != esim.RepeatSafe {
			return
		}
		if done, err = c.Order(t.ctx(), r); err != nil {
			t.Fatalf("the repeat of an order that lacks an eSIM failed: %v", err)
		}
	}
	if n := done.Delivered(); n != 2 {
		t.Errorf("%d of 2 eSIMs came, and nobody said so", n)
	}
	t.wantBought(2)
}

func (t *trial) orderAgrees() {
	c := t.patient()
	first := t.delivers(t.h.Package, 1)
	again, err := c.GetOrder(t.ctx(), first.Ref())
	if err != nil {
		t.Fatalf("GetOrder failed: %v", err)
	}
	if again.ID != first.ID || again.Status != esim.OrderCompleted || len(again.ESIMs) != 1 {
		t.Fatalf("order %s is read as %s, %v, with %d eSIMs", first.ID, again.ID, again.Status, len(again.ESIMs))
	}
	if again.PackageID != "" && again.PackageID != first.PackageID {
		t.Errorf("package %s is read as %s", first.PackageID, again.PackageID)
	}
	if a, b := again.ESIMs[0], first.ESIMs[0]; a.ICCID != b.ICCID || a.Activation != b.Activation {
		t.Errorf("the eSIM of order %s is read as another one", first.ID)
	}
	t.wantBought(1)
}

func (t *trial) esimAgrees() {
	c := t.patient()
	first := t.delivers(t.h.Package, 1).ESIMs[0]
	again, err := c.GetESIM(t.ctx(), first.ICCID)
	if err != nil {
		t.Fatalf("GetESIM failed: %v", err)
	}
	if again.ICCID != first.ICCID || (!again.Activation.IsZero() && again.Activation != first.Activation) {
		t.Errorf("eSIM %s is read as another one", first.ICCID)
	}
}

func (t *trial) usage(c esim.Client, iccid esim.ICCID) *esim.Usage {
	t.Helper()
	u, err := c.Usage(t.ctx(), iccid)
	if err != nil {
		t.Fatalf("Usage failed: %v", err)
	}
	if u.ICCID != iccid {
		t.Errorf("the usage of %s is that of %s", iccid, u.ICCID)
	}
	return u
}

// usageGrows allows for providers that count in whole megabytes.
func (t *trial) usageGrows() {
	t.needs(t.h.UseData != nil, "UseData")
	const used, rounding = 100 * esim.MiB, 2 * esim.MiB
	c := t.patient()
	iccid := t.delivers(t.h.Package, 1).ESIMs[0].ICCID
	before := t.usage(c, iccid)
	t.h.UseData(iccid, int64(used))
	after := t.usage(c, iccid)
	if grown := after.Used - before.Used; grown < used-rounding || grown > used+rounding {
		t.Errorf("usage grew by %v, want %v", grown, esim.DataSize(used))
	}
	if rest := after.Total - after.Used - after.Remaining; !after.Unlimited && (rest < -rounding || rest > rounding) {
		t.Errorf("of %v, %v are used and %v remain", after.Total, after.Used, after.Remaining)
	}
}

func (t *trial) topUpCounts() {
	c := t.patient()
	b := t.topUpBuyer()
	o := t.buy(c, b)
	t.wantBought(1)
	t.wantTotal(o)
	if n := len(t.booked()); n != 1 || t.booked()[0].Kind != esimtest.ChargeTopUp {
		t.Errorf("%d movements of money, want one of kind topup", n)
	}
}

func (t *trial) topUpAdds() {
	c := t.patient()
	iccid := t.h.TopUpICCID(t)
	before := t.usage(c, iccid)
	choice := t.topUps(c, iccid)
	i := slices.IndexFunc(choice, func(p esim.Package) bool { return !p.Unlimited && p.Data > 0 })
	if i < 0 || before.Unlimited {
		t.Skipf("not checked: no top-up of a stated size")
	}
	_, err := c.TopUp(t.ctx(), esim.TopUpRequest{ICCID: iccid, PackageID: choice[i].ID, Reference: t.reference()})
	if err != nil {
		t.Fatalf("TopUp failed in a world without faults: %v", err)
	}
	if after := t.usage(c, iccid); after.Total-before.Total != choice[i].Data {
		t.Errorf("the eSIM holds %v after a top-up of %v, before %v", after.Total, choice[i].Data, before.Total)
	}
}

func (t *trial) balanceAgrees() {
	c := t.patient()
	for range 3 {
		got, err := c.Balance(t.ctx())
		if err != nil {
			t.Fatalf("Balance failed: %v", err)
		}
		want := t.h.Ledger.Balance()
		if !money.Same(got, want) || (got.Currency() != "" && got.Currency() != want.Currency()) {
			t.Errorf("the balance is %v, in the ledger %v", got, want)
		}
		t.buy(c, t.orderBuyer(1))
	}
}

// unknownChecks ask for what does not exist.
func unknownChecks(caps esim.Capabilities) []check {
	const iccid = esim.ICCID("8999999999999999999")
	nowhere := &esim.Order{ID: "order-that-never-was", PackageID: "package-that-never-was"}
	var list []check
	for _, m := range methods {
		if !m.supported(caps) || m.name == "ListPackages" || m.name == "Balance" || m.name == "ListTopUps" {
			continue
		}
		list = append(list, check{m.name + " of what does not exist", func(t *trial) {
			c := t.patient()
			var err error
			if m.name == "TopUp" {
				_, err = c.TopUp(t.ctx(), esim.TopUpRequest{ICCID: iccid, PackageID: nowhere.PackageID, Reference: t.reference()})
			} else {
				err = m.call(t.ctx(), c, t, nowhere, iccid)
			}
			if err == nil {
				t.Errorf("%s found what does not exist", m.name)
			}
			t.wantBought(0)
		}})
	}
	return list
}
