package wire

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func number(t testing.TB, text string) Number {
	t.Helper()
	var n Number
	require.NoError(t, Decode([]byte(text), &n), text)
	return n
}

func TestNumber(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{"0", "0"},
		{"-0", "0"},
		{"2.72", "2.72"},
		{"2.720", "2.72"},
		{"-1.5", "-1.5"},
		{"6600", "6600"},
		{"1e3", "1000"},
		{"1.5E-3", "0.0015"},
		{"9007199254740993", "9007199254740993"},
		{"9999999999999999999", "9999999999999999999"},
		{`"9007199254740993"`, "9007199254740993"},
		{`"9999999999999999999"`, "9999999999999999999"},
		{`"0.1234567890123456789"`, "0.1234567890123456789"},
		{"123456789012345", "123456789012345"},
		{"1234567890.12345", "1234567890.12345"},
		{"0.0000123456789012345", "0.0000123456789012345"},
		{"1000000000000000000", "1000000000000000000"},
		{"19.99", "19.99"},
		{"0.30000000000000004", "0.30000000000000004"},
		{"100000000000000000000e-5", "1000000000000000"},
		{`"2.72"`, "2.72"},
		{`"0"`, "0"},
		{`"-3"`, "-3"},
		{`"1e2"`, "100"},
		{`" 1"`, "1"},
		{`"1 "`, "1"},
	} {
		n := number(t, c.doc)
		assert.True(t, n.Known(), c.doc)
		assert.False(t, n.IsZero(), c.doc)
		assert.Equal(t, c.want, n.String(), c.doc)
	}
	for _, doc := range []string{"null", `""`, `" "`} {
		n := number(t, doc)
		assert.False(t, n.Known(), doc)
		assert.True(t, n.IsZero(), doc)
		assert.True(t, n.Sign() == 0)
	}
	for _, doc := range []string{
		"true", "false", "{}", "[]", "[1]", `"1 2"`, `"- 1"`, `"1,5"`, `"1.000,00"`, `"$2.72"`, `"2.72 USD"`, `"NaN"`, `"Infinity"`, `"0x10"`, `"1_000"`,
		`"+1"`, `"01"`, `".5"`, `"5."`, `"\u0031"`, `"１"`, `"--1"`, "1e400", "1e-400", "1.23456789012345678e400", "1.23456789012345678e-400", "99999999999999999999", `"0.12345678901234567891"`, `"null"`,
	} {
		n := number(t, "1")
		require.Error(t, Decode([]byte(doc), &n), doc)
		assert.False(t, n.Known(), "%s leaves nothing behind", doc)
		assert.True(t, n.Sign() == 0, doc)
	}
	var absent struct {
		N Number `json:"n"`
	}
	require.NoError(t, Decode([]byte(`{}`), &absent))
	assert.False(t, absent.N.Known())
	for _, doc := range []string{"1x", "", "nul", `"1`} {
		require.Error(t, Decode([]byte(doc), new(Number)), doc)
	}
}

// TestNoise: programs write one double with different digits. It is one amount,
// and prints as people write it.
func TestNoise(t *testing.T) {
	for want, spellings := range map[string][]string{
		"2.72":                {"2.72", "2.7200000000000002", "2.720000000000000195399252334027551114559173583984375", "2.7200000000000001954", "272.0000000000000195399e-2", "2.7200000000000002E0"},
		"4.1":                 {"4.0999999999999996447", "4.0999999999999996", "4.09999999999999964472863211994990706443786621093750"},
		"0.1":                 {"0.1000000000000000055511151231257827021181583404541015625", "0.10000000000000001"},
		"-19.99":              {"-19.989999999999998437", "-19.99"},
		"8.07":                {"8.07000000000000028422"},
		"1234.56":             {"1234.5599999999999454"},
		"0.30000000000000004": {"0.30000000000000004", "0.3000000000000000444089209850062616169452667236328125"}, // another double than 0.3
		"9007199254740992":    {"9007199254740993.0", "9007199254740992.0000"},
		"30":                  {"30.000000000000000000000000000000000000000000000000"},
	} {
		for _, text := range spellings {
			assert.Equal(t, want, number(t, text).String(), text)
		}
	}
	assert.Equal(t, "2.7200000000000002", number(t, `"2.7200000000000002"`).String(), "a text is exact")
}

