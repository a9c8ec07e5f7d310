package catalog

import (
	"context"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// A mirror may come with a version of another process whose clock was ahead.
// It must hear at once that it has to reload, not after its version is passed.
func TestWaitDoesNotSleepOverAForeignVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCatalog(t, Config{Clients: []esim.Client{newFake("a", some("a", 3)...)}})
		require.NoError(t, c.Sync(t.Context()))
		ours := c.Status().Version

		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		version, err := c.Wait(ctx, ours+1_000_000)
		require.NoError(t, err)
		assert.Equal(t, ours, version)
		assert.False(t, c.Changes(ours+1_000_000).Complete)
	})
}

// Amounts too large to be compared stand in their own currency's group, on
// every page, and push nothing else off it.
func TestPricesBeyondComparingKeepTheirPlace(t *testing.T) {
	list := some("a", 5, func(i int, p *esim.Package) {
		p.Price = amount([]string{"1", "200000000000", "2", "300000000000", "3"}[i], []string{"USD", "USD", "AAA", "USD", "ZZZ"}[i])
	})
	c := stocked(t, list, nil)
	whole := ids(c.Search(Query{Currency: "USD"}))
	assert.Equal(t, []string{"a 000", "a 002", "a 001", "a 003", "a 004"}, whole)
	for size := 1; size < len(list); size++ {
		q, paged := Query{Currency: "USD", Limit: size}, []string(nil)
		for more := true; more; more = q.After != "" {
			page := c.Search(q)
			require.NoError(t, page.Err)
			paged, q.After = append(paged, ids(page)...), page.Next
		}
		assert.Equal(t, whole, paged, "pages of %d", size)
	}
}

// Facets count what the pages show, even where a total has too many digits.
func TestFacetsDoNotCountWhatHasNoTotal(t *testing.T) {
	c := stocked(t, some("a", 2, func(i int, p *esim.Package) {
		p.ValidityDays = 1
		if i == 1 {
			p.Price = amount("9999999999999999999", "USD")
		}
	}), nil)
	page := c.Search(Query{MinDays: 900, Stack: 1000, Facets: true})
	assert.Len(t, page.Offers, 1)
	assert.Equal(t, len(page.Offers), page.Facets.Total)
}

// A trip never takes an amount of one currency for one of another.
func TestATripComparesNoAmountThatHasNoRate(t *testing.T) {
	days, price := []int{5, 10}, []string{"900000000", "10000000000"}
	c := stocked(t, some("a", 2, func(i int, p *esim.Package) {
		p.ValidityDays, p.Price = days[i], amount(price[i], []string{"JPY", "USD"}[i])
	}), table{"JPY USD": "100"}.rate)
	// Two units of the first are 180 billion USD, beyond what can be compared.
	trip := c.Trip(TripQuery{Legs: []Leg{{Country: "JP", Days: 10}}, Currency: "USD", Stack: 2}).Trips[0]
	require.Len(t, trip.Plans, 1)
	assert.Equal(t, "001", trip.Plans[0].ID)
}

// A package whose numbers make no sense is not lost for who asks no bound.
func TestNegativeSizesAreNotLost(t *testing.T) {
	c := stocked(t, some("a", 2, edit(1, func(p *esim.Package) { p.ValidityDays, p.Data = -1, -5 })), nil)
	assert.Len(t, c.Search(Query{}).Offers, 2)
	assert.Len(t, c.Search(Query{MinDays: 1}).Offers, 1)
	assert.Len(t, c.Search(Query{MinData: 1}).Offers, 1)
	assert.Len(t, c.Search(Query{MaxDays: 1000}).Offers, 1)
}

// Every ID that a list may have fits into a cursor.
func TestLongIDs(t *testing.T) {
	list := some("a", 3, func(_ int, p *esim.Package) { p.ID += strings.Repeat("x", maxID-len(p.ID)) })
	c := stocked(t, list, nil)
	q, paged := Query{Limit: 1}, 0
	for more := true; more; more = q.After != "" {
		page := c.Search(q)
		require.NoError(t, page.Err)
		paged, q.After = paged+len(page.Offers), page.Next
	}
	assert.Equal(t, 3, paged)
}

