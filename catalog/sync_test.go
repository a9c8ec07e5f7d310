package catalog

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

var errDown = &esim.Error{Provider: "a", Op: "ListPackages", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeRejected}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for name, config := range map[string]Config{
		"two of one name": {Clients: []esim.Client{newFake("a"), newFake("a")}},
		"no name":         {Clients: []esim.Client{newFake("")}},
		"nil":             {Clients: []esim.Client{nil}},
		"negative":        {Every: -1},
	} {
		_, err := New(config)
		assert.Error(t, err, name)
	}
}

func TestASyncPutsAllPagesOfAllProvidersOnOneShelf(t *testing.T) {
	a, b := some("a", 25), some("b", 7)
	now := epoch
	c := newCatalog(t, Config{
		Clients: []esim.Client{newFake("b", b...), newFake("a", a...)},
		Now:     func() time.Time { return now },
	})
	assert.Zero(t, c.Len())
	assert.Zero(t, c.Status().Version)
	require.NoError(t, c.Sync(t.Context()))

	assert.Equal(t, slices.Concat(a, b), slices.Collect(c.All()))
	assert.Equal(t, 32, c.Len())
	got, ok := c.Package("b", "003")
	assert.True(t, ok)
	assert.Equal(t, b[3], got)
	_, ok = c.Package("b", "007")
	assert.False(t, ok)

	now = now.Add(time.Minute)
	status := c.Status()
	assert.Equal(t, 32, status.Packages)
	require.Len(t, status.Providers, 2)
	assert.Equal(t, ProviderStatus{
		Provider: "a", Packages: 25, SyncedAt: epoch, TriedAt: epoch, Age: time.Minute,
	}, status.Providers[0])
	assert.Equal(t, 7, status.Providers[1].Packages)
}

func TestASyncOfOneProviderLeavesTheOthersAlone(t *testing.T) {
	a, b := newFake("a", some("a", 3)...), newFake("b", some("b", 3)...)
	c := newCatalog(t, Config{Clients: []esim.Client{a, b}})
	require.NoError(t, c.Sync(t.Context()))
	a.list(some("a", 4)...)
	b.list(some("b", 4)...)
	require.NoError(t, c.Sync(t.Context(), "b"))
	assert.Equal(t, slices.Concat(some("a", 3), some("b", 4)), slices.Collect(c.All()))

	require.ErrorContains(t, c.Sync(t.Context(), "nobody"), "nobody")
}

// A list that is not whole publishes nothing, whatever cut it short.
func TestAFailedSyncKeepsTheLastGoodShelf(t *testing.T) {
	tests := map[string]struct {
		breakIt func(*fake)
		want    error
	}{
		"the first page fails": {func(f *fake) { f.fail = func(int) error { return errDown } }, esim.ErrUnavailable},
		"cut in the middle": {func(f *fake) {
			f.fail = func(page int) error {
				if page == 2 {
					return errDown
				}
				return nil
			}
		}, esim.ErrUnavailable},
		"the cursor repeats": {func(f *fake) {
			f.next = func(page int, next string) string {
				if page == 2 {
					return "1"
				}
				return next
			}
		}, esim.ErrMalformedResponse},
		"another provider's package": {func(f *fake) { f.packages[17].Provider = "b" }, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now := epoch
			var told reports
			f := newFake("a", some("a", 40)...)
			other := newFake("c", some("c", 2)...)
			c := newCatalog(t, Config{
				Clients: []esim.Client{f, other}, OnReport: told.add, Now: func() time.Time { return now },
			})
			require.NoError(t, c.Sync(t.Context()))
			version := c.Status().Version

			now = now.Add(time.Hour)
			f.list(some("a", 45)...)
			test.breakIt(f)
			err := c.Sync(t.Context(), "a")
			require.Error(t, err)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
			}
			assert.Equal(t, slices.Concat(some("a", 40), some("c", 2)), slices.Collect(c.All()))
			status := c.Status()
			assert.Equal(t, version, status.Version)
			assert.Equal(t, epoch, status.Providers[0].SyncedAt)
			assert.Equal(t, time.Hour, status.Providers[0].Age)
			assert.Equal(t, now, status.Providers[0].TriedAt)
			assert.Equal(t, err.Error(), status.Providers[0].Err.Error())
			assert.Equal(t, Failed, told.last().Result)

			// And it heals.
			f.fail, f.next = nil, nil
			f.list(some("a", 45)...)
			require.NoError(t, c.Sync(t.Context(), "a"))
			assert.Equal(t, 47, c.Len())
			assert.NoError(t, c.Status().Providers[0].Err)
			assert.Zero(t, c.Status().Providers[0].Age)
		})
	}
}

