package catalog

import (
	"math"

	"github.com/esimkit/esim"
)

// Offer is a package as an answer to a query: how many of it are needed, and
// what that costs.
type Offer struct {
	esim.Package // its lists are the shelf's own: read only

	Units    int           // of the package, one after the other; 1 unless Query.Stack allowed more
	Total    esim.Money    // Units x Price
	Compared esim.Estimate // Total in Query.Currency, rounded half to even to 8 places; zero = it cannot be compared

	// PerGB and PerDay are Compared, or Total where there is none, for 10⁹
	// bytes and for a day, rounded half to even to 4 places. Zero means
	// that it does not apply: unlimited, or not stated.
	PerGB, PerDay esim.Estimate

	// Group is the same number for offers that are the same product, as
	// [Catalog.Same] explains. It stays the same as long as the product does.
	Group uint64
}

// tariff is what a query makes of one currency.
type tariff struct {
	ordinal uint32    // where it stands among currencies
	own     bool      // it is Query.Currency
	rate    esim.Rate // to Query.Currency; zero = none
	ceiling esim.Rate // to the currency of MaxPrice; zero = none
}

const noCurrency = "XXX" // ISO 4217

// sum is what a number of units of a package cost.
type sum struct {
	total      esim.Money
	compared   int64 // in units of the last of comparedPlaces
	comparable bool
}

func (t *tariff) sum(price esim.Money, units int) (sum, bool) {
	if units > 1 {
		var err error
		if price, err = price.MulInt(units); err != nil {
			return sum{}, false // more digits than any amount has
		}
	}
	s := sum{total: price}
	if _, places, _ := price.Parts(); t.own && places <= comparedPlaces {
		s.compared, s.comparable = lift(price)
	} else if !t.rate.IsZero() {
		s.compared, s.comparable = convert(price, t.rate)
	}
	return s, true
}

// shown returns the amount that prices per GB and per day are made of.
// Whatever its currency, it is said to be of XXX, the code for none.
func (s *sum) shown() esim.Money {
	switch {
	case s.comparable:
		return mustFixed(s.compared, comparedPlaces, noCurrency)
	case s.total.IsZero():
		return mustFixed(0, 0, noCurrency)
	}
	m, _ := s.total.WithCurrency(noCurrency)
	return m
}

func (s *sum) perGB(r *row, units int32) (int64, bool) {
	if r.flags&unlimited != 0 || r.data <= 0 || r.data > math.MaxInt64/maxStack {
		return 0, false
	}
	return per(s.shown(), uint64(esim.GB), uint64(units)*uint64(r.data)) //nolint:gosec // both are positive
}

func (s *sum) perDay(r *row, units int32) (int64, bool) {
	if r.days <= 0 {
		return 0, false
	}
	return per(s.shown(), 1, uint64(units)*uint64(r.days)) //nolint:gosec // both are positive
}

// fill makes o the offer that was picked.
func (s *shelf) fill(o *Offer, p *pick, currency string) {
	r := &s.rows[p.row]
	s.packInto(&o.Package, p.row)
	o.Units, o.Total, o.Group = int(p.units), p.cost.total, s.groups[r.group].key
	if p.cost.comparable {
		o.Compared = mustFixed(p.cost.compared, comparedPlaces, currency).Estimate()
	} else {
		currency = p.cost.total.Currency()
	}
	if n, ok := p.cost.perGB(r, p.units); ok {
		o.PerGB = mustFixed(n, perPlaces, currency).Estimate()
	}
	if n, ok := p.cost.perDay(r, p.units); ok {
		o.PerDay = mustFixed(n, perPlaces, currency).Estimate()
	}
}

// fixed returns n units of the last of so many places.
func fixed(n int64, places int, currency string) (esim.Money, error) {
	return esim.MoneyOf(n, places, currency)
}

// mustFixed is fixed for a currency that was checked before.
func mustFixed(n int64, places int, currency string) esim.Money {
	m, err := fixed(n, places, currency)
	if err != nil {
		panic("catalog: unchecked currency: " + err.Error())
	}
	return m
}
