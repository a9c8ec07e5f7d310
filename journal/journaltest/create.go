package journaltest

import (
	"fmt"
	"sync/atomic"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/journal"
)

var createChecks = []check{
	{"a new entry", createsNew},
	{"counts from one", createsVersionOne},
	{"same reference again", createsOnce},
	{"same reference again, named by a taken key", createsOnceWithTakenKey},
	{"same reference at another provider", createsPerProvider},
	{"a second entry keeps no key of a first", createKeepsNoKeyOfARepeat},
	{"a taken key", createRefusesTakenKey},
	{"one of several keys taken", createRefusesWholly},
	{"the same key at another provider", createsKeysPerProvider},
	{"many at once with one reference", createsOneOfMany},
	{"many at once with one key", createsOneOwner},
	{"many at once", createsManyAtOnce},
	{"nothing there", findsNothing},
}

func createsNew(t *trial) {
	want := t.purchase(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	t.wantSame("what Create returns", want, t.create(want))
	t.wantKept(want)
}

func createsVersionOne(t *trial) {
	if e := t.created(north, "cart-1", func(e *journal.Entry) { e.Version = 7 }); e.Version != 1 {
		t.Errorf("Create returns version %d, want 1", e.Version)
	}
	if e := t.get(journal.IDOf(north, "cart-1")); e.Version != 1 {
		t.Errorf("version %d is kept, want 1", e.Version)
	}
}

func createsOnce(t *trial) {
	first := t.save(t.created(north, "cart-1", func(e *journal.Entry) { e.State, e.Attempts = journal.Sending, 1 }))
	second := t.purchase(north, "cart-1", func(e *journal.Entry) {
		e.Content, e.PackageID, e.State, e.Document = "other", "fr-5gb", journal.Review, []byte(`{"other":1}`)
	})
	kept, created, err := t.store.Create(t.Context(), second, nil)
	if err != nil || created {
		t.Fatalf("Create again: created %t, error %v, want the first entry", created, err)
	}
	t.wantSame("what Create returns for a known reference", first, kept)
	t.wantKept(first)
}

func createsOnceWithTakenKey(t *trial) {
	first := t.created(north, "cart-1")
	t.created(north, "cart-2", func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
	again := t.purchase(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
	kept, created, err := t.store.Create(t.Context(), again, nil)
	if err != nil || created {
		t.Fatalf("Create again: created %t, error %v, want the first entry", created, err)
	}
	t.wantSame("what Create returns for a known reference", first, kept)
	t.wantOwner(north, "topup:89", "cart-2")
}

func createsPerProvider(t *trial) {
	one := t.created(north, "cart-1")
	two := t.created(south, "cart-1", func(e *journal.Entry) { e.PackageID = "fr-5gb" })
	t.wantKept(one)
	t.wantKept(two)
}

func createKeepsNoKeyOfARepeat(t *trial) {
	t.created(north, "cart-1")
	again := t.purchase(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	if _, created, err := t.store.Create(t.Context(), again, nil); err != nil || created {
		t.Fatalf("Create again: created %t, error %v, want the first entry", created, err)
	}
	t.wantOwner(north, "order:1", "")
}

func createRefusesTakenKey(t *trial) {
	first := t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
	second := t.purchase(north, "cart-2", func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
	_, created, err := t.store.Create(t.Context(), second, nil)
	t.wantError(err, journal.ErrTaken)
	if created {
		t.Error("created is true beside an error")
	}
	t.wantAbsent(second.ID)
	t.wantKept(first)
	t.wantOwner(north, "topup:89", "cart-1")
}

func createRefusesWholly(t *trial) {
	t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"b"} })
	second := t.purchase(north, "cart-2", func(e *journal.Entry) { e.Keys = []string{"a", "b", "c"} })
	_, _, err := t.store.Create(t.Context(), second, nil)
	t.wantError(err, journal.ErrTaken)
	t.wantAbsent(second.ID)
	for _, key := range []string{"a", "c"} {
		t.wantOwner(north, key, "")
	}
	second.Keys = []string{"a", "c"}
	t.create(second)
	t.wantOwner(north, "a", "cart-2")
}

func createsKeysPerProvider(t *trial) {
	keyed := func(e *journal.Entry) { e.Keys = []string{"order:1"} }
	t.created(north, "cart-1", keyed)
	t.created(south, "cart-2", keyed)
	t.wantOwner(north, "order:1", "cart-1")
	t.wantOwner(south, "order:1", "cart-2")
}

func createsOneOfMany(t *trial) {
	var created, failed atomic.Int32
	contents := make([]string, 32)
	suite.Together(len(contents), func(i int) {
		mine := t.purchase(north, "cart-1", func(e *journal.Entry) { e.Content = fmt.Sprint(i) })
		kept, isNew, err := t.store.Create(t.Context(), mine, nil)
		if err != nil {
			failed.Add(1)
		}
		if isNew {
			created.Add(1)
		}
		contents[i] = kept.Content
	})
	if created.Load() != 1 || failed.Load() != 0 {
		t.Errorf("%d of %d calls created the entry and %d failed, want one and none", created.Load(), len(contents), failed.Load())
	}
	kept := t.get(journal.IDOf(north, "cart-1"))
	for _, content := range contents {
		if content != kept.Content {
			t.Errorf("a call was told of content %q, and %q is kept", content, kept.Content)
		}
	}
}

func createsOneOwner(t *trial) {
	var created, taken atomic.Int32
	suite.Together(32, func(i int) {
		mine := t.purchase(north, fmt.Sprintf("cart-%d", i), func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
		_, isNew, err := t.store.Create(t.Context(), mine, nil)
		switch {
		case err == nil && isNew:
			created.Add(1)
		case isTaken(err):
			taken.Add(1)
		}
	})
	if created.Load() != 1 || taken.Load() != 31 {
		t.Errorf("%d purchases got the key and %d were told ErrTaken, want 1 and 31", created.Load(), taken.Load())
	}
	if n := len(t.list(journal.Query{})); n != 1 {
		t.Errorf("%d entries are kept, want 1", n)
	}
}

func createsManyAtOnce(t *trial) {
	const n = 64
	var failed atomic.Int32
	suite.Together(n, func(i int) {
		mine := t.purchase(north, fmt.Sprintf("cart-%d", i), func(e *journal.Entry) { e.Keys = []string{fmt.Sprintf("order:%d", i)} })
		if _, isNew, err := t.store.Create(t.Context(), mine, nil); err != nil || !isNew {
			failed.Add(1)
		}
	})
	if failed.Load() != 0 {
		t.Errorf("%d of %d entries were not created", failed.Load(), n)
	}
	for i := range n {
		t.wantOwner(north, fmt.Sprintf("order:%d", i), fmt.Sprintf("cart-%d", i))
	}
}

func findsNothing(t *trial) {
	t.wantAbsent(journal.IDOf(north, "cart-1"))
	t.created(north, "cart-1")
	t.wantAbsent(journal.IDOf(north, "cart-2"))
	t.wantAbsent(journal.IDOf(south, "cart-1"))
	t.wantAbsent("")
}