func TestAProviderThatFailsDoesNotKeepTheOthersBack(t *testing.T) {
	bad := newFake("a")
	bad.fail = func(int) error { return errDown }
	c := newCatalog(t, Config{Clients: []esim.Client{bad, newFake("b", some("b", 3)...)}})
	err := c.Sync(t.Context())
	require.ErrorIs(t, err, esim.ErrUnavailable)
	assert.Equal(t, 3, c.Len())
}

func TestAClientThatListsNothingIsSkipped(t *testing.T) {
	silent := newFake("a")
	silent.lists = func() bool { return false }
	c := newCatalog(t, Config{Clients: []esim.Client{silent, newFake("b", some("b", 3)...)}})
	require.NoError(t, c.Sync(t.Context()))
	assert.Zero(t, silent.pages)
	assert.True(t, c.Status().Providers[0].Unsupported)
	require.ErrorIs(t, c.Sync(t.Context(), "a"), esim.ErrUnsupported)
}

func TestProgressTellsOfEachPageInOrder(t *testing.T) {
	var told []Progress
	f := newFake("a", some("a", 25)...)
	c := newCatalog(t, Config{
		Clients: []esim.Client{f}, Now: func() time.Time { return epoch },
		OnProgress: func(p Progress) { told = append(told, p) },
	})
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, []Progress{
		{Provider: "a", Pages: 1, Packages: 10},
		{Provider: "a", Pages: 2, Packages: 20},
		{Provider: "a", Pages: 3, Packages: 25},
		{Provider: "a", Pages: 3, Packages: 25, Done: true},
	}, told)

	told = nil
	f.fail = func(page int) error {
		if page == 1 {
			return errDown
		}
		return nil
	}
	err := c.Sync(t.Context())
	require.Len(t, told, 2)
	assert.True(t, told[1].Done)
	assert.Equal(t, 1, told[1].Pages)
	assert.Equal(t, err.Error(), told[1].Err.Error())
}

func TestAReportCountsWhatHasChanged(t *testing.T) {
	var told reports
	f := newFake("a", some("a", 10)...)
	c := newCatalog(t, Config{Clients: []esim.Client{f}, OnReport: told.add, Now: func() time.Time { return epoch }})
	require.NoError(t, c.Sync(t.Context()))
	version := uint64(epoch.UnixMilli())
	assert.Equal(t, Report{
		Provider: "a", Result: Published, Version: version, Pages: 1, Packages: 10, Added: 10, Started: epoch,
	}, told.last())

	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, Report{Provider: "a", Result: Unchanged, Version: version, Pages: 1, Packages: 10, Started: epoch}, told.last())

	next := some("a", 12)[1:]
	next[0].Price = usd(250)
	next[1].Name = "other"
	next = append(next, next[3]) // the catalogue shifted while it was read
	f.list(next...)
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, Report{
		Provider: "a", Result: Published, Version: version + 1, Pages: 2, Packages: 11, Repeated: 1,
		Added: 2, Gone: 1, PriceChanged: 1, Changed: 1, Started: epoch,
	}, told.last())
}

// What does not fit the shelf together with what others list leaves it as it
// was.
func TestAListThatDoesNotFitIsAFailure(t *testing.T) {
	letters := func(i int, p *esim.Package) {
		p.Price = money(100, string([]byte{'A', byte('A' + i/16), byte('A' + i%16)}))
	}
	f := newFake("b", some("b", 255, letters)...)
	c := newCatalog(t, Config{Clients: []esim.Client{newFake("a", some("a", 1)...), f}})
	require.NoError(t, c.Sync(t.Context(), "a"))
	require.ErrorContains(t, c.Sync(t.Context(), "b"), "255 currencies")
	assert.Equal(t, 1, c.Len())
	require.ErrorContains(t, c.Status().Providers[1].Err, "255 currencies")
	f.list(some("b", 254, letters)...)
	require.NoError(t, c.Sync(t.Context(), "b"))
	assert.Equal(t, 255, c.Len())
}

