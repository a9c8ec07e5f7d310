package esim_test

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// catalogue is a client that lists so many packages, so many a page.
func catalogue(packages, perPage int) *fakeClient {
	return &fakeClient{list: func(q esim.PackageQuery) (*esim.PackagePage, error) {
		first, _ := strconv.Atoi(q.Cursor) // "" is 0
		page := new(esim.PackagePage)
		for n := first; n < min(first+perPage, packages); n++ {
			page.Packages = append(page.Packages, esim.Package{Provider: "fake", ID: fmt.Sprint("p", n)})
		}
		if first+perPage < packages {
			page.Next = strconv.Itoa(first + perPage)
		}
		return page, nil
	}}
}

// ids collects what an iteration yields, and the error that ends it.
func ids(t *testing.T, seq iter.Seq2[esim.Package, error]) (all []string, last error) {
	t.Helper()
	for p, err := range seq {
		require.NoError(t, last, "nothing follows an error")
		if err != nil {
			assert.Equal(t, esim.Package{}, p)
			last = err
			continue
		}
		all = append(all, p.ID)
	}
	return all, last
}

func TestPackagesOverAllPages(t *testing.T) {
	for _, c := range []struct{ packages, perPage, pages int }{{0, 5, 1}, {1, 5, 1}, {5, 5, 1}, {6, 5, 2}, {23, 5, 5}} {
		client := catalogue(c.packages, c.perPage)
		got, err := ids(t, esim.Packages(t.Context(), client, esim.PackageQuery{}))
		require.NoError(t, err)
		assert.Len(t, got, c.packages)
		assert.Equal(t, int64(c.pages), client.lists.Load(), "one request a page")
		for n, id := range got {
			assert.Equal(t, fmt.Sprint("p", n), id, "in the provider's order")
		}
	}
}

func TestPackagesTwice(t *testing.T) {
	client := catalogue(12, 5)
	seq := esim.Packages(t.Context(), client, esim.PackageQuery{})
	first, err := ids(t, seq)
	require.NoError(t, err)
	second, err := ids(t, seq)
	require.NoError(t, err)
	assert.Equal(t, first, second)
	assert.Equal(t, int64(6), client.lists.Load())

	// From a cursor on, each time.
	seq = esim.Packages(t.Context(), client, esim.PackageQuery{Cursor: "10"})
	for range 2 {
		got, err := ids(t, seq)
		require.NoError(t, err)
		assert.Equal(t, []string{"p10", "p11"}, got)
	}
}

func TestPackagesPassesTheQueryOn(t *testing.T) {
	query := esim.PackageQuery{Countries: []esim.Country{"JP"}, Region: "Asia", Search: "x", Kind: esim.KindLocal, PageSize: 7}
	var seen []esim.PackageQuery
	client := &fakeClient{list: func(q esim.PackageQuery) (*esim.PackagePage, error) {
		seen = append(seen, q)
		return &esim.PackagePage{Next: []string{"a", "b", ""}[len(seen)-1]}, nil
	}}
	_, err := ids(t, esim.Packages(t.Context(), client, query))
	require.NoError(t, err)
	for n, cursor := range []string{"", "a", "b"} {
		query.Cursor = cursor
		assert.Equal(t, query, seen[n])
	}
}

// TestPackagesOnce: a catalogue that shifts between two pages shows a package
// on both. Packages of two providers, behind one client, may share an ID.
func TestPackagesOnce(t *testing.T) {
	pages := map[string]*esim.PackagePage{
		"":  {Next: "2", Packages: []esim.Package{{Provider: "x", ID: "a"}, {Provider: "x", ID: "b"}, {Provider: "y", ID: "a"}}},
		"2": {Packages: []esim.Package{{Provider: "x", ID: "b", Name: "again"}, {Provider: "x", ID: "c"}, {Provider: "y", ID: "a"}, {Provider: "y", ID: "b"}}},
	}
	client := &fakeClient{list: func(q esim.PackageQuery) (*esim.PackagePage, error) { return pages[q.Cursor], nil }}
	var got []string
	for p, err := range esim.Packages(t.Context(), client, esim.PackageQuery{}) {
		require.NoError(t, err)
		assert.Empty(t, p.Name, "the first one counts")
		got = append(got, string(p.Provider)+p.ID)
	}
	assert.Equal(t, []string{"xa", "xb", "ya", "xc", "yb"}, got)
}

