package esim

import (
	"math"

	"github.com/govalues/decimal"
)

// ParseAmount reads a decimal number exactly, in the grammar of JSON and with
// the limits of [ParseMoney]: what does not fit is an error, never rounded.
func ParseAmount(text string) (decimal.Decimal, error) {
	n, err := parseNumeral(text)
	if err != nil {
		return decimal.Decimal{}, err
	}
	if n.coef > math.MaxInt64 {
		return n.decimal()
	}
	coef := int64(n.coef)
	if n.neg {
		coef = -coef
	}
	return decimal.New(coef, n.scale)
}
