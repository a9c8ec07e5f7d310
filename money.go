package esim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/govalues/decimal"
)

var (
	errCurrency         = errors.New("esim: a currency is three letters A to Z (ISO 4217)")
	errCurrencyMismatch = errors.New("esim: amounts of different or unstated currencies do not mix")
	errMoneyJSON        = errors.New(`esim: money in JSON is {"amount":"2.72","currency":"USD"}, with nothing missing, twice or more`)
)

// Money is an exact amount of a currency.
//
// The amount is a decimal of up to 19 digits, of which any number may follow
// the point; what does not fit is an error and never rounded. Trailing zeros
// carry no meaning: 2.7 and 2.70 are one value, so == compares amount and
// currency, and Money may be the key of a map.
//
// The currency is an ISO 4217 code, or "" for one the provider did not state.
// Unstated means unknown and not a default, so such an amount mixes with no
// other, not even another unstated one. The zero Money is a zero of unstated
// currency, the usual sign for "not reported".
type Money struct {
	amount   decimal.Decimal // without trailing zeros after the point
	currency string
}

// ParseMoney reads an amount as written in JSON or in a plain decimal string,
// "2.72", "-3" or "1.5e3", and a currency of exactly three letters A to Z.
//
// It is strict: no spaces, plus sign, leading zeros or separators, no NaN.
// An amount of more than 19 significant digits, or with more than 19 places
// after the point, is refused rather than rounded.
func ParseMoney(amount, currency string) (Money, error) {
	if currency == "" {
		return Money{}, errCurrency
	}
	return parseMoney(amount, currency)
}

// NewMoney returns the amount in the currency, which is an ISO 4217 code or
// "" if the provider did not state it.
func NewMoney(amount decimal.Decimal, currency string) (Money, error) {
	if currency != "" && !isCurrency(currency) {
		return Money{}, errCurrency
	}
	return Money{amount: amount.Trim(0), currency: currency}, nil
}

// Amount returns the amount, without trailing zeros after the point.
func (m Money) Amount() decimal.Decimal { return m.amount }

// Currency returns the ISO 4217 code, or "" if it was not stated.
func (m Money) Currency() string { return m.currency }

// IsZero reports whether the amount is zero, whatever the currency.
func (m Money) IsZero() bool { return m.amount.IsZero() }

// IsNegative reports whether the amount is less than zero.
func (m Money) IsNegative() bool { return m.amount.IsNeg() }

// Equal reports whether amount and currency are the same. It is the same as
// ==, and unlike [Money.Cmp] holds for two amounts of unstated currency too.
func (m Money) Equal(other Money) bool { return m == other }

// Cmp returns -1, 0 or +1 as m is less than, equal to or more than other. It
// is an error if the currencies differ or are not stated.
func (m Money) Cmp(other Money) (int, error) {
	if !m.mixes(other) {
		return 0, errCurrencyMismatch
	}
	return m.amount.Cmp(other.amount), nil
}

// Add returns m + other. It is an error if the currencies differ or are not
// stated, or if the sum has too many digits.
func (m Money) Add(other Money) (Money, error) {
	if !m.mixes(other) {
		return Money{}, errCurrencyMismatch
	}
	sum, err := m.amount.AddExact(other.amount, max(m.amount.Scale(), other.amount.Scale()))
	if err != nil {
		return Money{}, fmt.Errorf("esim: adding money: %w", err)
	}
	return NewMoney(sum, m.currency)
}

// Sub returns m - other. It fails as [Money.Add] does.
func (m Money) Sub(other Money) (Money, error) {
	other.amount = other.amount.Neg()
	return m.Add(other)
}

// MulInt returns n times m. It is an error if the product has too many
// digits.
func (m Money) MulInt(n int) (Money, error) {
	factor := decimal.MustNew(int64(n), 0) // any integer fits at scale 0
	product, err := m.amount.MulExact(factor, m.amount.Scale())
	if err != nil {
		return Money{}, fmt.Errorf("esim: multiplying money: %w", err)
	}
	return NewMoney(product, m.currency)
}

// String writes the amount as people do, then the currency: "2.70 USD",
// "1980000 IQD", "0.123 USD". Zeros are added up to the usual decimals of the
// currency where they fit, and no digit is dropped. What was not stated is
// said to be so: the zero Money is "not stated".
func (m Money) String() string {
	switch {
	case m.currency == "" && m.amount.IsZero():
		return "not stated"
	case m.currency == "":
		return m.amount.String() + " (currency not stated)"
	}
	return m.amount.Pad(usualDecimals(m.currency)).String() + " " + m.currency
}

// MarshalJSON writes {"amount":"2.72","currency":"USD"}. The amount is a
// string, since many readers of JSON turn a number into a float.
func (m Money) MarshalJSON() ([]byte, error) {
	return []byte(`{"amount":"` + m.amount.String() + `","currency":"` + m.currency + `"}`), nil
}

// UnmarshalJSON reads what MarshalJSON writes, and the amount as a number
// too, exactly. Both members are required; an unknown one or one given twice
// is an error. JSON null changes nothing.
func (m *Money) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	amount, currency, err := moneyMembers(data)
	if err != nil {
		return err
	}
	parsed, err := parseMoney(amount, currency)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// parseMoney is ParseMoney for a currency that may be unstated.
func parseMoney(amount, currency string) (Money, error) {
	exact, err := ParseAmount(amount)
	if err != nil {
		return Money{}, err
	}
	return NewMoney(exact, currency)
}

func (m Money) mixes(other Money) bool {
	return m.currency != "" && m.currency == other.currency
}

// moneyMembers reads the two members by token, for encoding/json would take
// the last of two members of one name, and a name in any letter case.
func moneyMembers(data []byte) (amount, currency string, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return "", "", errMoneyJSON
	}
	seen := make(map[string]bool, 2)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return "", "", errMoneyJSON
		}
		value, err := dec.Token()
		if err != nil {
			return "", "", errMoneyJSON
		}
		number, isNumber := value.(json.Number)
		text, isText := value.(string)
		switch {
		case name == "amount" && isNumber && !seen["amount"]:
			amount, seen["amount"] = number.String(), true
		case name == "amount" && isText && !seen["amount"]:
			amount, seen["amount"] = text, true
		case name == "currency" && isText && !seen["currency"]:
			currency, seen["currency"] = text, true
		default:
			return "", "", errMoneyJSON
		}
	}
	if _, err := dec.Token(); err != nil || len(seen) != 2 {
		return "", "", errMoneyJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "", "", errMoneyJSON
	}
	return amount, currency, nil
}

func isCurrency(s string) bool {
	if len(s) != 3 {
		return false
	}
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}

// usualDecimals returns how many decimals people write for a currency: those
// of ISO 4217, except for the Iraqi dinar, which has three on paper and is
// priced in whole dinars.
func usualDecimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "IQD", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	default:
		return 2
	}
}
