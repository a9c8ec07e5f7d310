package journaltest

import (
	"fmt"
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/journal"
)

var heldChecks = []check{
	{"whole", holdsWhole},
	{"by one of its names", holdsByName},
	{"without a name", holdsWithoutName},
	{"oldest first", holdsInOrder},
	{"the same again", holdsOnce},
	{"the same key at another provider", holdsPerProvider},
	{"by age", holdsByAge},
	{"by name and age", holdsByNameAndAge},
	{"warned", holdsWarned},
	{"released", holdsReleased},
	{"again after its release", holdsAgain},
	{"what is not there", holdsNothing},
	{"up to a limit", holdsLimit},
	{"many at once", holdsOneOfMany},
}

func (t *trial) hold(p esim.Provider, key string, at time.Time, names ...string) journal.Held {
	t.Helper()
	h := journal.Held{Provider: p, Key: key, Names: names, At: at, Document: []byte(`{"key":"` + key + `"}`)}
	if err := t.store.Hold(t.Context(), h); err != nil {
		t.Fatalf("Hold of %s: %v", key, err)
	}
	return h
}

func (t *trial) held(q journal.HeldQuery) []journal.Held {
	t.Helper()
	found, err := t.store.Held(t.Context(), q)
	if err != nil {
		t.Fatalf("Held: %v", err)
	}
	return found
}

func (t *trial) wantHeld(what string, q journal.HeldQuery, want ...string) {
	t.Helper()
	var have []string
	for _, h := range t.held(q) {
		have = append(have, h.Key)
	}
	if !slices.Equal(have, want) {
		t.Errorf("evidence %s: %v, want %v", what, have, want)
	}
}

func (t *trial) warn(p esim.Provider, key string) {
	t.Helper()
	if err := t.store.Warned(t.Context(), p, key); err != nil {
		t.Fatalf("Warned of %s: %v", key, err)
	}
}

func (t *trial) release(p esim.Provider, key string) {
	t.Helper()
	if err := t.store.Release(t.Context(), p, key); err != nil {
		t.Fatalf("Release of %s: %v", key, err)
	}
}

func holdsWhole(t *trial) {
	want := t.hold(north, "k1", t.base.Add(-123456*time.Microsecond), "order:1", "reference:cart-1", "item:ß'%")
	found := t.held(journal.HeldQuery{Provider: north, Names: []string{"item:ß'%"}})
	if len(found) != 1 {
		t.Fatalf("%d pieces of evidence are found, want 1", len(found))
	}
	h := found[0]
	switch {
	case h.Provider != want.Provider, h.Key != want.Key, !h.At.Equal(want.At), h.Warned, string(h.Document) != string(want.Document):
		t.Errorf("Held returns %v at %v, want %v at %v", h.Key, h.At, want.Key, want.At)
	case !slices.Equal(sorted(h.Names), sorted(want.Names)):
		t.Errorf("the names are %v, want %v", h.Names, want.Names)
	}
}

func holdsByName(t *trial) {
	t.hold(north, "k1", t.base, "order:1", "item:1")
	t.hold(north, "k2", t.base.Add(time.Second), "order:1", "item:2")
	t.hold(north, "k3", t.base.Add(2*time.Second), "order:3")
	t.wantHeld("of an order", journal.HeldQuery{Provider: north, Names: []string{"order:1"}}, "k1", "k2")
	t.wantHeld("of a unit or an order", journal.HeldQuery{Provider: north, Names: []string{"item:2", "order:3"}}, "k2", "k3")
	t.wantHeld("with two names that fit", journal.HeldQuery{Provider: north, Names: []string{"item:1", "order:1"}}, "k1", "k2")
	t.wantHeld("of nothing known", journal.HeldQuery{Provider: north, Names: []string{"order:", "1"}})
}

func holdsWithoutName(t *trial) {
	t.hold(north, "k1", t.base)
	t.wantHeld("without a name", journal.HeldQuery{}, "k1")
	t.wantHeld("by a name", journal.HeldQuery{Provider: north, Names: []string{""}})
}

func holdsInOrder(t *trial) {
	for i, ago := range []time.Duration{time.Minute, 3 * time.Minute, 2 * time.Minute} {
		t.hold(north, fmt.Sprintf("k%d", i), t.base.Add(-ago), "n")
	}
	t.wantHeld("by name", journal.HeldQuery{Provider: north, Names: []string{"n"}}, "k1", "k2", "k0")
	t.wantHeld("by age", journal.HeldQuery{Before: t.base}, "k1", "k2", "k0")
}

func holdsOnce(t *trial) {
	t.hold(north, "k1", t.base.Add(-time.Hour), "order:1")
	t.warn(north, "k1")
	again := journal.Held{Provider: north, Key: "k1", Names: []string{"order:2"}, At: t.base, Document: []byte(`{"other":1}`)}
	if err := t.store.Hold(t.Context(), again); err != nil {
		t.Fatalf("the same again: %v", err)
	}
	t.wantHeld("under the second name", journal.HeldQuery{Provider: north, Names: []string{"order:2"}})
	found := t.held(journal.HeldQuery{Provider: north, Names: []string{"order:1"}})
	if len(found) != 1 || !found[0].Warned || !found[0].At.Equal(t.base.Add(-time.Hour)) || string(found[0].Document) != `{"key":"k1"}` {
		t.Errorf("the same key again has changed what is kept: %d found", len(found))
	}
}

