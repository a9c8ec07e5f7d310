package sqlite_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
	"github.com/esimkit/esim/webhook"
	"github.com/esimkit/esim/webhook/inboxtest"
)

func TestInbox(t *testing.T) {
	inboxtest.Run(t, func(t testing.TB) webhook.Inbox {
		s := &movable{path: newPath(t)}
		var err error
		s.Store, err = sqlite.Open(s.path, sqlite.WithNow(s.now))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return movableInbox{s.Inbox(), s}
	})
}

// movableInbox is the inbox of a store with a clock that the suite moves, and a
// file that it opens again.
type movableInbox struct {
	*sqlite.Inbox

	store *movable
}

// Advance implements [inboxtest.Advancer].
func (b movableInbox) Advance(d time.Duration) { b.store.Advance(d) }

// Reopen implements [inboxtest.Reopener].
func (b movableInbox) Reopen() (webhook.Inbox, error) {
	if err := b.store.Close(); err != nil {
		return nil, err
	}
	next := &movable{path: b.store.path}
	next.ahead.Store(b.store.ahead.Load())
	var err error
	if next.Store, err = sqlite.Open(next.path, sqlite.WithNow(next.now)); err != nil {
		return nil, err
	}
	return closing{movableInbox{next.Inbox(), next}}, nil
}

// closing is an inbox whose end is that of its store.
type closing struct{ movableInbox }

// Close ends the store.
func (c closing) Close() error { return c.store.Close() }

// hook is a message that is different for each n.
func hook(n int) webhook.Message {
	return webhook.Message{Source: "esimfly", Key: "order_" + strings.Repeat("0", n), Body: []byte(`{"event":"esim.installed"}`)}
}

func addHooks(t testing.TB, path string, n int) {
	t.Helper()
	s, err := sqlite.Open(path)
	require.NoError(t, err)
	for i := range n {
		added, err := s.Inbox().Add(t.Context(), hook(i))
		require.NoError(t, err)
		require.True(t, added)
	}
	require.NoError(t, s.Close())
}

// A damaged message is never given out: the file is refused, or what reads it.
func TestDamagedMessageIsRefused(t *testing.T) {
	for name, damage := range map[string]string{
		"body":        `UPDATE esim_inbox SET body = x'00' WHERE id = 2`,
		"key":         `UPDATE esim_inbox SET key = 'order_9' WHERE id = 2`,
		"source":      `UPDATE esim_inbox SET source = 'esimfx' WHERE id = 2`,
		"header":      `UPDATE esim_inbox SET header = '{"X":["1"]}' WHERE id = 2`,
		"received_at": `UPDATE esim_inbox SET received_at = '2020-01-01T00:00:00.000000Z' WHERE id = 2`,
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			addHooks(t, path, 3)
			raw(t, path, damage)
			_, err := sqlite.Open(path)
			require.ErrorIs(t, err, journal.ErrForeign)
			require.ErrorContains(t, err, "webhook 2 is damaged")

			s, err := sqlite.Open(path, sqlite.WithQuickCheck())
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			given, err := s.Inbox().Next(t.Context(), 9, time.Minute)
			require.ErrorIs(t, err, journal.ErrForeign)
			require.Empty(t, given)
			given, err = s.Inbox().Next(t.Context(), 1, time.Minute)
			require.NoError(t, err, "the one before it is whole, and was not taken by the call that failed")
			require.Len(t, given, 1)
			assert.Equal(t, 1, given[0].Attempts)
		})
	}
}

// oldFile is a journal of the version before there were an inbox and claims,
// with entries.
func oldFile(t *testing.T) string {
	t.Helper()
	path := written(t, 10)
	raw(t, path, `DROP TABLE esim_inbox`)
	raw(t, path, `DROP TABLE esim_claim`)
	raw(t, path, `PRAGMA user_version = 1`)
	return path
}

func TestOlderFileGetsAnInbox(t *testing.T) {
	path := oldFile(t)
	s := open(t, path)
	added, err := s.Inbox().Add(t.Context(), hook(1))
	require.NoError(t, err)
	assert.True(t, added)
	all, err := s.List(t.Context(), journal.Query{})
	require.NoError(t, err)
	assert.Len(t, all, 10)
	require.NoError(t, s.Close())
	s = open(t, path)
	given, err := s.Inbox().Next(t.Context(), 9, time.Minute)
	require.NoError(t, err)
	require.Len(t, given, 1)
	assert.Equal(t, hook(1).Key, given[0].Key)
}

// What is wrong with an older file is told before it is changed.
func TestDamagedOlderFileIsRefused(t *testing.T) {
	for name, damage := range map[string]string{
		"a table gone": `DROP TABLE esim_meta`,
		"a purchase":   `UPDATE esim_purchase SET content = 'c1ffee' WHERE reference = 'cart-000007'`,
	} {
		t.Run(name, func(t *testing.T) {
			path := oldFile(t)
			raw(t, path, damage)
			_, err := sqlite.Open(path)
			require.ErrorIs(t, err, journal.ErrForeign)
			c := rawConn(t, path)
			var v int
			require.NoError(t, c.QueryRowContext(t.Context(), `PRAGMA user_version`).Scan(&v))
			assert.Equal(t, 1, v)
		})
	}
}

// The inbox shares the fate of the journal in the file.
func TestInboxEndsWithItsStore(t *testing.T) {
	s := open(t, newPath(t))
	b := s.Inbox()
	require.NoError(t, s.Close())
	_, err := b.Add(t.Context(), hook(1))
	require.ErrorIs(t, err, journal.ErrClosed)
	_, err = b.Next(t.Context(), 1, time.Minute)
	require.ErrorIs(t, err, journal.ErrClosed)
	require.ErrorIs(t, b.Done(t.Context(), 1), journal.ErrClosed)
	_, err = b.Purge(t.Context(), time.Now())
	require.ErrorIs(t, err, journal.ErrClosed)
}

// What is due is found in an index, however much is leased or done.
func TestInboxPlans(t *testing.T) {
	s := open(t, newPath(t))
	for query, index := range map[string]string{
		`SELECT id FROM esim_inbox WHERE done_at IS NULL AND next_at <= '2026' ORDER BY next_at, id LIMIT 1`: "esim_inbox_due (next_at<?)",
		`DELETE FROM esim_inbox WHERE done_at < '2026'`:                                                      "esim_inbox_done (done_at<?)",
	} {
		require.NoError(t, s.Write(t.Context(), func(tx sqlstore.Tx) error {
			rows, err := tx.Query(t.Context(), "EXPLAIN QUERY PLAN "+query)
			if err != nil {
				return err
			}
			defer rows.Close()
			var plan []string
			for rows.Next() {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					return err
				}
				plan = append(plan, detail)
			}
			assert.Contains(t, strings.Join(plan, "; "), index)
			return rows.Err()
		}))
	}
}
