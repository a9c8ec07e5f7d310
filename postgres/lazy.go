package postgres

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim/internal/sqlstore"
)

// lazy is a database that is first asked, when there is something to do, how
// its transactions begin.
type lazy struct {
	pool  *pgxpool.Pool
	place place
	asked atomic.Pointer[database]
}

var (
	_ sqlstore.DB     = (*lazy)(nil)
	_ sqlstore.Single = (*lazy)(nil)
)

func (l *lazy) database(ctx context.Context) (*database, error) {
	if db := l.asked.Load(); db != nil {
		return db, nil
	}
	begin, err := beginQuery(ctx, l.pool)
	if err != nil {
		return nil, named(err)
	}
	db := &database{pool: l.pool, place: l.place, begin: begin}
	l.asked.Store(db)
	return db, nil
}

// Write implements sqlstore.DB.
func (l *lazy) Write(ctx context.Context, fn func(sqlstore.Tx) error) error {
	db, err := l.database(ctx)
	if err != nil {
		return err
	}
	return db.Write(ctx, fn)
}

// Single implements sqlstore.Single.
func (l *lazy) Single(ctx context.Context, fn func(sqlstore.Tx) error) error {
	db, err := l.database(ctx)
	if err != nil {
		return err
	}
	return db.Single(ctx, fn)
}

// Read implements sqlstore.DB.
func (l *lazy) Read(ctx context.Context, fn func(sqlstore.Tx) error) error {
	db, err := l.database(ctx)
	if err != nil {
		return err
	}
	return db.Read(ctx, fn)
}
