package catalog

import (
	"cmp"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// serving is a package in a role, and what that costs.
type serving struct {
	p     *esim.Package
	units int
	cost  *big.Rat
	legs  []int
}

// partitions are all ways to put legs 0 to n-1 into sets.
func partitions(n int) [][][]int {
	if n == 0 {
		return [][][]int{nil}
	}
	var all [][][]int
	for _, smaller := range partitions(n - 1) {
		for i := range smaller {
			with := slices.Clone(smaller)
			with[i] = append(slices.Clone(with[i]), n-1)
			all = append(all, with)
		}
		all = append(all, append(slices.Clone(smaller), []int{n - 1}))
	}
	return all
}

// servings are all ways to serve a set of legs with one plan.
func servings(packages []esim.Package, q TripQuery, currency string, rates table, legs []int) []serving {
	var all []serving
	span, data := 0, esim.DataSize(0)
	for i := legs[0]; i <= legs[len(legs)-1]; i++ {
		span += q.Legs[i].Days
	}
	for _, i := range legs {
		data += q.Legs[i].Data
	}
	for k := range packages {
		p := &packages[k]
		r := rates.fraction(p.Price.Currency(), q.Currency)
		if q.Currency == "" && p.Price.Currency() != currency || q.Currency != "" && r == nil || p.ValidityDays == 0 {
			continue
		}
		wish := Query{Providers: q.Providers, Kinds: q.Kinds, Rechargeable: q.Rechargeable, MinGeneration: q.MinGeneration}
		for _, i := range legs {
			wish.Countries = append(wish.Countries, q.Legs[i].Country)
		}
		if !suits(*p, wish) {
			continue
		}
		for n := 1; n <= max(q.Stack, 1); n++ {
			if n*p.ValidityDays >= span && (p.Unlimited || p.Data*esim.DataSize(n) >= data) {
				cost := new(big.Rat).Mul(amountOf(p.Price), whole(int64(n)))
				if q.Currency != "" {
					cost = rounded(cost.Mul(cost, r), 8)
				}
				all = append(all, serving{p, n, cost, legs})
				break
			}
		}
	}
	return all
}

// cheapest tries every package for every set of every partition.
func cheapest(packages []esim.Package, q TripQuery, currency string, rates table) (best []serving, total *big.Rat) {
	for _, partition := range partitions(len(q.Legs)) {
		options := make([][]serving, len(partition))
		for i, legs := range partition {
			options[i] = servings(packages, q, currency, rates, legs)
		}
		var try func(chosen []serving, sum *big.Rat)
		try = func(chosen []serving, sum *big.Rat) {
			if total != nil && sum.Cmp(total) > 0 {
				return
			}
			if len(chosen) == len(partition) {
				if total == nil || sum.Cmp(total) < 0 || earlier(chosen, best) {
					best, total = slices.Clone(chosen), sum
				}
				return
			}
			for _, s := range options[len(chosen)] {
				try(append(chosen, s), new(big.Rat).Add(sum, s.cost))
			}
		}
		try(nil, new(big.Rat))
	}
	return best, total
}

// earlier breaks a tie of two sets of plans, each in the order of first legs.
func earlier(a, b []serving) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	for i := range a {
		if c := cmp.Or(cmp.Compare(a[i].p.Provider, b[i].p.Provider), cmp.Compare(a[i].p.ID, b[i].p.ID)); c != 0 {
			return c < 0
		}
	}
	for i := range a {
		for leg := range maxLegs {
			if x, y := slices.Contains(a[i].legs, leg), slices.Contains(b[i].legs, leg); x != y {
				return x
			}
		}
	}
	return false
}

func someTrip(r *rand.Rand, legs int) TripQuery {
	q := TripQuery{Currency: one(r, "", "", "USD", "JPY"), Stack: one(r, 0, 0, 1, 2, 3, 9)}
	for range legs {
		q.Legs = append(q.Legs, Leg{
			Country: one(r, esim.Country("JP"), "TW", "KR"), Days: one(r, 1, 1, 2, 3), Data: one(r, 0, 0, 250*esim.MB, esim.GB),
		})
	}
	switch r.IntN(12) {
	case 0:
		q.Providers = []esim.Provider{"a", "c"}
	case 1:
		q.Kinds = []esim.PackageKind{esim.KindLocal, esim.KindRegional}
	case 2:
		q.Rechargeable = one(r, Yes, No)
	case 3:
		q.MinGeneration = 4
	}
	return q
}

