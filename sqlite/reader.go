package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

// database is [sqlstore.DB] made of the one writer and the readers.
type database struct {
	*writer
	*reader
}

// reader runs queries on connections that cannot write, so the end of a
// context may interrupt them.
type reader struct {
	path    string
	pool    *sql.DB
	closing <-chan struct{}
}

// Read implements [sqlstore.DB]. Each query of fn sees what was committed
// before it.
func (r *reader) Read(_ context.Context, fn func(sqlstore.Tx) error) error {
	err := fn(readTx{r.pool})
	if err == nil {
		return nil
	}
	select {
	case <-r.closing:
		return errors.Join(journal.ErrClosed, err)
	default:
		return explain(r.path, err)
	}
}

type readTx struct{ pool *sql.DB }

var errReads = errors.New("sqlite: a reader does not write")

// Exec implements [sqlstore.Tx].
func (readTx) Exec(context.Context, string, ...any) (int64, error) { return 0, errReads }

// Query implements [sqlstore.Tx].
func (r readTx) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	found, err := r.pool.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return &rows{Rows: found}, nil
}
