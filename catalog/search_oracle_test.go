package catalog

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func someQuery(r *rand.Rand) Query {
	q := Query{
		Sort: one(r, ByPrice, ByPrice, ByPricePerGB, ByPricePerDay), Currency: one(r, "", "USD", "EUR", "JPY"),
		Limit: 1 + r.IntN(6), Facets: r.IntN(3) == 0,
	}
	countries := []esim.Country{"JP", "TW", "KR", "US", "FR", "DE"}
	// Each wish is rare enough that many offers meet all of them.
	for _, wish := range []func(){
		func() { q.Countries = several(r, 2, countries...) },
		func() { q.AnyOf = several(r, 3, countries...) },
		func() { q.Providers = several(r, 2, esim.Provider("a"), "b", "c", "d") },
		func() { q.Kinds = several(r, 3, esim.KindUnknown, esim.KindLocal, esim.KindRegional, esim.KindGlobal) },
		func() { q.MinData = one(r, 1, 500*esim.MB, esim.GB, esim.GiB, 3*esim.GB, 4*esim.GB) },
		func() { q.MaxData = one(r, esim.GB/2, esim.GB, esim.GiB, 3*esim.GB, 9*esim.GB) },
		func() { q.MinDays = 1 + r.IntN(14) },
		func() { q.MaxDays = 1 + r.IntN(14) },
		func() { q.Stack = r.IntN(5) },
		func() { q.Unlimited = Want(r.IntN(3)) },
		func() { q.Rechargeable = Want(r.IntN(3)) },
		func() { q.MinGeneration = 2 + r.IntN(5) },
		func() { q.MaxPrice = amount(one(r, "0", "1", "2.99", "3", "450"), one(r, "USD", "EUR", "JPY")) },
		func() { q.Text = one(r, " ", "asia", "PLAN p", "japan", "ja plan", "max zz", "pa") },
	} {
		if r.IntN(5) == 0 {
			wish()
		}
	}
	return q
}

func TestSearchAgreesWithTheOracle(t *testing.T) {
	found, pages := 0, 0
	for seed := range uint64(420) {
		r := rand.New(rand.NewPCG(seed, 1))
		packages, rates := few(r, 24), someRates(r)
		c := stocked(t, packages, rates.rate)
		for range 25 {
			q := someQuery(r)
			want := oracle(packages, q, rates)
			found += len(want)
			pages += agree(t, c, q, want, seed)
		}
	}
	require.Greater(t, found, 25_000, "a test of empty answers shows nothing")
	require.Greater(t, pages, 12_000)
}

// agree walks all pages of a query and returns how many there are.
func agree(t *testing.T, c *Catalog, q Query, want []answer, seed uint64) int {
	t.Helper()
	for pages := 1; ; pages++ {
		page := c.Search(q)
		require.NoError(t, page.Err, "seed %d: %+v", seed, q)
		require.Len(t, page.Offers, min(q.Limit, len(want)), "seed %d: %+v", seed, q)
		for i := range page.Offers {
			agreeOn(t, &want[i], &page.Offers[i], q, seed)
		}
		if q.Facets && pages == 1 {
			require.Equal(t, countAll(want), page.Facets, "seed %d: %+v", seed, q)
		}
		want = want[len(page.Offers):]
		require.Equal(t, len(want) == 0, page.Next == "", "seed %d: %+v", seed, q)
		if page.Next == "" {
			return pages
		}
		q.After = page.Next
	}
}

func agreeOn(t *testing.T, want *answer, got *Offer, q Query, seed uint64) {
	t.Helper()
	require.Equal(t, [2]string{string(want.p.Provider), want.p.ID}, [2]string{string(got.Provider), got.ID}, "seed %d: %+v", seed, q)
	require.Equal(t, want.units, got.Units)
	currency := want.p.Price.Currency()
	sameAmount(t, want.total, currency, got.Total)
	if want.compared != nil {
		currency = q.Currency
	}
	sameAmount(t, want.compared, currency, got.Compared)
	sameAmount(t, want.perGB, currency, got.PerGB)
	sameAmount(t, want.perDay, currency, got.PerDay)
}

// sameAmount compares an amount; nil is the zero value.
func sameAmount(t *testing.T, want *big.Rat, currency string, got interface {
	parts
	IsZero() bool
	Currency() string
},
) {
	t.Helper()
	if want == nil {
		require.True(t, got.IsZero())
		return
	}
	require.Equal(t, want.RatString(), amountOf(got).RatString())
	require.Equal(t, currency, got.Currency())
}
