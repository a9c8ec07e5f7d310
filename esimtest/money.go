package esimtest

import (
	"encoding/json"
	"strings"

	"github.com/esimkit/esim"
)

// money reads an amount that a test or a catalogue states; a wrong one is a
// mistake in the test, so it panics.
func money(amount, currency string) esim.Money {
	m, err := esim.ParseMoney(amount, currency)
	if err != nil {
		panic("esimtest: amount " + amount + ": " + err.Error())
	}
	return m
}

func must[T any](v T, err error) T {
	if err != nil {
		panic("esimtest: " + err.Error())
	}
	return v
}

func plus(a, b esim.Money) esim.Money      { return must(a.Add(b)) }
func minus(a, b esim.Money) esim.Money     { return must(a.Sub(b)) }
func times(a esim.Money, n int) esim.Money { return must(a.MulInt(n)) }
func less(a, b esim.Money) bool            { return must(a.Cmp(b)) < 0 }

// amountOf is the amount as a JSON number, with the usual decimals.
func amountOf(m esim.Money) json.Number {
	n, _, _ := strings.Cut(m.String(), " ")
	return json.Number(n)
}