// TestPackagesCutShort is an error, never a short list.
func TestPackagesCutShort(t *testing.T) {
	t.Run("an error on the way", func(t *testing.T) {
		down := errors.New("down")
		client := catalogue(100, 10)
		list := client.list
		client.list = func(q esim.PackageQuery) (*esim.PackagePage, error) {
			if q.Cursor == "30" {
				return nil, down
			}
			return list(q)
		}
		got, err := ids(t, esim.Packages(t.Context(), client, esim.PackageQuery{}))
		require.ErrorIs(t, err, down)
		assert.Len(t, got, 30, "what came before stays")
		assert.Equal(t, int64(4), client.lists.Load())
	})
	for name, next := range map[string]map[string]string{
		"the cursor repeats":          {"": "a", "a": "b", "b": "a"},
		"the cursor stands still":     {"": "a", "a": "a"},
		"back to the one it began at": {"start": "a", "a": "start"},
	} {
		t.Run(name, func(t *testing.T) {
			client := &fakeClient{list: func(q esim.PackageQuery) (*esim.PackagePage, error) {
				return &esim.PackagePage{Packages: []esim.Package{{ID: "p" + q.Cursor}}, Next: next[q.Cursor]}, nil
			}}
			begin := ""
			if next[""] == "" {
				begin = "start"
			}
			got, err := ids(t, esim.Packages(t.Context(), client, esim.PackageQuery{Cursor: begin}))
			require.ErrorIs(t, err, esim.ErrMalformedResponse)
			assert.Contains(t, err.Error(), "cursor repeats")
			assert.False(t, esim.MaybeCharged(err))
			assert.Len(t, got, len(next), "each page was read once")
			e, ok := errors.AsType[*esim.Error](err)
			require.True(t, ok)
			assert.Equal(t, esim.Provider("fake"), e.Provider)
		})
	}
}

func TestPackagesEarlyBreak(t *testing.T) {
	client := catalogue(100, 10)
	n := 0
	for _, err := range esim.Packages(t.Context(), client, esim.PackageQuery{}) {
		require.NoError(t, err)
		if n++; n == 15 {
			break
		}
	}
	assert.Equal(t, int64(2), client.lists.Load(), "no page is read that nobody wants")

	client = &fakeClient{list: func(esim.PackageQuery) (*esim.PackagePage, error) { return nil, errors.New("down") }}
	for _, err := range esim.Packages(t.Context(), client, esim.PackageQuery{}) {
		require.Error(t, err)
		break
	}
}

// TestPackagesWithoutEnd: a million pages, and more to come, end as an error
// in bounded memory.
func TestPackagesWithoutEnd(t *testing.T) {
	for name, perPage := range map[string]int{"pages of one": 1, "empty pages": 0} {
		t.Run(name, func(t *testing.T) {
			n := 0
			client := &fakeClient{list: func(esim.PackageQuery) (*esim.PackagePage, error) {
				n++
				page := &esim.PackagePage{Next: fmt.Sprint("page ", n)}
				for range perPage {
					page.Packages = append(page.Packages, esim.Package{ID: fmt.Sprint("p", n)})
				}
				return page, nil
			}}
			before := heap()
			seen, last := 0, error(nil)
			for _, err := range esim.Packages(t.Context(), client, esim.PackageQuery{}) {
				if err != nil {
					last = err
					continue
				}
				seen++
			}
			require.ErrorIs(t, last, esim.ErrMalformedResponse)
			assert.Contains(t, last.Error(), "no end")
			assert.Equal(t, 10_000, n)
			assert.Equal(t, perPage*10_000, seen)
			assert.Less(t, heap()-before, int64(16<<20))
		})
	}
}

// TestPackagesHoldsOnePage while it goes over a hundred thousand packages.
func TestPackagesHoldsOnePage(t *testing.T) {
	const packages, perPage = 100_000, 100
	client := catalogue(packages, perPage)
	list := client.list
	client.list = func(q esim.PackageQuery) (*esim.PackagePage, error) {
		page, err := list(q)
		for i := range page.Packages {
			page.Packages[i].Name = string(make([]byte, 4096)) // 400 MB in all
		}
		return page, err
	}
	before, most, seen := heap(), int64(0), 0
	for _, err := range esim.Packages(t.Context(), client, esim.PackageQuery{}) {
		require.NoError(t, err)
		if seen++; seen%20_000 == 0 {
			most = max(most, heap()-before)
		}
	}
	assert.Equal(t, packages, seen)
	assert.Less(t, most, int64(16<<20))
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
