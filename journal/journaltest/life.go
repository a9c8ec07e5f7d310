package journaltest

import (
	"errors"
	"io"
	"time"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/journal"
)

var lifeChecks = []check{
	{"the clock runs", lifeOfTheClock},
	{"closed", lifeEnds},
	{"opened again", lifeGoesOn},
	{"leases, opened again", lifeOfLeases},
	{"budgets, opened again", lifeOfBudgets},
	{"evidence, opened again", lifeOfEvidence},
}

func lifeOfTheClock(t *trial) {
	first := t.now()
	t.pass(50 * time.Millisecond)
	if second := t.now(); second.Sub(first) < 50*time.Millisecond {
		t.Errorf("50 ms later it is %v by the store's clock, and was %v", second, first)
	}
	last := t.now()
	for range 1000 {
		now := t.now()
		if now.Before(last) {
			t.Fatalf("the clock went back from %v to %v", last, now)
		}
		last = now
	}
}

func lifeEnds(t *trial) {
	c, ok := t.store.(io.Closer)
	if !ok {
		t.Skipf("the store has no Close method")
	}
	e := t.created(north, "cart-1", due(t.base))
	if err := c.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	writes := map[string]func() error{
		"Create": func() error {
			_, _, err := t.store.Create(t.Context(), t.purchase(north, "cart-2"), nil)
			return err
		},
		"Save":    func() error { _, err := t.store.Save(t.Context(), e); return err },
		"Lease":   func() error { _, err := t.store.Lease(t.Context(), journal.Slots{"": 1}, time.Hour); return err },
		"Release": func() error { return t.store.Release(t.Context(), north, "k1") },
		"Warned":  func() error { return t.store.Warned(t.Context(), north, "k1") },
		"Hold": func() error {
			return t.store.Hold(t.Context(), journal.Held{Provider: north, Key: "k1", At: t.base, Document: []byte(`{}`)})
		},
	}
	for call, f := range writes {
		if err := f(); !errors.Is(err, journal.ErrClosed) {
			t.Errorf("%s after Close returns %v, want ErrClosed", call, err)
		}
	}
	for call, f := range map[string]func() error{
		"Get":      func() error { _, err := t.store.Get(t.Context(), e.ID); return err },
		"List":     func() error { _, err := t.store.List(t.Context(), journal.Query{}); return err },
		"Named":    func() error { _, err := t.store.Named(t.Context(), north, []string{"order:1"}); return err },
		"Doubtful": func() error { _, err := t.store.Doubtful(t.Context(), account, t.base); return err },
		"Held":     func() error { _, err := t.store.Held(t.Context(), journal.HeldQuery{}); return err },
	} {
		// "No such purchase" would let a shop buy again.
		if err := f(); err == nil || errors.Is(err, journal.ErrNotFound) {
			t.Errorf("%s after Close returns %v", call, err)
		}
	}
}

// reopen ends the store and goes on with what it has kept.
func (t *trial) reopen() {
	t.Helper()
	r, ok := t.store.(Reopener)
	if !ok {
		t.Skipf("the store is not a Reopener: nothing is said of what it keeps beyond its life")
	}
	store, err := r.Reopen()
	if err != nil {
		t.Fatalf("Reopen: %v", err)
	}
	suite.CloseAtEnd(t, store)
	t.store = store
}

func lifeGoesOn(t *trial) {
	all := t.assortment()
	keyed := t.save(t.created(north, "keyed", func(e *journal.Entry) { e.Keys, e.PackageID = []string{"order:1", "item:7"}, "keyed" }))
	t.reopen()
	for i := range all {
		t.wantKept(all[i])
	}
	t.wantSame("what Named returns", keyed, t.named(north, "item:7")[0])
	again := t.purchase(north, all[0].Reference)
	again.Provider = all[0].Provider
	again.ID = journal.IDOf(again.Provider, again.Reference)
	kept, created, err := t.store.Create(t.Context(), again, nil)
	if err != nil || created {
		t.Fatalf("a reference from before: created %t, error %v", created, err)
	}
	t.wantSame("what Create returns for a known reference", all[0], kept)
	other := t.purchase(north, "new", func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	_, _, err = t.store.Create(t.Context(), other, nil)
	t.wantError(err, journal.ErrTaken)
	keyed.State = journal.Delivered
	if saved := t.save(keyed); saved.Version != keyed.Version+1 {
		t.Errorf("the version goes on with %d, want %d", saved.Version, keyed.Version+1)
	}
}

func lifeOfLeases(t *trial) {
	t.created(north, "cart-1", due(t.base.Add(-time.Second)))
	t.created(north, "cart-2", due(t.base))
	leased := t.lease(1, time.Hour)
	t.reopen()
	t.wantKept(leased[0])
	t.wantReferences("leased after the restart", t.lease(5, time.Hour), "cart-2")
}

func lifeOfBudgets(t *trial) {
	e := t.mustSpend("cart-1", "30", "50")
	t.reopen()
	if _, err := t.spend("cart-2", "20.01", "50"); !errors.Is(err, journal.ErrOverBudget) {
		t.Errorf("the budget was forgotten: %v", err)
	}
	e.State = journal.Rejected
	t.save(e)
	t.wantLeft("50", "50")
}

func lifeOfEvidence(t *trial) {
	t.hold(north, "k1", t.base.Add(-time.Minute), "a")
	t.hold(north, "k2", t.base, "a", "b")
	t.warn(north, "k1")
	t.reopen()
	t.wantHeld("from before", journal.HeldQuery{Provider: north, Names: []string{"a"}}, "k1", "k2")
	t.wantHeld("nobody was told of", journal.HeldQuery{Unwarned: true}, "k2")
}