// A part of the catalogue that comes back under new IDs at a wrong price is
// not new: the same products were there for less.
func TestRenamedPackagesAtAWrongPrice(t *testing.T) {
	tests := []struct {
		name    string
		renamed int
		change  func(*esim.Package)
		held    bool
	}{
		{"at 100 times the price", 25, dearer(100), true},
		{"at a hundredth", 25, cheaper, true},
		{"at 10 times, which may be", 25, dearer(10), false},
		{"too few to tell", 2, dearer(100), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var told reports
			f := newFake("a", some("a", 100)...)
			c := newCatalog(t, Config{Clients: []esim.Client{f}, OnReport: told.add})
			require.NoError(t, c.Sync(t.Context()))

			renamed := some("a", 100, edit(test.renamed, func(p *esim.Package) { p.ID = "new" + p.ID }), edit(test.renamed, test.change))
			f.list(renamed...)
			err := c.Sync(t.Context())
			if !test.held {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrHeld)
			assert.Equal(t, GuardOutlier, told.last().Guard)
			assert.Equal(t, test.renamed, told.last().Findings[0].Count)

			require.NoError(t, c.Accept("a"))
			require.NoError(t, c.Sync(t.Context()), "once accepted they are known")
		})
	}
}

// Numbers near the end of an int are as good as any other.
func TestHugeSettings(t *testing.T) {
	for range 200 {
		require.Positive(t, jittered(math.MaxInt64), "a wait that overflows is a request without a pause")
	}
	huge := Guards{Shrink: math.MaxInt, Price: math.MaxInt, Currency: math.MaxInt, Coverage: math.MaxInt, PriceFactor: math.MaxInt, Outlier: math.MaxInt}
	f := newFake("a", some("a", 100)...)
	c := newCatalog(t, Config{Clients: []esim.Client{f}, Guards: huge})
	require.NoError(t, c.Sync(t.Context()))
	f.list(some("a", 10)...)
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, 10, c.Len())
}

// A change keeps itself in memory, not the whole list that it was found in.
func TestHistoryDoesNotKeepOldLists(t *testing.T) {
	const n, changes = 3000, 60
	list := some("a", n, func(_ int, p *esim.Package) {
		p.Name = strings.Repeat(p.Name+" ", 30) // about 300 bytes
		p.Networks = []esim.Network{{Country: "JP", Name: "network of " + p.ID, Technology: "5G"}}
	})
	f := newFake("a", list...)
	f.pageSize = n
	c := newCatalog(t, Config{Clients: []esim.Client{f}})
	require.NoError(t, c.Sync(t.Context()))
	before := heap()
	first := c.Status().Version
	for i := range changes {
		list = slices.Clone(list)
		list[i].Price = times(list[i].Price, 2)
		f.list(list...)
		require.NoError(t, c.Sync(t.Context()))
	}
	grown := int64(heap()) - int64(before)
	t.Logf("%d bytes a change", grown/changes)
	assert.Less(t, grown/changes, int64(20_000), "the texts of one list are about a megabyte")

	told := c.Changes(first)
	require.True(t, told.Complete)
	require.Len(t, told.List, changes)
	for i, change := range told.List {
		assert.Equal(t, PriceChanged, change.Kind)
		assert.Equal(t, list[i], change.After)
		assert.Equal(t, times(change.Before.Price, 2), change.After.Price)
	}
}

// While a few packages are withheld only these are kept to be accepted.
func TestWithheldKeepsNoList(t *testing.T) {
	f := newFake("a", some("a", 100)...)
	c := newCatalog(t, Config{Clients: []esim.Client{f}})
	require.NoError(t, c.Sync(t.Context()))
	wrong := some("a", 100, edit(1, dearer(100)))
	f.list(wrong...)
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, 99, c.Len())
	assert.Len(t, c.source("a").pending, 1)

	require.NoError(t, c.Accept("a"))
	assert.Equal(t, wrong, slices.Collect(c.All()))
	require.ErrorIs(t, c.Accept("a"), ErrNothingHeld)
}

// What is not a regular file is not replaced by one.
func TestSnapshotReplacesNoDevice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shelf")
	if err := os.Symlink(os.DevNull, path); err != nil {
		t.Skip(err)
	}
	c := newCatalog(t, Config{Clients: []esim.Client{newFake("a", some("a", 3)...)}, Snapshot: path})
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, 3, c.Len())
	require.Error(t, c.Status().Snapshot)
	info, err := os.Lstat(path)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&fs.ModeSymlink)
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, left, 1)
}

// A file that may not be read today may be whole: it is set aside, and not
// overwritten.
func TestUnreadableSnapshotIsSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shelf")
	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	c := newCatalog(t, Config{})
	c.config.Snapshot = path
	c.refuse(fs.ErrPermission)
	kept, err := os.ReadFile(path + refusedSuffix)
	require.NoError(t, err)
	assert.Equal(t, "precious", string(kept))
	require.ErrorIs(t, c.Status().Snapshot, fs.ErrPermission)
}
