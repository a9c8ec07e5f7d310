package esim

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func mustRate(t testing.TB, value, from, to string) Rate {
	t.Helper()
	r, err := ParseRate(value, from, to)
	require.NoError(t, err)
	return r
}

func TestParseRate(t *testing.T) {
	r := mustRate(t, "0.930", "USD", "EUR")
	units, places := r.Parts()
	assert.Equal(t, []any{uint64(93), 2}, []any{units, places})
	from, to := r.Currencies()
	assert.Equal(t, "USD EUR", from+" "+to)
	assert.Equal(t, "1 USD = 0.93 EUR", r.String())
	assert.Equal(t, "not known", Rate{}.String())
	assert.True(t, Rate{}.IsZero())
	assert.False(t, r.IsZero())
	assert.Equal(t, mustRate(t, "1", "USD", "USD"), mustRate(t, "1.00", "USD", "USD"))

	for _, bad := range [][3]string{
		{"0", "USD", "EUR"},
		{"-1", "USD", "EUR"},
		{"", "USD", "EUR"},
		{"1,5", "USD", "EUR"},
		{"NaN", "USD", "EUR"},
		{"1e400", "USD", "EUR"},
		{"1", "", "EUR"},
		{"1", "USD", ""},
		{"1", "", ""},
		{"1", "usd", "EUR"},
		{"1.1", "USD", "USD"},
	} {
		got, err := ParseRate(bad[0], bad[1], bad[2])
		require.Error(t, err, bad)
		assert.Equal(t, Rate{}, got, bad)
	}
}

func TestFixedRates(t *testing.T) {
	rates, err := FixedRates("USD", map[string]string{"EUR": "0.8", "JPY": "160"})
	require.NoError(t, err)
	for _, test := range []struct{ from, to, want string }{
		{"USD", "EUR", "0.8"},
		{"EUR", "USD", "1.25"},
		{"EUR", "JPY", "200"},
		{"JPY", "EUR", "0.005"},
		{"USD", "USD", "1"},
		{"EUR", "EUR", "1"},
		{"USD", "GBP", ""},
		{"GBP", "USD", ""},
		{"GBP", "GBP", ""},
		{"", "USD", ""},
		{"USD", "", ""},
		{"", "", ""},
	} {
		want := Rate{}
		if test.want != "" {
			want = mustRate(t, test.want, test.from, test.to)
		}
		assert.Equal(t, want, rates(test.from, test.to), "%s to %s", test.from, test.to)
	}
	for _, per := range []map[string]string{{"EUR": "0"}, {"EUR": "-1"}, {"EUR": "x"}, {"euro": "1"}, {"USD": "2"}} {
		_, err := FixedRates("USD", per)
		require.Error(t, err, per)
	}
	for _, base := range []string{"", "usd"} {
		_, err := FixedRates(base, nil)
		require.ErrorIs(t, err, errCurrency)
	}
}

// From its base a table is read, not computed, so all its digits stay.
func TestFixedRatesFromTheirBase(t *testing.T) {
	for _, text := range []string{"0.1234567890123456789", "160.10", "1234567890123456789"} {
		rates, err := FixedRates("USD", map[string]string{"EUR": text})
		require.NoError(t, err)
		assert.Equal(t, mustRate(t, text, "USD", "EUR"), rates("USD", "EUR"))
	}
}

func fraction(units uint64, places int) *big.Rat {
	return new(big.Rat).SetFrac(new(big.Int).SetUint64(units), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
}

// near reports whether a result of at most 19 digits is the exact value,
// rounded to its last place, and all 19 digits are used where they are needed.
func near(got, exact *big.Rat, units uint64, places int) bool {
	if got.Cmp(exact) == 0 {
		return true
	}
	difference := new(big.Rat).Sub(got, exact)
	if units >= 1e18 || places == 19 {
		half := new(big.Rat).Quo(fraction(1, places), big.NewRat(2, 1))
		return difference.Abs(difference).Cmp(half) <= 0
	}
	// Zeros at the end were cut: the last place that was used is the 19th.
	for units < 1e18 && places < 19 {
		units, places = units*10, places+1
	}
	half := new(big.Rat).Quo(fraction(1, places), big.NewRat(2, 1))
	return difference.Abs(difference).Cmp(half) <= 0
}

func TestTimesIsRoundedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount, err := MoneyOf(rapid.Int64Range(1, math.MaxInt64).Draw(t, "amount"), rapid.IntRange(0, 19).Draw(t, "places"), "USD")
		require.NoError(t, err)
		n, err := MoneyOf(rapid.Int64Range(1, math.MaxInt64).Draw(t, "rate"), rapid.IntRange(0, 19).Draw(t, "rate places"), "USD")
		require.NoError(t, err)
		rate, err := ParseRate(bare(n), "USD", "EUR")
		require.NoError(t, err)
		exact := new(big.Rat).Mul(rat(amount), rat(n))
		got, err := amount.Times(rate)
		if err != nil {
			require.Positive(t, exact.Cmp(fraction(1e18, 0)), "%s x %s: %v", amount, rate, err)
			return
		}
		require.Equal(t, "EUR", got.Currency())
		units, places, negative := got.Parts()
		require.False(t, negative)
		require.True(t, near(fraction(units, places), exact, units, places), "%s x %s = %s", amount, rate, got)
	})
}

