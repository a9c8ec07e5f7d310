package catalog

import (
	"cmp"
	"slices"
)

// tables returns a shelf without rows, for rows of this one.
func (s *shelf) tables() shelf {
	return shelf{providers: s.providers, currencies: s.currencies, coverages: s.coverages, networks: s.networks, regions: s.regions, terms: s.terms}
}

// apart returns rows in tables of their own, unless they are much of the shelf
// they stood on. One change an hour would otherwise keep the texts of a whole
// list in memory, each hour another one.
func (s *shelf) apart(stood int) shelf {
	if len(s.rows) > stood/4 {
		s.rows = slices.Clip(s.rows)
		return *s
	}
	packages := slices.Collect(s.all)
	cut(packages)
	b := newBuilder(s)
	for i := range packages {
		if err := b.add(&packages[i]); err != nil {
			return *s // it was on a shelf, so it fits
		}
	}
	return *b.shelf(s.version)
}

// compareAt orders row i of one shelf and row k of another. What is past the
// end comes last.
func compareAt(a *shelf, i int, b *shelf, k int) int {
	switch {
	case i == len(a.rows):
		return 1
	case k == len(b.rows):
		return -1
	}
	x, y := &a.rows[i], &b.rows[k]
	return cmp.Or(cmp.Compare(a.providers[x.provider], b.providers[y.provider]), cmp.Compare(x.id, y.id))
}

// difference returns how one package differs on two shelves: PriceChanged,
// Changed or, if not at all, 0.
func difference(before *shelf, x *row, after *shelf, y *row) ChangeKind {
	switch {
	case x.name != y.name, x.data != y.data, x.days != y.days, x.voice != y.voice, x.sms != y.sms,
		x.kind != y.kind, x.flags != y.flags, before.regions[x.region] != after.regions[y.region], before.terms[x.terms] != after.terms[y.terms],
		!same(before.coverages[x.coverage], after.coverages[y.coverage]),
		!same(before.networks[x.network], after.networks[y.network]):
		return Changed
	case x.price != y.price:
		return PriceChanged
	}
	return 0
}

// same compares two lists, at once if they are one and the same.
func same[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b)
}
