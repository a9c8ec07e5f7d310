package catalog

import (
	"encoding/base64"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// ids are the packages of a page.
func ids(page Page) []string {
	var list []string
	for i := range page.Offers {
		list = append(list, string(page.Offers[i].Provider)+" "+page.Offers[i].ID)
	}
	return list
}

func TestACursorHoldsOnAnotherShelf(t *testing.T) {
	withdrawn := 0
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 3))
		packages, rates := few(r, 24), someRates(r)
		q := someQuery(r)
		first := stocked(t, packages, rates.rate).Search(q)
		if first.Next == "" {
			continue
		}
		// What the first page ended with, and some more, is not sold any more.
		last := first.Offers[len(first.Offers)-1]
		less := slices.DeleteFunc(slices.Clone(packages), func(p esim.Package) bool {
			return p.Provider == last.Provider && p.ID == last.ID || r.IntN(4) == 0
		})
		var want []string
		for _, a := range oracle(packages, q, rates)[len(first.Offers):] {
			if slices.ContainsFunc(less, func(p esim.Package) bool { return p.Provider == a.p.Provider && p.ID == a.p.ID }) {
				want = append(want, string(a.p.Provider)+" "+a.p.ID)
			}
		}
		q.After, q.Limit = first.Next, 100
		rest := stocked(t, less, rates.rate).Search(q)
		require.NoError(t, rest.Err)
		require.Equal(t, want, ids(rest), "seed %d: %+v", seed, q)
		withdrawn++
	}
	require.Greater(t, withdrawn, 100)
}

func TestACursorOfAnotherQueryIsRefused(t *testing.T) {
	c := stocked(t, market(1000, 1), marketRates)
	next := c.Search(Query{}).Next
	require.NotEmpty(t, next)
	changed := map[string]Query{
		"Countries": {Countries: []esim.Country{"JP"}}, "AnyOf": {AnyOf: []esim.Country{"JP"}},
		"Providers": {Providers: []esim.Provider{"JP"}}, "Kinds": {Kinds: []esim.PackageKind{1}},
		"MinData": {MinData: 1}, "MaxData": {MaxData: 1}, "MinDays": {MinDays: 1}, "MaxDays": {MaxDays: 1},
		"Stack": {Stack: 2}, "Unlimited": {Unlimited: No}, "Rechargeable": {Rechargeable: No}, "MinGeneration": {MinGeneration: 1},
		"MaxPrice": {MaxPrice: amount("1", "EUR")}, "Text": {Text: "a"}, "Sort": {Sort: ByPricePerGB}, "Currency": {Currency: "EUR"},
	}
	for field := range reflect.TypeFor[Query]().Fields() {
		name := field.Name
		q, found := changed[name]
		q.After = next
		page := c.Search(q)
		if slices.Contains([]string{"Limit", "After", "Facets"}, name) {
			require.False(t, found, "they may change between two pages")
			continue
		}
		require.True(t, found, "a field this test does not know: %s", name)
		require.ErrorIs(t, page.Err, ErrCursor, name)
		require.ErrorIs(t, page.Err, ErrQuery, name)
		require.Empty(t, page.Offers)
	}
	assert.NoError(t, c.Search(Query{After: next, Limit: 3, Facets: true}).Err)
}

func FuzzCursor(f *testing.F) {
	packages := market(300, 1)
	c := stocked(f, packages, marketRates)
	q := Query{Currency: "EUR", Sort: ByPricePerGB}
	next := c.Search(q).Next
	f.Add(next)
	f.Add("")
	f.Add("!")
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, 40)))
	f.Fuzz(func(t *testing.T, text string) {
		q := q
		q.After = text
		page := c.Search(q)
		switch text {
		case "", next:
			require.NoError(t, page.Err)
			require.NotEmpty(t, page.Offers)
		default: // only what was made here is a cursor
			require.ErrorIs(t, page.Err, ErrCursor)
			require.Empty(t, page.Offers)
		}
		// A place that carries the right digest is read or refused, whatever it says.
		place := append(make([]byte, digestSize), text...)
		digest := q.digest(place[digestSize:])
		copy(place, digest[:])
		q.After = base64.RawURLEncoding.EncodeToString(place)
		if page := c.Search(q); page.Err != nil {
			require.ErrorIs(t, page.Err, ErrCursor)
		}
	})
}
