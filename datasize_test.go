package esim

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDataSizeString(t *testing.T) {
	tests := map[DataSize]string{
		0:                 "0 B",
		1:                 "1 B",
		-1:                "-1 B",
		999:               "999 B",
		KB:                "1 KB",
		KiB:               "1 KiB",
		1536:              "1.5 KiB",
		MB:                "1 MB",
		500 * MB:          "500 MB",
		500 * MiB:         "500 MiB",
		1024 * MB:         "1024 MB",
		GB:                "1 GB",
		1_230 * MB:        "1.23 GB",
		1_050 * MB:        "1.05 GB",
		1_500 * MB:        "1.5 GB",
		1_234 * MB:        "1234 MB",
		GiB:               "1 GiB",
		GiB + GiB/2:       "1.5 GiB",
		GiB + GiB/4:       "1.25 GiB",
		GiB + 1:           "1.073741825 GB",
		402_653_160:       "402.65316 MB",
		1260 * MiB:        "1260 MiB",
		20 * GB:           "20 GB",
		10 * GiB:          "10 GiB",
		TB:                "1 TB",
		TiB:               "1 TiB",
		-3 * GB / 2:       "-1.5 GB",
		math.MaxInt64:     "9223372.036854775807 TB",
		math.MinInt64:     "-9223372.036854775808 TB",
		math.MinInt64 + 1: "-9223372.036854775807 TB",
	}
	for size, want := range tests {
		assert.Equal(t, want, size.String())
	}
}

