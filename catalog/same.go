package catalog

import (
	"cmp"
	"slices"

	"github.com/esimkit/esim"
)

// Group is a product with all offers of it.
type Group struct {
	Key    uint64  // stays the same as long as the product does; 0 = unknown package
	Rule   string  // what makes them the same: "covers JP, TW; sold as 5 GB; 30 days; 5G"
	Offers []Offer // of one unit; by currency, price, provider and ID, those of unstated currency last
}

// Same returns the product that a package is, with all offers of it, its own
// included, by the rule of [Config.Equivalence]. It is the zero Group if the
// package is not on the shelf.
func (c *Catalog) Same(p esim.Provider, id string) Group {
	s := c.shelf.Load()
	rows := s.same(p, id)
	if len(rows) == 0 {
		return Group{}
	}
	first := s.pack(rows[0])
	g := Group{Rule: c.config.Equivalence.product(&first, int(s.rows[rows[0]].generation)), Offers: make([]Offer, len(rows))}
	for i, n := range rows {
		s.fill(&g.Offers[i], &pick{row: n, units: 1, cost: sum{total: s.rows[n].price}}, "")
	}
	g.Key = g.Offers[0].Group
	return g
}

// Equivalents returns the packages that are the same product as this one,
// itself included, in the order of [Catalog.Same]; none if it is not on the
// shelf.
func (c *Catalog) Equivalents(p esim.Provider, id string) []esim.Package {
	s := c.shelf.Load()
	rows := s.same(p, id)
	packages := make([]esim.Package, len(rows))
	for i, n := range rows {
		packages[i] = s.pack(n)
	}
	return packages
}

// same returns the rows of a package's group.
func (s *shelf) same(p esim.Provider, id string) []uint32 {
	n, found := s.find(p, id)
	if !found {
		return nil
	}
	g := s.groups[s.rows[n].group]
	rows := slices.Clone(s.groupOf[g.from:g.to])
	slices.SortFunc(rows, func(a, b uint32) int {
		one, other := &s.rows[a], &s.rows[b]
		return cmp.Or(
			cmp.Compare(s.currencyOrdinal(s.currencies[one.currency]), s.currencyOrdinal(s.currencies[other.currency])),
			one.price.Compare(other.price),
			cmp.Compare(a, b),
		)
	})
	return rows
}
