package catalog

import (
	"encoding/json"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
)

func shelfOf(t testing.TB, packages []esim.Package) *shelf {
	t.Helper()
	s, err := build(1, Equivalence{}, slices.Values(packages))
	require.NoError(t, err)
	return s
}

// asKept is a package as a shelf returns it: its countries sorted, and lists
// that are empty nil.
func asKept(p esim.Package) esim.Package {
	p.Countries = slices.Compact(slices.Sorted(slices.Values(p.Countries)))
	if len(p.Networks) == 0 {
		p.Networks = nil
	}
	return p
}

func byProviderAndID(a, b esim.Package) int {
	if a.Provider != b.Provider {
		return strings.Compare(string(a.Provider), string(b.Provider))
	}
	return strings.Compare(a.ID, b.ID)
}

func TestAShelfReturnsWhatWasPutOnIt(t *testing.T) {
	packages := market(2_000, 1)
	s := shelfOf(t, packages)

	want := slices.Clone(packages)
	for i := range want {
		want[i] = asKept(want[i])
	}
	slices.SortFunc(want, byProviderAndID)
	require.Equal(t, want, slices.Collect(s.all))
	for n := range s.rows {
		found, ok := s.find(want[n].Provider, want[n].ID)
		require.True(t, ok)
		require.Equal(t, n, int(found))
	}
	_, ok := s.find(esimfly.Provider, "no such package")
	assert.False(t, ok)
	for _, r := range resellers {
		from, to := s.of(r.provider)
		assert.Len(t, ofProvider(packages, r.provider), int(to-from))
	}
	from, to := s.of("nobody")
	assert.Equal(t, from, to)
}

// The postings are held against a plain walk over all rows.
func TestPostingsAreEveryRowOfACountryByPrice(t *testing.T) {
	s := shelfOf(t, market(3_000, 2))
	ordered := func(n uint32, m uint32) bool {
		a, b := &s.rows[n], &s.rows[m]
		if c := a.price.Compare(b.price); c != 0 {
			return c < 0
		}
		return n < m
	}
	check := func(list postings, want func(*row) bool) {
		t.Helper()
		seen := make(map[uint32]bool)
		for i, run := range list {
			require.NotEmpty(t, run.rows)
			require.Equal(t, len(run.rows), cap(run.rows))
			if i > 0 {
				require.Less(t, list[i-1].currency, run.currency)
			}
			for k, n := range run.rows {
				require.Equal(t, run.currency, s.rows[n].currency)
				require.True(t, want(&s.rows[n]))
				if k > 0 {
					require.True(t, ordered(run.rows[k-1], n))
				}
				seen[n] = true
			}
		}
		wanted := 0
		for n := range s.rows {
			if want(&s.rows[n]) {
				wanted++
			}
		}
		require.Len(t, seen, wanted)
	}
	check(s.everything, func(*row) bool { return true })
	require.Len(t, s.byCountry, len(destinations))
	for c, list := range s.byCountry {
		check(list, func(r *row) bool { return s.covers(r, c) })
	}
}

func TestGroupsHoldEveryRowOnceByItsProduct(t *testing.T) {
	s := shelfOf(t, market(5_000, 3))
	seen := make([]bool, len(s.rows))
	products := make(map[string]bool)
	several := 0
	for g, group := range s.groups {
		require.Less(t, group.from, group.to)
		first := s.pack(s.groupOf[group.from])
		product := Equivalence{}.product(&first, generation(first.Networks))
		require.False(t, products[product])
		products[product] = true
		require.Equal(t, productKey(product), group.key)
		for _, n := range s.groupOf[group.from:group.to] {
			p := s.pack(n)
			require.False(t, seen[n])
			require.Equal(t, product, Equivalence{}.product(&p, generation(p.Networks)))
			require.Equal(t, g, int(s.rows[n].group))
			seen[n] = true
		}
		if group.to-group.from > 1 {
			several++
		}
	}
	assert.NotContains(t, seen, false)
	assert.Greater(t, several, 100)
}

