package router

import (
	"cmp"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/esimkit/esim"
)

// Cheapest ranks by price. What cannot be compared comes last, and of equals
// the package asked for comes first.
func Cheapest(s Sale, c []Candidate) []Candidate {
	slices.SortStableFunc(c, func(a, b Candidate) int { return byPrice(&s, &a, &b) })
	return c
}

func byPrice(s *Sale, a, b *Candidate) int {
	asked := packageKey{s.Asked.Provider, s.Asked.ID}
	return cmp.Or(
		byAmount(a.Compared, b.Compared),
		first(a.key() == asked, b.key() == asked),
		cmp.Compare(a.Provider, b.Provider),
		cmp.Compare(a.Package.ID, b.Package.ID),
	)
}

// byAmount orders amounts of one currency, those that are not known last.
func byAmount(a, b esim.Estimate) int {
	if c, err := a.Cmp(b); err == nil {
		return c
	}
	return first(a.Currency() != "", b.Currency() != "")
}

// first puts what is true before what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// Preferred ranks the resellers in the order given, then all others; among the
// packages of one reseller, and among the others, the cheapest comes first.
func Preferred(order ...esim.Provider) Policy {
	place := places(order)
	return func(s Sale, c []Candidate) []Candidate {
		slices.SortStableFunc(c, func(a, b Candidate) int {
			return cmp.Or(cmp.Compare(place(a.Provider), place(b.Provider)), byPrice(&s, &a, &b))
		})
		return c
	}
}

// places returns the place of each provider in an order; those that are not in
// it share the last one.
func places(order []esim.Provider) func(esim.Provider) int {
	at := make(map[esim.Provider]int, len(order))
	for i, p := range slices.Backward(order) {
		at[p] = i
	}
	return func(p esim.Provider) int {
		if i, ok := at[p]; ok {
			return i
		}
		return len(order)
	}
}

// Weighted shares the sales out: a reseller of weight 3 comes first three times
// as often as one of weight 1. The draw is made from the reference, so the same
// sale is ranked alike however often it is repeated. Resellers without a
// positive weight come last, the cheapest first.
func Weighted(weights map[esim.Provider]int) Policy {
	weights = maps.Clone(weights)
	return func(s Sale, c []Candidate) []Candidate {
		return Preferred(draw(s.Reference, weights, c)...)(s, c)
	}
}

// draw orders the resellers of the candidates by lot.
func draw(reference string, weights map[esim.Provider]int, c []Candidate) []esim.Provider {
	var urn []esim.Provider
	var total uint64
	for i := range c {
		if p := c[i].Provider; weights[p] > 0 && !slices.Contains(urn, p) {
			urn = append(urn, p)
			total += uint64(weights[p]) //nolint:gosec // positive
		}
	}
	slices.Sort(urn)
	drawn := make([]esim.Provider, 0, len(urn))
	for len(urn) > 0 {
		ticket := lot(reference, len(drawn)) % total
		i := 0
		for ; ticket >= uint64(weights[urn[i]]); i++ { //nolint:gosec // positive
			ticket -= uint64(weights[urn[i]]) //nolint:gosec // positive
		}
		total -= uint64(weights[urn[i]]) //nolint:gosec // positive
		drawn = append(drawn, urn[i])
		urn = slices.Delete(urn, i, i+1)
	}
	return drawn
}

// lot is a number that looks random and depends on its arguments alone.
func lot(reference string, n int) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, reference+"/"+strconv.Itoa(n)) // a hash does not fail
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9 // mixed as by splitmix64, for fnv alone is weak in its high bits
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Healthiest ranks by the state of the breaker, then by the share of failures
// in steps of five percent, then by how long the slowest of twenty purchases
// took, then by price.
func Healthiest(s Sale, c []Candidate) []Candidate {
	slices.SortStableFunc(c, func(a, b Candidate) int {
		x, y := &a.Health, &b.Health
		return cmp.Or(
			cmp.Compare(x.Breaker.rank(), y.Breaker.rank()),
			cmp.Compare(x.twentieths(), y.twentieths()),
			cmp.Compare(x.P95, y.P95),
			byPrice(&s, &a, &b),
		)
	})
	return c
}

func (h *Health) twentieths() int { return h.Failures * 20 / max(h.Total, 1) }

func (b BreakerState) rank() int {
	return slices.Index([]BreakerState{BreakerClosed, BreakerHalfOpen, BreakerOpen}, b)
}