func TestTripAgreesWithTheOracle(t *testing.T) {
	served, mixed := 0, 0
	for seed := range uint64(3200) {
		r := rand.New(rand.NewPCG(seed, 2))
		packages, rates := few(r, 16), someRates(r)
		for i := range packages { // wide enough that one plan may serve several legs
			packages[i].Countries = slices.Compact(slices.Sorted(slices.Values(append(packages[i].Countries, several(r, 4, esim.Country("JP"), "TW", "KR")...))))
		}
		q := someTrip(r, 1+r.IntN(5))
		result := stocked(t, packages, rates.rate).Trip(q)
		require.NoError(t, result.Err)
		currencies := []string{q.Currency}
		if q.Currency == "" {
			currencies = nil
			for _, p := range packages {
				if c := p.Price.Currency(); c != "" && !slices.Contains(currencies, c) {
					currencies = append(currencies, c)
				}
			}
			slices.Sort(currencies)
		}
		require.Len(t, result.Trips, len(currencies), "seed %d", seed)
		for i, trip := range result.Trips {
			require.Equal(t, currencies[i], trip.Currency)
			best, total := cheapest(packages, q, trip.Currency, rates)
			agreeOnPlans(t, best, total, trip.Plans, trip.Total, seed)
			agreeOnUnserved(t, packages, q, rates, &trip, seed)
			if total != nil {
				served++
			}
			if n := len(trip.Plans); n > 1 && n < len(q.Legs) {
				mixed++
			}
		}
	}
	require.Greater(t, served, 2400, "a test of trips that cannot be made shows nothing")
	require.Greater(t, mixed, 250)
}

func agreeOnPlans(t *testing.T, want []serving, total *big.Rat, got []Plan, sum esim.Estimate, seed uint64) {
	t.Helper()
	require.Len(t, got, len(want), "seed %d", seed)
	for i := range want {
		require.Equal(t, string(want[i].p.Provider)+want[i].p.ID, string(got[i].Provider)+got[i].ID, "seed %d", seed)
		require.Equal(t, want[i].units, got[i].Units, "seed %d", seed)
		require.Equal(t, want[i].legs, got[i].Legs, "seed %d", seed)
	}
	if total != nil {
		require.Equal(t, total.RatString(), amountOf(sum).RatString(), "seed %d", seed)
	}
}

// agreeOnUnserved checks what is told beside the best: which legs nobody
// serves, and what each leg on its own, and one plan for all, would cost.
func agreeOnUnserved(t *testing.T, packages []esim.Package, q TripQuery, rates table, trip *Trip, seed uint64) {
	t.Helper()
	var unserved, all []int
	locals := new(big.Rat)
	for i := range q.Legs {
		all = append(all, i)
		options := servings(packages, q, trip.Currency, rates, []int{i})
		if len(options) == 0 {
			unserved = append(unserved, i)
			continue
		}
		locals.Add(locals, slices.MinFunc(options, byCost).cost)
	}
	require.Equal(t, unserved, trip.Unserved, "seed %d", seed)
	require.NotEmpty(t, trip.Why)
	if len(unserved) > 0 {
		require.Contains(t, trip.Why, string(q.Legs[unserved[0]].Country))
		require.True(t, trip.Locals == nil && trip.Single == nil && trip.Plans == nil, "seed %d", seed)
		return
	}
	require.Equal(t, locals.RatString(), amountOf(trip.Locals.Total).RatString(), "seed %d", seed)
	wins := len(trip.Plans) < len(q.Legs) || trip.Single != nil && len(q.Legs) > 1
	require.Equal(t, wins, strings.Contains(trip.Why, "beat") || strings.Contains(trip.Why, "fewer"), "seed %d: %s", seed, trip.Why)
	options := servings(packages, q, trip.Currency, rates, all)
	require.Equal(t, len(options) > 0, trip.Single != nil, "seed %d", seed)
	if len(options) > 0 {
		require.Equal(t, slices.MinFunc(options, byCost).cost.RatString(), amountOf(trip.Single.Total).RatString(), "seed %d", seed)
	}
}

func byCost(a, b serving) int { return a.cost.Cmp(b.cost) }
