package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

// Store is a [journal.Store] in PostgreSQL, for any number of processes.
//
// A write that returns no error is on the disk of the primary, whatever
// synchronous_commit says by default; where it also waits for standbys, it
// does so here. Serialization failures, deadlocks and connections that were
// lost before COMMIT was sent are tried again a few times. A connection lost
// during COMMIT leaves it open whether the write took place: the error matches
// none of those that package journal names.
type Store struct {
	journal.Store

	db    *database
	clock *clock
}

// Open returns the store in the database of the pool. It changes nothing
// there: the tables come from [Migrate].
//
// journal.ErrSchema: Migrate has not been run, or a newer program's has.
// journal.ErrForeign: the tables are not those of this package.
func Open(ctx context.Context, pool *pgxpool.Pool, opts ...Option) (*Store, error) {
	p := settingsOf(opts).place
	if err := p.check(ctx, pool); err != nil {
		return nil, fmt.Errorf("postgres: %w", named(err))
	}
	begin, err := beginQuery(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", named(err))
	}
	db := &database{pool: pool, place: p, begin: begin}
	c := &clock{}
	now := func(ctx context.Context) (now time.Time, err error) {
		err = db.Read(ctx, func(tx sqlstore.Tx) (err error) {
			now, err = c.now(ctx, tx)
			return err
		})
		return now, err
	}
	return &Store{Store: sqlstore.New(db, dialect(), now), db: db, clock: c}, nil
}

// dialect is PostgreSQL's.
func dialect() sqlstore.Dialect {
	return sqlstore.Dialect{
		Lock:       "FOR UPDATE",
		SkipLocked: "FOR UPDATE SKIP LOCKED",
		KeyList:    "coalesce(json_agg(key)::text, '[]')",
		Taken:      func(err error) bool { return stateOf(err) == uniqueViolation },
		// The time of the statement: one that changes while it runs could not
		// be looked up in an index.
		After: func(microseconds string) string {
			return "statement_timestamp() + " + microseconds + "::bigint * interval '1 microsecond'"
		},
	}
}

// Tx returns a creator of intents that commit, or do not, with a transaction
// of the caller: give it to the journal for one purchase, commit, and then let
// the journal carry it out. It works behind a savepoint: after a refusal
// (journal.ErrTaken, journal.ErrOverBudget) the transaction is as it was
// before, and can go on. It must reach the same database as the store.
//
// Under REPEATABLE READ or SERIALIZABLE it may fail like any other statement
// there; run the whole transaction again then.
func (s *Store) Tx(tx pgx.Tx) journal.Creator {
	return joined{tx: pgxTx{tx, s.db.place}, clock: s.clock}
}

// SQLTx is [Store.Tx] for transactions of database/sql. Any driver for
// PostgreSQL will do.
func (s *Store) SQLTx(tx *sql.Tx) journal.Creator {
	return joined{tx: sqlTx{tx, s.db.place}, clock: s.clock}
}

// joined creates entries in somebody else's transaction.
type joined struct {
	tx    sqlstore.Tx
	clock *clock
}

// Now is Store.Now on the connection of the transaction: who holds one of the
// pool must not have to wait for another.
func (j joined) Now(ctx context.Context) (time.Time, error) {
	now, err := j.clock.now(ctx, j.tx)
	return now, named(err)
}

// Get is Store.Get on that connection.
func (j joined) Get(ctx context.Context, id journal.ID) (journal.Entry, error) {
	e, err := sqlstore.GetIn(ctx, j.tx, dialect(), id)
	return e, named(err)
}

// Create implements journal.Creator.
func (j joined) Create(ctx context.Context, e journal.Entry, b *journal.Budget) (journal.Entry, bool, error) {
	kept, created, err := sqlstore.CreateIn(ctx, j.tx, dialect(), e, b)
	return kept, created, named(err)
}
