package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim/internal/sqlstore"
)

// database is what the shared store runs on.
type database struct {
	pool  *pgxpool.Pool
	place place
	begin []string
}

var (
	_ sqlstore.DB     = (*database)(nil)
	_ sqlstore.Single = (*database)(nil)
)

// tries bounds how often a transaction of which nothing was committed is run.
const tries = 6

// beginQuery returns the statements that begin a transaction: at the isolation
// level that the statements are written for, and durable.
func beginQuery(ctx context.Context, db querier) ([]string, error) {
	var durable string
	if err := db.QueryRow(ctx, `SELECT current_setting('synchronous_commit')`).Scan(&durable); err != nil {
		return nil, err
	}
	begin := []string{"begin isolation level read committed"}
	if durable == "off" {
		begin = append(begin, "set local synchronous_commit to on")
	}
	return begin, nil
}

// Write implements sqlstore.DB.
func (db *database) Write(ctx context.Context, fn func(sqlstore.Tx) error) error {
	return db.again(ctx, fn, db.inTransaction)
}

// Single implements sqlstore.Single: it spares the messages that begin and end
// a transaction.
func (db *database) Single(ctx context.Context, fn func(sqlstore.Tx) error) error {
	if len(db.begin) > 1 {
		return db.Write(ctx, fn) // which sees to its being durable
	}
	return db.again(ctx, fn, db.bare)
}

// runOnce runs fn. undone says that it has left nothing behind and may well
// succeed if it is run again.
type runOnce func(ctx context.Context, fn func(sqlstore.Tx) error) (undone bool, err error)

func (db *database) again(ctx context.Context, fn func(sqlstore.Tx) error, once runOnce) error {
	for try := 1; ; try++ {
		undone, err := once(ctx, fn)
		if err == nil {
			return nil
		}
		if !undone || try == tries {
			return named(err)
		}
		if stop := pause(ctx, time.Millisecond<<try); stop != nil {
			return errors.Join(named(err), stop)
		}
	}
}

func (db *database) bare(ctx context.Context, fn func(sqlstore.Tx) error) (undone bool, err error) {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	err = fn(pgxTx{conn, db.place})
	return conflicted(err) || pgconn.SafeToRetry(err) && ctx.Err() == nil, err
}

func (db *database) inTransaction(ctx context.Context, fn func(sqlstore.Tx) error) (undone bool, err error) {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release() // closes what is not idle
	tx := &transaction{conn: conn, place: db.place, begin: db.begin}
	if err = fn(tx); err != nil {
		// Nobody has said COMMIT: a lost connection is a rollback.
		if conn.Conn().IsClosed() {
			return ctx.Err() == nil, err
		}
		return conflicted(err), errors.Join(err, tx.end(ctx, "rollback"))
	}
	err = tx.end(ctx, "commit")
	return conflicted(err), err
}

// conflicted reports whether the server has undone a transaction because of
// others that ran at the same time.
func conflicted(err error) bool {
	state := stateOf(err)
	return state == serializationFailure || state == deadlockDetected
}

// Read implements sqlstore.DB.
func (db *database) Read(ctx context.Context, fn func(sqlstore.Tx) error) error {
	for try := 1; ; try++ {
		conn, err := db.pool.Acquire(ctx)
		if err != nil {
			return named(err)
		}
		err = fn(pgxTx{conn, db.place})
		lost := conn.Conn().IsClosed()
		conn.Release()
		if err == nil || !lost || try == tries || ctx.Err() != nil {
			return named(err)
		}
		if stop := pause(ctx, time.Millisecond<<try); stop != nil {
			return errors.Join(named(err), stop)
		}
	}
}
