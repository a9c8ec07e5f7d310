package catalog

import (
	"cmp"
	"slices"

	"github.com/esimkit/esim"
)

// Page is an answer to a [Query].
type Page struct {
	Offers  []Offer
	Next    string  // for Query.After; "" = no more
	Facets  *Facets // of the whole result; nil unless asked for
	Version uint64  // of the shelf
	Err     error   // why the query cannot be answered as asked; it matches ErrQuery
}

// Search returns the offers that suit, in the order of the query. It looks at
// one shelf, sends nothing, waits for nobody, and may be called at will.
func (c *Catalog) Search(q Query) Page { return c.shelf.Load().answer(&q, c.config.Rates) }

// search is a query as one shelf understands it.
type search struct {
	*shelf
	filter

	query   *Query
	tariffs []tariff // by currency
	capped  bool     // there is a ceiling: Query.MaxPrice
	frame   frame
	aisles  []aisle
	after   *seat // nil = from the start
}

// aisle is what a search walks along: rows of one currency by their price.
type aisle struct {
	rows     []uint32 // none is above the ceiling
	ahead    []uint32 // what follows, not looked at yet
	currency uint8
	earlier  []esim.Country // their packages were in an earlier aisle
}

// pick is a row that suits, how many of it make the offer, and what they cost.
type pick struct {
	row   uint32
	units int32
	cost  sum
}

func (s *shelf) answer(q *Query, rates esim.Rates) Page {
	page := Page{Version: s.version}
	if page.Err = q.Validate(); page.Err != nil {
		return page
	}
	var (
		tariffs [8]tariff
		aisles  [16]aisle
		picks   [defaultLimit + 1]pick
		after   seat
	)
	e := search{shelf: s, query: q, tariffs: tariffs[:0], aisles: aisles[:0]}
	if q.After != "" {
		if after, page.Err = s.readCursor(q); page.Err != nil {
			return page
		}
		e.after = &after
	}
	e.prepare(rates)
	if q.Facets {
		page.Facets = e.count()
	}
	found := e.walk(picks[:0])
	if len(found) > q.limit() {
		found = found[:q.limit()]
		last := &found[len(found)-1]
		at := e.seat(last)
		page.Next = s.cursor(q, &at)
	}
	page.Offers = make([]Offer, len(found))
	for i := range found {
		s.fill(&page.Offers[i], &found[i], q.Currency)
	}
	return page
}

func (e *search) prepare(rates esim.Rates) {
	q := e.query
	e.filter = e.shelf.filter(traits{q.Providers, q.Kinds, q.Unlimited, q.Rechargeable, q.MinGeneration})
	e.minData, e.maxData = q.MinData, q.MaxData
	e.minDays, e.maxDays = clamp(q.MinDays), clamp(q.MaxDays)
	e.stack = max(clamp(q.Stack), 1)
	e.text = e.textFilter(q.Text)
	e.frame = e.filter.frame()
	e.capped = !q.MaxPrice.IsZero()
	for _, currency := range e.currencies {
		t := tariff{ordinal: e.currencyOrdinal(currency), own: currency != "" && currency == q.Currency, rate: rate(rates, currency, q.Currency)}
		if t.ceiling = t.rate; q.Currency != q.MaxPrice.Currency() {
			t.ceiling = rate(rates, currency, q.MaxPrice.Currency())
		}
		e.tariffs = append(e.tariffs, t)
	}
	e.enter()
}

// walk appends up to one offer more than the page has. By price and one at a
// time, the rows lie in order already.
func (e *search) walk(found []pick) []pick {
	if e.query.Sort == ByPrice && e.stack == 1 && !slices.ContainsFunc(e.aisles, e.exceeds) {
		return e.merge(found)
	}
	return e.rank(found)
}

// exceeds reports whether an aisle has amounts that a rate makes too large to
// be compared, and so offers of two groups. The first or the last is one.
func (e *search) exceeds(a aisle) bool {
	t := &e.tariffs[a.currency]
	if len(a.ahead) == 0 || t.rate.IsZero() {
		return false
	}
	for _, n := range [...]uint32{a.ahead[0], a.ahead[len(a.ahead)-1]} {
		if cost, _ := t.sum(e.rows[n].price, 1); !cost.comparable { // one unit always has a sum
			return true
		}
	}
	return false
}

