package catalog

import (
	"slices"

	"github.com/esimkit/esim"
)

// Facets count the offers of the whole result of a query, on all its pages.
type Facets struct {
	Total      int
	Countries  map[esim.Country]int // an offer counts in each country it covers
	Providers  map[esim.Provider]int
	Kinds      map[esim.PackageKind]int
	Currencies map[string]int // "" = not stated
	Sizes      []SizeFacet    // from small to large; without those unlimited or not stated
	Unlimited  int
}

// SizeFacet counts the packages that are sold as so much data: 5 GiB counts as
// 5 GB, as in [Equivalence].
type SizeFacet struct {
	Data  esim.DataSize // of one unit
	Count int
}

// tally counts by the numbers of a shelf; names come at the end.
type tally struct {
	providers, kinds, currencies [256]int
	coverages                    []int
	sizes                        map[esim.DataSize]int
	unlimited                    int
}

// count looks at every offer once.
func (e *search) count() *Facets {
	t := tally{coverages: make([]int, len(e.coverages)), sizes: make(map[esim.DataSize]int)}
	for i := range e.aisles {
		a := e.aisles[i]
		for n, units := e.next(&a); units > 0; n, units = e.next(&a) {
			t.add(&e.rows[n])
		}
	}
	return t.facets(e.shelf)
}

func (t *tally) add(r *row) {
	t.providers[r.provider]++
	t.kinds[r.kind]++
	t.currencies[r.currency]++
	t.coverages[r.coverage]++
	switch {
	case r.flags&unlimited != 0:
		t.unlimited++
	case r.data > 0:
		t.sizes[r.data]++
	}
}

func (t *tally) facets(s *shelf) *Facets {
	f := &Facets{
		Countries: make(map[esim.Country]int), Providers: named(t.providers[:], s.providers), Kinds: make(map[esim.PackageKind]int),
		Currencies: named(t.currencies[:], s.currencies), Unlimited: t.unlimited,
	}
	for kind, n := range t.kinds {
		if n > 0 {
			f.Kinds[esim.PackageKind(kind)] = n
			f.Total += n
		}
	}
	for coverage, n := range t.coverages {
		if n == 0 {
			continue
		}
		for _, c := range s.coverages[coverage] {
			f.Countries[c] += n
		}
	}
	f.Sizes = sizes(t.sizes)
	return f
}

// sizes adds up those that are sold as one.
func sizes(counts map[esim.DataSize]int) []SizeFacet {
	sold := make(map[esim.DataSize]int, len(counts))
	for d, n := range counts {
		sold[soldAs(d)] += n
	}
	list := make([]SizeFacet, 0, len(sold))
	for d, n := range sold {
		list = append(list, SizeFacet{d, n})
	}
	slices.SortFunc(list, func(a, b SizeFacet) int { return int(min(max(a.Data-b.Data, -1), 1)) })
	return list
}

// named replaces numbers by what they stand for, where there are any.
func named[T comparable](counts []int, names []T) map[T]int {
	m := make(map[T]int, len(names))
	for i, name := range names {
		if counts[i] > 0 {
			m[name] = counts[i]
		}
	}
	return m
}
