package catalog

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/esimkit/esim"
)

// oddPackages draws what no reseller means, but one may send.
func oddPackages(t *rapid.T) []esim.Package {
	ints := rapid.SampledFrom([]int{0, 1, -1, 7, 126, 127, 128, math.MaxInt32, math.MinInt32, math.MaxInt32 - 1})
	sizes := rapid.SampledFrom([]esim.DataSize{0, 1, -1, esim.GB, 5 * esim.GiB, math.MaxInt64, math.MinInt64, math.MaxInt64 / 1000, esim.MiB - 1})
	digits := rapid.SampledFrom([]int64{0, 1, -1, 99, 100, 92_233_720_368, math.MaxInt64, math.MinInt64 + 1, 5_000_000_000_000_000_000})
	countries := rapid.SliceOfN(rapid.SampledFrom([]esim.Country{"JP", "TW", "", "jp", "JAPAN", "XX", "\x00"}), 0, 4)
	words := rapid.SampledFrom([]string{"", "x", "Япония", "\xff\xfe", strings.Repeat("long ", 5000)})
	var list []esim.Package
	for i := range rapid.IntRange(0, 12).Draw(t, "packages") {
		amount, err := esim.MoneyOf(digits.Draw(t, "digits"), rapid.SampledFrom([]int{0, 2, 8, 9, 19}).Draw(t, "places"), "")
		if err != nil {
			continue
		}
		price, err := amount.WithCurrency(rapid.SampledFrom([]string{"", "USD", "EUR", "AAA"}).Draw(t, "currency"))
		require.NoError(t, err)
		list = append(list, esim.Package{
			Provider: rapid.SampledFrom([]esim.Provider{"a", "b"}).Draw(t, "provider"), ID: string(rune(i + 1)), Name: words.Draw(t, "name"),
			Kind: esim.PackageKind(rapid.SampledFrom([]int{0, 1, 255}).Draw(t, "kind")), Countries: countries.Draw(t, "countries"),
			Region: words.Draw(t, "region"), Data: sizes.Draw(t, "data"), Unlimited: rapid.Bool().Draw(t, "unlimited"),
			ValidityDays: ints.Draw(t, "days"), VoiceMinutes: esim.AllowanceOf(ints.Draw(t, "voice")), SMS: esim.AllowanceOf(ints.Draw(t, "sms")), Price: price,
		})
	}
	return list
}

// Whatever is on the shelf, nothing panics, pages are cut from one order,
// facets count what it holds, and a restart changes no answer.
func TestOddPackages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := oddPackages(t)
		s, err := build(7, Equivalence{}, slices.Values(list))
		require.NoError(t, err)
		rates := table{"EUR USD": rapid.SampledFrom([]string{"1.1", "0.0000000000000000001", "9999999999999999999"}).Draw(t, "rate")}
		q := Query{
			Sort: Sort(rapid.IntRange(0, 2).Draw(t, "sort")), Currency: rapid.SampledFrom([]string{"", "USD"}).Draw(t, "in"),
			Stack: rapid.SampledFrom([]int{0, 2, 1000}).Draw(t, "stack"), MinDays: rapid.SampledFrom([]int{0, 3, math.MaxInt64}).Draw(t, "from"),
			MinData: rapid.SampledFrom([]esim.DataSize{0, 3 * esim.GB, math.MaxInt64}).Draw(t, "data"),
			AnyOf:   rapid.SampledFrom([][]esim.Country{nil, {"JP"}, {"TW", "JP", "TW"}}).Draw(t, "any"),
			Limit:   1000, Facets: true,
		}
		whole := s.answer(&q, rates.rate)
		require.NoError(t, whole.Err)
		require.Len(t, whole.Offers, whole.Facets.Total)

		q.Limit, q.Facets = rapid.IntRange(1, 4).Draw(t, "limit"), false
		var paged []Offer
		for more := true; more; more = q.After != "" {
			page := s.answer(&q, rates.rate)
			require.NoError(t, page.Err)
			paged, q.After = append(paged, page.Offers...), page.Next
			require.LessOrEqual(t, len(paged), len(whole.Offers))
		}
		require.Equal(t, whole.Offers, append([]Offer{}, paged...))

		trip := TripQuery{Legs: []Leg{{"JP", 2, 1}, {"TW", 1, 0}, {"JP", 3, esim.GB}}, Currency: q.Currency, Stack: q.Stack}
		planned := s.journey(&trip, rates.rate)
		require.NoError(t, planned.Err)

		again, err := decode(encode(&saved{shelf: s, withheld: emptyShelf(), syncedAt: map[esim.Provider]time.Time{}}), Equivalence{})
		require.NoError(t, err)
		require.Equal(t, slices.Collect(s.all), slices.Collect(again.shelf.all))
		require.Equal(t, planned, again.shelf.journey(&trip, rates.rate))
	})
}