// A row that fits no shelf is lost, and costs no other.
func TestARowThatDoesNotFitIsLost(t *testing.T) {
	for name, change := range map[string]func(*esim.Package){
		"no ID": func(p *esim.Package) { p.ID = "" }, "a long ID": func(p *esim.Package) { p.ID = strings.Repeat("x", maxID+1) },
		"many days": func(p *esim.Package) { p.ValidityDays = math.MaxInt32 + 1 },
	} {
		var told reports
		f := newFake("a", some("a", 40)...)
		c := newCatalog(t, Config{Clients: []esim.Client{f}, OnReport: told.add})
		require.NoError(t, c.Sync(t.Context()))
		f.list(some("a", 41, edit(1, change))...)
		require.NoError(t, c.Sync(t.Context()), name)
		assert.Equal(t, 1, told.last().Lost, name)
		assert.Equal(t, 41, c.Len(), "%s: nothing goes off the shelf for it", name)
		assert.False(t, c.Absent("a", "junk"), name)
	}
}

func TestAClientThatAnswersNothingIsAFailure(t *testing.T) {
	c := newCatalog(t, Config{Clients: []esim.Client{mute{newFake("a")}}})
	require.ErrorContains(t, c.Sync(t.Context()), "neither a page nor an error")
}

type mute struct{ *fake }

func (mute) ListPackages(context.Context, esim.PackageQuery) (*esim.PackagePage, error) {
	return nil, nil // a client that breaks its promise
}

// What a catalogue keeps must not change when a client writes to its lists.
func TestTheShelfIsNotTheClients(t *testing.T) {
	packages := some("a", 3)
	packages[0].Countries = []esim.Country{"JP", "TW"}
	c := newCatalog(t, Config{Clients: []esim.Client{newFake("a", packages...)}})
	require.NoError(t, c.Sync(t.Context()))
	packages[0].Countries[0] = "XX"
	p, _ := c.Package("a", "000")
	assert.Equal(t, []esim.Country{"JP", "TW"}, p.Countries)
}

// blocked is a client that answers when it is told to.
type blocked struct {
	*fake
	enter, leave chan struct{}
}

func (b blocked) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	select {
	case b.enter <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	<-b.leave
	return b.fake.ListPackages(ctx, q)
}

func TestSyncsOfOneProviderTakeTurns(t *testing.T) {
	b := blocked{newFake("a", some("a", 3)...), make(chan struct{}), make(chan struct{})}
	c := newCatalog(t, Config{Clients: []esim.Client{b}})
	var work sync.WaitGroup
	work.Go(func() { assert.NoError(t, c.Sync(t.Context())) })
	<-b.enter

	// The second waits for its turn, and no longer than its context.
	ctx, cancel := context.WithCancel(t.Context())
	work.Go(func() { assert.ErrorIs(t, c.Sync(ctx), context.Canceled) })
	cancel()
	// Readers do not wait at all.
	assert.Zero(t, c.Len())
	assert.Zero(t, c.Status().Version)
	b.leave <- struct{}{}
	work.Wait()
	assert.Equal(t, 3, c.Len())
}

func TestTheLogSaysWhatASyncCameTo(t *testing.T) {
	var text bytes.Buffer
	f := newFake("a", some("a", 3)...)
	c := newCatalog(t, Config{Clients: []esim.Client{f}, Logger: slog.New(slog.NewTextHandler(&text, nil))})
	require.NoError(t, c.Sync(t.Context()))
	assert.Contains(t, text.String(), "level=INFO")
	assert.Contains(t, text.String(), "provider=a result=published")
	text.Reset()
	f.fail = func(int) error { return errDown }
	require.Error(t, c.Sync(t.Context()))
	assert.Contains(t, text.String(), "level=WARN")
	assert.Contains(t, text.String(), "result=failed")
}
