package catalog

import (
	"slices"

	"github.com/esimkit/esim"
)

// legs is a set of legs of a journey, the first one in the lowest bit.
type legs uint16

// journey finds the cheapest plans of a trip on one shelf.
type journey struct {
	*shelf
	filter

	query   *TripQuery
	tariffs []tariff
	covered []legs  // by number of the coverage: those whose country it has
	days    []int32 // by set of legs: from the first to the last
	data    []int64 // by set of legs: of all together

	candidates [][]candidate // by the legs their countries allow
	plans      []plan        // by set of legs: the cheapest for it
	best       []choice      // by set of legs: the cheapest way to serve it
}

// candidate is a row that may be the cheapest for a set of legs.
type candidate struct {
	row       uint32
	currency  uint8
	unlimited bool
	days      int32
	data      int64
	cost      sum        // of one
	price     esim.Money // what is shown of it
}

func (s *shelf) newJourney(q *TripQuery, rates esim.Rates) *journey {
	sets := 1 << len(q.Legs)
	j := &journey{
		shelf: s, query: q, covered: make([]legs, len(s.coverages)), days: make([]int32, sets), data: make([]int64, sets),
		candidates: make([][]candidate, sets), plans: make([]plan, sets), best: make([]choice, sets),
		filter: s.filter(traits{q.Providers, q.Kinds, Either, q.Rechargeable, q.MinGeneration}),
	}
	j.stack = max(clamp(q.Stack), 1)
	j.minDays, j.minData = int32(maxLegDays), maxLegBytes // what it takes to serve one leg
	for _, leg := range q.Legs {
		j.minDays, j.minData = min(j.minDays, int32(leg.Days)), min(j.minData, leg.Data) //nolint:gosec // bounded by Validate
	}
	for _, currency := range s.currencies {
		j.tariffs = append(j.tariffs, tariff{rate: rate(rates, currency, q.Currency)})
	}
	for set := range legs(sets) { //nolint:gosec // at most 4096
		for i := range q.Legs {
			if set>>i == 0 {
				break
			}
			if 1<<i >= set&-set {
				j.days[set] += int32(q.Legs[i].Days) //nolint:gosec // bounded by Validate
			}
			if set&(1<<i) != 0 {
				j.data[set] += int64(q.Legs[i].Data)
			}
		}
	}
	for i, leg := range q.Legs {
		for _, run := range s.byCountry[leg.Country] {
			for _, n := range run.rows {
				j.covered[s.rows[n].coverage] |= 1 << i
			}
		}
	}
	return j
}

// collect gathers the candidates among the offers of some currencies. Each row
// is looked at once, in the list of the first leg that it covers, so rows of
// the same legs and currency come by price.
func (j *journey) collect(currencies []uint8) {
	for i := range j.candidates {
		j.candidates[i] = j.candidates[i][:0]
	}
	seen, frame := legs(0), j.frame()
	for i, leg := range j.query.Legs {
		for _, run := range j.byCountry[leg.Country] {
			if !slices.Contains(currencies, run.currency) {
				continue
			}
			for rows := run.rows; ; {
				next := frame.next(rows, j.outlined)
				if next == len(rows) {
					break
				}
				n := rows[next]
				if covered := j.covered[j.rows[n].coverage]; covered&seen == 0 {
					j.consider(n, covered)
				}
				rows = rows[next+1:]
			}
		}
		seen |= 1 << i
	}
}

// consider keeps a row unless one that is kept is as good in every way.
func (j *journey) consider(n uint32, covered legs) {
	r := &j.rows[n]
	if r.days <= 0 || r.price.Sign() < 0 || j.units(j.shelf, r) == 0 {
		return
	}
	c := candidate{row: n, currency: r.currency, unlimited: r.flags&unlimited != 0, days: r.days, data: int64(r.data)}
	list := j.candidates[covered]
	for i := range list {
		if list[i].gives(&c) && list[i].currency == c.currency && list[i].row < n {
			return // it came first, so it is no dearer
		}
	}
	var ok bool
	if c.cost, ok = j.cost(r.currency, r.price, 1); !ok {
		return
	}
	for i := range list {
		if list[i].gives(&c) && list[i].undercuts(&c) {
			return
		}
	}
	c.price = c.cost.shown()
	j.candidates[covered] = append(list, c)
}

// cost returns what units cost; false if that is too much to be compared.
func (j *journey) cost(currency uint8, price esim.Money, units int) (sum, bool) {
	cost, ok := j.tariffs[currency].sum(price, units)
	return cost, ok && (cost.comparable || j.query.Currency == "")
}

// gives reports whether a unit of a has as much as one of b, for as long.
func (a *candidate) gives(b *candidate) bool {
	return a.days >= b.days && (a.unlimited || !b.unlimited && a.data >= b.data)
}

// undercuts reports whether a is the cheaper one, however many units of both
// are taken. Amounts that were rounded must lie so far apart that more units
// of the lower one cannot round to the same amount.
func (a *candidate) undercuts(b *candidate) bool {
	if a.cost.comparable {
		return a.cost.compared+3 <= b.cost.compared
	}
	return a.cost.total.Compare(b.cost.total) < 0
}

// unitsOf returns how many of the candidate serve a set of legs; 0 = none do.
func (j *journey) unitsOf(c *candidate, set legs) int {
	units := int64(1)
	if j.days[set] > c.days {
		units = ceil(int64(j.days[set]), int64(c.days))
	}
	if need := j.data[set]; need > 0 && !c.unlimited && need > c.data {
		if c.data <= 0 {
			return 0
		}
		units = max(units, ceil(need, c.data))
	}
	if units > int64(j.stack) {
		return 0
	}
	return int(units)
}
