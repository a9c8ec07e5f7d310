package esim

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func mustMoney(t testing.TB, amount, currency string) Money {
	t.Helper()
	m, err := ParseMoney(amount, currency)
	require.NoError(t, err, amount)
	return m
}

func TestParseMoney(t *testing.T) {
	tests := []struct{ in, amount string }{
		{"0", "0"},
		{"-0", "0"},
		{"0.00", "0"},
		{"0e2000000000", "0"},
		{"2.72", "2.72"},
		{"2.70", "2.7"},
		{"-2.72", "-2.72"},
		{"1500.00", "1500"},
		{"726895", "726895"},
		{"1980000", "1980000"},
		{"1.5e3", "1500"},
		{"1.5E+3", "1500"},
		{"15e-1", "1.5"},
		{"100e-2", "1"},
		{"1e18", "1000000000000000000"},
		{"9007199254740993", "9007199254740993"}, // 2^53 + 1, which no float64 holds
		{"90071992547409.93", "90071992547409.93"},
		{"9999999999999999999", "9999999999999999999"},
		{"-0.9999999999999999999", "-0.9999999999999999999"},
		{"0.0000000000000000001", "0.0000000000000000001"},
		{"1e-19", "0.0000000000000000001"},
		{"1.0000000000000000000000000000", "1"},
		{"123456789012345678.90000000000000", "123456789012345678.9"},
		{"0." + strings.Repeat("0", 500) + "1e501", "1"},
	}
	for _, tt := range tests {
		m, err := ParseMoney(tt.in, "USD")
		require.NoError(t, err, tt.in)
		assert.Equal(t, tt.amount, bare(m), tt.in)
		assert.Equal(t, "USD", m.Currency())
	}
}

func TestParseMoneyRefuses(t *testing.T) {
	tests := map[string]error{
		"":                             errNumeral,
		" 1":                           errNumeral,
		"1 ":                           errNumeral,
		"1 000":                        errNumeral,
		"1,000":                        errNumeral,
		"1,5":                          errNumeral,
		"+1":                           errNumeral,
		"-":                            errNumeral,
		"--1":                          errNumeral,
		".5":                           errNumeral,
		"5.":                           errNumeral,
		"01":                           errNumeral,
		"-00.5":                        errNumeral,
		"1e":                           errNumeral,
		"1e+":                          errNumeral,
		"1e1.5":                        errNumeral,
		"1e--1":                        errNumeral,
		"1e-+1":                        errNumeral,
		"0x10":                         errNumeral,
		"1_000":                        errNumeral,
		"NaN":                          errNumeral,
		"Inf":                          errNumeral,
		"-Infinity":                    errNumeral,
		"null":                         errNumeral,
		"$2.72":                        errNumeral,
		"2.72 USD":                     errNumeral,
		"１":                            errNumeral,
		"1\x00":                        errNumeral,
		"12345678901234567890.12":      errNumeralRange,
		"10000000000000000001":         errNumeralRange,
		"1e19":                         errNumeralRange,
		"1e400":                        errNumeralRange,
		"1e2000000000":                 errNumeralRange,
		"1e99999999999999999999999":    errNumeralRange,
		"1e-20":                        errNumeralRange,
		"1e-21":                        errNumeralRange,
		"1e-2000000000":                errNumeralRange,
		"0.00000000000000000001":       errNumeralRange,
		"1.00000000000000000001":       errNumeralRange,
		strings.Repeat("9", 1_000_000): errNumeralRange,
	}
	start := time.Now()
	for in, want := range tests {
		m, err := ParseMoney(in, "USD")
		require.ErrorIs(t, err, want, in)
		assert.Equal(t, Money{}, m, in)
	}
	assert.Less(t, time.Since(start), 5*time.Second, "a hostile exponent must not keep us busy")
}