func TestTimes(t *testing.T) {
	got, err := mustMoney(t, "-2.50", "USD").Times(mustRate(t, "0.93", "USD", "EUR"))
	require.NoError(t, err)
	assert.Equal(t, mustMoney(t, "-2.325", "EUR").Estimate(), got, "exact where 19 digits hold it")

	_, err = mustMoney(t, "1", "GBP").Times(mustRate(t, "0.93", "USD", "EUR"))
	require.ErrorIs(t, err, errCurrencyMismatch)
	_, err = mustMoney(t, "1", "").Times(mustRate(t, "0.93", "USD", "EUR"))
	require.ErrorIs(t, err, errCurrencyMismatch)
	_, err = mustMoney(t, "1", "USD").Times(Rate{})
	require.ErrorIs(t, err, errRateUnknown)
	_, err = Money{}.Times(Rate{})
	require.ErrorIs(t, err, errRateUnknown)
	_, err = mustMoney(t, "9999999999999999999", "USD").Times(mustRate(t, "2", "USD", "EUR"))
	require.Error(t, err)
}

func TestPer(t *testing.T) {
	for _, c := range []struct {
		price string
		data  DataSize
		want  string
	}{
		{"9.00", 3 * GB, "3"},
		{"1", 3 * GB, "0.3333333333333333333"},
		{"2", 3 * GB, "0.6666666666666666667"},
		{"1", GiB, "0.9313225746154785156"},
		{"5", 500 * MB, "10"},
		{"0", GB, "0"},
		{"-3", GB, "-3"},
		{"0.01", 1, "10000000"},
	} {
		got, err := mustMoney(t, c.price, "USD").Per(c.data)
		require.NoError(t, err)
		assert.Equal(t, mustMoney(t, c.want, "USD").Estimate(), got, "%s for %s", c.price, c.data)
	}
	unknown, err := Money{}.Per(GB)
	require.NoError(t, err)
	assert.True(t, unknown.IsZero())
	for _, none := range []DataSize{0, -1, math.MinInt64} {
		_, err = mustMoney(t, "1", "USD").Per(none)
		require.ErrorIs(t, err, errPer)
	}
	_, err = mustMoney(t, "9999999999999999999", "USD").Per(1)
	require.Error(t, err)
}

func TestEstimate(t *testing.T) {
	third, err := mustMoney(t, "1", "USD").Per(3 * GB)
	require.NoError(t, err)
	all, err := third.MulInt(3)
	require.NoError(t, err)
	assert.Equal(t, "0.9999999999999999999 USD", all.String())
	assert.Equal(t, mustMoney(t, "1", "USD"), all.Round(2))
	assert.Equal(t, mustMoney(t, "0.33", "USD"), third.Round(2))
	for in, want := range map[string]string{"2.345": "2.34", "2.355": "2.36", "-2.345": "-2.34", "2.3451": "2.35"} {
		assert.Equal(t, mustMoney(t, want, "USD"), mustMoney(t, in, "USD").Estimate().Round(2), "half to even")
	}
	assert.Equal(t, 1, all.Sign())

	order, err := third.Cmp(all)
	require.NoError(t, err)
	assert.Equal(t, -1, order)
	_, err = third.Cmp(mustMoney(t, "1", "EUR").Estimate())
	require.ErrorIs(t, err, errCurrencyMismatch)
	_, err = (Estimate{}).Cmp(Estimate{})
	require.ErrorIs(t, err, errCurrencyMismatch)

	text, err := all.MarshalJSON()
	require.NoError(t, err)
	var back Estimate
	require.NoError(t, back.UnmarshalJSON(text))
	assert.Equal(t, all, back)
	_, err = mustMoney(t, "9999999999999999999", "USD").Estimate().MulInt(2)
	require.Error(t, err)
}
