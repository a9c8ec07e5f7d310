// Package money reckons with amounts that a test or a catalogue states. A wrong
// one is a mistake in the test, so its functions panic.
package money

import (
	"encoding/json"
	"strconv"
	"strings"

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

func Must[T any](v T, err error) T {
	if err != nil {
		panic("money: " + err.Error())
	}
	return v
}

func Plus(a, b esim.Money) esim.Money      { return Must(a.Add(b)) }
func Minus(a, b esim.Money) esim.Money     { return Must(a.Sub(b)) }
func Times(a esim.Money, n int) esim.Money { return Must(a.MulInt(n)) }
func Less(a, b esim.Money) bool            { return Must(a.Cmp(b)) < 0 }

// Number is the amount as a JSON number, with the usual decimals.
func Number(m esim.Money) json.Number {
	n, _, _ := strings.Cut(m.String(), " ")
	return json.Number(n)
}

// Cents is an amount of hundredths.
func Cents(n int64, currency string) esim.Money {
	return Of(strconv.FormatInt(n/100, 10)+"."+strconv.FormatInt(n%100+100, 10)[1:], currency)
}
