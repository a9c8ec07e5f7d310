package catalog

import (
	"github.com/esimkit/esim"
)

func amount(text, currency string) esim.Money {
	m, err := esim.ParseMoney(text, currency)
	if err != nil {
		panic(err)
	}
	return m
}

// fixedRates reads pairs of a currency and what a unit of base buys of it.
func fixedRates(base string, pairs ...string) esim.Rates {
	m := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	rates, err := esim.FixedRates(base, m)
	if err != nil {
		panic(err)
	}
	return rates
}