func TestParseMoneyCurrency(t *testing.T) {
	for _, currency := range []string{"usd", "Usd", "US", "USDT", "US ", "U5D", "€€€", "ＵＳＤ", "€"} {
		_, err := ParseMoney("1", currency)
		assert.ErrorIs(t, err, errCurrency, currency)
	}
	_, err := MoneyOf(1, 0, "usd")
	require.ErrorIs(t, err, errCurrency)
}

// bare is the amount without the zeros that its currency adds.
func bare(m Money) string { return m.amount.String() }

func TestMoneyOf(t *testing.T) {
	m, err := MoneyOf(270, 2, "")
	require.NoError(t, err)
	assert.Empty(t, m.Currency())
	assert.Equal(t, "2.7", m.Amount())
	assert.Equal(t, "2.7 (currency not stated)", m.String())

	stated, err := m.WithCurrency("USD")
	require.NoError(t, err)
	assert.Equal(t, mustMoney(t, "2.7", "USD"), stated)
	_, err = m.WithCurrency("dollars")
	require.ErrorIs(t, err, errCurrency)
	unknown, err := Money{}.WithCurrency("USD")
	require.NoError(t, err)
	assert.Equal(t, Money{}, unknown, "unknown is not zero dollars")

	for _, places := range []int{-1, 20, math.MaxInt, math.MinInt} {
		_, err := MoneyOf(1, places, "USD")
		require.ErrorIs(t, err, errNumeralRange, places)
	}
}

func TestMoneyParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units, places := rapid.Int64Range(math.MinInt64+1, math.MaxInt64).Draw(t, "units"), rapid.IntRange(0, 19).Draw(t, "places")
		m, err := MoneyOf(units, places, "USD")
		require.NoError(t, err)
		digits, scale, negative := m.Parts()
		require.Equal(t, units < 0, negative)
		require.LessOrEqual(t, scale, places)
		for range places - scale {
			digits *= 10
		}
		if negative {
			digits = -digits
		}
		require.Equal(t, uint64(units), digits)
	})
}

func TestMoneyCompareSorts(t *testing.T) {
	list := []Money{mustMoney(t, "2", "USD"), mustMoney(t, "3", "EUR"), mustMoney(t, "-1", "USD"), {}, mustMoney(t, "10", "EUR")}
	slices.SortFunc(list, Money.Compare)
	assert.Equal(t, []Money{{}, mustMoney(t, "3", "EUR"), mustMoney(t, "10", "EUR"), mustMoney(t, "-1", "USD"), mustMoney(t, "2", "USD")}, list)
}

func TestMoneyIsComparable(t *testing.T) {
	a, b := mustMoney(t, "2.70", "USD"), mustMoney(t, "27e-1", "USD")
	assert.True(t, a == b)
	assert.True(t, a.Equal(b))
	assert.False(t, a.Equal(mustMoney(t, "2.7", "EUR")))
	assert.False(t, a.Equal(mustMoney(t, "2.71", "USD")))
	assert.Contains(t, map[Money]bool{a: true}, b)

	difference, err := a.Sub(b)
	require.NoError(t, err)
	assert.True(t, difference == mustMoney(t, "-0.00", "USD"), "one zero only")
	assert.True(t, Money{}.Equal(Money{}))
}

func TestMoneySigns(t *testing.T) {
	assert.True(t, Money{}.IsZero())
	assert.False(t, mustMoney(t, "0.00", "USD").IsZero(), "zero dollars are known")
	assert.Zero(t, mustMoney(t, "0.00", "USD").Sign())
	assert.Equal(t, -1, mustMoney(t, "-0.01", "USD").Sign())
	assert.Equal(t, 1, mustMoney(t, "0.01", "USD").Sign())
	assert.Zero(t, mustMoney(t, "-0", "USD").Sign())
	assert.Equal(t, mustMoney(t, "0", "USD"), mustMoney(t, "0", "USD").Neg(), "one zero only")
	assert.Equal(t, mustMoney(t, "-1.5", "USD"), mustMoney(t, "1.5", "USD").Neg())
}

