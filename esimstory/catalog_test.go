package esimstory

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimstory/pricesheet"
)

func sheetClient(t *testing.T, packages ...esim.Package) (*Client, *wireDouble) {
	t.Helper()
	wire := answering(200, "{}")
	return newTestClient(t, wire, func(c *Config) { c.Catalog = packages }), wire
}

func TestListPackagesFilters(t *testing.T) {
	c, wire := sheetClient(t,
		esim.Package{ID: "jp5", Name: "Japan 5 GB", Kind: esim.KindLocal, Countries: []esim.Country{"JP"}},
		esim.Package{ID: "asia", Name: "Asia 10 GB", Kind: esim.KindRegional, Region: "East Asia", Countries: []esim.Country{"JP", "KR", "TW"}},
		esim.Package{ID: "world", Name: "World 1 GB", Kind: esim.KindGlobal},
		esim.Package{ID: "kr5", Name: "Korea 5 GB", Kind: esim.KindLocal, Countries: []esim.Country{"KR"}},
	)
	for _, q := range []struct {
		query esim.PackageQuery
		want  string
	}{
		{esim.PackageQuery{}, "jp5 asia world kr5"},
		{esim.PackageQuery{Countries: []esim.Country{"JP"}}, "jp5 asia"},
		{esim.PackageQuery{Countries: []esim.Country{"KR", "JP"}}, "asia"},
		{esim.PackageQuery{Countries: []esim.Country{"US"}}, ""},
		{esim.PackageQuery{Kind: esim.KindLocal}, "jp5 kr5"},
		{esim.PackageQuery{Kind: esim.KindGlobal}, "world"},
		{esim.PackageQuery{Region: "EAST asia"}, "asia"},
		{esim.PackageQuery{Region: "Asia"}, ""},
		{esim.PackageQuery{Search: "5 gb"}, "jp5 kr5"},
		{esim.PackageQuery{Search: "  gb KOREA "}, "kr5"},
		{esim.PackageQuery{Search: "east"}, "asia"},
		{esim.PackageQuery{Search: "WORLD"}, "world"},
		{esim.PackageQuery{Search: "gb", Kind: esim.KindLocal, Countries: []esim.Country{"KR"}}, "kr5"},
	} {
		page, err := c.ListPackages(t.Context(), q.query)
		require.NoError(t, err)
		require.Equal(t, strings.Fields(q.want), strings.Fields(idsOf(page)), "%+v", q.query)
		require.Empty(t, page.Next)
		for _, p := range page.Packages {
			require.Equal(t, Provider, p.Provider)
		}
	}
	require.Zero(t, wire.sends())
}

func idsOf(page *esim.PackagePage) string {
	var ids []string
	for _, p := range page.Packages {
		ids = append(ids, p.ID)
	}
	return strings.Join(ids, " ")
}

func numbered(n int) []esim.Package {
	list := make([]esim.Package, n)
	for i := range list {
		list[i] = esim.Package{ID: fmt.Sprintf("option-%04d", i), Name: "x", Kind: esim.PackageKind(i % 2)}
	}
	return list
}

func TestListPackagesPages(t *testing.T) {
	c, _ := sheetClient(t, numbered(2500)...)
	for _, c2 := range []struct {
		query esim.PackageQuery
		total int
	}{
		{esim.PackageQuery{}, 2500},
		{esim.PackageQuery{PageSize: 1000}, 2500},
		{esim.PackageQuery{PageSize: 7, Kind: esim.KindLocal}, 1250},
		{esim.PackageQuery{PageSize: 500}, 2500},
	} {
		var ids []string
		for p, err := range esim.Packages(t.Context(), c, c2.query) {
			require.NoError(t, err)
			ids = append(ids, p.ID)
		}
		require.Len(t, ids, c2.total)
		require.IsIncreasing(t, ids)
	}
	page, err := c.ListPackages(t.Context(), esim.PackageQuery{})
	require.NoError(t, err)
	require.Len(t, page.Packages, 1000)
}

func TestListPackagesRefusesBadQueries(t *testing.T) {
	c, wire := sheetClient(t, numbered(30)...)
	page, err := c.ListPackages(t.Context(), esim.PackageQuery{PageSize: 10})
	require.NoError(t, err)
	next := page.Next
	require.NotEmpty(t, next)

	other, _ := sheetClient(t, numbered(31)...)
	for _, q := range []struct {
		says  string
		query esim.PackageQuery
	}{
		{"PageSize", esim.PackageQuery{PageSize: -1}},
		{"PageSize", esim.PackageQuery{PageSize: 1001}},
		{"Kind", esim.PackageQuery{Kind: 99}},
		{"Kind", esim.PackageQuery{Kind: -1}},
		{"Countries[1]", esim.PackageQuery{Countries: []esim.Country{"JP", "jp"}}},
		{"Region", esim.PackageQuery{Region: "a\nb"}},
		{"Region", esim.PackageQuery{Region: strings.Repeat("x", 201)}},
		{"Search", esim.PackageQuery{Search: "\xff"}},
		{"Cursor", esim.PackageQuery{Cursor: "x"}},
		{"Cursor", esim.PackageQuery{Cursor: "0"}},
		{"Cursor", esim.PackageQuery{Cursor: "."}},
		{"Cursor", esim.PackageQuery{Cursor: next + "0"}},
		{"Cursor", esim.PackageQuery{Cursor: strings.Replace(next, ".", ".+", 1)}},
		{"Cursor", esim.PackageQuery{Cursor: next, Search: "option"}},
		{"Cursor", esim.PackageQuery{Cursor: next, Kind: esim.KindLocal}},
	} {
		_, err = c.ListPackages(t.Context(), q.query)
		e := failure(t, err, "ListPackages")
		require.ErrorIs(t, e, esim.ErrInvalidRequest)
		require.Contains(t, e.Message, q.says)
		require.False(t, esim.MaybeCharged(err))
	}
	_, err = other.ListPackages(t.Context(), esim.PackageQuery{Cursor: next})
	require.ErrorContains(t, err, "Cursor", "a cursor of another sheet")

	// The page size may change on the way.
	page, err = c.ListPackages(t.Context(), esim.PackageQuery{Cursor: next, PageSize: 20})
	require.NoError(t, err)
	require.Len(t, page.Packages, 20)
	require.Empty(t, page.Next)
	require.Zero(t, wire.sends())
}

// A sheet that was read is a catalogue as it is.
func TestListPackagesOfASheet(t *testing.T) {
	packages, err := pricesheet.ReadCSV(strings.NewReader("option_id,name,countries,price,currency\n" + optionA + ",Japan,JP,4.10,USD\n"))
	require.NoError(t, err)
	c, _ := sheetClient(t, packages...)
	page, err := c.ListPackages(t.Context(), esim.PackageQuery{})
	require.NoError(t, err)
	require.Equal(t, packages, page.Packages)
}
