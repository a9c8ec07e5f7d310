package sqlite_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

// filled opens a store with n old purchases and 100 that are due.
func filled(t testing.TB, n int) *sqlite.Store {
	t.Helper()
	path := newPath(t)
	empty, err := sqlite.Open(path)
	require.NoError(t, err)
	require.NoError(t, empty.Close())
	fill(t, path, n)
	return withDue(t, path)
}

// withDue opens a store, with 100 purchases more that are due.
func withDue(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s := open(t, path, sqlite.WithQuickCheck())
	for i := range 100 {
		e := entry(i)
		e.NextAt, e.LeaseUntil = e.CreatedAt, time.Time{}
		_, created, err := s.Create(t.Context(), e, nil)
		require.NoError(t, err)
		require.True(t, created)
	}
	return s
}

// What is settled must not make it slower to find what is due.
func TestLeaseStaysFlat(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("fills a file with 100,000 purchases, to measure times")
	}
	a, b := leaseTimes(t, filled(t, 10_000), filled(t, 100_000), 400)
	t.Logf("median of a claim of ten: %v at 10,000 purchases, %v at 100,000", a, b)
	assert.Less(t, b, a*3/2)
}

// Nor must a queue at another provider, or purchases that are pending there.
func TestLeaseBesideAQueue(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("fills a file with 20,000 purchases, to measure times")
	}
	alone, beside := filled(t, 20_000), filledDue(t, 20_000)
	a, b := leaseTimes(t, alone, beside, 400)
	t.Logf("median of a claim of ten: %v alone, %v beside 20,000 that are due at a provider without workers", a, b)
	assert.Less(t, b, a*2)
}

// filledDue is filled where the old purchases are due, at another provider.
func filledDue(t testing.TB, n int) *sqlite.Store {
	t.Helper()
	path := newPath(t)
	empty, err := sqlite.Open(path)
	require.NoError(t, err)
	require.NoError(t, empty.Close())
	fill(t, path, n)
	raw(t, path, `UPDATE esim_purchase SET provider = 'esimfx', next_at = created_at`)
	return withDue(t, path)
}

// leaseTimes returns the medians of many claims from two stores. They are made
// in turns, so that a busy machine slows both down.
func leaseTimes(t testing.TB, one, two *sqlite.Store, rounds int) (ofOne, ofTwo time.Duration) {
	t.Helper()
	var a, b []time.Duration
	for range rounds {
		a = append(a, leaseTime(t, one))
		b = append(b, leaseTime(t, two))
	}
	slices.Sort(a)
	slices.Sort(b)
	return a[rounds/2], b[rounds/2]
}

func leaseTime(t testing.TB, s *sqlite.Store) time.Duration {
	t.Helper()
	began := time.Now()
	got, err := s.Lease(t.Context(), journal.Slots{"esimfly": 10, "esimfx": 0, "esimstory": 10, "": 10}, 0)
	took := time.Since(began)
	require.NoError(t, err)
	require.Len(t, got, 10)
	return took
}

// The curve of docs/performance.md: medians, and how much longer than a claim
// from 10,000 purchases at the same time.
func BenchmarkLease(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run("purchases="+strconv.Itoa(n), func(b *testing.B) {
			small, s := filled(b, 10_000), filled(b, n)
			b.ResetTimer()
			base, took := leaseTimes(b, small, s, max(b.N, 20))
			b.ReportMetric(float64(took.Microseconds()), "median-µs")
			b.ReportMetric(float64(took)/float64(base), "x-10k")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run("purchases="+strconv.Itoa(n), func(b *testing.B) {
			path := newPath(b)
			empty, err := sqlite.Open(path)
			require.NoError(b, err)
			require.NoError(b, empty.Close())
			fill(b, path, n)
			for b.Loop() {
				s, err := sqlite.Open(path, sqlite.WithQuickCheck())
				require.NoError(b, err)
				require.NoError(b, s.Close())
			}
		})
	}
}