func TestMoneyArithmetic(t *testing.T) {
	a, b := mustMoney(t, "0.1", "USD"), mustMoney(t, "0.2", "USD")

	sum, err := a.Add(b)
	require.NoError(t, err)
	assert.Equal(t, mustMoney(t, "0.3", "USD"), sum)

	difference, err := a.Sub(b)
	require.NoError(t, err)
	assert.Equal(t, mustMoney(t, "-0.1", "USD"), difference)

	product, err := mustMoney(t, "19.99", "USD").MulInt(100)
	require.NoError(t, err)
	assert.Equal(t, mustMoney(t, "1999", "USD"), product)

	order, err := a.Cmp(b)
	require.NoError(t, err)
	assert.Equal(t, -1, order)
}

func TestMoneyDoesNotMixCurrencies(t *testing.T) {
	usd, eur, unstated := mustMoney(t, "1", "USD"), mustMoney(t, "1", "EUR"), Money{}
	for _, pair := range [][2]Money{{usd, eur}, {usd, unstated}, {unstated, usd}, {unstated, unstated}} {
		_, err := pair[0].Add(pair[1])
		require.ErrorIs(t, err, errCurrencyMismatch)
		_, err = pair[0].Sub(pair[1])
		require.ErrorIs(t, err, errCurrencyMismatch)
		_, err = pair[0].Cmp(pair[1])
		require.ErrorIs(t, err, errCurrencyMismatch)
	}
	product, err := unstated.MulInt(2)
	require.NoError(t, err)
	assert.Equal(t, unstated, product)
}

func TestMoneyOverflowIsAnError(t *testing.T) {
	largest := mustMoney(t, "9999999999999999999", "USD")
	smallest := mustMoney(t, "1e-19", "USD")

	_, err := largest.Add(largest)
	require.Error(t, err)
	_, err = largest.Add(smallest)
	require.Error(t, err, "would be rounded")
	_, err = largest.MulInt(2)
	require.Error(t, err)
	_, err = mustMoney(t, "0.9999999999999999999", "USD").MulInt(3)
	require.Error(t, err, "would be rounded")
	_, err = mustMoney(t, "-2.5", "USD").MulInt(math.MinInt)
	require.Error(t, err)

	negative, err := mustMoney(t, "2.5", "USD").MulInt(-3)
	require.NoError(t, err)
	assert.Equal(t, mustMoney(t, "-7.5", "USD"), negative)
}

func TestMoneyString(t *testing.T) {
	tests := []struct{ amount, currency, want string }{
		{"2.72", "USD", "2.72 USD"},
		{"2.7", "USD", "2.70 USD"},
		{"3", "EUR", "3.00 EUR"},
		{"0", "USD", "0.00 USD"},
		{"-0.5", "USD", "-0.50 USD"},
		{"0.123", "USD", "0.123 USD"},
		{"1980000", "IQD", "1980000 IQD"},
		{"1980000.5", "IQD", "1980000.5 IQD"},
		{"500", "JPY", "500 JPY"},
		{"1.5", "KWD", "1.500 KWD"},
		{"9999999999999999999", "USD", "9999999999999999999 USD"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, mustMoney(t, tt.amount, tt.currency).String())
	}
	assert.Equal(t, "not stated", Money{}.String())
}

