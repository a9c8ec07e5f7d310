package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/esimkit/esim"
)

// stocked is a catalogue with these packages on its shelf.
func stocked(tb testing.TB, packages []esim.Package, rates esim.Rates) *Catalog {
	tb.Helper()
	c, err := New(Config{Rates: rates})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := build(1, Equivalence{}, slices.Values(packages))
	if err != nil {
		tb.Fatal(err)
	}
	c.shelf.Store(s)
	return c
}

// marketRates are those the benchmarks compare with.
var marketRates = fixedRates("EUR", "USD", "1.0836", "GBP", "0.8531")

func bounded(c esim.Country) Query {
	return Query{Countries: []esim.Country{c}, MinData: 5 * esim.GB, MaxData: 50 * esim.GB, MinDays: 7, MaxPrice: amount("150", "EUR"), Currency: "EUR"}
}

func BenchmarkSearch(b *testing.B) {
	c := stocked(b, market(100_000, 1), marketRates)
	for _, bb := range []struct {
		name  string
		query func(c esim.Country) Query
	}{
		{"bounded", bounded},
		{"own currencies", func(c esim.Country) Query { q := bounded(c); q.Currency = ""; return q }},
		{"pergb", func(c esim.Country) Query { q := bounded(c); q.Sort = ByPricePerGB; return q }},
		{"stack", func(c esim.Country) Query { q := bounded(c); q.Stack = 3; return q }},
		{"facets", func(c esim.Country) Query { q := bounded(c); q.Facets = true; return q }},
		{"facets of a country", func(c esim.Country) Query { return Query{Countries: []esim.Country{c}, Facets: true} }},
		{"facets of all", func(esim.Country) Query { return Query{Facets: true} }},
		{"text", func(esim.Country) Query { return Query{Text: "japan 5"} }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				q := bb.query(destinations[i%len(destinations)])
				i++
				if page := c.Search(q); page.Err != nil || len(page.Offers) == 0 {
					b.Fatal(page.Err, len(page.Offers))
				}
			}
		})
	}
}

// scan answers the bounded query as one would without an index.
func scan(packages []esim.Package, q Query, rates esim.Rates) []esim.Package {
	found := matching(packages, q, rates)
	slices.SortFunc(found, func(a, b esim.Package) int {
		x, _ := convert(a.Price, rate(rates, a.Price.Currency(), q.Currency))
		y, _ := convert(b.Price, rate(rates, b.Price.Currency(), q.Currency))
		return cmp.Or(cmp.Compare(x, y), a.Price.Compare(b.Price),
			cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.ID, b.ID))
	})
	return found[:min(len(found), 20)]
}

// matching looks at every package, at what is cheap to tell first.
func matching(packages []esim.Package, q Query, rates esim.Rates) []esim.Package {
	var found []esim.Package
	for i := range packages {
		p := &packages[i]
		if p.Data < q.MinData || p.Data > q.MaxData || p.ValidityDays < q.MinDays || !slices.Contains(p.Countries, q.Countries[0]) {
			continue
		}
		cost, ok := convert(p.Price, rate(rates, p.Price.Currency(), q.Currency))
		if ok && mustFixed(cost, comparedPlaces, q.Currency).Compare(q.MaxPrice) <= 0 {
			found = append(found, *p)
		}
	}
	return found
}

// BenchmarkGrowth shows what ten times as many packages cost.
func BenchmarkGrowth(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		packages := market(n, 1)
		c := stocked(b, packages, marketRates)
		facets, trip := Query{Countries: []esim.Country{"JP"}, Facets: true}, travels(5)
		for _, bb := range []struct {
			name string
			run  func()
		}{
			{"search", func() { c.Search(bounded("JP")) }},
			{"facets", func() { c.Search(facets) }},
			{"trip", func() { c.Trip(trip) }},
			{"scan", func() { scan(packages, bounded("JP"), marketRates) }},
		} {
			b.Run(fmt.Sprintf("%s/packages=%d", bb.name, n), func(b *testing.B) {
				for b.Loop() {
					bb.run()
				}
			})
		}
	}
}

// travels is a journey through n countries, the first ones of the market.
func travels(n int) TripQuery {
	q := TripQuery{Currency: "EUR"}
	for i := range n {
		q.Legs = append(q.Legs, Leg{destinations[i], 3 + i%4, esim.DataSize(1+i%3) * esim.GB})
	}
	return q
}

func BenchmarkTrip(b *testing.B) {
	c := stocked(b, market(100_000, 1), marketRates)
	for _, legs := range []int{1, 2, 5, 8, 12} {
		for _, stack := range []int{1, 3} {
			b.Run(fmt.Sprintf("legs=%d/stack=%d", legs, stack), func(b *testing.B) {
				b.ReportAllocs()
				q := travels(legs)
				q.Stack = stack
				for b.Loop() {
					if result := c.Trip(q); result.Err != nil || result.Trips[0].Plans == nil {
						b.Fatal(result.Err)
					}
				}
			})
		}
	}
}
