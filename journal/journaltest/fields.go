package journaltest

import (
	"fmt"
	"strings"
	"time"

	"github.com/esimkit/esim/journal"
)

var fieldChecks = []check{
	{"all of them", fieldsAll},
	{"zero times", fieldsZeroTimes},
	{"microseconds", fieldsMicroseconds},
	{"far times", fieldsFarTimes},
	{"other time zones", fieldsZones},
	{"every state", fieldsStates},
	{"both kinds", fieldsKinds},
	{"an empty document", func(t *trial) { fieldsDocument(t, "") }},
	{"a document of 1 MiB", func(t *trial) { fieldsDocument(t, `{"x":"`+strings.Repeat("0123456789abcdef", 1<<16)+`"}`) }},
	{"a document as it was written", func(t *trial) { fieldsDocument(t, `{ "b" : 1.50, "a":"\u00e9\\ <&>" }`) }},
	{"unicode", fieldsUnicode},
	{"text like a query", fieldsQuotes},
	{"costs", fieldsCosts},
	{"many keys", fieldsManyKeys},
}

// keeps checks that an entry comes back the same by every way there is.
func (t *trial) keeps(want journal.Entry) {
	t.Helper()
	t.wantSame("what Create returns", want, t.create(want))
	t.wantKept(want)
	want.Version++
	t.wantSame("what Save returns", want, t.save(t.get(want.ID)))
	t.wantKept(want)
	found := t.list(journal.Query{Provider: want.Provider, PackageID: want.PackageID})
	if len(found) != 1 {
		t.Errorf("List finds %d entries, want 1", len(found))
		return
	}
	t.wantSame("what List returns", want, found[0])
}

func fieldsAll(t *trial) {
	t.keeps(t.purchase(north, "cart-1", func(e *journal.Entry) {
		e.Kind, e.State, e.Attempts, e.Doubt, e.Arrived = journal.TopUpKind, journal.Unknown, 1<<31-1, 12, true
		e.Keys = []string{"order:1", "item:7"}
		e.CreatedAt, e.UpdatedAt, e.NextAt = t.base.Add(-time.Hour), t.base, t.base.Add(time.Second)
		e.LeaseUntil, e.ResendUntil, e.DeadlineAt = t.base.Add(2*time.Second), t.base.Add(time.Hour), t.base.Add(72*time.Hour)
		e.DoubtAt = t.base.Add(-time.Minute)
		e.Cost, e.Currency, e.Budget = "12.34", "EUR", day
	}))
}

func fieldsZeroTimes(t *trial) {
	e := t.purchase(north, "cart-1")
	t.keeps(e)
	later := t.created(north, "cart-2", func(e *journal.Entry) {
		e.NextAt, e.LeaseUntil, e.ResendUntil, e.DeadlineAt, e.DoubtAt = t.base, t.base, t.base, t.base, t.base
	})
	later.NextAt, later.LeaseUntil, later.ResendUntil = time.Time{}, time.Time{}, time.Time{}
	later.DeadlineAt, later.DoubtAt = time.Time{}, time.Time{}
	t.wantKept(t.save(later))
}

func fieldsMicroseconds(t *trial) {
	e := t.purchase(north, "cart-1", func(e *journal.Entry) {
		second := t.base.Truncate(time.Second)
		e.CreatedAt, e.UpdatedAt = second.Add(time.Microsecond), second.Add(999999*time.Microsecond)
		e.NextAt, e.LeaseUntil = second, second.Add(100*time.Millisecond)
		e.ResendUntil, e.DeadlineAt = second.Add(123456*time.Microsecond), second.Add(10*time.Microsecond)
	})
	t.keeps(e)
}

func fieldsFarTimes(t *trial) {
	t.keeps(t.purchase(north, "cart-1", func(e *journal.Entry) {
		e.CreatedAt = time.Date(1999, 12, 31, 23, 59, 59, 999999000, time.UTC)
		e.DeadlineAt = time.Date(2999, 2, 28, 1, 2, 3, 4000, time.UTC)
	}))
}

func fieldsZones(t *trial) {
	t.keeps(t.purchase(north, "cart-1", func(e *journal.Entry) {
		colombo := time.FixedZone("Colombo", 19800)
		e.CreatedAt, e.UpdatedAt, e.NextAt = e.CreatedAt.In(colombo), e.UpdatedAt.In(colombo), t.base.In(colombo)
		e.DeadlineAt = t.base.Add(time.Hour).In(colombo)
	}))
}

func fieldsStates(t *trial) {
	e := t.created(north, "cart-0")
	for _, s := range journal.States() {
		if made := t.created(north, "cart-"+strings.ReplaceAll(s.String(), " ", "-"), func(e *journal.Entry) { e.State = s }); made.State != s {
			t.Errorf("created as %s, returned as %s", s, made.State)
		}
		e.State = s
		e = t.save(e)
		if kept := t.get(e.ID); kept.State != s || e.State != s {
			t.Errorf("saved as %s, returned as %s, kept as %s", s, e.State, kept.State)
		}
	}
}

func fieldsKinds(t *trial) {
	for _, k := range []journal.Kind{journal.OrderKind, journal.TopUpKind} {
		t.wantKept(t.created(north, "cart-"+string(k), func(e *journal.Entry) { e.Kind = k }))
	}
}

func fieldsDocument(t *trial, text string) {
	t.keeps(t.purchase(north, "cart-1", func(e *journal.Entry) { e.Document = []byte(text) }))
}

func fieldsUnicode(t *trial) {
	e := t.purchase(north, "cart-1", func(e *journal.Entry) {
		e.PackageID, e.Account, e.Keys = "ශ්\u200dරී-日本-🛰️", "north:żółć", []string{"order:ß", "item:ﬀ", "order:SS"}
		e.Document = []byte(`{"message":"„Grüße“ 🧭  e\u0301"}`)
	})
	t.keeps(e)
	t.wantOwner(north, "order:ß", "cart-1")
	t.wantOwner(north, "order:ss", "") // names are compared byte by byte
	t.wantOwner(north, "item:ff", "")
}

func fieldsQuotes(t *trial) {
	e := t.purchase(north, "cart-1", func(e *journal.Entry) {
		e.PackageID = `'; DROP TABLE esim_purchase; -- "$1" ? :a @b %_\`
		e.Account, e.Content, e.Keys = `a'b"c`, `\'`, []string{`order:'$1`, `order:%`, `["x"]`}
		e.Document = []byte(`{"q":"'; -- $1"}`)
	})
	t.keeps(e)
	t.wantOwner(north, `order:%`, "cart-1")
	t.wantOwner(north, `order:_`, "")
	t.wantOwner(north, `["x"]`, "cart-1")
}

func fieldsCosts(t *trial) {
	for i, cost := range []string{"0", "0.00", "1.50", "0.000001", "9007199254740993", "123456789012.345678"} {
		t.wantKept(t.created(north, fmt.Sprintf("cart-%d", i), func(e *journal.Entry) { e.Cost, e.Currency = cost, "USD" }))
	}
}

func fieldsManyKeys(t *trial) {
	e := t.purchase(north, "cart-1", func(e *journal.Entry) {
		for i := range 200 {
			e.Keys = append(e.Keys, "item:"+strings.Repeat("x", i))
		}
	})
	t.keeps(e)
	if found := t.named(north, e.Keys...); len(found) != 1 {
		t.Errorf("200 names of one entry find %d entries", len(found))
	}
}
