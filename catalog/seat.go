package catalog

import (
	"cmp"
	"math"
	"slices"

	"github.com/esimkit/esim"
)

// seat is where an offer stands in the order of a query. See [Sort].
type seat struct {
	group    uint32 // 0 = can be compared; else one for each currency
	without  bool   // the value sorted by does not apply
	value    int64
	compared int64
	currency uint32
	amount   esim.Money
	row      uint64
}

func (a *seat) compare(b *seat) int {
	switch {
	case a.group != b.group:
		return cmp.Compare(a.group, b.group)
	case a.without != b.without && a.without:
		return 1
	case a.without != b.without:
		return -1
	case a.value != b.value:
		return cmp.Compare(a.value, b.value)
	case a.compared != b.compared:
		return cmp.Compare(a.compared, b.compared)
	case a.currency != b.currency:
		return cmp.Compare(a.currency, b.currency)
	}
	if c := a.amount.Compare(b.amount); c != 0 {
		return c
	}
	return cmp.Compare(a.row, b.row)
}

// What is on the shelf has an odd ordinal, so that what is not, such as the
// package a cursor names after it was withdrawn, has an even one between two.

func ordinal(i int, found bool) uint64 {
	if found {
		return 2*uint64(i) + 1 //nolint:gosec // an index
	}
	return 2 * uint64(i) //nolint:gosec // an index
}

// currencyOrdinal sorts currencies by the alphabet, the unstated one last.
func (s *shelf) currencyOrdinal(currency string) uint32 {
	if currency == "" {
		return math.MaxUint32 - 1
	}
	return uint32(ordinal(slices.BinarySearch(s.currencies, currency))) //nolint:gosec // at most 256 of them
}

// place returns the offer of so many units of a row and where it stands; false
// if its total has too many digits.
func (e *search) place(n uint32, units int32) (p pick, at seat, ok bool) {
	r := &e.rows[n]
	p = pick{row: n, units: units}
	if p.cost, ok = e.tariffs[r.currency].sum(r.price, int(units)); !ok {
		return p, at, false
	}
	return p, e.seat(&p), true
}

func (e *search) seat(p *pick) seat {
	r := &e.rows[p.row]
	t := &e.tariffs[r.currency]
	at := seat{currency: t.ordinal, amount: p.cost.total, row: ordinal(int(p.row), true)}
	if p.cost.comparable {
		at.compared = p.cost.compared
	} else {
		at.group = t.ordinal + 1
	}
	applies := true
	switch e.query.Sort {
	case ByPricePerGB:
		at.value, applies = p.cost.perGB(r, p.units)
	case ByPricePerDay:
		at.value, applies = p.cost.perDay(r, p.units)
	case ByPrice:
	}
	at.without = !applies
	return at
}
