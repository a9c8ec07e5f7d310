package conformance

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// interferenceChecks are the cases in which two purchases get into each other's way.
func interferenceChecks(caps esim.Capabilities) []check {
	list := only(caps.Order && caps.TopUp,
		check{"an order's reference used for a top-up", (*trial).referenceOfOrder},
		check{"a top-up's reference used for an order", (*trial).referenceOfTopUp},
	)
	list = append(list, only(caps.TopUp,
		check{"a top-up in doubt and another of the same eSIM", (*trial).doubtAndAnother},
		check{"top-ups of one eSIM by many callers", func(t *trial) { t.manyTopUps(0) }},
		check{"top-ups of one eSIM by many callers with a lost answer", func(t *trial) { t.manyTopUps(esimtest.FaultCutAfterCommit) }},
		check{"top-ups of one eSIM by many callers with a lost request", func(t *trial) { t.manyTopUps(esimtest.FaultCutBeforeCommit) }},
	)...)
	return append(list, only(caps.Order && caps.PriceGuard >= esim.PriceGuardChecked,
		check{"a repeat after the price has changed", func(t *trial) { t.repeatedAtAnotherPrice(0) }},
		check{"a repeat after a lost answer and a changed price", func(t *trial) { t.repeatedAtAnotherPrice(esimtest.FaultCutAfterCommit) }},
	)...)
}

func (t *trial) referenceOfOrder() { t.referenceAgain(t.orderBuyer(1), t.topUpBuyer()) }

func (t *trial) referenceOfTopUp() { t.referenceAgain(t.topUpBuyer(), t.orderBuyer(1)) }

// referenceAgain uses one reference for two purchases. One reference is one
// purchase, of whatever kind.
func (t *trial) referenceAgain(first, second buyer) {
	t.mark()
	c := t.patient()
	ref := t.reference()
	if _, err := first.call(t.ctx(), c, ref); err != nil {
		t.Fatalf("%s failed in a world without faults: %v", first.op, err)
	}
	if _, err := second.call(t.ctx(), c, ref); err == nil {
		t.Errorf("%s was accepted under the reference of a purchase by %s", second.op, first.op)
	} else if !matchesAny(err, []error{esim.ErrReferenceConflict, esim.ErrDuplicate}) {
		t.Errorf("error is %v, want ErrReferenceConflict or ErrDuplicate", err)
	}
	t.wantBought(1)
}

// doubtAndAnother loses a top-up before it was made and then makes another one
// of the same eSIM. What the second has added must not pass for the first.
func (t *trial) doubtAndAnother() {
	c := t.client(esim.Settings{Timeout: patience, MaxRetries: -1})
	b := t.topUpBuyer()
	t.inject(esimtest.Fault{Kind: esimtest.FaultCutBeforeCommit, Op: "TopUp"})
	lost, other := t.reference(), t.reference()
	first := t.attempt(c, b, lost, 1)
	t.h.Heal()
	accepted := 0
	for _, ref := range []string{other, lost, other} {
		if _, err := b.call(t.ctx(), c, ref); err == nil && (ref != other || accepted == 0) {
			accepted++
		}
	}
	if first == nil {
		accepted++
	}
	if n := t.bought(); accepted > n {
		t.Errorf("%d top-ups are said to be made, and %d were charged", accepted, n)
	}
}

func (t *trial) manyTopUps(kind esimtest.FaultKind) {
	c := t.client(esim.Settings{Timeout: patience})
	b := t.topUpBuyer()
	if kind != 0 {
		t.inject(esimtest.Fault{Kind: kind, Op: "TopUp"})
	}
	var accepted, maybe atomic.Int64
	var all sync.WaitGroup
	const callers = 4
	for range callers {
		ref := t.reference()
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.ctx(), callLimit)
			defer cancel()
			_, err := b.call(ctx, c, ref)
			switch {
			case err == nil:
				accepted.Add(1)
			case esim.MaybeCharged(err):
				maybe.Add(1)
			}
		})
	}
	all.Wait()
	n := int64(t.bought())
	if n < accepted.Load() || n > accepted.Load()+maybe.Load() {
		t.Errorf("%d top-ups were charged, %d are said to be made and %d to be in doubt", n, accepted.Load(), maybe.Load())
	}
	if kind == 0 && accepted.Load() != callers {
		t.Errorf("%d of %d top-ups were made in a world without faults", accepted.Load(), callers)
	}
}

// repeatedAtAnotherPrice repeats a purchase that was made at the quoted price.
// That the price has changed since is no reason to call it not charged.
func (t *trial) repeatedAtAnotherPrice(kind esimtest.FaultKind) {
	t.needs(t.h.SetPrice != nil, "SetPrice")
	c := t.client(esim.Settings{Timeout: patience, MaxRetries: -1})
	quote := t.quoted(c, t.h.Package)
	r := esim.OrderRequest{PackageID: quote.ID, Reference: t.reference(), Quote: quote}
	t.mark()
	if kind != 0 {
		t.inject(esimtest.Fault{Kind: kind, Op: "Order"})
	}
	if _, err := c.Order(t.ctx(), r); err != nil && kind == 0 {
		t.Fatalf("an order at the listed price failed: %v", err)
	}
	t.h.Heal()
	t.h.SetPrice(quote.ID, "999.99")
	_, err := c.Order(t.ctx(), r)
	t.h.SetPrice(quote.ID, quote.Price.Amount())
	if err != nil && !esim.MaybeCharged(err) {
		t.Errorf("charged, and MaybeCharged is false after a change of price: %v", err)
	}
	t.wantBought(1)
}
