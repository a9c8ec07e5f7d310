package journaltest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/esimkit/esim/journal"
)

var listChecks = []check{
	{"empty", func(t *trial) { t.wantReferences("an empty store", t.list(journal.Query{})) }},
	{"oldest first", listInOrder},
	{"by ID at one moment", listByID},
	{"whole entries", listWhole},
	{"by provider", func(t *trial) { listFiltered(t, journal.Query{Provider: south}) }},
	{"by package", func(t *trial) { listFiltered(t, journal.Query{PackageID: "fr-5gb"}) }},
	{"by state", listByState},
	{"by several states", func(t *trial) {
		listFiltered(t, journal.Query{States: []journal.State{journal.Review, journal.Delivered}})
	}},
	{"by open states", func(t *trial) {
		listFiltered(t, journal.Query{States: []journal.State{journal.Ready, journal.Sending, journal.Unknown, journal.Provisioning}})
	}},
	{"by all of it", func(t *trial) {
		listFiltered(t, journal.Query{Provider: north, PackageID: "lk-1gb", States: []journal.State{journal.Unknown, journal.Review}})
	}},
	{"a state that has changed", listMoved},
	{"up to a limit", listLimit},
	{"a hundred without a limit", listDefaultLimit},
	{"page by page", func(t *trial) { listPages(t, journal.Query{Limit: 3}) }},
	{"page by page, filtered", func(t *trial) {
		listPages(t, journal.Query{Limit: 2, Provider: north, States: []journal.State{journal.Ready, journal.Review, journal.Delivered}})
	}},
	{"behind an entry that is gone from the filter", listAfterMoved},
}

// assortment creates entries of all sorts, several at each moment, and returns
// them in the order of a list.
func (t *trial) assortment() []journal.Entry {
	t.Helper()
	var all []journal.Entry
	states := journal.States()
	for i := range 4 * len(states) {
		p := north
		if i%4 == 3 {
			p = south
		}
		all = append(all, t.created(p, fmt.Sprintf("cart-%02d", i), func(e *journal.Entry) {
			e.State = states[(i*5)%len(states)]
			e.CreatedAt = t.base.Add(-time.Duration((i*7)%11) * time.Microsecond)
			if e.State.Open() {
				e.NextAt = t.base // as the journal keeps it: what is open is due some time
			}
			if i%5 < 2 {
				e.PackageID = "fr-5gb"
			}
		}))
	}
	slices.SortFunc(all, byAge)
	return all
}

func byAge(a, b journal.Entry) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

func fits(e *journal.Entry, q journal.Query) bool {
	return (q.Provider == "" || e.Provider == q.Provider) && (q.PackageID == "" || e.PackageID == q.PackageID) &&
		(len(q.States) == 0 || slices.Contains(q.States, e.State)) && (q.After == nil || byAge(*e, *q.After) > 0)
}

func selected(all []journal.Entry, q journal.Query) []string {
	var references []string
	for i := range all {
		if fits(&all[i], q) {
			references = append(references, all[i].Reference)
		}
	}
	return references
}

func listFiltered(t *trial, q journal.Query) {
	all := t.assortment()
	want := selected(all, q)
	if len(want) == 0 || len(want) == len(all) {
		t.Fatalf("this query proves nothing: it selects %d of %d", len(want), len(all))
	}
	t.wantReferences("the selection", t.list(q), want...)
}

func listInOrder(t *trial) {
	for i, ago := range []time.Duration{time.Minute, 3 * time.Minute, 2 * time.Minute} {
		t.created(north, fmt.Sprintf("cart-%d", i), func(e *journal.Entry) { e.CreatedAt = t.base.Add(-ago) })
	}
	t.wantReferences("all", t.list(journal.Query{}), "cart-1", "cart-2", "cart-0")
}

func listByID(t *trial) {
	all := make([]journal.Entry, 20)
	for i := range all {
		all[i] = t.created(north, fmt.Sprintf("cart-%d", i))
	}
	slices.SortFunc(all, byAge)
	t.wantReferences("entries of one moment", t.list(journal.Query{}), selected(all, journal.Query{})...)
}

func listWhole(t *trial) {
	want := t.save(t.created(north, "cart-1", costs("5"), func(e *journal.Entry) { e.Keys = []string{"order:1", "item:7"} }))
	found := t.list(journal.Query{})
	t.wantReferences("all", found, "cart-1")
	for i := range found {
		t.wantSame("what List returns", want, found[i])
	}
}

func listByState(t *trial) {
	all := t.assortment()
	for _, s := range journal.States() {
		q := journal.Query{States: []journal.State{s}}
		t.wantReferences("those that are "+s.String(), t.list(q), selected(all, q)...)
	}
}

func listMoved(t *trial) {
	e := t.created(north, "cart-1", func(e *journal.Entry) { e.State, e.NextAt = journal.Unknown, t.base })
	e.State, e.NextAt = journal.Delivered, time.Time{}
	t.save(e)
	t.wantReferences("those in doubt", t.list(journal.Query{States: []journal.State{journal.Unknown}}))
	t.wantReferences("those delivered", t.list(journal.Query{States: []journal.State{journal.Delivered}}), "cart-1")
}

func listLimit(t *trial) {
	all := t.assortment()
	want := selected(all, journal.Query{})
	for _, n := range []int{1, 7, len(all), len(all) + 1} {
		t.wantReferences(fmt.Sprintf("the first %d", n), t.list(journal.Query{Limit: n}), want[:min(n, len(want))]...)
	}
}

func listDefaultLimit(t *trial) {
	for i := range 105 {
		t.created(north, fmt.Sprintf("cart-%d", i))
	}
	if n := len(t.list(journal.Query{})); n != 100 {
		t.Errorf("a query without a limit returns %d of 105 entries, want 100", n)
	}
}

func listPages(t *trial, q journal.Query) {
	all := t.assortment()
	var got []journal.Entry
	for range all {
		page := t.list(q)
		if len(page) > q.Limit {
			t.Fatalf("a page of %d entries, the limit is %d", len(page), q.Limit)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		last := page[len(page)-1]
		q.After = &journal.Entry{ID: last.ID, CreatedAt: last.CreatedAt} // nothing else counts
	}
	q.After = nil
	t.wantReferences("all pages", got, selected(all, q)...)
}

func listAfterMoved(t *trial) {
	var all []journal.Entry
	for i := range 6 {
		all = append(all, t.created(north, fmt.Sprintf("cart-%d", i), func(e *journal.Entry) {
			e.State, e.NextAt, e.CreatedAt = journal.Unknown, t.base, t.base.Add(time.Duration(i)*time.Second)
		}))
	}
	q := journal.Query{States: []journal.State{journal.Unknown}, Limit: 2}
	page := t.list(q)
	t.wantReferences("the first page", page, "cart-0", "cart-1")
	moved := all[1]
	moved.State = journal.Review
	t.save(moved)
	q.After = &all[1]
	t.wantReferences("the second page", t.list(q), "cart-2", "cart-3")
}
