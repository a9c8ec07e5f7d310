package sqlite_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

func TestClockGoesBack(t *testing.T) {
	path := newPath(t)
	noon := time.Date(2026, 5, 4, 12, 0, 0, 123456789, time.UTC)
	wall := noon
	clock := sqlite.WithNow(func() time.Time { return wall })
	s := open(t, path, clock)
	now := func(s *sqlite.Store) (time.Time, error) { return s.Now(t.Context()) }

	at, err := now(s)
	require.NoError(t, err)
	assert.Equal(t, noon.Truncate(time.Microsecond), at)

	wall = noon.Add(-59 * time.Second)
	at, err = now(s)
	require.NoError(t, err, "a small correction")
	assert.Equal(t, noon.Truncate(time.Microsecond), at, "which nobody sees")

	wall = noon.Add(-61 * time.Second)
	at, err = now(s)
	require.ErrorIs(t, err, journal.ErrClockSuspect)
	assert.Equal(t, noon.Truncate(time.Microsecond), at)

	// What does not rest on the time goes on: writing, and claiming what is due.
	e := entry(1)
	e.NextAt, e.LeaseUntil = noon.Add(-time.Second), time.Time{}
	_, _, err = s.Create(t.Context(), e, nil)
	require.NoError(t, err)
	leased, err := s.Lease(t.Context(), journal.Slots{"": 5}, time.Minute)
	require.NoError(t, err)
	assert.Len(t, leased, 1)

	wall = noon.Add(time.Hour)
	_, err = now(s)
	require.NoError(t, err)
	_, _, err = s.Create(t.Context(), entry(2), nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())

	// The mark is in the file.
	wall = noon
	s = open(t, path, clock)
	_, err = now(s)
	require.ErrorIs(t, err, journal.ErrClockSuspect)
	assert.ErrorContains(t, err, "it says 2026-05-04T12:00:00Z, and the journal has seen 2026-05-04T13:00:00Z")
	wall = noon.Add(time.Hour)
	_, err = now(s)
	require.NoError(t, err)
}
