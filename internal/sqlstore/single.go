package sqlstore

import (
	"context"
	"time"
)

// singles is a database that is written to by single statements, each of them a
// transaction.
type singles struct {
	db  DB
	d   Dialect
	now func(context.Context) (time.Time, error)
}

// atOnce runs a statement and returns how many rows it has changed.
func (s *singles) atOnce(ctx context.Context, query string, args []any) (rows int64, err error) {
	var n int64
	err = single(s.db)(ctx, func(tx Tx) (err error) {
		n, err = tx.Exec(ctx, query, args...)
		return err
	})
	if err != nil {
		return 0, err // n may still be written to
	}
	return n, nil
}

// single is how the database runs one statement that writes.
func single(db DB) func(context.Context, func(Tx) error) error {
	if one, ok := db.(Single); ok {
		return one.Single
	}
	return db.Write
}

// time is that of the store, zero where the database's counts.
func (s *singles) time(ctx context.Context) (time.Time, error) {
	if s.d.After != nil {
		return time.Time{}, nil
	}
	now, err := s.now(ctx)
	if now.IsZero() { // a suspect clock still tells a time
		return now, err
	}
	return precise(now), nil
}

// after is the expression of a time some time from now.
func (s *singles) after(args *[]any, now time.Time, d time.Duration) string {
	if s.d.After != nil {
		return s.d.After(param(args, d.Microseconds()))
	}
	return param(args, s.d.time(precise(now.Add(d))))
}
