package postgres

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/postgres/internal/pgtest"
)

func TestLimiterIsOneForAllReplicas(t *testing.T) {
	const (
		rate, burst = 100.0, 5
		span        = 1500 * time.Millisecond
	)
	url := pgtest.URL(t)
	require.NoError(t, Migrate(t.Context(), pgtest.Connect(t, url)))

	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	var mu sync.Mutex
	var passed []time.Duration
	var wg sync.WaitGroup
	start := time.Now()
	for range 3 {
		limiter := NewLimiter(pgtest.Connect(t, url), "esimfly", rate, burst)
		for range 8 {
			wg.Go(func() {
				for limiter.Wait(ctx) == nil {
					mu.Lock()
					passed = append(passed, time.Since(start))
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()

	slices.Sort(passed)
	for n, at := range passed {
		allowed := burst + rate*at.Seconds() + 1
		require.LessOrEqual(t, float64(n+1), allowed, "requests after %v", at)
	}
	assert.Greater(t, len(passed), int(rate*span.Seconds()/2), "a limiter that lets nothing through keeps any limit")
}

// slots takes n slots without waiting for them.
func slots(t *testing.T, pool *pgxpool.Pool, l *Limiter, n int) []time.Time {
	t.Helper()
	all := make([]time.Time, n)
	for i := range all {
		l.reads.slot = time.Time{}
		at, err := l.next(t.Context(), &l.reads)
		require.NoError(t, err)
		all[i] = at
	}
	return all
}

func TestLimiterSpacesSlotsAfterTheBurst(t *testing.T) {
	l := NewLimiter(migrated(t), "x", 2, 3)
	start := time.Now()
	for i, at := range slots(t, l.pool, l, 8) {
		want := max(0, time.Duration(i-2)*500*time.Millisecond)
		if want == 0 {
			assert.LessOrEqual(t, at, time.Now(), "slot %d is of the burst", i)
			continue
		}
		assert.InDelta(t, want.Seconds(), at.Sub(start).Seconds(), 0.3, "slot %d", i)
		assert.GreaterOrEqual(t, at.Sub(start), want-time.Millisecond, "slot %d", i)
	}
}

// The next slot of a purchase is nearer than that of a read by a quarter of the
// burst, and so many purchases need not wait beside any number of reads.
func TestLimiterKeepsAShareForPurchases(t *testing.T) {
	l := NewLimiter(migrated(t), "x", 0.01, 8)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	reads := 0
	for l.Wait(ctx) == nil {
		reads++
	}
	assert.Equal(t, 6, reads, "a quarter of 8 is left")
	// One more slot is reserved for the read that comes next.
	require.NoError(t, l.WaitPurchase(ctx))
	require.ErrorIs(t, l.WaitPurchase(ctx), context.DeadlineExceeded)
	require.NoError(t, ctx.Err(), "known at once")
}

// A purchase waits behind the one read that has a slot, and no other.
func TestLimiterLetsPurchasesPassReads(t *testing.T) {
	l := NewLimiter(migrated(t), "x", 5, 1)
	require.NoError(t, l.Wait(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	var passed atomic.Int32
	for range 100 {
		readers.Go(func() {
			if l.Wait(ctx) == nil {
				passed.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return len(l.reads.turn) == 1 }, 5*time.Second, time.Millisecond)
	before := passed.Load()
	for range 5 {
		require.NoError(t, l.WaitPurchase(t.Context()))
	}
	assert.Less(t, passed.Load()-before, int32(20), "about one read for each purchase, and not all hundred before the first")
	cancel()
	readers.Wait()
}

func TestLimiterNamesAreBuckets(t *testing.T) {
	pool := migrated(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	require.NoError(t, NewLimiter(pool, "a", 0.001, 1).Wait(ctx))
	require.NoError(t, NewLimiter(pool, "b", 0.001, 1).Wait(ctx))
	err := NewLimiter(pool, "a", 0.001, 1).Wait(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, ctx.Err(), "it is known at once that the turn comes too late")
}

func TestLimiterObeysItsContext(t *testing.T) {
	l := NewLimiter(migrated(t), "x", 0.01, 1)
	require.NoError(t, l.Wait(t.Context()))

	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 2)
	for range 2 { // one that has a slot, one that queues behind it
		go func() { left <- l.Wait(ctx) }()
	}
	require.Eventually(t, func() bool { return len(l.reads.turn) == 1 }, 5*time.Second, time.Millisecond)
	began := time.Now()
	cancel()
	require.ErrorIs(t, <-left, context.Canceled)
	require.ErrorIs(t, <-left, context.Canceled)
	assert.Less(t, time.Since(began), 500*time.Millisecond, "on a busy machine")

	require.ErrorIs(t, l.Wait(ctx), context.Canceled, "nothing is asked of the database for one who has left")
}

func TestLimiterKeepsTheSlotOfOneWhoLeft(t *testing.T) {
	l := NewLimiter(migrated(t), "x", 0.01, 1)
	require.NoError(t, l.Wait(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for range 5 {
		require.Error(t, l.Wait(ctx))
	}
	var ahead float64
	require.NoError(t, l.pool.QueryRow(t.Context(), `SELECT extract(epoch FROM free_at - clock_timestamp()) FROM esim_limit`).Scan(&ahead))
	assert.Less(t, ahead, 200.0, "five callers who left have cost one slot of 100 seconds, not five")
	assert.Greater(t, ahead, 150.0)
}

func TestLimiterForgetsAClockThatWentBack(t *testing.T) {
	l := NewLimiter(migrated(t), "x", 10, 2)
	require.NoError(t, l.Wait(t.Context()))
	_, err := l.pool.Exec(t.Context(), `UPDATE esim_limit SET free_at = clock_timestamp() + interval '1 year'`)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, l.Wait(ctx))
}

func TestLimiterWithoutDatabaseLetsNothingThrough(t *testing.T) {
	pool := migrated(t)
	l := NewLimiter(pool, "x", 1000, 1000)
	require.NoError(t, l.Wait(t.Context()))
	pool.Close()
	for range 3 {
		require.Error(t, l.Wait(t.Context()))
	}
	unmigrated := NewLimiter(pgtest.Pool(t), "x", 1000, 1000)
	require.ErrorContains(t, unmigrated.Wait(t.Context()), "postgres.Migrate")
}

func TestLimiterDoesNotWaitForASilentDatabase(t *testing.T) {
	pool := migrated(t)
	l := NewLimiter(pool, "x", 1000, 1000)
	require.NoError(t, l.Wait(t.Context()))
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
	_, err = tx.Exec(t.Context(), `SELECT 1 FROM esim_limit FOR UPDATE`)
	require.NoError(t, err)
	l.patience = 50 * time.Millisecond
	require.ErrorIs(t, l.Wait(t.Context()), errLimitSilent)
}

func TestLimiterRefusesWhatAllowsNothing(t *testing.T) {
	for _, l := range []*Limiter{
		NewLimiter(nil, "", 1, 1),
		NewLimiter(nil, "x", 0, 1),
		NewLimiter(nil, "x", -1, 1),
		NewLimiter(nil, "x", 1, 0),
		NewLimiter(nil, "x", nan(), 1),
		NewLimiter(nil, "x", 1/zero, 1),
		NewLimiter(nil, "x", 1e-9, 1),
	} {
		assert.ErrorIs(t, l.Wait(t.Context()), errLimit)
	}
}

var zero = 0.0

func nan() float64 { return zero / zero }