func TestABuildKeepsTheFirstOfTwoWithOneID(t *testing.T) {
	first := esim.Package{Provider: "a", ID: "1", Name: "first"}
	second := esim.Package{Provider: "a", ID: "1", Name: "second"}
	other := esim.Package{Provider: "b", ID: "1", Name: "another provider's"}
	s := shelfOf(t, []esim.Package{other, first, second})
	assert.Equal(t, []esim.Package{first, other}, slices.Collect(s.all))
}

func TestAShelfOwnsItsLists(t *testing.T) {
	countries := []esim.Country{"TW", "JP", "TW"}
	networks := []esim.Network{{Name: "one"}, {Name: "two"}}
	s := shelfOf(t, []esim.Package{{Provider: "a", ID: "1", Countries: countries, Networks: networks}})
	countries[0], networks[0].Name = "XX", "changed"
	p := s.pack(0)
	assert.Equal(t, []esim.Country{"JP", "TW"}, p.Countries)
	assert.Equal(t, "one", p.Networks[0].Name)
}

func TestABuildRefusesWhatNoRowHolds(t *testing.T) {
	for name, p := range map[string]esim.Package{
		"no ID":        {Provider: "a"},
		"no provider":  {ID: "1"},
		"endless days": {Provider: "a", ID: "1", ValidityDays: 1 << 40},
		"kind":         {Provider: "a", ID: "1", Kind: 256},
	} {
		_, err := build(1, Equivalence{}, slices.Values([]esim.Package{p}))
		assert.Error(t, err, name)
	}

	var currencies []esim.Package
	for i := range 256 {
		m, err := esim.MoneyOf(1, 0, string([]byte{'A', byte('A' + i/16), byte('A' + i%16)}))
		require.NoError(t, err)
		currencies = append(currencies, esim.Package{Provider: "a", ID: strconv.Itoa(i), Price: m})
	}
	_, err := build(1, Equivalence{}, slices.Values(currencies))
	require.ErrorContains(t, err, "255 currencies")
	_, err = build(1, Equivalence{}, slices.Values(currencies[1:]))
	require.NoError(t, err)
}

// A shelf costs at most 200 bytes a package beside what its texts are made of.
func TestMemoryOfAShelf(t *testing.T) {
	const n = 100_000
	packages := market(n, 4)
	cut(packages)
	texts := 0
	for i := range packages {
		texts += len(packages[i].ID) + len(packages[i].Name)
	}
	before := heap()
	s := shelfOf(t, packages)
	after := heap()
	// The texts are the market's, which is alive before and after.
	each := (after - before) / n
	t.Logf("%d bytes a package beside %d of texts", each, texts/n)
	assert.Less(t, each, uint64(200))
	runtime.KeepAlive(packages)
	runtime.KeepAlive(s)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

var marketSizes = []int{1_000, 10_000, 100_000, 1_000_000}

func BenchmarkBuild(b *testing.B) {
	for _, n := range marketSizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			packages := market(n, 4)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := build(1, Equivalence{}, slices.Values(packages)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSnapshotLoad(b *testing.B) {
	for _, n := range marketSizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			file := encode(&saved{shelf: shelfOf(b, market(n, 4)), withheld: emptyShelf()})
			for b.Loop() {
				if _, err := decode(file, Equivalence{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(file)), "file-B")
		})
	}
}

// BenchmarkJSONLoad is what a cold start costs without the snapshot's format:
// the same packages from JSON, put on a shelf.
func BenchmarkJSONLoad(b *testing.B) {
	for _, n := range marketSizes[:3] {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			file, err := json.Marshal(market(n, 4))
			require.NoError(b, err)
			for b.Loop() {
				var packages []esim.Package
				if err := json.Unmarshal(file, &packages); err != nil {
					b.Fatal(err)
				}
				if _, err := build(1, Equivalence{}, slices.Values(packages)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(file)), "file-B")
		})
	}
}

// allocated is how much memory was ever asked for.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
