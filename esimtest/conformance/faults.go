package conformance

import (
	"context"
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// repeats is how often a caller repeats what is in doubt, and pauseBetween how
// much longer it pauses each time: clients may remember trouble for a moment.
const (
	repeats      = 5
	pauseBetween = 15 * time.Millisecond
)

// pageFaults spoil lists only.
var pageFaults = []esimtest.FaultKind{esimtest.FaultTruncatedPage, esimtest.FaultEmptyPage, esimtest.FaultRepeatedCursor}

// faultChecks is the central property, for every fault and every purchase,
// without the client's own repeats and with them.
func faultChecks(caps esim.Capabilities) []check {
	var list []check
	for _, op := range kindsOfPurchase(caps) {
		list = append(list, check{op + ": this world can lose answers", func(t *trial) { t.worldIsHard(op) }})
		for _, kind := range esimtest.AllFaults() {
			if slices.Contains(pageFaults, kind) {
				continue
			}
			list = append(list,
				check{op + " under " + kind.String(), func(t *trial) { t.underFault(op, 1, 0, kind, -1) }},
				check{op + " under " + kind.String() + ", with repeats", func(t *trial) { t.underFault(op, 1, 0, kind, 0) }},
			)
		}
	}
	if caps.Order && caps.MaxQuantity != 1 {
		for _, kind := range []esimtest.FaultKind{esimtest.FaultCutBeforeCommit, esimtest.FaultCutAfterCommit, esimtest.Fault500After, esimtest.Fault429, esimtest.FaultTruncatedJSON} {
			for skip := range 3 {
				name := []string{"first", "second", "third"}[skip]
				list = append(list, check{"Order of 3 with " + kind.String() + " on the " + name + " send", func(t *trial) {
					t.underFault("Order", 3, skip, kind, -1)
				}})
			}
		}
	}
	return list
}

// worldIsHard makes sure that the checks which follow prove something.
func (t *trial) worldIsHard(op string) {
	for _, commits := range []bool{true, false} {
		able := false
		for _, kind := range esimtest.AllFaults() {
			able = able || (kind.Commits() == commits && t.h.Inject(esimtest.Fault{Kind: kind, Op: op}))
		}
		if !able {
			t.Errorf("Harness.Inject can produce no fault for %s with the effect done = %t, so nothing is proven", op, commits)
		}
	}
}

func (t *trial) underFault(op string, quantity, skip int, kind esimtest.FaultKind, retries int) {
	c := t.client(esim.Settings{Timeout: patienceFor(kind), MaxRetries: retries})
	b := t.buyer(op)
	if quantity > 1 {
		b = t.orderBuyer(quantity)
	}
	t.inject(esimtest.Fault{Kind: kind, Op: op, Skip: skip, Delay: delayOf(kind)})
	ref := t.reference()

	const defaultRetries = 2 // of esim.Settings
	limit := b.sendLimit(map[bool]int{true: defaultRetries}[retries == 0], false, turnsAway(kind))
	err := t.attempt(c, b, ref, limit)
	t.h.Heal()
	first := err
	for n := range b.repeats(err) {
		if outcome(err) == esim.OutcomeAccepted {
			break
		}
		wait(t.ctx(), time.Duration(n)*pauseBetween)
		inDoubt := outcome(err) == esim.OutcomeUnknown && !esim.MayRepeat(err)
		err = t.attempt(c, b, ref, b.sendLimit(defaultRetries, inDoubt, false))
	}
	t.closed(b, kind, skip, first, err)
}

// repeats is how often it is worth asking again: where no repeat is safe, what
// is in doubt stays so.
func (b *buyer) repeats(err error) int {
	if outcome(err) == esim.OutcomeUnknown && !esim.MayRepeat(err) {
		return 2
	}
	return repeats
}

// turnsAway reports whether the fault refuses a request before it is processed,
// so that a client may send it once more.
func turnsAway(kind esimtest.FaultKind) bool {
	return kind == esimtest.FaultClockSkew || kind == esimtest.FaultStaleToken
}

// delayOf is how long the faults last that take their time and then pass.
func delayOf(kind esimtest.FaultKind) time.Duration {
	if kind == esimtest.FaultDelay {
		return impatience / 10
	}
	return 0
}

// attempt makes one call and holds its outcome against the ledger.
func (t *trial) attempt(c esim.Client, b buyer, ref string, limit int) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx(), callLimit)
	defer cancel()
	sends := t.sentPurchases()
	o, err := b.call(ctx, c, ref)
	if n := t.sentPurchases() - sends; n > limit {
		t.Errorf("one call sent %d purchases, want at most %d", n, limit)
	}
	t.verify(b, o, err)
	return err
}

// verify is the central property.
func (t *trial) verify(b buyer, o *esim.Order, err error) {
	t.Helper()
	n, result := t.bought(), outcome(err)
	var wrong bool
	switch result {
	case esim.OutcomeNotSent, esim.OutcomeRejected:
		wrong = n != 0
	case esim.OutcomeAccepted:
		wrong = n != b.quantity && (err == nil || n == 0 || n > b.quantity)
	case esim.OutcomeUnknown:
		wrong = n > b.quantity
	}
	if wrong {
		t.Errorf("outcome %v with %d of %d units charged: %v", result, n, b.quantity, err)
	}
	if err == nil && o != nil && o.Quantity != 0 && o.Quantity != b.quantity {
		t.Errorf("the order says %d units, want %d", o.Quantity, b.quantity)
	}
}

// closed checks the end of a purchase that was repeated under one reference.
func (t *trial) closed(b buyer, kind esimtest.FaultKind, skip int, first, last error) {
	t.Helper()
	end := outcome(last)
	if kind.Commits() && skip == 0 {
		t.eventually("the provider's charge", func() bool { return t.bought() > 0 })
	}
	switch {
	case outcome(first) == esim.OutcomeUnknown && esim.MayRepeat(first) && end != esim.OutcomeAccepted:
		t.Errorf("a repeat was said to be safe, and %d of them did not settle it: %v", repeats, last)
	case outcome(first) == esim.OutcomeNotSent && end != esim.OutcomeAccepted:
		t.Errorf("nothing was sent at first, and %d repeats did not buy it: %v", repeats, last)
	case last == nil:
		t.wantBought(b.quantity)
	}
}
