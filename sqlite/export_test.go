package sqlite

import (
	"context"
	"time"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

// Write gives tests the transactions of the store.
func (s *Store) Write(ctx context.Context, fn func(sqlstore.Tx) error) error {
	return s.writer.Write(ctx, fn)
}

// Checkpoint has the writer copy its log into the database after the next
// commit.
func (s *Store) Checkpoint(ctx context.Context) error {
	return s.writer.Write(ctx, func(tx sqlstore.Tx) error {
		s.writer.since = checkpointAfter
		_, err := tx.Exec(ctx, "UPDATE esim_meta SET value = value")
		return err
	})
}

// Over makes a journal store of a database of the test.
func Over(db sqlstore.DB, clock func(context.Context) (time.Time, error)) journal.Store {
	return sqlstore.New(db, dialect(), clock)
}

// ErrInDoubt is the error of a write whose end is not known.
var ErrInDoubt = errInDoubt
