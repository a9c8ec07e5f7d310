package wire

import (
	"errors"
	"math"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/govalues/decimal"

	"github.com/esimkit/esim"
)

// Number is an exact decimal that a provider writes as a JSON number, as a
// number in quotes, or not at all (absent, null, ""). It never passes through
// floating point.
type Number struct {
	d     decimal.Decimal
	known bool
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
		text = text[1 : len(text)-1] // a number has nothing to unescape
		if len(text) == 0 {
			return nil
		}
	case '0':
	default:
		return errors.New("not a number")
	}
	n.d, err = esim.ParseAmount(string(text))
	n.known = err == nil
	return err
}

// MarshalJSONTo writes the number unquoted, or null.
func (n Number) MarshalJSONTo(enc *jsontext.Encoder) error {
	if !n.known {
		return enc.WriteToken(jsontext.Null)
	}
	return enc.WriteValue(jsontext.Value(n.d.Trim(0).String()))
}

// NumberOf returns the number d.
func NumberOf(d decimal.Decimal) Number { return Number{d: d, known: true} }

// Known reports whether the provider gave the number.
func (n Number) Known() bool { return n.known }

// IsZero reports whether the number is absent; encoding with omitzero leaves
// it out. A number that is 0 is not IsZero.
func (n Number) IsZero() bool { return !n.known }

// Decimal returns the number, or 0 when absent.
func (n Number) Decimal() decimal.Decimal { return n.d }

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
	return esim.NewMoney(n.d, currency)
}

// Int returns the number as an int, with its fraction dropped; 0 when absent
// or out of range.
func (n Number) Int() int {
	whole, _, ok := n.d.Trunc(0).Int64(0) // Int64 alone would round
	if !ok || whole > math.MaxInt32 || whole < math.MinInt32 {
		return 0
	}
	return int(whole)
}

// Size returns the number, counted in unit, as a whole number of bytes; a
// fraction of a byte is dropped. Absent, negative or too large for 63 bits
// is 0.
func (n Number) Size(unit esim.DataSize) esim.DataSize {
	if !n.known || n.d.IsNeg() {
		return 0
	}
	factor, err := decimal.New(int64(unit), 0)
	if err != nil {
		return 0
	}
	bytes, err := n.d.Mul(factor)
	if err != nil {
		return 0
	}
	whole, _, ok := bytes.Trunc(0).Int64(0)
	if !ok {
		return 0
	}
	return esim.DataSize(whole)
}
