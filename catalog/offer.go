package catalog

import (
	"math"

	"github.com/govalues/decimal"

	"github.com/esimkit/esim"
)

// Offer is a package as an answer to a query: how many of it are needed, and
// what that costs.
type Offer struct {
	esim.Package // its lists are the shelf's own: read only

	Units    int        // of the package, one after the other; 1 unless Query.Stack allowed more
	Total    esim.Money // Units x Price
	Compared esim.Money // Total in Query.Currency, rounded half to even to 8 places; zero Money = it cannot be compared

	// PerGB and PerDay are Compared, or Total where there is none, for 10⁹
	// bytes and for a day, rounded half to even to 4 places. The zero Money
	// means that it does not apply: unlimited, or not stated.
	PerGB, PerDay esim.Money

	// Group is the same number for offers that are the same product, as
	// [Catalog.Same] explains. It stays the same as long as the product does.
	Group uint64
}

// tariff is what a query makes of one currency.
type tariff struct {
	ordinal uint32          // where it stands among currencies
	own     bool            // it is Query.Currency
	rate    decimal.Decimal // to Query.Currency; 0 = none
	ceiling decimal.Decimal // rate to the currency of MaxPrice; 0 = none
}

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
	switch {
	case t.own && price.Amount().Scale() <= comparedPlaces:
		s.compared, s.comparable = lift(price.Amount())
	case t.rate.IsPos():
		s.compared, s.comparable = convert(price.Amount(), t.rate)
	}
	return s, true
}

// shown returns the amount that prices per GB and per day are made of.
func (s *sum) shown() decimal.Decimal {
	if s.comparable {
		return decimal.MustNew(s.compared, comparedPlaces)
	}
	return s.total.Amount()
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
	switch own := p.cost.total.Currency(); {
	case !p.cost.comparable:
		currency = own
	case own == currency && p.cost.total.Amount().Scale() <= comparedPlaces:
		o.Compared = p.cost.total
	default:
		o.Compared = mustFixed(p.cost.compared, comparedPlaces, currency)
	}
	if n, ok := p.cost.perGB(r, p.units); ok {
		o.PerGB = mustFixed(n, perPlaces, currency)
	}
	if n, ok := p.cost.perDay(r, p.units); ok {
		o.PerDay = mustFixed(n, perPlaces, currency)
	}
}

// fixed returns n units of the last of so many places.
func fixed(n int64, places int, currency string) (esim.Money, error) {
	return esim.NewMoney(decimal.MustNew(n, places), currency)
}

// mustFixed is fixed for a currency that was checked before.
func mustFixed(n int64, places int, currency string) esim.Money {
	m, err := fixed(n, places, currency)
	if err != nil {
		panic("catalog: unchecked currency: " + err.Error())
	}
	return m
}
