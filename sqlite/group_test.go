package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

// busy has the writer of a store at work until free is called, so that writes
// gather.
func busy(t *testing.T, s *sqlite.Store) (free func()) {
	t.Helper()
	release := make(chan struct{})
	began := make(chan struct{})
	go func() {
		assert.NoError(t, s.Write(t.Context(), func(sqlstore.Tx) error {
			close(began)
			<-release
			return nil
		}))
	}()
	<-began
	return func() { close(release) }
}

// In a group every write has its own end: what one is refused, or fails at,
// does not touch the others.
func TestGroupEndsOneByOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "purchases.db")
	synctest.Test(t, func(t *testing.T) {
		s := open(t, path)
		first := create(t, s, entry(0))
		save(t, s, delivered(first))

		free := busy(t, s)
		var wg sync.WaitGroup
		mine := errors.New("mine")
		for n := 1; n <= 50; n++ {
			wg.Go(func() {
				e := entry(n)
				switch n % 5 {
				case 0:
					e.Keys = []string{"order:new-" + e.Reference, "order:cart-000000"} // the second is taken
					_, _, err := s.Create(t.Context(), e, nil)
					assert.ErrorIs(t, err, journal.ErrTaken)
				case 1:
					_, err := s.Save(t.Context(), first)
					assert.ErrorIs(t, err, journal.ErrStale)
				case 2:
					assert.ErrorIs(t, s.Write(t.Context(), func(tx sqlstore.Tx) error {
						_, err := tx.Exec(t.Context(), "DELETE FROM esim_held")
						return errors.Join(err, mine)
					}), mine)
				case 3:
					assert.ErrorContains(t, s.Write(t.Context(), func(tx sqlstore.Tx) error {
						_, err := tx.Exec(t.Context(), "UPDATE esim_purchase SET doubt = 7")
						return err
					}), "CHECK")
				default:
					_, created, err := s.Create(t.Context(), e, nil)
					assert.NoError(t, err)
					assert.True(t, created)
				}
			})
		}
		synctest.Wait()
		free()
		wg.Wait()

		all, err := s.List(t.Context(), journal.Query{Limit: 1000})
		require.NoError(t, err)
		require.Len(t, all, 11)
		taken, err := s.Named(t.Context(), "esimfly", []string{"order:new-cart-000005"})
		require.NoError(t, err)
		assert.Empty(t, taken, "a refused write leaves no key behind")
	})
}

// Who gives up before the turn comes has written nothing; who gives up in the
// middle does not know; and neither takes anybody else along.
func TestCancelledWritesDisturbNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "purchases.db")
	synctest.Test(t, func(t *testing.T) {
		s := open(t, path)
		free := busy(t, s)

		early, giveUpEarly := context.WithCancel(t.Context())
		middle, giveUpInTheMiddle := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, _, err := s.Create(early, entry(1), nil)
			assert.ErrorIs(t, err, context.Canceled)
			assert.NotErrorIs(t, err, sqlite.ErrInDoubt)
		})
		wg.Go(func() {
			err := s.Write(middle, func(tx sqlstore.Tx) error {
				giveUpInTheMiddle()
				synctest.Wait() // until the caller has gone
				_, err := tx.Exec(middle, "INSERT INTO esim_meta VALUES ('middle', '')")
				return err
			})
			assert.ErrorIs(t, err, context.Canceled)
			assert.ErrorIs(t, err, sqlite.ErrInDoubt)
		})
		for n := 10; n < 20; n++ {
			wg.Go(func() {
				_, _, err := s.Create(t.Context(), entry(n), nil)
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		giveUpEarly()
		synctest.Wait()
		free()
		wg.Wait()

		all, err := s.List(t.Context(), journal.Query{})
		require.NoError(t, err)
		assert.Len(t, all, 10)
		require.NoError(t, s.Write(t.Context(), func(tx sqlstore.Tx) error {
			n, err := tx.Exec(t.Context(), "DELETE FROM esim_meta WHERE name = 'middle'")
			assert.Equal(t, int64(1), n, "the write went on without its caller")
			return err
		}))
	})
}

// Close answers everybody.
func TestCloseWhileWriting(t *testing.T) {
	s := open(t, newPath(t))
	var wg sync.WaitGroup
	var written atomic.Int64
	for n := range 50 {
		wg.Go(func() {
			for i := n * 1000; ; i++ {
				_, _, err := s.Create(t.Context(), entry(i), nil)
				if err != nil {
					assert.ErrorIs(t, err, journal.ErrClosed)
					return
				}
				if written.Add(1) == 200 {
					wg.Go(func() { assert.NoError(t, s.Close()) })
				}
			}
		})
	}
	wg.Wait()
	assert.GreaterOrEqual(t, written.Load(), int64(200))
}

// One reference, many callers: one entry.
func TestOneReferenceManyCallers(t *testing.T) {
	s := open(t, newPath(t))
	var created atomic.Int64
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			_, first, err := s.Create(t.Context(), entry(7), nil)
			assert.NoError(t, err)
			if first {
				created.Add(1)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, int64(1), created.Load())
}
