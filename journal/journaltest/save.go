package journaltest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/journal"
)

var saveChecks = []check{
	{"replaces", saveReplaces},
	{"a stale version", saveStale},
	{"a version to come", saveFuture},
	{"no such entry", saveOfNothing},
	{"keys come and go", saveKeys},
	{"its own keys", saveOwnKeys},
	{"a key given up can be taken", saveFreesKeys},
	{"a taken key", saveRefusesTakenKey},
	{"on after a refusal", saveAfterRefusal},
	{"created columns stay", saveKeepsCreated},
	{"two writers", saveOneOfTwo},
	{"many counters, no update lost", saveLosesNothing},
	{"many want one key", saveOneOwner},
}

func isTaken(err error) bool { return errors.Is(err, journal.ErrTaken) }

func saveReplaces(t *trial) {
	e := t.created(north, "cart-1")
	e.State, e.Attempts, e.Doubt, e.Document = journal.Sending, 1, 1, []byte(`{"attempts":[1]}`)
	e.UpdatedAt = t.base.Add(time.Second)
	saved := t.save(e)
	e.Version = 2
	t.wantSame("what Save returns", e, saved)
	t.wantKept(e)
	saved.State = journal.Delivered
	if again := t.save(saved); again.Version != 3 {
		t.Errorf("the version after two saves is %d, want 3", again.Version)
	}
}

func saveStale(t *trial) {
	old := t.created(north, "cart-1")
	current := t.save(old)
	old.State, old.Keys = journal.Delivered, []string{"order:1"}
	_, err := t.store.Save(t.Context(), old)
	t.wantError(err, journal.ErrStale)
	t.wantKept(current)
	t.wantOwner(north, "order:1", "")
}

func saveFuture(t *trial) {
	current := t.created(north, "cart-1")
	e := current.Clone()
	e.Version, e.State = 2, journal.Delivered
	_, err := t.store.Save(t.Context(), e)
	t.wantError(err, journal.ErrStale)
	t.wantKept(current)
}

func saveOfNothing(t *trial) {
	e := t.purchase(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	_, err := t.store.Save(t.Context(), e)
	t.wantError(err, journal.ErrStale)
	t.wantAbsent(e.ID)
	t.wantOwner(north, "order:1", "")
}

func saveKeys(t *trial) {
	e := t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"a", "b"} })
	e.Keys = []string{"b", "c"}
	e = t.save(e)
	t.wantKept(e)
	for key, owner := range map[string]string{"a": "", "b": "cart-1", "c": "cart-1"} {
		t.wantOwner(north, key, owner)
	}
	e.Keys = nil
	e = t.save(e)
	t.wantKept(e)
	for _, key := range []string{"a", "b", "c"} {
		t.wantOwner(north, key, "")
	}
}

func saveOwnKeys(t *trial) {
	e := t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1", "item:7"} })
	e.State = journal.Delivered
	t.wantKept(t.save(e))
}

func saveFreesKeys(t *trial) {
	e := t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
	e.Keys = nil
	t.save(e)
	t.created(north, "cart-2", func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
	t.wantOwner(north, "topup:89", "cart-2")
}

func saveRefusesTakenKey(t *trial) {
	t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	kept := t.created(north, "cart-2", func(e *journal.Entry) { e.Keys = []string{"item:7", "item:8"} })
	e := kept.Clone()
	e.State, e.Attempts, e.Document = journal.Delivered, 3, []byte(`{"order":{}}`)
	e.Keys = []string{"item:8", "item:9", "order:1"}
	_, err := t.store.Save(t.Context(), e)
	t.wantError(err, journal.ErrTaken)
	t.wantKept(kept)
	for key, owner := range map[string]string{"order:1": "cart-1", "item:7": "cart-2", "item:8": "cart-2", "item:9": ""} {
		t.wantOwner(north, key, owner)
	}
}

func saveAfterRefusal(t *trial) {
	t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	e := t.created(north, "cart-2")
	e.Keys = []string{"order:1"}
	_, err := t.store.Save(t.Context(), e)
	t.wantError(err, journal.ErrTaken)
	e.Keys, e.State = []string{"order:2"}, journal.Review
	if saved := t.save(e); saved.Version != 2 {
		t.Errorf("the version is %d, want 2: a refused save counts for nothing", saved.Version)
	}
}

func saveKeepsCreated(t *trial) {
	kept := t.created(north, "cart-1", costs("5"))
	e := kept.Clone()
	e.Provider, e.Account, e.Kind, e.Reference = south, "south:77", journal.TopUpKind, "cart-9"
	e.Content, e.PackageID, e.CreatedAt, e.Budget = "other", "fr-5gb", t.base.Add(-time.Hour), "other"
	e.State, e.Cost = journal.Unknown, "4.5"
	want := kept.Clone()
	want.Version, want.State, want.Cost = 2, journal.Unknown, "4.5"
	t.wantSame("what Save returns", want, t.save(e))
	t.wantKept(want)
	t.wantReferences("the purchases of the package", t.list(journal.Query{Provider: north, PackageID: "lk-1gb"}), "cart-1")
}

func saveOneOfTwo(t *trial) {
	e := t.created(north, "cart-1")
	var won, stale atomic.Int32
	suite.Together(16, func(i int) {
		mine := e.Clone()
		mine.Attempts = i + 1
		switch _, err := t.store.Save(t.Context(), mine); {
		case err == nil:
			won.Add(1)
		case errors.Is(err, journal.ErrStale):
			stale.Add(1)
		}
	})
	if won.Load() != 1 || stale.Load() != 15 {
		t.Errorf("%d of 16 writers of one version got through and %d were told ErrStale, want 1 and 15", won.Load(), stale.Load())
	}
}

func saveLosesNothing(t *trial) {
	const writers = 64
	e := t.created(north, "cart-1")
	var failed atomic.Int32
	suite.Together(writers, func(int) {
		for {
			mine, err := t.store.Get(t.Context(), e.ID)
			if err == nil {
				mine.Attempts++
				_, err = t.store.Save(t.Context(), mine)
			}
			if !errors.Is(err, journal.ErrStale) {
				if err != nil {
					failed.Add(1)
				}
				return
			}
		}
	})
	if failed.Load() != 0 {
		t.Errorf("%d of %d writers failed", failed.Load(), writers)
	}
	if e = t.get(e.ID); e.Attempts != writers || e.Version != writers+1 {
		t.Errorf("%d updates are kept in version %d, want %d in version %d", e.Attempts, e.Version, writers, writers+1)
	}
}

func saveOneOwner(t *trial) {
	const n = 16
	entries := make([]journal.Entry, n)
	for i := range entries {
		entries[i] = t.created(north, fmt.Sprintf("cart-%d", i))
	}
	var won, taken atomic.Int32
	suite.Together(n, func(i int) {
		mine := entries[i].Clone()
		mine.Keys = []string{fmt.Sprintf("item:%d", i), "order:1"}
		switch _, err := t.store.Save(t.Context(), mine); {
		case err == nil:
			won.Add(1)
		case isTaken(err):
			taken.Add(1)
		}
	})
	if won.Load() != 1 || taken.Load() != n-1 {
		t.Errorf("%d purchases got the key and %d were told ErrTaken, want 1 and %d", won.Load(), taken.Load(), n-1)
	}
	if owners := len(t.named(north, "order:1")); owners != 1 {
		t.Errorf("the key has %d owners", owners)
	}
}
