package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// crowd is how many callers use one reference at a time.
const crowd = 16

func repeatChecks(caps esim.Capabilities) []check {
	var list []check
	for _, op := range kindsOfPurchase(caps) {
		list = append(list,
			check{op + " twice under one reference", func(t *trial) { t.twice(op) }},
			check{op + " twice under two references", func(t *trial) { t.twoReferences(op) }},
			check{op + " refused after a doubt", func(t *trial) { t.refusedAfterDoubt(op) }},
			check{op + " mints a reference", func(t *trial) { t.minted(op) }},
			check{op + " keeps the minted reference in the error", func(t *trial) { t.mintedInError(op) }},
			check{fmt.Sprintf("%s by %d callers under one reference", op, crowd), func(t *trial) { t.concurrent(op, 0) }},
			check{fmt.Sprintf("%s by %d callers with a lost answer", op, crowd), func(t *trial) { t.concurrent(op, esimtest.FaultCutAfterCommit) }},
			check{fmt.Sprintf("%s by %d callers with a lost request", op, crowd), func(t *trial) { t.concurrent(op, esimtest.FaultCutBeforeCommit) }},
		)
	}
	list = append(list, only(caps.Order,
		check{"Order of another package under the same reference", func(t *trial) {
			t.conflicts(func(r *esim.OrderRequest) { r.PackageID = t.h.Other.ID })
		}},
	)...)
	list = append(list, only(caps.Order && caps.MaxQuantity != 1,
		check{"Order of another quantity under the same reference", func(t *trial) {
			t.conflicts(func(r *esim.OrderRequest) { r.Quantity = 2 })
		}},
	)...)
	list = append(list, only(caps.Order && caps.OrderIdempotency != esim.IdempotencyNone,
		check{"Order again by a new process", func(t *trial) { t.restarted(t.orderBuyer(1), 0) }},
		check{"Order again by a new process after a lost answer", func(t *trial) { t.restarted(t.orderBuyer(1), esimtest.FaultCutAfterCommit) }},
	)...)
	list = append(list, only(caps.Order && caps.OrderIdempotency == esim.IdempotencyReplays && caps.MaxQuantity != 1,
		check{"Order of 3 again by a new process after a lost answer", func(t *trial) { t.restarted(t.orderBuyer(3), esimtest.FaultCutAfterCommit) }},
	)...)
	return append(list, only(caps.TopUp && caps.TopUpIdempotency != esim.IdempotencyNone,
		check{"TopUp again by a new process", func(t *trial) { t.restarted(t.topUpBuyer(), 0) }},
		check{"TopUp again by a new process after a lost answer", func(t *trial) { t.restarted(t.topUpBuyer(), esimtest.FaultCutAfterCommit) }},
	)...)
}

func (t *trial) twice(op string) {
	c := t.patient()
	b := t.buyer(op)
	ref := t.reference()
	first, err := b.call(t.ctx(), c, ref)
	if err != nil {
		t.Fatalf("%s failed in a world without faults: %v", op, err)
	}
	second, err := b.call(t.ctx(), c, ref)
	switch {
	case err == nil && second.ID != first.ID:
		t.Errorf("one reference, and two orders: %q and %q", first.ID, second.ID)
	case err == nil && !second.Replayed:
		t.Errorf("the second result does not say that it was replayed")
	case err != nil && !esim.MaybeCharged(err):
		t.Errorf("the reference is charged, and MaybeCharged is false: %v", err)
	case err != nil && b.repeat == esim.RepeatSafe:
		t.Errorf("a repeat is said to be safe, and the second call failed: %v", err)
	}
	t.wantBought(b.quantity)
}

func (t *trial) twoReferences(op string) {
	c := t.patient()
	b := t.buyer(op)
	if first, second := t.buy(c, b), t.buy(c, b); first.ID != "" && first.ID == second.ID {
		t.Errorf("two references, and one order: %q", first.ID)
	}
	t.wantBought(2 * b.quantity)
}

// refusedAfterDoubt loses an answer and then lets the provider refuse for want
// of money. That proves nothing of the first send.
func (t *trial) refusedAfterDoubt(op string) {
	t.needs(t.h.SetBalance != nil, "SetBalance")
	for _, kind := range []esimtest.FaultKind{esimtest.FaultCutAfterCommit, esimtest.FaultCutBeforeCommit} {
		c := t.client(esim.Settings{Timeout: patience, MaxRetries: -1})
		b := t.buyer(op)
		t.inject(esimtest.Fault{Kind: kind, Op: op})
		ref := t.reference()
		if err := t.attempt(c, b, ref, 1); outcome(err) == esim.OutcomeNotSent || outcome(err) == esim.OutcomeRejected {
			t.Errorf("%s: outcome %v of a lost answer: %v", kind, outcome(err), err)
		}
		t.h.Heal()
		balance := t.h.Ledger.Balance().Amount()
		t.h.SetBalance("0")
		_, err := b.call(t.ctx(), c, ref)
		if err != nil && outcome(err) != esim.OutcomeUnknown {
			t.Errorf("%s: a refusal after a doubt has outcome %v, want unknown: %v", kind, outcome(err), err)
		}
		t.h.SetBalance(balance)
		if t.bought() > b.quantity {
			t.Errorf("%s: %d units were charged for one reference", kind, t.bought())
		}
	}
}

