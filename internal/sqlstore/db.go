package sqlstore

import (
	"context"
	"time"
)

// Tx is a transaction of either driver.
type Tx interface {
	// Exec runs a statement and tells how many rows it has changed.
	Exec(ctx context.Context, query string, args ...any) (rows int64, err error)
	Query(ctx context.Context, query string, args ...any) (Rows, error)
}

// Rows is the result of a query, as pgx has it; [database/sql.Rows] is wrapped.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// DB runs functions in transactions.
type DB interface {
	// Write runs fn in a transaction that is durable when it returns nil, and
	// undone as a whole when fn fails: Write returns the error of fn then, as
	// it is or wrapped. fn may be run again, so it has no effect but on tx and
	// on what it assigns; and it may outlive a Write that ctx has ended, so
	// what it uses belongs to nobody else.
	Write(ctx context.Context, fn func(tx Tx) error) error
	// Read runs fn on a connection that sees all that was committed before.
	Read(ctx context.Context, fn func(tx Tx) error) error
}

// Single is a [DB] that can do with one statement what Write needs several
// messages for. fn writes with its first statement only, and that is a
// transaction of its own; everything else is as with Write.
type Single interface {
	Single(ctx context.Context, fn func(tx Tx) error) error
}

// Dialect is what differs between the databases.
type Dialect struct {
	// Lock ends a SELECT of rows that are about to be changed: "FOR UPDATE",
	// or nothing where writers exclude one another anyway.
	Lock string
	// SkipLocked is Lock for whom any free row will do.
	SkipLocked string
	// KeyList is the expression that gathers the column key of several rows
	// into the text of a JSON array, never null.
	KeyList string
	// Taken recognises the error of a statement that would have made a row
	// with a key that another row has. It is set where one statement can change
	// several tables; nil = none can.
	Taken func(error) bool
	// Time makes a parameter of a time that is not zero; nil = the driver
	// takes a time.Time.
	Time func(time.Time) any
	// After is the expression of the time that is a number of microseconds, a
	// parameter, from now by the clock of the database; nil = it has none that
	// counts, and the store's does.
	After func(microseconds string) string
	// Seal has every row carry a checksum that is compared on reading. It is
	// for databases that would not notice a damaged page.
	Seal bool
}

// time makes a parameter of t, null if it is zero.
func (d *Dialect) time(t time.Time) any {
	switch {
	case t.IsZero():
		return nil
	case d.Time == nil:
		return t.UTC()
	}
	return d.Time(t.UTC())
}
