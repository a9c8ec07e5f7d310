package sqlite_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

// Bytes go bad at random places. The file is refused, or the damage is where
// nothing is kept: never is a purchase other than it was, and never is one
// missing.
func TestRandomDamage(t *testing.T) {
	rounds := 600
	if testing.Short() || underRace {
		rounds = 100
	}
	whole, err := os.ReadFile(written(t, 60))
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(1, 20260504))
	path := filepath.Join(t.TempDir(), "purchases.db")
	refused := 0
	for range rounds {
		damaged := append([]byte(nil), whole...)
		at, length := r.IntN(len(damaged)), 1+r.IntN(3)
		for i := at; i < min(at+length, len(damaged)); i++ {
			damaged[i] ^= byte(1 + r.IntN(255))
		}
		for _, suffix := range []string{"-wal", "-shm", ".lock"} {
			_ = os.Remove(path + suffix) // may be missing
		}
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		s, err := sqlite.Open(path)
		if err != nil {
			assert.True(t, isNamed(err), "byte %d: %v", at, err)
			refused++
			continue
		}
		all, err := s.List(t.Context(), journal.Query{Limit: 1000})
		require.NoError(t, err)
		require.Len(t, all, 60, "byte %d", at)
		for i, e := range all {
			want := entry(i)
			want.Version = e.Version
			if i%2 == 1 {
				want = delivered(want)
			}
			want.NextAt, want.LeaseUntil = e.NextAt, e.LeaseUntil // not under the seal
			require.Equal(t, want, e, "byte %d", at)
		}
		require.NoError(t, s.Close())
	}
	t.Logf("%d of %d damaged files were refused; in the others it was in free space or in what is not under a checksum", refused, rounds)
	assert.Greater(t, refused, rounds/4)
}

// isNamed reports whether the sentence of err tells what kind of trouble it is.
func isNamed(err error) bool {
	return errors.Is(err, journal.ErrForeign) || errors.Is(err, journal.ErrSchema)
}
