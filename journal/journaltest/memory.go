package journaltest

import (
	"github.com/esimkit/esim/journal"
)

var memoryChecks = []check{
	{"of what was created", memoryOfArguments},
	{"of what Create returns", func(t *trial) {
		memoryOf(t, func() []journal.Entry { return []journal.Entry{t.create(t.sample())} })
	}},
	{"of what Create finds", func(t *trial) {
		t.create(t.sample())
		memoryOf(t, func() []journal.Entry {
			e, _, err := t.store.Create(t.Context(), t.sample(), nil)
			if err != nil {
				t.Fatalf("Create: %v", err)
			}
			return []journal.Entry{e}
		})
	}},
	{"of what Get returns", func(t *trial) {
		e := t.create(t.sample())
		memoryOf(t, func() []journal.Entry { return []journal.Entry{t.get(e.ID)} })
	}},
	{"of what Save returns", func(t *trial) {
		e := t.create(t.sample())
		memoryOf(t, func() []journal.Entry { return []journal.Entry{t.save(e)} })
	}},
	{"of what List returns", func(t *trial) {
		t.create(t.sample())
		memoryOf(t, func() []journal.Entry { return t.list(journal.Query{}) })
	}},
	{"of what Named returns", func(t *trial) {
		t.create(t.sample())
		memoryOf(t, func() []journal.Entry { return t.named(north, "order:1") })
	}},
	{"of what Lease returns", func(t *trial) {
		t.create(t.sample())
		memoryOf(t, func() []journal.Entry { return t.lease(1, t.moment()) })
	}},
	{"of evidence", memoryOfHeld},
}

const sampleText = `{"x":"kept"}`

func (t *trial) sample() journal.Entry {
	return t.purchase(north, "cart-1", due(t.base), func(e *journal.Entry) {
		e.Keys, e.Document = []string{"order:1", "item:7"}, []byte(sampleText)
	})
}

// spoil writes over what an entry refers to.
func spoil(e *journal.Entry) {
	clear(e.Keys)
	clear(e.Document)
}

func (t *trial) wantUnspoilt() {
	t.Helper()
	for _, e := range t.list(journal.Query{}) {
		if string(e.Document) != sampleText || len(e.Keys) != 2 || e.Keys[0] == "" {
			t.Error("writing over an entry has changed what is kept")
		}
	}
	t.wantOwner(north, "order:1", "cart-1")
}

func memoryOf(t *trial, returned func() []journal.Entry) {
	entries := returned()
	if len(entries) != 1 {
		t.Fatalf("%d entries, want 1", len(entries))
	}
	spoil(&entries[0])
	t.wantUnspoilt()
}

func memoryOfArguments(t *trial) {
	e := t.sample()
	t.create(e)
	spoil(&e)
	t.wantUnspoilt()
	e = t.get(e.ID)
	t.save(e)
	spoil(&e)
	t.wantUnspoilt()
}

func memoryOfHeld(t *trial) {
	h := t.hold(north, "k1", t.base, "order:1")
	clear(h.Names)
	clear(h.Document)
	for range 2 { // what was handed over, and then what was returned
		found := t.held(journal.HeldQuery{Provider: north, Names: []string{"order:1"}})
		if len(found) != 1 || string(found[0].Document) != `{"key":"k1"}` || len(found[0].Names) != 1 || found[0].Names[0] != "order:1" {
			t.Fatal("writing over evidence has changed what is kept")
		}
		clear(found[0].Names)
		clear(found[0].Document)
	}
}
