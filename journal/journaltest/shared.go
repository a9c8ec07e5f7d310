package journaltest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/journal"
)

var sharedChecks = []check{
	{"sees what the other writes", sharedSees},
	{"one reference", sharedReference},
	{"one key", sharedKey},
	{"one version", sharedVersion},
	{"one lease", sharedLease},
	{"one budget", sharedBudget},
	{"one clock", sharedClock},
	{"one place for evidence", sharedEvidence},
}

// other is a further handle on the same data.
func (t *trial) other() *trial {
	t.Helper()
	s, ok := t.store.(Sharer)
	if !ok {
		t.Skipf("the store is not a Sharer: one process has it for itself")
	}
	store, err := s.Share()
	if err != nil {
		t.Fatalf("Share: %v", err)
	}
	suite.CloseAtEnd(t, store)
	return &trial{TB: t.TB, store: store, base: t.base}
}

func sharedSees(t *trial) {
	u := t.other()
	e := t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	u.wantKept(e)
	e.State = journal.Delivered
	e = u.save(e)
	t.wantKept(e)
	u.wantOwner(north, "order:1", "cart-1")
	u.wantReferences("all", u.list(journal.Query{States: []journal.State{journal.Delivered}}), "cart-1")
}

func sharedReference(t *trial) {
	handles := []*trial{t, t.other(), t.other()}
	var created atomic.Int32
	suite.Together(18, func(i int) {
		_, isNew, err := handles[i%3].store.Create(t.Context(), t.purchase(north, "cart-1"), nil)
		if err != nil {
			t.Errorf("Create: %v", err)
		}
		if isNew {
			created.Add(1)
		}
	})
	if created.Load() != 1 {
		t.Errorf("%d processes have created the entry, want 1", created.Load())
	}
}

func sharedKey(t *trial) {
	handles := []*trial{t, t.other(), t.other()}
	var won, taken atomic.Int32
	suite.Together(18, func(i int) {
		e := t.purchase(north, fmt.Sprintf("cart-%d", i), func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
		switch _, _, err := handles[i%3].store.Create(t.Context(), e, nil); {
		case err == nil:
			won.Add(1)
		case isTaken(err):
			taken.Add(1)
		}
	})
	if won.Load() != 1 || taken.Load() != 17 {
		t.Errorf("%d purchases got the key and %d were told ErrTaken, want 1 and 17", won.Load(), taken.Load())
	}
}

func sharedVersion(t *trial) {
	handles := []*trial{t, t.other(), t.other()}
	e := t.created(north, "cart-1")
	const writers = 24
	suite.Together(writers, func(i int) {
		store := handles[i%3].store
		for {
			mine, err := store.Get(t.Context(), e.ID)
			if err == nil {
				mine.Attempts++
				_, err = store.Save(t.Context(), mine)
			}
			if !errors.Is(err, journal.ErrStale) {
				if err != nil {
					t.Errorf("an update: %v", err)
				}
				return
			}
		}
	})
	if e = t.get(e.ID); e.Attempts != writers {
		t.Errorf("%d of %d updates are kept", e.Attempts, writers)
	}
}

func sharedLease(t *trial) {
	handles := []*trial{t, t.other(), t.other()}
	const n = 30
	for i := range n {
		t.created(north, fmt.Sprintf("cart-%d", i), due(t.base))
	}
	var mu sync.Mutex
	times := make(map[string]int)
	suite.Together(9, func(i int) {
		for range n {
			leased, err := handles[i%3].store.Lease(t.Context(), journal.Slots{"": 2}, time.Hour)
			if err != nil {
				t.Errorf("Lease: %v", err)
			}
			mu.Lock()
			for k := range leased {
				times[leased[k].Reference]++
			}
			mu.Unlock()
		}
	})
	if len(times) != n {
		t.Errorf("%d of %d entries were leased", len(times), n)
	}
	for ref, k := range times {
		if k != 1 {
			t.Errorf("%s was leased to %d workers", ref, k)
		}
	}
}

func sharedBudget(t *trial) {
	handles := []*trial{t, t.other(), t.other()}
	var won atomic.Int32
	suite.Together(18, func(i int) {
		e := t.purchase(north, fmt.Sprintf("cart-%d", i), costs("10"))
		_, _, err := handles[i%3].store.Create(t.Context(), e, &journal.Budget{Limit: "50"})
		switch {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, journal.ErrOverBudget):
			t.Errorf("Create: %v", err)
		}
	})
	if won.Load() != 5 {
		t.Errorf("%d purchases of 10 went through under a cap of 50", won.Load())
	}
}

func sharedClock(t *trial) {
	u := t.other()
	for range 20 {
		first, second, third := t.now(), u.now(), t.now()
		const slack = 5 * time.Second // what the journal allows the clocks of replicas
		if second.Before(first.Add(-slack)) || second.After(third.Add(slack)) {
			t.Fatalf("it is %v, %v and %v by turns", first, second, third)
		}
	}
}

func sharedEvidence(t *trial) {
	u := t.other()
	t.hold(north, "k1", t.base, "a")
	u.wantHeld("of the other", journal.HeldQuery{Provider: north, Names: []string{"a"}}, "k1")
	u.warn(north, "k1")
	t.wantHeld("nobody was told of", journal.HeldQuery{Unwarned: true})
	u.release(north, "k1")
	t.wantHeld("that the other has placed", journal.HeldQuery{})
}
