package catalog

import (
	"github.com/govalues/decimal"

	"github.com/esimkit/esim"
)

func amount(text, currency string) esim.Money {
	m, err := esim.ParseMoney(text, currency)
	if err != nil {
		panic(err)
	}
	return m
}

// prices reads pairs of a currency and an amount.
func prices(pairs ...string) map[string]decimal.Decimal {
	m := make(map[string]decimal.Decimal)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = decimal.MustParse(pairs[i+1])
	}
	return m
}
