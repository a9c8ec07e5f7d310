package catalog

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// slower measures two ways in turns, and so under the same load, and returns
// how many times as long the naive one takes.
func slower(rounds int, naive, ours func()) float64 {
	least := [2]time.Duration{1 << 62, 1 << 62}
	for range rounds {
		for i, f := range []func(){naive, ours} {
			start := time.Now()
			f()
			least[i] = min(least[i], time.Since(start))
		}
	}
	return float64(least[0]) / float64(least[1])
}

func TestSearchIsMuchFasterThanAScan(t *testing.T) {
	packages := market(100_000, 1)
	c := stocked(t, packages, marketRates)
	q := bounded("JP")
	want, got := scan(packages, q, marketRates), c.Search(q)
	require.Len(t, got.Offers, 20)
	for i, o := range got.Offers {
		require.Equal(t, want[i].ID, o.ID, "both must answer the same")
	}
	assert.LessOrEqual(t, testing.AllocsPerRun(50, func() { c.Search(q) }), 20.0)
	if underRace { // what it counts and watches would be measured
		t.Skip("no speed is measured under the race detector")
	}
	const often = 20 // one search is too short to time
	times := often * slower(9, func() { scan(packages, q, marketRates) }, func() {
		for range often {
			c.Search(q)
		}
	})
	t.Logf("search: %.0f times as fast as a scan", times)
	assert.Greater(t, times, 100.0)

	q.Facets = true
	times = slower(9, func() { countByScan(packages, q, marketRates) }, func() { c.Search(q) })
	t.Logf("search with facets: %.0f times as fast as a scan", times)
	assert.Greater(t, times, 3.0) // much more on a quiet machine
}

// countByScan counts with maps what the scan finds.
func countByScan(packages []esim.Package, q Query, rates esim.Rates) *Facets {
	f := &Facets{Countries: map[esim.Country]int{}, Providers: map[esim.Provider]int{}, Kinds: map[esim.PackageKind]int{}, Currencies: map[string]int{}}
	sold := map[esim.DataSize]int{}
	for _, p := range matching(packages, q, rates) {
		f.Total++
		for _, c := range p.Countries {
			f.Countries[c]++
		}
		f.Providers[p.Provider]++
		f.Kinds[p.Kind]++
		f.Currencies[p.Price.Currency()]++
		sold[soldAs(p.Data)]++
	}
	return f
}

// An oracle that agrees with everything would be none: it must notice a price
// that is not the one on the shelf, a rate, and an order.
func TestTheOracleNoticesAMistake(t *testing.T) {
	packages, rates := market(60, 1), table{"USD EUR": "0.9"}
	agrees := func(c *Catalog, q Query) bool {
		var want []string
		for _, a := range oracle(packages, q, rates) {
			want = append(want, string(a.p.Provider)+" "+a.p.ID)
		}
		return assert.ObjectsAreEqual(want, ids(c.Search(q)))
	}
	q := Query{Currency: "EUR", Limit: 100}
	require.True(t, agrees(stocked(t, packages, rates.rate), q))
	assert.False(t, agrees(stocked(t, packages, table{"USD EUR": "0.5"}.rate), q), "another rate")
	assert.False(t, agrees(stocked(t, packages, nil), q), "no rate")
	assert.False(t, agrees(stocked(t, packages[1:], rates.rate), q), "a package is missing")

	wrong := stocked(t, packages, rates.rate)
	rows := wrong.shelf.Load().everything[0].rows
	rows[3], rows[4] = rows[4], rows[3]
	assert.False(t, agrees(wrong, q), "two rows in the wrong order")

	trip := travels(2)
	best, total := cheapest(packages, trip, "EUR", rates)
	require.NotNil(t, total)
	served := stocked(t, packages, rates.rate).Trip(trip).Trips[0]
	assert.Equal(t, total.RatString(), amountOf(served.Total).RatString())
	less := slices.DeleteFunc(slices.Clone(packages), func(p esim.Package) bool { return p.ID == best[0].p.ID })
	served = stocked(t, less, rates.rate).Trip(trip).Trips[0]
	assert.NotEqual(t, total.RatString(), amountOf(served.Total).RatString(), "the best plan is not on the shelf")
}
