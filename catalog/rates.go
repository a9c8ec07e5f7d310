package catalog

import "github.com/govalues/decimal"

// Rates converts money from one currency to another. No rates are built in:
// which to trust, and how much to add for their movement, is for the caller
// to say. It is called often, from many goroutines, and must answer at once.
type Rates interface {
	// Rate returns how much of the one currency a unit of the other costs:
	// 1 from = rate to. It is false where that is not known.
	Rate(from, to string) (rate decimal.Decimal, known bool)
}

// FixedRates are rates known in advance, such as the day's table of a central
// bank. Two currencies are converted by way of Base.
type FixedRates struct {
	Base string                     // ISO 4217
	Per  map[string]decimal.Decimal // how much of each currency one Base buys
}

// Rate returns Per[to] / Per[from], to 19 digits. A rate that is not positive
// counts as unknown.
func (r FixedRates) Rate(from, to string) (rate decimal.Decimal, known bool) {
	bought, ok := r.per(to)
	if !ok {
		return decimal.Decimal{}, false
	}
	paid, ok := r.per(from)
	if !ok {
		return decimal.Decimal{}, false
	}
	switch r.Base {
	case from:
		return bought, true
	case to:
		return inverse(paid)
	}
	rate, err := bought.Quo(paid)
	return rate, err == nil && rate.IsPos()
}

func (r FixedRates) per(currency string) (decimal.Decimal, bool) {
	if currency == r.Base {
		return decimal.One, currency != ""
	}
	rate, ok := r.Per[currency]
	return rate, ok && rate.IsPos()
}