func TestMoneyJSON(t *testing.T) {
	for want, m := range map[string]Money{
		`{"amount":"2.72","currency":"USD"}`:             mustMoney(t, "2.72", "USD"),
		`{"amount":"2.50","currency":"USD"}`:             mustMoney(t, "2.5", "USD"),
		`{"amount":"0.00","currency":"USD"}`:             mustMoney(t, "0", "USD"),
		`{"amount":"0.12345","currency":"USD"}`:          mustMoney(t, "0.12345", "USD"),
		`{"amount":"500","currency":"JPY"}`:              mustMoney(t, "500", "JPY"),
		`{"amount":"1.500","currency":"KWD"}`:            mustMoney(t, "1.5", "KWD"),
		`{"amount":"9007199254740993","currency":"IQD"}`: mustMoney(t, "9007199254740993", "IQD"),
		`{"amount":"2.5","currency":null}`:               mustMoney(t, "2.50", ""),
		`null`:                                           {},
	} {
		text, err := json.Marshal(m)
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
		if !m.IsZero() && m.Currency() != "" {
			assert.Equal(t, m.String(), m.Amount()+" "+m.Currency(), "JSON and text agree")
		}
	}

	tests := map[string]Money{
		`{"amount":"2.72","currency":"USD"}`:                 mustMoney(t, "2.72", "USD"),
		`{"amount":2.72,"currency":"USD"}`:                   mustMoney(t, "2.72", "USD"),
		` { "currency" : "USD" , "amount" : 2720e-3 } `:      mustMoney(t, "2.72", "USD"),
		`{"\u0061mount":9007199254740993,"currency":"IQD"}`:  mustMoney(t, "9007199254740993", "IQD"),
		`{"amount":"0","currency":null}`:                     {},
		`{"amount":"1.50","currency":null}`:                  mustMoney(t, "1.5", ""),
		`null`:                                               {},
		`{"amount":0.1000000000000000001,"currency":"USD"}`:  mustMoney(t, "0.1000000000000000001", "USD"),
		`{"amount":"12345678901234567.89","currency":"USD"}`: mustMoney(t, "12345678901234567.89", "USD"),
	}
	for in, want := range tests {
		var got Money
		require.NoError(t, json.Unmarshal([]byte(in), &got), in)
		assert.Equal(t, want, got, in)
	}
}

// An amount of zero is known, so it is neither left out nor null.
func TestMoneyJSONTellsZeroFromUnknown(t *testing.T) {
	m := mustMoney(t, "1", "USD")
	require.NoError(t, json.Unmarshal([]byte("null"), &m))
	assert.Equal(t, Money{}, m)

	type order struct {
		Total Money `json:"total"`
		Fee   Money `json:"fee,omitzero"`
	}
	for want, o := range map[string]order{
		`{"total":null}`: {},
		`{"total":{"amount":"0.00","currency":"USD"},"fee":{"amount":"0.00","currency":"EUR"}}`: {mustMoney(t, "0", "USD"), mustMoney(t, "0", "EUR")},
	} {
		text, err := json.Marshal(o)
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
		var back order
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, o, back)
	}
}

func TestMoneyJSONRefuses(t *testing.T) {
	tests := []string{
		``,
		`{`,
		`{}`,
		`[]`,
		`2.72`,
		`"2.72 USD"`,
		`true`,
		`{"amount":"1"}`,
		`{"currency":"USD"}`,
		`{"amount":"1","currency":""}`,
		`{"amount":"1","currency":null,"currency":"USD"}`,
		`{"amount":null,"currency":"USD"}`,
		`{"amount":true,"currency":"USD"}`,
		`{"amount":["1"],"currency":"USD"}`,
		`{"amount":{"a":1},"currency":"USD"}`,
		`{"amount":"1","currency":840}`,
		`{"Amount":"1","currency":"USD"}`,
		`{"amount":"1","CURRENCY":"USD"}`,
		`{"amount":"1","currency":"USD","note":""}`,
		`{"amount":"1","amount":"2","currency":"USD"}`,
		`{"amount":"1","\u0061mount":2,"currency":"USD"}`,
		`{"amount":"1","currency":"USD","currency":"USD"}`,
		`{"amount":"","currency":"USD"}`,
		`{"amount":" 1","currency":"USD"}`,
		`{"amount":"NaN","currency":"USD"}`,
		`{"amount":1e400,"currency":"USD"}`,
		`{"amount":1e2000000000,"currency":"USD"}`,
		`{"amount":1e-21,"currency":"USD"}`,
		`{"amount":12345678901234567890.12,"currency":"USD"}`,
		`{"amount":01,"currency":"USD"}`,
		`{"amount":"1","currency":"usd"}`,
		"{\"amount\":\"1\",\"currency\":\"US\xff\"}",
		`{"amount":"1","currency":"USD"`,
		`{"amount":"1","currency":"USD"]`,
		`{"amount":"1","currency":"USD"}{}`,
		`{"amount":"1","currency":"USD"} x`,
		`{"amount":"1" "currency":"USD"}`,
		`{"amount":}`,
		`{amount:1}`,
	}
	for _, in := range tests {
		m := mustMoney(t, "5", "EUR")
		require.Error(t, m.UnmarshalJSON([]byte(in)), in)
		assert.Equal(t, mustMoney(t, "5", "EUR"), m, "an error changes nothing")
	}
}