// TestCount: days and units are whole, and never less than none.
func TestCount(t *testing.T) {
	for text, want := range map[string]int{
		"30": 30, `"30"`: 30, "30.0": 30, `"30.00"`: 30, "3e1": 30, "0": 0, "null": 0, "2.5": 0, "-1": 0, "-0": 0, "99999999999": 0, "1e18": 0,
	} {
		assert.Equal(t, want, number(t, text).Count(), text)
	}
}

func TestNumberWrites(t *testing.T) {
	for doc, want := range map[string]string{
		"2.50": "2.5", `"2.50"`: "2.5", "1e3": "1000", "-0": "0", "null": "null", "0.0000000000000000001": "0.0000000000000000001",
	} {
		got, err := Encode(number(t, doc))
		require.NoError(t, err)
		assert.Equal(t, want, string(got), doc)
	}
	price, err := esim.ParseMoney("12.340", "USD")
	require.NoError(t, err)
	got, err := Encode(NumberOf(price))
	require.NoError(t, err)
	assert.Equal(t, "12.34", string(got))
}

func TestNumberInt(t *testing.T) {
	for doc, want := range map[string]int{
		"0": 0, "7": 7, "-7": -7, "1.9": 1, "1.5": 1, "2.5": 2, "-1.9": -1, "0.99": 0, `"30"`: 30, "1e3": 1000, "null": 0, `""`: 0,
		"2147483647": math.MaxInt32, "2147483647.9": math.MaxInt32, "2147483648": 0, "-2147483648": math.MinInt32, "-2147483649": 0,
		"9223372036854775807": 0, "9999999999999999999": 0, "-9999999999999999999": 0,
	} {
		assert.Equal(t, want, number(t, doc).Int(), doc)
	}
}

func TestNumberSize(t *testing.T) {
	for _, c := range []struct {
		doc  string
		unit esim.DataSize
		want esim.DataSize
	}{
		{"1", esim.GiB, 1 << 30},
		{"1.5", esim.GiB, 3 << 29},
		{"0.5", esim.MB, 500_000},
		{`"10"`, esim.GB, 10_000_000_000},
		{"1073741824", 1, 1 << 30},
		{"0.1", esim.KiB, 102},
		{"0.9", 1, 0},
		{"1.23", esim.GB, 1_230_000_000},
		{"0.0000000001", esim.GiB, 0},
		{"0", esim.GiB, 0},
		{"null", esim.GiB, 0},
		{`""`, esim.GiB, 0},
		{"-1", esim.GiB, 0},
		{"9223372036854775807", 1, math.MaxInt64},
		{"9223372036854775808", 1, 0},
		{"9999999999999999999", esim.GiB, 0},
		{"8589934592", esim.GiB, 0},
		{"8589934591", esim.GiB, 8589934591 << 30},
		{"1", -1 << 20, 0},
	} {
		got := number(t, c.doc).Size(c.unit)
		if c.unit < 0 {
			assert.LessOrEqual(t, got, esim.DataSize(0))
			continue
		}
		assert.Equal(t, c.want, got, "%s of %d", c.doc, c.unit)
	}
}

func TestNumberMoney(t *testing.T) {
	m, err := number(t, "2.720").Money("USD")
	require.NoError(t, err)
	assert.Equal(t, "2.72 USD", m.String())
	m, err = number(t, "6600").Money("")
	require.NoError(t, err)
	assert.Empty(t, m.Currency())
	m, err = number(t, "null").Money("USD")
	require.NoError(t, err)
	assert.Equal(t, esim.Money{}, m, "unknown is not zero dollars")
	_, err = number(t, "1").Money("dollars")
	require.Error(t, err)
}

func TestNumberOr(t *testing.T) {
	a, b, none := number(t, "1"), number(t, "2"), Number{}
	assert.Equal(t, a, a.Or(b))
	assert.Equal(t, b, none.Or(b))
	assert.Equal(t, none, none.Or(none))
	assert.Equal(t, number(t, "0"), number(t, "0").Or(b), "0 is known")
}
