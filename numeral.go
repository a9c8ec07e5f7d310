package esim

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/govalues/decimal"
)

// What a numeral can hold. The decimal type rounds what has more digits or
// places without a word, so a text is measured before it gets there.
const (
	maxNumeralText = 1000 // bytes; bounds the work on a hostile text
	maxNumeralCoef = 9_999_999_999_999_999_999
	maxPlaces      = decimal.MaxScale
)

var (
	errNumeral      = errors.New("esim: not a decimal number")
	errNumeralRange = errors.New("esim: number has too many digits to be held exactly")
)

var pow10 = [maxPlaces + 1]uint64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// numeral is the exact value of a decimal text, coef / 10^scale, negated if
// neg. Zero is not negative, and the fraction does not end in a zero.
type numeral struct {
	neg   bool
	coef  uint64 // up to 19 digits
	scale int    // 0 to 19
}

// parseNumeral reads a number in the grammar of JSON (RFC 8259, section 6).
func parseNumeral(s string) (numeral, error) {
	if len(s) > maxNumeralText {
		return numeral{}, errNumeralRange
	}
	rest, neg := strings.CutPrefix(s, "-")
	whole, rest := cutDigits(rest)
	if whole == "" || (len(whole) > 1 && whole[0] == '0') {
		return numeral{}, errNumeral
	}
	fraction := ""
	if after, ok := strings.CutPrefix(rest, "."); ok {
		if fraction, rest = cutDigits(after); fraction == "" {
			return numeral{}, errNumeral
		}
	}
	exponent, ok := parseExponent(rest)
	if !ok {
		return numeral{}, errNumeral
	}
	coef, zeros, ok := coefficient(whole, fraction)
	if !ok {
		return numeral{}, errNumeralRange
	}
	if coef == 0 {
		return numeral{}, nil
	}
	scale := len(fraction) - zeros - exponent
	if scale > maxPlaces {
		return numeral{}, errNumeralRange
	}
	if coef, ok = shift(coef, max(0, -scale)); !ok {
		return numeral{}, errNumeralRange
	}
	return numeral{neg: neg, coef: coef, scale: max(0, scale)}, nil
}

// parseExponent reads what may follow the digits of a number: nothing, or an
// exponent. One too large to matter is cut down to one that is still too
// large.
func parseExponent(s string) (exponent int, ok bool) {
	if s == "" {
		return 0, true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s, negative := strings.CutPrefix(s[1:], "-")
	if !negative {
		s = strings.TrimPrefix(s, "+")
	}
	if s == "" || !isDigits(s) {
		return 0, false
	}
	for i := range len(s) {
		exponent = min(exponent*10+int(s[i]-'0'), 100*maxNumeralText)
	}
	if negative {
		exponent = -exponent
	}
	return exponent, true
}

// coefficient returns the digits of a number as an integer, leaving out the
// zeros it ends in, and how many those are.
func coefficient(whole, fraction string) (coef uint64, zeros int, ok bool) {
	for _, part := range [...]string{whole, fraction} {
		for i := range len(part) {
			if part[i] == '0' {
				zeros++
				continue
			}
			if coef, ok = shift(coef, zeros+1); !ok {
				return 0, 0, false
			}
			coef, zeros = coef+uint64(part[i]-'0'), 0
		}
	}
	return coef, zeros, true
}

// shift returns coef with so many zeros appended, unless that is too large.
func shift(coef uint64, zeros int) (uint64, bool) {
	if coef == 0 {
		return 0, true
	}
	if zeros > maxPlaces {
		return 0, false
	}
	hi, lo := bits.Mul64(coef, pow10[zeros])
	return lo, hi == 0 && lo <= maxNumeralCoef
}

func cutDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[:n], s[n:]
}

// decimal returns the value as a decimal, exactly.
func (n numeral) decimal() (decimal.Decimal, error) {
	if n.coef > math.MaxInt64 {
		return n.longDecimal()
	}
	coef := int64(n.coef)
	if n.neg {
		coef = -coef
	}
	return decimal.New(coef, n.scale)
}

// longDecimal is decimal for digits that no int64 holds.
func (n numeral) longDecimal() (decimal.Decimal, error) {
	digits := strconv.FormatUint(n.coef, 10)
	if missing := n.scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - n.scale
	text := digits[:point]
	if n.scale > 0 {
		text += "." + digits[point:]
	}
	if n.neg {
		text = "-" + text
	}
	d, err := decimal.Parse(text) // rounds nothing: 19 digits are what it holds
	if err != nil {
		return decimal.Decimal{}, fmt.Errorf("esim: number: %w", err)
	}
	return d, nil
}
