package postgres

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres/internal/pgtest"
)

func testDatabase(t *testing.T) *database {
	t.Helper()
	pool := pgtest.Pool(t)
	_, err := pool.Exec(t.Context(), `CREATE TABLE account (id int PRIMARY KEY, n int); INSERT INTO account VALUES (1, 0), (2, 0)`)
	require.NoError(t, err)
	begin, err := beginQuery(t.Context(), pool)
	require.NoError(t, err)
	return &database{pool: pool, begin: begin}
}

func (db *database) count(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, db.pool.QueryRow(t.Context(), `SELECT sum(n) FROM account`).Scan(&n))
	return n
}

func TestDeadlocksAreRunAgain(t *testing.T) {
	db := testDatabase(t)
	var runs atomic.Int32
	both := make(chan struct{})
	add := func(first, second int) error {
		return db.Write(t.Context(), func(tx sqlstore.Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE account SET n = n + 1 WHERE id = $1`, first); err != nil {
				return err
			}
			if runs.Add(1) == 2 {
				close(both)
			}
			<-both
			_, err := tx.Exec(t.Context(), `UPDATE account SET n = n + 1 WHERE id = $1`, second)
			return err
		})
	}
	done := make(chan error)
	go func() { done <- add(1, 2) }()
	require.NoError(t, add(2, 1))
	require.NoError(t, <-done)
	assert.Equal(t, 4, db.count(t))
	assert.Greater(t, runs.Load(), int32(2), "one of them was a victim")
}

func TestWriteUndoesWhatFails(t *testing.T) {
	db := testDatabase(t)
	why := errors.New("why")
	runs := 0
	err := db.Write(t.Context(), func(tx sqlstore.Tx) error {
		runs++
		_, err := tx.Exec(t.Context(), `UPDATE account SET n = 7`)
		require.NoError(t, err)
		return why
	})
	require.ErrorIs(t, err, why)
	assert.Equal(t, 1, runs)
	assert.Zero(t, db.count(t))
}

// kill ends the connection that tx runs on, as a failover would.
func kill(ctx context.Context, db *database, tx sqlstore.Tx) error {
	rows, err := tx.Query(ctx, `SELECT pg_backend_pid()`)
	if err != nil {
		return err
	}
	var pid int
	for rows.Next() {
		err = rows.Scan(&pid)
	}
	if err = errors.Join(err, rows.Err()); err != nil {
		return err
	}
	_, err = db.pool.Exec(ctx, `SELECT pg_terminate_backend($1, 5000)`, pid)
	return err
}

func TestConnectionsLostBeforeCommitAreReplaced(t *testing.T) {
	db := testDatabase(t)
	runs := 0
	work := func(tx sqlstore.Tx) error {
		if _, err := tx.Exec(t.Context(), `UPDATE account SET n = n + 1 WHERE id = 1`); err != nil {
			return err
		}
		if runs++; runs == 1 {
			if err := kill(t.Context(), db, tx); err != nil {
				return err
			}
		}
		_, err := tx.Exec(t.Context(), `UPDATE account SET n = n + 1 WHERE id = 2`)
		return err
	}
	require.NoError(t, db.Write(t.Context(), work))
	assert.Equal(t, 2, runs)
	assert.Equal(t, 2, db.count(t))

	runs = 0
	require.NoError(t, db.Read(t.Context(), work))
	assert.Equal(t, 2, runs)
}

func TestConnectionLostAtCommitIsAnError(t *testing.T) {
	db := testDatabase(t)
	runs := 0
	err := db.Write(t.Context(), func(tx sqlstore.Tx) error {
		runs++
		if _, err := tx.Exec(t.Context(), `UPDATE account SET n = n + 1`); err != nil {
			return err
		}
		return kill(t.Context(), db, tx)
	})
	require.Error(t, err)
	assert.Equal(t, 1, runs, "whether it took place is not ours to say")
	for _, known := range []error{
		journal.ErrReadOnly, journal.ErrDiskFull, journal.ErrPoisoned, journal.ErrClosed, journal.ErrSchema,
		journal.ErrForeign, journal.ErrNotFound, journal.ErrStale, journal.ErrTaken, journal.ErrOverBudget,
	} {
		assert.NotErrorIs(t, err, known)
	}
}

func TestErrorsAreNamed(t *testing.T) {
	for state, want := range map[string]error{
		readOnly: journal.ErrReadOnly, diskFull: journal.ErrDiskFull, undefinedTable: journal.ErrSchema,
		undefinedColumn: journal.ErrSchema, invalidSchema: journal.ErrSchema,
	} {
		cause := &pgconn.PgError{Code: state}
		err := named(cause)
		assert.ErrorIs(t, err, want)
		assert.ErrorIs(t, err, error(cause))
	}
	assert.NoError(t, named(nil))
	assert.Equal(t, errSealed, named(errSealed), "of our own")
}

func TestReadOnlyAndClosedStores(t *testing.T) {
	s, pool := open(t)
	_, err := pool.Exec(t.Context(), `ALTER DATABASE `+pool.Config().ConnConfig.Database+` SET default_transaction_read_only = on`)
	require.NoError(t, err)
	pool.Reset()
	_, _, err = s.Create(t.Context(), intent("cart-1"), nil)
	require.ErrorIs(t, err, journal.ErrReadOnly)
	pool.Close()
	_, _, err = s.Create(t.Context(), intent("cart-1"), nil)
	require.ErrorIs(t, err, journal.ErrClosed)
	_, err = s.Get(t.Context(), "x")
	require.ErrorIs(t, err, journal.ErrClosed)
	_, err = s.Now(t.Context())
	require.ErrorIs(t, err, journal.ErrClosed)
}

func TestWritesAreDurableWhateverTheDefault(t *testing.T) {
	pool := pgtest.Pool(t)
	for setting, want := range map[string]string{"off": "on", "on": "on", "local": "local", "remote_apply": "remote_apply"} {
		_, err := pool.Exec(t.Context(), `ALTER DATABASE `+pool.Config().ConnConfig.Database+` SET synchronous_commit = `+setting)
		require.NoError(t, err)
		pool.Reset()
		begin, err := beginQuery(t.Context(), pool)
		require.NoError(t, err)
		db := &database{pool: pool, begin: begin}
		require.NoError(t, db.Write(t.Context(), func(tx sqlstore.Tx) error {
			rows, err := tx.Query(t.Context(), `SELECT current_setting('synchronous_commit'), current_setting('transaction_isolation')`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var got, isolation string
				require.NoError(t, rows.Scan(&got, &isolation))
				assert.Equal(t, want, got)
				assert.Equal(t, "read committed", isolation)
			}
			return rows.Err()
		}))
	}
}

func TestWriteObeysItsContext(t *testing.T) {
	db := testDatabase(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := db.Write(ctx, func(tx sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `SELECT pg_sleep(30)`)
		return err
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, time.Since(began), 3*time.Second)
}
