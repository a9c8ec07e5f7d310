package postgres

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/esimkit/esim/internal/sqlstore"
)

// runner is a connection or a transaction of pgx.
type runner interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// pgxTx runs the statements of the shared store on pgx, as a sqlstore.Tx.
type pgxTx struct {
	runner runner
	place  place
}

// Exec runs a statement.
func (t pgxTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := t.runner.Exec(ctx, t.place.in(query), args...)
	return tag.RowsAffected(), err
}

// Query runs a query.
func (t pgxTx) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	rows, err := t.runner.Query(ctx, t.place.in(query), args...)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// sqlTx runs them on database/sql.
type sqlTx struct {
	tx    *sql.Tx
	place place
}

// Exec runs a statement.
func (t sqlTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(ctx, t.place.in(query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Query runs a query.
func (t sqlTx) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	rows, err := t.tx.QueryContext(ctx, t.place.in(query), args...)
	if err != nil {
		return nil, err
	}
	return sqlRows{rows}, nil
}

// sqlRows gives the rows of database/sql the shape of those of pgx.
type sqlRows struct{ *sql.Rows }

// Close needs to tell no error: Err has told it.
func (r sqlRows) Close() { _ = r.Rows.Close() }
