package wire

import (
	"bytes"
	"errors"
	"math"
	"math/bits"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/esimkit/esim"
)

// Number is an exact decimal that a provider writes as a JSON number, as a
// number in quotes, or not at all (absent, null, "").
//
// A JSON number with a fraction and more than 15 significant digits was written by
// a program from a double, with 17 digits or with 52. It is the shortest decimal
// of that double, as people write it: 2.7200000000000002 is 2.72. A shorter one, a
// whole one, and a number in quotes, is exact.
type Number struct {
	amount esim.Money // without a currency
	known  bool
}

// UnmarshalJSONFrom reads a number, a quoted number or null.
func (n *Number) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	*n = Number{}
	text := []byte(value)
	switch value.Kind() {
	case 'n':
		return nil
	case '"':
		text = bytes.TrimSpace(text[1 : len(text)-1]) // a number has nothing to unescape
		if len(text) == 0 {
			return nil
		}
	case '0':
		text = withoutNoise(text)
	default:
		return errors.New("not a number")
	}
	n.amount, err = esim.ParseMoney(string(text), "")
	n.known = err == nil
	return err
}

// exactDigits is how many digits of a decimal every double keeps.
const exactDigits = 15

// withoutNoise returns the shortest decimal of the double that a number of many
// digits was written from. This is no calculation: the double is never rounded.
func withoutNoise(number []byte) []byte {
	if len(number) <= exactDigits || !bytes.ContainsAny(number, ".eE") {
		return number
	}
	mantissa, _, _ := bytes.Cut(bytes.ToLower(number), []byte("e"))
	digits := bytes.Trim(bytes.ReplaceAll(mantissa, []byte("."), nil), "-0")
	if len(digits) <= exactDigits {
		return number
	}
	double, err := strconv.ParseFloat(string(number), 64)
	if err != nil || double == 0 { // beyond what a double holds
		return number
	}
	return strconv.AppendFloat(nil, double, 'e', -1, 64)
}

// MarshalJSONTo writes the number unquoted, or null.
func (n Number) MarshalJSONTo(enc *jsontext.Encoder) error {
	if !n.known {
		return enc.WriteToken(jsontext.Null)
	}
	return enc.WriteValue(jsontext.Value(n.String()))
}

// NumberOf returns the amount as a number, without its currency; what is not
// stated is an absent number.
func NumberOf(m esim.Money) Number {
	amount, err := m.WithCurrency("")
	return Number{amount: amount, known: err == nil && !m.IsZero()}
}

// Known reports whether the provider gave the number.
func (n Number) Known() bool { return n.known }

// IsZero reports whether the number is absent; encoding with omitzero leaves
// it out. A number that is 0 is not IsZero.
func (n Number) IsZero() bool { return !n.known }

// String returns the digits, without zeros at the end of a fraction; "" when
// absent.
func (n Number) String() string {
	if !n.known {
		return ""
	}
	return n.amount.Amount()
}

// Sign returns -1, 0 or +1 as the number is less than, equal to or more than
// zero; 0 when absent.
func (n Number) Sign() int { return n.amount.Sign() }

// Or returns n if it is known, else m.
func (n Number) Or(m Number) Number {
	if n.known {
		return n
	}
	return m
}

// Money returns the number as an amount of money; currency "" means that the
// provider did not state it. An absent number is the zero Money.
func (n Number) Money(currency string) (esim.Money, error) {
	if !n.known {
		return esim.Money{}, nil
	}
	if n.amount.IsZero() {
		return esim.MoneyOf(0, 0, currency)
	}
	return n.amount.WithCurrency(currency)
}

// Count returns the number as a count of something, such as days or units; 0 when
// absent, negative, no whole number or out of range.
func (n Number) Count() int {
	if _, places, negative := n.amount.Parts(); negative || places > 0 {
		return 0
	}
	return n.Int()
}

// whole returns the number times a factor, with its fraction dropped; false if
// that does not fit.
func (n Number) whole(factor uint64) (whole int64, ok bool) {
	units, places, negative := n.amount.Parts()
	divisor := uint64(1)
	for range places {
		divisor *= 10
	}
	hi, lo := bits.Mul64(units, factor)
	if hi >= divisor {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, divisor)
	if q > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(q), true
	}
	return int64(q), true
}

// Int returns the number as an int, with its fraction dropped; 0 when absent
// or out of range.
func (n Number) Int() int {
	whole, ok := n.whole(1)
	if !ok || whole > math.MaxInt32 || whole < math.MinInt32 {
		return 0
	}
	return int(whole)
}

// Size returns the number, counted in unit, as a whole number of bytes; a
// fraction of a byte is dropped. Absent, negative or too large for 63 bits
// is 0.
func (n Number) Size(unit esim.DataSize) esim.DataSize {
	if n.Sign() < 0 || unit <= 0 {
		return 0
	}
	whole, ok := n.whole(uint64(unit))
	if !ok {
		return 0
	}
	return esim.DataSize(whole)
}
