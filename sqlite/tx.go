package sqlite

import (
	"context"
	"database/sql"

	"github.com/esimkit/esim/internal/sqlstore"
)

// maxPrepared bounds how many statements a connection keeps prepared. There
// are about twenty; the rest is for lists of different lengths.
const maxPrepared = 100

// preparer is a *sql.Conn or a *sql.DB.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// conn is the connection of the writer, with the statements it has seen. One
// goroutine uses it. The context of a call does not reach SQLite: ending a
// statement half way would end the transaction that others share.
type conn struct {
	on       preparer
	prepared map[string]*sql.Stmt
}

func newConn(on preparer) *conn { return &conn{on: on, prepared: make(map[string]*sql.Stmt)} }

func (c *conn) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	s := c.prepared[query]
	if s != nil || len(c.prepared) >= maxPrepared {
		return s, nil
	}
	s, err := c.on.PrepareContext(ctx, query)
	if err == nil {
		c.prepared[query] = s
	}
	return s, err
}

// Exec implements [sqlstore.Tx].
func (c *conn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx = context.WithoutCancel(ctx)
	s, err := c.statement(ctx, query)
	if err != nil {
		return 0, err
	}
	var result sql.Result
	if s != nil {
		result, err = s.ExecContext(ctx, args...)
	} else {
		result, err = c.on.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Query implements [sqlstore.Tx].
func (c *conn) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	var found *sql.Rows
	if s != nil {
		found, err = s.QueryContext(ctx, args...)
	} else {
		found, err = c.on.QueryContext(ctx, query, args...)
	}
	if err != nil {
		return nil, err
	}
	return &rows{Rows: found}, nil
}

// close gives the statements back.
func (c *conn) close() (err error) {
	for _, s := range c.prepared {
		if e := s.Close(); err == nil {
			err = e
		}
	}
	return err
}

// rows is *sql.Rows in the shape of [sqlstore.Rows]. What Close has to say
// Err says as well.
type rows struct {
	*sql.Rows
	closing error
}

// Close implements [sqlstore.Rows].
func (r *rows) Close() { r.closing = r.Rows.Close() }
