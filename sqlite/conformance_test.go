package sqlite_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/journal/journaltest"
	"github.com/esimkit/esim/sqlite"
)

func TestStore(t *testing.T) {
	journaltest.TestStore(t, func(t testing.TB) journal.Store {
		s := &movable{path: newPath(t)}
		var err error
		s.Store, err = sqlite.Open(s.path, sqlite.WithNow(s.now))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	})
}

// movable is a store with a clock that the suite moves, and a file that it
// opens again.
type movable struct {
	*sqlite.Store

	path  string
	ahead atomic.Int64
}

func (s *movable) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// Advance implements [journaltest.Advancer].
func (s *movable) Advance(d time.Duration) { s.ahead.Add(int64(d)) }

// Reopen implements [journaltest.Reopener].
func (s *movable) Reopen() (journal.Store, error) {
	if err := s.Close(); err != nil {
		return nil, err
	}
	next := &movable{path: s.path}
	next.ahead.Store(s.ahead.Load())
	var err error
	next.Store, err = sqlite.Open(s.path, sqlite.WithNow(next.now))
	return next, err
}
