package catalog

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/esimkit/esim"
)

// off lets lists move as tests like.
var off = Guards{Empty: -1, Shrink: -1, Price: -1, Currency: -1, Coverage: -1, Outlier: -1}

func TestChangesTellWhatBecameOfEachPackage(t *testing.T) {
	before := some("a", 10)
	f := newFake("a", before...)
	c := newCatalog(t, Config{Clients: []esim.Client{newFake("b", some("b", 2)...), f}, Guards: off})
	require.NoError(t, c.Sync(t.Context(), "b"))
	require.NoError(t, c.Sync(t.Context(), "a"))
	since := c.Status().Version
	assert.Equal(t, Changes{Version: since, Complete: true}, c.Changes(since))

	after := slices.Clone(before[:9])
	after[1].Price = usd(1)
	after[2].Name = "another"
	after[3].Price, after[3].Countries = usd(2), []esim.Country{"JP", "TW"}
	after[4].Networks = []esim.Network{{Name: "one"}}
	after[5].Rechargeable = new(true)
	after[6].Region = "Asia"
	after = append(after, some("a", 11)[10])
	f.list(after...)
	require.NoError(t, c.Sync(t.Context()))

	now := since + 1
	assert.Equal(t, Changes{Version: now, Complete: true, List: []Change{
		{Kind: PriceChanged, Version: now, Before: before[1], After: after[1]},
		{Kind: Changed, Version: now, Before: before[2], After: after[2]},
		{Kind: Changed, Version: now, Before: before[3], After: after[3]},
		{Kind: Changed, Version: now, Before: before[4], After: after[4]},
		{Kind: Changed, Version: now, Before: before[5], After: after[5]},
		{Kind: Changed, Version: now, Before: before[6], After: after[6]},
		{Kind: Gone, Version: now, Before: before[9]},
		{Kind: Added, Version: now, After: after[9]},
	}}, c.Changes(since))
}

func TestKindsHaveWords(t *testing.T) {
	for kind, want := range map[ChangeKind]string{Added: "added", Gone: "gone", PriceChanged: "price changed", Changed: "changed", 0: "unknown", 9: "unknown"} {
		text, err := kind.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
	for result, want := range map[Result]string{Failed: "failed", Held: "held", Unchanged: "unchanged", Published: "published", -1: "unknown", 9: "unknown"} {
		text, err := result.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
}

// A shop that mirrors the catalogue by its changes has the same packages,
// whenever and however often it asks, and is told when it must reload.
func TestAMirrorFollows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFake("a")
		c, err := New(Config{Clients: []esim.Client{f}, Guards: off, History: rapid.SampledFrom([]int{-1, 5, 30, 0}).Draw(t, "history")})
		require.NoError(t, err)
		mirror, version, reloads := map[string]esim.Package{}, uint64(0), 0
		for range rapid.IntRange(1, 12).Draw(t, "syncs") {
			var listed []esim.Package
			for _, p := range some("a", 12) {
				if rapid.IntRange(0, 3).Draw(t, "gone") > 0 {
					p.Price = usd(rapid.Int64Range(1, 3).Draw(t, "price"))
					listed = append(listed, p)
				}
			}
			f.list(listed...)
			require.NoError(t, c.Sync(context.Background())) //nolint:usetesting // rapid has no context
			if rapid.Bool().Draw(t, "sleeps") {
				continue
			}
			changes := c.Changes(version)
			version = changes.Version
			require.Equal(t, c.Status().Version, version)
			if !changes.Complete {
				require.Empty(t, changes.List)
				reloads++
				mirror = byID(slices.Collect(c.All()))
			}
			for _, change := range changes.List {
				follow(t, mirror, change)
			}
			require.Equal(t, byID(slices.Collect(c.All())), mirror)
		}
		if c.config.History == defaultHistory {
			require.Zero(t, reloads)
		}
	})
}

