// Package money reckons with amounts that a test or a catalogue states. A wrong
// one is a mistake in the test, so its functions panic.
package money

import (
	"encoding/json"

	"github.com/esimkit/esim"
)

// Of reads an amount that a test or a catalogue states; a wrong one is a
// mistake in the test, so it panics.
func Of(amount, currency string) esim.Money {
	m, err := esim.ParseMoney(amount, currency)
	if err != nil {
		panic("money: amount " + amount + ": " + err.Error())
	}
	return m
}

// Must returns the value, and panics for an error.
func Must[T any](v T, err error) T {
	if err != nil {
		panic("money: " + err.Error())
	}
	return v
}

// Plus returns a + b.
func Plus(a, b esim.Money) esim.Money { return Must(a.Add(b)) }

// Minus returns a - b.
func Minus(a, b esim.Money) esim.Money { return Must(a.Sub(b)) }

// Times returns n times a.
func Times(a esim.Money, n int) esim.Money { return Must(a.MulInt(n)) }

// Less reports whether a < b.
func Less(a, b esim.Money) bool { return Must(a.Cmp(b)) < 0 }

// Number is the amount as a JSON number, with the usual decimals.
func Number(m esim.Money) json.Number { return json.Number(m.Amount()) }

// Same reports whether two amounts are equal, whatever the currency.
func Same(a, b esim.Money) bool {
	return Must(a.WithCurrency("")) == Must(b.WithCurrency(""))
}

// Thousandths is so many thousandths of an amount, rounded half to even to
// hundredths.
func Thousandths(m esim.Money, n int) esim.Money {
	return Of(Times(m, n).Amount()+"e-3", m.Currency()).Estimate().Round(2)
}

// Cents is an amount of hundredths.
func Cents(n int64, currency string) esim.Money { return Must(esim.MoneyOf(n, 2, currency)) }
