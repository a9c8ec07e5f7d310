package catalog

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// gaps returns the time between syncs.
func gaps(begun []time.Time) []time.Duration {
	var all []time.Duration
	for i := 1; i < len(begun); i++ {
		all = append(all, begun[i].Sub(begun[i-1]))
	}
	return all
}

// about holds a time against another that was jittered by a tenth.
func about(t *testing.T, want, got time.Duration) {
	t.Helper()
	assert.InDelta(t, want.Seconds(), got.Seconds(), want.Seconds()/10+1e-9)
}

func runFor(t *testing.T, c *Catalog, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	require.ErrorIs(t, c.Run(ctx), context.DeadlineExceeded)
}

func TestRunSyncsEachProviderAtItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, silent := newFake("a", some("a", 3)...), newFake("b", some("b", 3)...), newFake("c")
		silent.lists = func() bool { return false }
		c := newCatalog(t, Config{Clients: []esim.Client{a, b, silent}})
		began := time.Now()
		runFor(t, c, 24*time.Hour)
		for _, f := range []*fake{a, b} {
			begun := f.begun()
			assert.Equal(t, began, begun[0], "at once, since nothing is known")
			assert.InDelta(t, 24, len(begun), 3)
			distinct := map[time.Duration]bool{}
			for _, gap := range gaps(begun) {
				about(t, time.Hour, gap)
				distinct[gap] = true
			}
			assert.Greater(t, len(distinct), 5, "jittered")
		}
		assert.NotEqual(t, a.begun()[1], b.begun()[1])
		assert.Zero(t, silent.pages)
	})
}

func TestRunBacksOffFromAProviderThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("a", some("a", 3)...)
		f.fail = func(int) error { return errDown }
		c := newCatalog(t, Config{Clients: []esim.Client{f}})
		runFor(t, c, 5*time.Hour)
		got := gaps(f.begun())
		require.Greater(t, len(got), 8)
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			about(t, want*time.Minute, got[i])
		}
	})
}

func TestRunHealsAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("a", some("a", 3)...)
		f.fail = func(int) error {
			if n := len(f.asked); n == 1 || n == 2 || n == 4 {
				return errDown
			}
			return nil
		}
		c := newCatalog(t, Config{Clients: []esim.Client{f}})
		runFor(t, c, 3*time.Hour)
		got := gaps(f.begun())
		require.GreaterOrEqual(t, len(got), 4)
		for i, want := range []time.Duration{1, 2, 60, 1, 60} {
			if i < len(got) {
				about(t, want*time.Minute, got[i])
			}
		}
	})
}

// A provider may ask for more than the backoff would wait. A short Every
// bounds the backoff.
func TestRunWaitsAsLongAsTheProviderAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("a")
		f.fail = func(int) error {
			return &esim.Error{Kind: esim.ErrRateLimited, Outcome: esim.OutcomeRejected, RetryAfter: 10 * time.Minute}
		}
		quick := newFake("b")
		quick.fail = func(int) error { return errDown }
		runFor(t, newCatalog(t, Config{Clients: []esim.Client{f}}), 25*time.Minute)
		assert.Equal(t, []time.Duration{10 * time.Minute, 10 * time.Minute}, gaps(f.begun()))

		runFor(t, newCatalog(t, Config{Clients: []esim.Client{quick}, Every: 10 * time.Second}), time.Minute)
		require.GreaterOrEqual(t, len(quick.begun()), 5)
		for _, gap := range gaps(quick.begun()) {
			about(t, 10*time.Second, gap)
		}
	})
}

// What a guard holds back is looked at again at the usual time: the provider
// is well.
func TestRunDoesNotHurryAfterAHeldList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("a", some("a", 10)...)
		c := newCatalog(t, Config{Clients: []esim.Client{f}})
		require.NoError(t, c.Sync(t.Context()))
		f.list(some("a", 2)...)
		runFor(t, c, 4*time.Hour)
		require.Greater(t, len(f.begun()), 3)
		for _, gap := range gaps(f.begun()) {
			about(t, time.Hour, gap)
		}
		assert.Equal(t, 10, c.Len())
	})
}

func TestRunAsksAgainWhenAListIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir() + "/catalog.snap"
		f := newFake("a", some("a", 10)...)
		config := Config{Clients: []esim.Client{f}, Snapshot: path}
		require.NoError(t, newCatalog(t, config).Sync(t.Context()))

		time.Sleep(50 * time.Minute) //nolint:forbidigo // of a clock that is not real
		c := newCatalog(t, config)
		began := time.Now()
		runFor(t, c, 30*time.Minute)
		begun := f.begun()
		require.Len(t, begun, 2)
		assert.InDelta(t, 10*time.Minute, begun[1].Sub(began), float64(6*time.Minute))

		// One that is overdue is asked at once.
		time.Sleep(5 * time.Hour)
		began = time.Now()
		runFor(t, newCatalog(t, config), time.Minute)
		assert.Equal(t, began, f.begun()[2])
	})
}

func TestStatusTellsWhenTheNextSyncIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("a", some("a", 3)...)
		c := newCatalog(t, Config{Clients: []esim.Client{f}})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		about(t, time.Hour, time.Until(c.Status().Providers[0].NextAt))
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		assert.Zero(t, c.Status().Providers[0].NextAt)
	})
}