// enter finds the aisles: those of the rarest country that must be covered,
// or of those of which one must be, or all.
func (e *search) enter() {
	q := e.query
	if len(q.Countries) > 0 {
		e.countries, e.anyOf = q.Countries, q.AnyOf
		e.walked = slices.MinFunc(q.Countries, func(a, b esim.Country) int {
			return cmp.Compare(e.byCountry[a].len(), e.byCountry[b].len())
		})
		e.add(e.byCountry[e.walked], nil)
		return
	}
	total := 0
	for _, c := range q.AnyOf {
		total += e.byCountry[c].len()
	}
	if len(q.AnyOf) == 0 || total > len(e.rows) {
		e.anyOf = q.AnyOf
		e.add(e.everything, nil)
		return
	}
	for i, c := range q.AnyOf {
		e.add(e.byCountry[c], q.AnyOf[:i])
	}
}

func (e *search) add(p postings, earlier []esim.Country) {
	for _, run := range p {
		e.aisles = append(e.aisles, aisle{ahead: run.rows, currency: run.currency, earlier: earlier})
	}
}

// stretch is how many rows an aisle goes on by, so that few are looked at that
// are above the ceiling, and few looked up to find where that is.
const stretch = 256

// goOn brings more rows into an aisle, up to where one unit is dearer than the
// ceiling; false at its end.
func (e *search) goOn(a *aisle) bool {
	if len(a.ahead) == 0 {
		return false
	}
	n := min(len(a.ahead), stretch)
	a.rows, a.ahead = a.ahead[:n], a.ahead[n:]
	if t := &e.tariffs[a.currency]; !e.within(e.rows[a.rows[n-1]].price, t) {
		a.rows, a.ahead = a.rows[:e.firstAbove(a.rows, t)], nil
	}
	return true
}

// firstAbove returns the index of the first row whose price is not within.
func (e *search) firstAbove(rows []uint32, t *tariff) int {
	from, to := 0, len(rows)
	for from < to {
		if middle := (from + to) / 2; e.within(e.rows[rows[middle]].price, t) {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return from
}

// within reports whether an amount is not above the ceiling.
func (e *search) within(total esim.Money, t *tariff) bool {
	switch {
	case !e.capped:
		return true
	case total.Currency() == e.query.MaxPrice.Currency():
		return total.Compare(e.query.MaxPrice) <= 0
	case t.ceiling.IsZero():
		return false
	}
	converted, ok := convert(total, t.ceiling)
	return ok && mustFixed(converted, comparedPlaces, e.query.MaxPrice.Currency()).Compare(e.query.MaxPrice) <= 0
}

// next takes the next row that suits from an aisle; no units = there is none.
func (e *search) next(a *aisle) (row uint32, units int32) {
	for {
		i := e.frame.next(a.rows, e.outlined)
		if i == len(a.rows) {
			if !e.goOn(a) {
				a.rows = nil
				return 0, 0
			}
			continue
		}
		row, a.rows = a.rows[i], a.rows[i+1:]
		if units = e.fits(a, row); units > 0 {
			return row, units
		}
	}
}

// fits returns how many units of a row of an aisle make an offer; 0 = none. It
// is asked about rows whose outline is within the frame.
func (e *search) fits(a *aisle, n uint32) int32 {
	r := &e.rows[n]
	units := e.units(e.shelf, r)
	if units == 0 || len(a.earlier) > 0 && e.coversOne(r, a.earlier) {
		return 0
	}
	if units == 1 {
		return units
	}
	total, err := r.price.MulInt(int(units))
	if err != nil || !e.within(total, &e.tariffs[a.currency]) {
		return 0 // more digits than any amount has, or above the ceiling
	}
	return units
}

// rate returns what the one currency costs in the other; the zero Rate where
// that is not known.
func rate(rates esim.Rates, from, to string) esim.Rate {
	switch {
	case from == to:
		r, _ := esim.ParseRate("1", from, to) // none for "", which is no currency
		return r
	case from == "" || to == "" || rates == nil:
		return esim.Rate{}
	}
	r := rates(from, to)
	if a, b := r.Currencies(); a != from || b != to {
		return esim.Rate{}
	}
	return r
}

// clamp cuts a bound down to what the days of a row can be.
func clamp(n int) int32 { return int32(min(n, 1<<31-1)) } //nolint:gosec // not negative

// len returns how many rows there are.
func (p postings) len() int {
	n := 0
	for _, run := range p {
		n += len(run.rows)
	}
	return n
}
