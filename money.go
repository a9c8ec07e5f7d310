package esim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/govalues/decimal"
)

var (
	errCurrency         = errors.New("esim: a currency is three letters A to Z (ISO 4217)")
	errCurrencyMismatch = errors.New("esim: amounts of different or unstated currencies do not mix")
	errMoneyJSON        = errors.New(`esim: money in JSON is {"amount":"2.72","currency":"USD"} or null, with nothing missing, twice or more`)
)

// Money is an exact amount of a currency.
//
// The amount is a decimal of up to 19 digits, of which any number may follow
// the point; what does not fit is an error and never rounded. Trailing zeros
// carry no meaning: 2.7 and 2.70 are one value, so == compares amount and
// currency, and Money may be the key of a map. Amounts that may have been
// rounded, by a rate or a division, are a type of their own: [Estimate].
//
// The currency is an ISO 4217 code, or "" for one the provider did not state.
// Unstated means unknown and not a default, so such an amount mixes with no
// other, not even another unstated one. The zero Money means "not stated", and
// is null in JSON; an amount of zero has a currency.
type Money struct {
	amount   decimal.Decimal // without trailing zeros after the point
	currency string
}

// ParseMoney reads an amount as written in JSON or in a plain decimal string:
// "2.72", "-3" or "1.5e3". The currency is exactly three letters A to Z, or ""
// if the provider did not state one.
//
// It is strict: no spaces, plus sign, leading zeros or separators, no NaN.
// An amount of more than 19 significant digits, or with more than 19 places
// after the point, is refused rather than rounded.
func ParseMoney(amount, currency string) (Money, error) {
	n, err := parseNumeral(amount)
	if err != nil {
		return Money{}, err
	}
	exact, err := n.decimal()
	if err != nil {
		return Money{}, err
	}
	return newMoney(exact, currency)
}

// MoneyOf returns so many units of the last of so many places: 499 units of 2
// places are 4.99. The currency is as for [ParseMoney].
func MoneyOf(units int64, places int, currency string) (Money, error) {
	exact, err := decimal.New(units, places)
	if err != nil {
		return Money{}, errNumeralRange
	}
	return newMoney(exact, currency)
}

func newMoney(amount decimal.Decimal, currency string) (Money, error) {
	if currency != "" && !isCurrency(currency) {
		return Money{}, errCurrency
	}
	return Money{amount: amount.Trim(0), currency: currency}, nil
}

// Amount writes the amount alone, as in JSON: "2.70" of a dollar, "1980000" of
// a dinar. Zeros are added up to the usual decimals of the currency where they
// fit, and no digit is dropped, so [ParseMoney] reads the same amount.
func (m Money) Amount() string {
	if m.currency == "" {
		return m.amount.String()
	}
	return m.amount.Pad(usualDecimals(m.currency)).String()
}

// Parts returns the amount as a whole number of units of its last place, the
// fewest places that hold it: 2.70 is 27 units of 1 place.
func (m Money) Parts() (units uint64, places int, negative bool) {
	return m.amount.Coef(), m.amount.Scale(), m.amount.IsNeg()
}

// Currency returns the ISO 4217 code, or "" if it was not stated.
func (m Money) Currency() string { return m.currency }

// WithCurrency returns the same number in another currency, or in none: for an
// amount that came without one. The zero Money stays what it is.
func (m Money) WithCurrency(currency string) (Money, error) {
	if m.IsZero() {
		return m, nil
	}
	return newMoney(m.amount, currency)
}

// IsZero reports whether nothing is stated: m is the zero Money. [Money.Sign]
// tells an amount of zero.
func (m Money) IsZero() bool { return m == Money{} }

// Sign returns -1, 0 or +1 as the amount is less than, equal to or more than
// zero, whatever the currency.
func (m Money) Sign() int { return m.amount.Sign() }

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

// Compare orders amounts for a list: by currency, then by amount. It is for
// slices.SortFunc; which of two amounts is the dearer one is said by
// [Money.Cmp].
func (m Money) Compare(other Money) int {
	if m.currency != other.currency {
		return strings.Compare(m.currency, other.currency)
	}
	return m.amount.Cmp(other.amount)
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
	return newMoney(sum, m.currency)
}

// Sub returns m - other. It fails as [Money.Add] does.
func (m Money) Sub(other Money) (Money, error) { return m.Add(other.Neg()) }

// Neg returns -m.
func (m Money) Neg() Money {
	if m.amount.IsZero() {
		return m
	}
	return Money{amount: m.amount.Neg(), currency: m.currency}
}

// MulInt returns n times m. It is an error if the product has too many
// digits.
func (m Money) MulInt(n int) (Money, error) {
	factor := decimal.MustNew(int64(n), 0) // any integer fits at scale 0
	product, err := m.amount.MulExact(factor, m.amount.Scale())
	if err != nil {
		return Money{}, fmt.Errorf("esim: multiplying money: %w", err)
	}
	return newMoney(product, m.currency)
}

// String writes the amount as people do, then the currency: "2.70 USD",
// "1980000 IQD", "0.123 USD". The digits are those of [Money.Amount]. What was
// not stated is said to be so: the zero Money is "not stated".
func (m Money) String() string {
	switch {
	case m.IsZero():
		return "not stated"
	case m.currency == "":
		return m.Amount() + " (currency not stated)"
	}
	return m.Amount() + " " + m.currency
}

// MarshalJSON writes {"amount":"2.70","currency":"USD"}, and null for what was
// not stated: the zero Money, and a currency. The amount is a string, since
// many readers of JSON turn a number into a float.
func (m Money) MarshalJSON() ([]byte, error) {
	switch {
	case m.IsZero():
		return []byte("null"), nil
	case m.currency == "":
		return []byte(`{"amount":"` + m.Amount() + `","currency":null}`), nil
	}
	return []byte(`{"amount":"` + m.Amount() + `","currency":"` + m.currency + `"}`), nil
}

// UnmarshalJSON reads what MarshalJSON writes, and the amount as a number
// too, exactly. Both members are required; an unknown one or one given twice
// is an error. JSON null is the zero Money: not stated.
func (m *Money) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*m = Money{}
		return nil
	}
	amount, currency, err := moneyMembers(data)
	if err != nil {
		return err
	}
	parsed, err := ParseMoney(amount, currency)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
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
		case name == "currency" && (isText && text != "" || value == nil) && !seen["currency"]:
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
