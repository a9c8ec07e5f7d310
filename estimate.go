package esim

import (
	"errors"
	"fmt"

	"github.com/govalues/decimal"
)

var (
	errRateUnknown = errors.New("esim: there is no rate between the currencies")
	errPer         = errors.New("esim: a price per GB needs an amount of data")
)

// Estimate is an amount that was converted or divided, so it may have been
// rounded: half to even, to 19 digits or to the places that its source names.
//
// An Estimate can be compared and shown. No request, price or ceiling takes
// one, so it is never charged, and [Estimate.Round] is the one way back to
// [Money]: you say how exact it is to be.
type Estimate struct{ money Money }

// Estimate returns the amount as it is, to be compared with one that was
// converted.
func (m Money) Estimate() Estimate { return Estimate{m} }

// Times converts the amount. It is an error if the rate is not known or is
// from another currency, or if the product is too large.
func (m Money) Times(r Rate) (Estimate, error) {
	switch {
	case r.IsZero():
		return Estimate{}, errRateUnknown
	case m.currency != r.from:
		return Estimate{}, errCurrencyMismatch
	}
	product, err := m.amount.Mul(r.value)
	if err != nil {
		return Estimate{}, fmt.Errorf("esim: converting money: %w", err)
	}
	return Estimate{Money{product.Trim(0), r.to}}, nil
}

// Per returns what 10⁹ bytes cost if the amount buys so many bytes. It is an
// error if that is none, or if the quotient is too large.
func (m Money) Per(data DataSize) (Estimate, error) {
	if data <= 0 {
		return Estimate{}, errPer
	}
	if m.IsZero() {
		return Estimate{}, nil
	}
	quotient, err := m.amount.Quo(decimal.MustNew(int64(data), 9)) // any integer fits at a scale of 9
	if err != nil {
		return Estimate{}, fmt.Errorf("esim: money per GB: %w", err)
	}
	return Estimate{Money{quotient.Trim(0), m.currency}}, nil
}

// Parts returns the amount as [Money.Parts] does.
func (e Estimate) Parts() (units uint64, places int, negative bool) { return e.money.Parts() }

// Currency returns the ISO 4217 code, or "" if it is not known.
func (e Estimate) Currency() string { return e.money.currency }

// IsZero reports whether nothing is known.
func (e Estimate) IsZero() bool { return e.money.IsZero() }

// Sign returns -1, 0 or +1, as [Money.Sign] does.
func (e Estimate) Sign() int { return e.money.Sign() }

// Cmp compares two amounts, as [Money.Cmp] does.
func (e Estimate) Cmp(other Estimate) (int, error) { return e.money.Cmp(other.money) }

// Compare orders amounts for a list, as [Money.Compare] does.
func (e Estimate) Compare(other Estimate) int { return e.money.Compare(other.money) }

// MulInt returns n times e, rounded if it must be. It is an error if the
// product is too large.
func (e Estimate) MulInt(n int) (Estimate, error) {
	product, err := e.money.amount.Mul(decimal.MustNew(int64(n), 0)) // any integer fits at scale 0
	if err != nil {
		return Estimate{}, fmt.Errorf("esim: multiplying money: %w", err)
	}
	return Estimate{Money{product.Trim(0), e.money.currency}}, nil
}

// Round returns the amount to so many places after the point, half to even.
func (e Estimate) Round(places int) Money {
	return Money{e.money.amount.Round(places).Trim(0), e.money.currency}
}

// String writes the amount as [Money.String] does.
func (e Estimate) String() string { return e.money.String() }

// MarshalJSON writes the amount as [Money.MarshalJSON] does.
func (e Estimate) MarshalJSON() ([]byte, error) { return e.money.MarshalJSON() }

// UnmarshalJSON reads the amount as [Money.UnmarshalJSON] does.
func (e *Estimate) UnmarshalJSON(data []byte) error { return e.money.UnmarshalJSON(data) }