func (t *trial) minted(op string) {
	c := t.patient()
	b := t.buyer(op)
	if t.h.ReferenceRequired {
		t.wantNoReferenceRefused(c, b)
		return
	}
	seen := make(map[string]bool)
	for range 3 {
		o, err := b.call(t.ctx(), c, "")
		if err != nil {
			t.Fatalf("%s without a reference failed: %v", op, err)
		}
		if o.Reference == "" || seen[o.Reference] {
			t.Errorf("the minted reference is %q, want a new one", o.Reference)
		}
		seen[o.Reference] = true
	}
	t.wantBought(3 * b.quantity)
}

// wantNoReferenceRefused: a client that mints none must say so, and send nothing.
func (t *trial) wantNoReferenceRefused(c esim.Client, b buyer) {
	_, err := b.call(t.ctx(), c, "")
	if !errors.Is(err, esim.ErrInvalidRequest) || outcome(err) != esim.OutcomeNotSent {
		t.Errorf("without a reference the error is %v, want an invalid request of which nothing was sent", err)
	}
	t.wantBought(0)
}

// mintedInError loses an answer of a purchase without a reference; the one in
// the error must be as good as one of the caller's own.
func (t *trial) mintedInError(op string) {
	if t.h.ReferenceRequired {
		t.Skipf("not checked: the client mints no references")
	}
	c := t.client(esim.Settings{Timeout: patience, MaxRetries: -1})
	b := t.buyer(op)
	t.inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: op})
	_, err := b.call(t.ctx(), c, "")
	t.h.Heal()
	if err == nil {
		return // found out by itself
	}
	ref := referenceOf(err)
	if ref == "" {
		t.Errorf("the error names no reference to repeat with: %v", err)
		return
	}
	if _, err := b.call(t.ctx(), c, ref); err != nil && !esim.MaybeCharged(err) {
		t.Errorf("charged, and MaybeCharged is false for the repeat: %v", err)
	}
	t.wantBought(b.quantity)
}

func (t *trial) concurrent(op string, kind esimtest.FaultKind) {
	c := t.client(esim.Settings{Timeout: patience})
	b := t.buyer(op)
	if kind != 0 {
		t.inject(esimtest.Fault{Kind: kind, Op: op})
	}
	ref := t.reference()
	ids := make(chan string, crowd)
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.ctx(), callLimit)
			defer cancel()
			o, err := b.call(ctx, c, ref)
			switch {
			case err == nil:
				ids <- o.ID
			case !esim.MaybeCharged(err) && kind != esimtest.FaultCutBeforeCommit:
				t.Errorf("another caller is charged for the reference, and MaybeCharged is false: %v", err)
			}
		})
	}
	all.Wait()
	close(ids)
	first, accepted := "", 0
	for id := range ids {
		if accepted++; first == "" {
			first = id
		} else if id != first {
			t.Errorf("one reference, and two orders: %q and %q", first, id)
		}
	}
	n := t.bought()
	if n > b.quantity || (accepted > 0 && n != b.quantity) {
		t.Errorf("%d units were charged for one reference and %d successes, want %d", n, accepted, b.quantity)
	}
	if kind == 0 && accepted == 0 {
		t.Errorf("none of %d callers was successful in a world without faults", crowd)
	}
}

func (t *trial) conflicts(change func(r *esim.OrderRequest)) {
	c := t.patient()
	r := esim.OrderRequest{PackageID: t.h.Package.ID, Quantity: 1, Reference: t.reference()}
	t.mark()
	if _, err := c.Order(t.ctx(), r); err != nil {
		t.Fatalf("Order failed in a world without faults: %v", err)
	}
	change(&r)
	if _, err := c.Order(t.ctx(), r); err == nil {
		t.Errorf("a second purchase under the same reference was accepted")
	} else if !matchesAny(err, []error{esim.ErrReferenceConflict, esim.ErrDuplicate}) {
		t.Errorf("error is %v, want ErrReferenceConflict or ErrDuplicate", err)
	}
	t.wantBought(1)
}

// restarted repeats a purchase with a client that knows nothing of the first.
func (t *trial) restarted(b buyer, kind esimtest.FaultKind) {
	op := b.op
	before := t.client(esim.Settings{Timeout: patience, MaxRetries: -1})
	if kind != 0 {
		t.inject(esimtest.Fault{Kind: kind, Op: op})
	}
	ref := t.reference()
	if err := t.attempt(before, b, ref, b.quantity); err != nil && kind == 0 {
		t.Errorf("%s failed in a world without faults: %v", op, err)
	}
	t.h.Heal()
	after := t.patient()
	_, err := b.call(t.ctx(), after, ref)
	if err != nil && !esim.MaybeCharged(err) {
		t.Errorf("charged, and MaybeCharged is false after the restart: %v", err)
	}
	if err != nil && b.idempotency == esim.IdempotencyReplays {
		t.Errorf("the provider replays, and the repeat failed after the restart: %v", err)
	}
	t.wantBought(b.quantity)
}