func TestParseDataSize(t *testing.T) {
	tests := map[string]DataSize{
		"1GB":                    GB,
		"1 GB":                   GB,
		"1gb":                    GB,
		"1 GIB":                  GiB,
		"1 gib":                  GiB,
		"500 MB":                 500 * MB,
		"1.5 GiB":                GiB + GiB/2,
		"1.50 GB":                1500 * MB,
		"0.5GB":                  500 * MB,
		"1024 B":                 1024,
		"0 B":                    0,
		"-0 B":                   0,
		"-1 KB":                  -KB,
		"1 kB":                   KB,
		"1 KB":                   KB,
		"2 TB":                   2 * TB,
		"2 TiB":                  2 * TiB,
		"0.0009765625 GiB":       MiB,
		"0.000000001 GB":         1,
		"1.0 B":                  1,
		"9223372036854775807 B":  math.MaxInt64,
		"-9223372036854775808 B": math.MinInt64,
		"-8388608 TiB":           math.MinInt64,
	}
	for text, want := range tests {
		got, err := ParseDataSize(text)
		assert.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
}

func TestParseDataSizeRefuses(t *testing.T) {
	tests := map[string]error{
		"":                                 errDataSize,
		"1":                                errDataSize,
		"1024":                             errDataSize,
		"GB":                               errNumeral,
		" GB":                              errNumeral,
		"1 Gb":                             errDataSize,
		"1 Mb":                             errDataSize,
		"1 gB":                             errDataSize,
		"1 PB":                             errDataSize,
		"1  GB":                            errDataSize,
		"1\tGB":                            errDataSize,
		" 1 GB":                            errDataSize,
		"1 GB ":                            errDataSize,
		"1e3 MB":                           errDataSize,
		"1,5 GB":                           errDataSize,
		"+1 GB":                            errDataSize,
		"NaN GB":                           errDataSize,
		"Inf B":                            errDataSize,
		"１ GB":                             errDataSize,
		"--1 GB":                           errNumeral,
		"1-2 GB":                           errNumeral,
		"1.2.3 GB":                         errNumeral,
		"1. GB":                            errNumeral,
		".5 GB":                            errNumeral,
		"01 GB":                            errNumeral,
		"- GB":                             errNumeral,
		"1.5 B":                            errDataSizeExact,
		"0.0000000001 GB":                  errDataSizeExact,
		"0.1 GiB":                          errDataSizeExact,
		"9223372036854775808 B":            errDataSizeRange,
		"-9223372036854775809 B":           errDataSizeRange,
		"8388608 TiB":                      errDataSizeRange,
		"9999999999999999999 TiB":          errDataSizeRange,
		"10000000000000000001 B":           errNumeralRange,
		strings.Repeat("9", 10_000) + " B": errNumeralRange,
	}
	for text, want := range tests {
		got, err := ParseDataSize(text)
		assert.ErrorIs(t, err, want, text)
		assert.Zero(t, got, text)
	}
}

func TestDataSizeReadsBack(t *testing.T) {
	units := []DataSize{1, KB, MB, GB, TB, KiB, MiB, GiB, TiB}
	rapid.Check(t, func(t *rapid.T) {
		size := DataSize(rapid.Int64().Draw(t, "any"))
		if rapid.Bool().Draw(t, "round") {
			size = rapid.SampledFrom(units).Draw(t, "unit") / 100 * DataSize(rapid.Int32Range(-1e6, 1e6).Draw(t, "hundredths"))
		}
		back, err := ParseDataSize(size.String())
		if err != nil || back != size {
			t.Fatalf("%d prints as %q, which reads as %d, %v", size, size, back, err)
		}
	})
}

// The result of ParseDataSize is that of exact fractions.
func TestParseDataSizeAgainstRationals(t *testing.T) {
	units := map[string]DataSize{"B": 1, "KB": KB, "MB": MB, "GB": GB, "TB": TB, "KiB": KiB, "MiB": MiB, "GiB": GiB, "TiB": TiB}
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,6})(\.[0-9]{1,10})?`).Draw(t, "number")
		unit := rapid.SampledFrom([]string{"B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"}).Draw(t, "unit")
		want, ok := new(big.Rat).SetString(number)
		if !ok {
			t.Fatal("not a number")
		}
		want.Mul(want, new(big.Rat).SetInt64(int64(units[unit])))

		got, err := ParseDataSize(number + " " + unit)
		exact := want.IsInt() && want.Num().IsInt64()
		if exact != (err == nil) {
			t.Fatalf("%s %s: %v, want %v", number, unit, err, want)
		}
		if exact && want.Num().Int64() != int64(got) {
			t.Fatalf("%s %s: %d, want %v", number, unit, got, want)
		}
	})
}

func TestDataSizeJSONIsANumber(t *testing.T) {
	text, err := json.Marshal(GiB)
	require.NoError(t, err)
	assert.Equal(t, "1073741824", string(text))

	var back DataSize
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, GiB, back)
}

func TestDataSizeHuman(t *testing.T) {
	for _, c := range []struct {
		size, like DataSize
		want       string
	}{
		{11_408_506_880, 11 * GiB, "10.6 GiB"},
		{11_408_506_880, 12 * GB, "11.4 GB"},
		{11 * GiB, 11 * GiB, "11 GiB"},
		{11 * GiB, 5 * GB, "11.8 GB"},
		{0, 11 * GiB, "0 B"},
		{1, GB, "1 B"},
		{999, GB, "999 B"},
		{999_500, GB, "1 MB"},
		{999_499, GB, "999 KB"},
		{999_999_999, GB, "1 GB"},
		{9_996_000, GB, "10 MB"},
		{99_960_000, GB, "100 MB"},
		{1_234_567, GB, "1.23 MB"},
		{12_345_678, GB, "12.3 MB"},
		{123_456_789, GB, "123 MB"},
		{1_005 * GB, GB, "1.01 TB"},
		{4*GiB + 700*MiB, GiB, "4.68 GiB"},
		{1023*MiB + 900*KiB, GiB, "1 GiB"},
		{1000 * MiB, GiB, "1000 MiB"},
		{-1_234_567, GB, "-1.23 MB"},
		{math.MaxInt64, GB, "9223372 TB"},
		{math.MinInt64, GiB, "-8388608 TiB"},
		{500 * MB, 0, "500 MB"},
	} {
		assert.Equal(t, c.want, c.size.Human(c.like), "%d like %s", int64(c.size), c.like)
	}
}