func drawMoney(t *rapid.T, label string) (Money, *big.Rat) {
	amount := rapid.StringMatching(`-?(0|[1-9][0-9]{0,10})(\.[0-9]{1,8})?(e-?[0-3])?`).Draw(t, label)
	m, err := ParseMoney(amount, "USD")
	if err != nil {
		t.Fatalf("%s: %v", amount, err)
	}
	want, ok := new(big.Rat).SetString(amount)
	if !ok || rat(m).Cmp(want) != 0 {
		t.Fatalf("%s reads as %v", amount, m)
	}
	return m, want
}

func rat(m Money) *big.Rat {
	r, ok := new(big.Rat).SetString(m.Amount())
	if !ok {
		panic("not a decimal")
	}
	return r
}

// holds reports whether an exact value fits 19 digits at that many places.
func holds(r *big.Rat, places int) bool {
	scaled := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	product := new(big.Rat).Mul(r, new(big.Rat).SetInt(scaled))
	return product.IsInt() && len(new(big.Int).Abs(product.Num()).String()) <= 19
}

func TestMoneyAgainstRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, ra := drawMoney(t, "a")
		b, rb := drawMoney(t, "b")
		n := rapid.IntRange(-1000, 1000).Draw(t, "n")
		places := max(a.amount.Scale(), b.amount.Scale())

		check := func(op string, got Money, err error, want *big.Rat, places int) {
			if fits := holds(want, places); fits != (err == nil) {
				t.Fatalf("%v %s: %v, want %v", a, op, err, want)
			}
			if err == nil && rat(got).Cmp(want) != 0 {
				t.Fatalf("%v %s: %v, want %v", a, op, got, want)
			}
		}
		sum, err := a.Add(b)
		check("+", sum, err, new(big.Rat).Add(ra, rb), places)
		difference, err := a.Sub(b)
		check("-", difference, err, new(big.Rat).Sub(ra, rb), places)
		product, err := a.MulInt(n)
		check("*", product, err, new(big.Rat).Mul(ra, new(big.Rat).SetInt64(int64(n))), a.amount.Scale())

		if order, err := a.Cmp(b); err != nil || order != ra.Cmp(rb) {
			t.Fatalf("%v cmp %v = %d, %v", a, b, order, err)
		}
		if (ra.Cmp(rb) == 0) != (a == b) {
			t.Fatalf("%v == %v is %v", a, b, a == b)
		}
	})
}

func TestMoneyAdditionLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := drawMoney(t, "a")
		b, _ := drawMoney(t, "b")
		c, _ := drawMoney(t, "c")
		add := func(x, y Money) Money {
			sum, err := x.Add(y)
			if err != nil {
				t.Skip("too many digits")
			}
			return sum
		}
		if left, right := add(add(a, b), c), add(a, add(b, c)); left != right {
			t.Fatalf("(a+b)+c = %v, a+(b+c) = %v", left, right)
		}
		if add(a, b) != add(b, a) {
			t.Fatal("a+b is not b+a")
		}
		if back, err := add(a, b).Sub(b); err == nil && back != a {
			t.Fatalf("a+b-b = %v", back)
		}
	})
}

func TestMoneyJSONReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, _ := drawMoney(t, "m")
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Money
		if err := json.Unmarshal(text, &back); err != nil || back != m {
			t.Fatalf("%s reads as %v, %v", text, back, err)
		}
	})
}
