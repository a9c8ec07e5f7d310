package catalog

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/esimkit/esim"
)

// reference is what a provider's list is compared with: its packages on the
// shelf, and those that are withheld, as they were last trusted.
type reference struct {
	shelf    *shelf
	provider esim.Provider
	withheld map[string]esim.Package
}

// moved is how a list differs from its reference.
type moved struct {
	known                                 int
	missing, prices, currencies, narrowed suspects
	fresh                                 []*esim.Package // not known before
}

type suspects []Suspect

// first returns as many as a finding shows, in the order of their IDs.
func (s suspects) first() []Suspect {
	sorted := slices.SortedFunc(slices.Values(s), func(a, b Suspect) int {
		return cmp.Compare(a.id(), b.id())
	})
	return slices.Clone(sorted[:min(len(sorted), maxSuspects)])
}

func (s *Suspect) id() string { return cmp.Or(s.Before.ID, s.After.ID) }

func (r *reference) compare(listed []esim.Package, factor int) moved {
	from, to := r.shelf.of(r.provider)
	m := moved{known: int(to-from) + len(r.withheld)}
	seen := make([]bool, to-from)
	seenWithheld := make(map[string]bool, len(r.withheld))
	for i := range listed {
		after := &listed[i]
		before, ok := r.withheld[after.ID]
		if ok {
			seenWithheld[after.ID] = true
		} else {
			n, found := r.shelf.find(r.provider, after.ID)
			if !found {
				m.fresh = append(m.fresh, after)
				continue
			}
			seen[n-from] = true
			before = r.shelf.pack(n)
		}
		m.look(&before, after, factor)
	}
	for i, found := range seen {
		if !found {
			m.missing = append(m.missing, Suspect{Before: r.shelf.pack(from + uint32(i))})
		}
	}
	for id, before := range r.withheld {
		if !seenWithheld[id] {
			m.missing = append(m.missing, Suspect{Before: before})
		}
	}
	return m
}

func (m *moved) look(before, after *esim.Package, factor int) {
	suspect := func() Suspect { return Suspect{Before: *before, After: *after} }
	switch {
	case before.Price.Currency() != after.Price.Currency():
		m.currencies = append(m.currencies, suspect())
	case apart(before.Price.Estimate(), after.Price.Estimate(), factor):
		m.prices = append(m.prices, suspect())
	}
	if len(before.Countries) > 0 && !coversAll(after.Countries, before.Countries) {
		m.narrowed = append(m.narrowed, suspect())
	}
}

// coversAll reports whether a list, in any order, holds all of another.
func coversAll(list, wanted []esim.Country) bool {
	if slices.Equal(list, wanted) {
		return true
	}
	sorted := slices.Sorted(slices.Values(list))
	for _, c := range wanted {
		if _, found := slices.BinarySearch(sorted, c); !found {
			return false
		}
	}
	return true
}

// asked is what a shelf asks for each product.
type asked struct {
	shelf *shelf
	rule  Equivalence
	rates esim.Rates
}

// outliers says whether most prices of new packages are beyond reason.
func (a *asked) outliers(fresh []*esim.Package, factor int) []Finding {
	groups := make(map[uint64]int, len(a.shelf.groups))
	for i, g := range a.shelf.groups {
		groups[g.key] = i
	}
	compared, found := 0, suspects(nil)
	for _, p := range fresh {
		i, ok := groups[productKey(a.rule.product(p, generation(p.Networks)))]
		if !ok {
			continue
		}
		median, ok := a.median(a.shelf.groups[i], p.Price.Currency())
		if !ok {
			continue
		}
		compared++
		if apart(median, p.Price.Estimate(), factor) {
			found = append(found, Suspect{After: *p})
		}
	}
	if len(found) < minOutliers || len(found)*2 <= compared {
		return nil
	}
	return []Finding{{
		Guard: GuardOutlier, Holds: true, Count: len(found), Suspects: found.first(),
		Text: fmt.Sprintf("%d of %d new prices differ by a factor of %d or more from what is asked for the same product", len(found), compared, factor),
	}}
}

// median returns what is asked for a product, in a currency. The price of a
// product is that of its gigabytes: all its offers have as many.
func (a *asked) median(g group, currency string) (esim.Estimate, bool) {
	if currency == "" {
		return esim.Estimate{}, false
	}
	var prices []esim.Estimate
	for _, n := range a.shelf.groupOf[g.from:g.to] {
		if price, ok := a.convert(a.shelf.rows[n].price, currency); ok {
			prices = append(prices, price)
		}
	}
	if len(prices) == 0 {
		return esim.Estimate{}, false
	}
	slices.SortFunc(prices, esim.Estimate.Compare)
	return prices[len(prices)/2], true
}

func (a *asked) convert(price esim.Money, to string) (esim.Estimate, bool) {
	if price.Currency() == to {
		return price.Estimate(), true
	}
	if a.rates == nil || price.Currency() == "" {
		return esim.Estimate{}, false
	}
	amount, err := price.Times(a.rates(price.Currency(), to))
	return amount, err == nil && amount.Currency() == to
}