func holdsPerProvider(t *trial) {
	t.hold(north, "k1", t.base, "order:1")
	t.hold(south, "k1", t.base.Add(time.Second), "order:1")
	t.wantHeld("of one provider", journal.HeldQuery{Provider: south, Names: []string{"order:1"}}, "k1")
	t.wantHeld("of any", journal.HeldQuery{}, "k1", "k1")
	t.warn(south, "k1")
	t.wantHeld("nobody was told of", journal.HeldQuery{Unwarned: true, Provider: north}, "k1")
	t.wantHeld("nobody was told of", journal.HeldQuery{Unwarned: true, Provider: south})
	t.release(south, "k1")
	t.wantHeld("that stays", journal.HeldQuery{Provider: north}, "k1")
	t.wantHeld("that was released", journal.HeldQuery{Provider: south})
}

func holdsByAge(t *trial) {
	t.hold(north, "old", t.base.Add(-time.Hour), "a")
	t.hold(south, "then", t.base.Add(-time.Minute), "b")
	t.hold(north, "new", t.base, "c")
	t.wantHeld("of any time", journal.HeldQuery{}, "old", "then", "new")
	t.wantHeld("kept before a time, and not at it", journal.HeldQuery{Before: t.base.Add(-time.Minute)}, "old")
	t.wantHeld("kept before a microsecond later", journal.HeldQuery{Before: t.base.Add(-time.Minute + time.Microsecond)}, "old", "then")
	t.wantHeld("of one provider", journal.HeldQuery{Provider: north, Before: t.base.Add(time.Hour)}, "old", "new")
}

func holdsByNameAndAge(t *trial) {
	t.hold(north, "k1", t.base.Add(-time.Hour), "n", "x")
	t.hold(north, "k2", t.base, "n")
	t.hold(north, "k3", t.base.Add(-time.Hour), "m")
	t.wantHeld("by name and age", journal.HeldQuery{Provider: north, Names: []string{"n"}, Before: t.base}, "k1")
	t.warn(north, "k1")
	t.wantHeld("by name, unwarned", journal.HeldQuery{Provider: north, Names: []string{"n"}, Unwarned: true}, "k2")
	t.wantHeld("by name, warned or not", journal.HeldQuery{Provider: north, Names: []string{"n"}}, "k1", "k2")
}

func holdsWarned(t *trial) {
	t.hold(north, "k1", t.base.Add(-time.Minute), "a")
	t.hold(north, "k2", t.base, "a")
	t.warn(north, "k1")
	t.wantHeld("nobody was told of", journal.HeldQuery{Unwarned: true}, "k2")
	for _, h := range t.held(journal.HeldQuery{}) {
		if h.Warned != (h.Key == "k1") {
			t.Errorf("%s: Warned is %t", h.Key, h.Warned)
		}
	}
	t.warn(north, "k1") // again changes nothing
	t.wantHeld("all the same", journal.HeldQuery{}, "k1", "k2")
}

func holdsReleased(t *trial) {
	t.hold(north, "k1", t.base, "a")
	t.hold(north, "k2", t.base.Add(time.Second), "a")
	t.release(north, "k1")
	t.wantHeld("by name", journal.HeldQuery{Provider: north, Names: []string{"a"}}, "k2")
	t.wantHeld("by age", journal.HeldQuery{}, "k2")
}

func holdsAgain(t *trial) {
	t.hold(north, "k1", t.base.Add(-time.Hour), "a")
	t.warn(north, "k1")
	t.release(north, "k1")
	t.hold(north, "k1", t.base, "b")
	t.wantHeld("nobody was told of", journal.HeldQuery{Unwarned: true}, "k1")
	t.wantHeld("under its first name", journal.HeldQuery{Provider: north, Names: []string{"a"}})
}

func holdsNothing(t *trial) {
	t.hold(north, "k1", t.base, "a")
	t.release(north, "k2") // no error
	t.release(south, "k1")
	t.wantHeld("that stays", journal.HeldQuery{}, "k1")
}

func holdsLimit(t *trial) {
	for i := range 105 {
		t.hold(north, fmt.Sprintf("k%03d", i), t.base.Add(time.Duration(i)*time.Second), "n")
	}
	t.wantHeld("up to two", journal.HeldQuery{Limit: 2}, "k000", "k001")
	t.wantHeld("by name up to one", journal.HeldQuery{Provider: north, Names: []string{"n"}, Limit: 1}, "k000")
	if n := len(t.held(journal.HeldQuery{})); n != 100 {
		t.Errorf("a query without a limit returns %d of 105, want 100", n)
	}
}

func holdsOneOfMany(t *trial) {
	suite.Together(16, func(int) {
		h := journal.Held{Provider: north, Key: "k1", Names: []string{"a", "b"}, At: t.base, Document: []byte(`{}`)}
		if err := t.store.Hold(t.Context(), h); err != nil {
			t.Errorf("one of many: %v", err)
		}
	})
	t.wantHeld("of many with one key", journal.HeldQuery{}, "k1")
}
