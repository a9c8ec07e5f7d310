package catalog

import (
	"testing"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/assert"
)

func TestFixedRates(t *testing.T) {
	rates := FixedRates{Base: "USD", Per: map[string]decimal.Decimal{
		"EUR": decimal.MustParse("0.8"), "JPY": decimal.MustParse("160"), "XXX": decimal.Zero, "YYY": decimal.MustParse("-1"),
	}}
	tests := []struct{ from, to, want string }{
		{"USD", "EUR", "0.8"},
		{"EUR", "USD", "1.25"},
		{"EUR", "JPY", "200"},
		{"JPY", "EUR", "0.005"},
		{"USD", "USD", "1"},
		{"EUR", "EUR", "1"},
		{"USD", "GBP", ""},
		{"GBP", "USD", ""},
		{"USD", "XXX", ""},
		{"XXX", "USD", ""},
		{"YYY", "USD", ""},
		{"", "USD", ""},
	}
	for _, test := range tests {
		rate, known := rates.Rate(test.from, test.to)
		assert.Equal(t, test.want != "", known, "%s to %s", test.from, test.to)
		if known {
			assert.Zero(t, decimal.MustParse(test.want).Cmp(rate), "%s to %s: %s", test.from, test.to, rate)
		}
	}
	_, known := FixedRates{}.Rate("", "")
	assert.False(t, known)
}
