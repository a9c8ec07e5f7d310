package esim

import (
	"errors"
	"fmt"

	"github.com/govalues/decimal"
)

var errRate = errors.New("esim: a rate is more than zero")

// Rate is what a unit of one currency costs in another: 1 USD = 0.93 EUR. It
// is exact, and more than zero. The zero Rate means that none is known.
type Rate struct {
	value    decimal.Decimal
	from, to string
}

// ParseRate reads a rate: one unit of from costs so much of to. The value is
// written as for [ParseMoney], the currencies are ISO 4217 codes.
func ParseRate(value, from, to string) (Rate, error) {
	if !isCurrency(from) || !isCurrency(to) {
		return Rate{}, errCurrency
	}
	n, err := parseNumeral(value)
	if err != nil {
		return Rate{}, err
	}
	exact, err := n.decimal()
	switch {
	case err != nil:
		return Rate{}, err
	case !exact.IsPos(), from == to && exact.Cmp(decimal.One) != 0:
		return Rate{}, errRate
	}
	return Rate{exact.Trim(0), from, to}, nil
}

// IsZero reports whether no rate is known.
func (r Rate) IsZero() bool { return r == Rate{} }

// Currencies returns the two ISO 4217 codes: 1 from = r to.
func (r Rate) Currencies() (from, to string) { return r.from, r.to }

// Parts returns the rate as a whole number of units of its last place, the
// fewest places that hold it: 0.93 is 93 units of 2 places.
func (r Rate) Parts() (units uint64, places int) { return r.value.Coef(), r.value.Scale() }

// String writes "1 USD = 0.93 EUR", or "not known".
func (r Rate) String() string {
	if r.IsZero() {
		return "not known"
	}
	return "1 " + r.from + " = " + r.value.String() + " " + r.to
}

// Rates tells what a unit of one currency costs in another; the zero Rate
// means that it is not known. No rates are built in: which to trust, and how
// much to add for their movement, is yours to say. Rates are asked often, from
// many goroutines, and must answer at once.
type Rates func(from, to string) Rate

// FixedRates are rates known in advance, such as the day's table of a central
// bank: how much of each currency one unit of base buys. Two other currencies
// are converted by way of base, and what is divided is rounded half to even to
// 19 digits, once.
func FixedRates(base string, per map[string]string) (Rates, error) {
	direct := make(map[string]Rate, 2*len(per))
	for currency, value := range per {
		r, err := ParseRate(value, base, currency)
		if err != nil {
			return nil, fmt.Errorf("esim: the rate from %s to %s: %w", base, currency, err)
		}
		direct[currency] = r
	}
	direct[base] = Rate{decimal.One, base, base}
	if !isCurrency(base) {
		return nil, errCurrency
	}
	inverse := make(map[string]Rate, len(direct))
	for currency, r := range direct {
		inverse[currency] = quotient(direct[base], r)
	}
	return func(from, to string) Rate {
		paid, bought := direct[from], direct[to]
		switch {
		case paid.IsZero() || bought.IsZero():
			return Rate{}
		case from == base:
			return bought
		case to == base:
			return inverse[from]
		}
		return quotient(bought, paid)
	}, nil
}

// quotient returns the rate from a currency to another, of what one unit of
// the base buys of each. It is zero if 19 digits do not hold it.
func quotient(bought, paid Rate) Rate {
	if bought.to == paid.to {
		return Rate{decimal.One, paid.to, bought.to}
	}
	value, err := bought.value.Quo(paid.value)
	if err != nil || !value.IsPos() {
		return Rate{}
	}
	return Rate{value.Trim(0), paid.to, bought.to}
}