func follow(t *rapid.T, mirror map[string]esim.Package, change Change) {
	before, there := mirror[change.Before.ID]
	require.Equal(t, change.Kind != Added, there)
	require.Equal(t, change.Before, before)
	if change.Kind == Gone {
		delete(mirror, change.Before.ID)
		return
	}
	mirror[change.After.ID] = change.After
}

func byID(packages []esim.Package) map[string]esim.Package {
	return maps.Collect(func(yield func(string, esim.Package) bool) {
		for _, p := range packages {
			if !yield(p.ID, p) {
				return
			}
		}
	})
}

func TestHistoryIsBounded(t *testing.T) {
	f := newFake("a")
	c := newCatalog(t, Config{Clients: []esim.Client{f}, Guards: off, History: 10})
	var versions []uint64
	for i := range 20 {
		f.list(some("a", 4, func(_ int, p *esim.Package) { p.Price = usd(int64(i + 1)) })...)
		require.NoError(t, c.Sync(t.Context()))
		versions = append(versions, c.Status().Version)
	}
	assert.Equal(t, 8, c.history.size)
	assert.True(t, c.Changes(versions[17]).Complete)
	assert.Len(t, c.Changes(versions[17]).List, 8)
	assert.False(t, c.Changes(versions[16]).Complete)
	assert.False(t, c.Changes(0).Complete)
	assert.False(t, c.Changes(versions[19]+1).Complete, "a version there never was")
}

// A mirror that is ahead of the snapshot, because a version was not saved, or
// that never saw this one, must not be told that nothing has changed.
func TestVersionsOfAnEarlierProcess(t *testing.T) {
	now := epoch
	path := filepath.Join(t.TempDir(), "catalog.snap")
	f := newFake("a", some("a", 3)...)
	config := Config{Clients: []esim.Client{f}, Guards: off, Snapshot: path, Now: func() time.Time { return now }}
	first := newCatalog(t, config)
	require.NoError(t, first.Sync(t.Context()))
	saved := first.Status().Version

	first.config.Snapshot = filepath.Join(path, "not a directory")
	f.list(some("a", 4)...)
	require.NoError(t, first.Sync(t.Context()))
	require.Error(t, first.Status().Snapshot)
	lost := first.Status().Version
	assert.Equal(t, saved+1, lost)

	now = now.Add(time.Second)
	second := newCatalog(t, config)
	assert.Equal(t, saved, second.Status().Version)
	assert.True(t, second.Changes(saved).Complete)
	assert.False(t, second.Changes(lost).Complete)
	f.list(some("a", 5)...)
	require.NoError(t, second.Sync(t.Context()))
	assert.Greater(t, second.Status().Version, lost)
	assert.False(t, second.Changes(lost).Complete)
	assert.Equal(t, 2, second.Changes(saved).count(Added))
	f.list(some("a", 6)...)
	before := second.Status().Version
	require.NoError(t, second.Sync(t.Context()))
	assert.Equal(t, before+1, second.Status().Version)
	assert.Equal(t, 3, second.Changes(saved).count(Added))
}

func TestWaitReturnsWithTheNextVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("a", some("a", 1)...)
		c := newCatalog(t, Config{Clients: []esim.Client{f}})
		var waiters sync.WaitGroup
		var got [8]uint64
		for i := range got {
			waiters.Go(func() {
				version, err := c.Wait(t.Context(), 0)
				assert.NoError(t, err)
				got[i] = version
			})
		}
		synctest.Wait()
		require.NoError(t, c.Sync(t.Context()))
		waiters.Wait()
		version := c.Status().Version
		assert.Equal(t, slices.Repeat([]uint64{version}, len(got)), got[:])

		again, err := c.Wait(t.Context(), version-1)
		require.NoError(t, err)
		assert.Equal(t, version, again)

		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		_, err = c.Wait(ctx, version)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Hour, time.Since(began))
	})
}
