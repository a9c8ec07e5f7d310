package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/esimkit/esim"
)

// sale is what the shop itself knows of a purchase: that it was paid, and for
// what. What became of it at the reseller is the journal's to know.
type sale struct {
	Reference  string // of the purchase, at the reseller and in the journal
	Parent     string // reference of the sale that is topped up, "" = a new eSIM
	ICCID      esim.ICCID
	Package    esim.Package // as it was shown to the customer
	PaidAt     time.Time
	RefundedAt time.Time // zero = the shop has the money
}

func (s *sale) topUp() bool { return s.Parent != "" }

// books are the shop's own database, a file beside the journal. A sale is
// written here first; what the journal has not heard of when the process dies
// in between is handed to it again, see [shop.settle].
type books struct{ db *sql.DB }

const booksSchema = `
CREATE TABLE IF NOT EXISTS sale (
	reference TEXT PRIMARY KEY, parent TEXT NOT NULL, iccid TEXT NOT NULL, package TEXT NOT NULL,
	paid_at TEXT NOT NULL, ordered_at TEXT NOT NULL DEFAULT '', refunded_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS sale_parent ON sale (parent);
CREATE INDEX IF NOT EXISTS sale_open ON sale (paid_at) WHERE ordered_at = '' AND refunded_at = '';
CREATE TABLE IF NOT EXISTS reading (
	iccid TEXT NOT NULL, day TEXT NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (iccid, day)
) STRICT;`

func openBooks(ctx context.Context, path string) (*books, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err = db.ExecContext(ctx, booksSchema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &books{db}, nil
}

// errOtherSale: the reference was paid for already, for something else.
var errOtherSale = errors.New("this cart was paid for something else")

// add records a sale, once: the same again changes nothing.
func (b *books) add(ctx context.Context, s *sale) error {
	pack, err := json.Marshal(s.Package)
	if err != nil {
		return err
	}
	_, err = b.db.ExecContext(ctx, `INSERT INTO sale (reference, parent, iccid, package, paid_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (reference) DO NOTHING`, s.Reference, s.Parent, string(s.ICCID), string(pack), s.PaidAt.UTC().Format(time.RFC3339))
	if err != nil {
		return err
	}
	kept, err := b.sale(ctx, s.Reference)
	if err != nil {
		return err
	}
	if kept.Parent != s.Parent || kept.Package.Provider != s.Package.Provider || kept.Package.ID != s.Package.ID {
		return errOtherSale
	}
	return nil
}

// ordered records that the journal has a sale.
func (b *books) ordered(ctx context.Context, reference string, at time.Time) error {
	_, err := b.db.ExecContext(ctx, `UPDATE sale SET ordered_at = ? WHERE reference = ? AND ordered_at = ''`,
		at.UTC().Format(time.RFC3339), reference)
	return err
}

// refund records that the customer has the money back. The first time counts.
func (b *books) refund(ctx context.Context, reference string, at time.Time) error {
	_, err := b.db.ExecContext(ctx, `UPDATE sale SET refunded_at = ? WHERE reference = ? AND refunded_at = ''`,
		at.UTC().Format(time.RFC3339), reference)
	return err
}

// sale returns one sale, or [sql.ErrNoRows].
func (b *books) sale(ctx context.Context, reference string) (*sale, error) {
	list, err := b.list(ctx, saleOf, reference)
	if err == nil && len(list) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// topUps returns the top-ups that were sold for the eSIM of a sale.
func (b *books) topUps(ctx context.Context, parent string) ([]sale, error) {
	return b.list(ctx, salesUnder, parent)
}

// unordered returns the sales that were paid, and of which it is not certain
// that the journal has them.
func (b *books) unordered(ctx context.Context) ([]sale, error) { return b.list(ctx, salesOpen) }

const (
	saleColumns = `SELECT reference, parent, iccid, package, paid_at, refunded_at FROM sale `
	saleOf      = saleColumns + `WHERE reference = ?`
	salesUnder  = saleColumns + `WHERE parent = ? ORDER BY paid_at, rowid`
	salesOpen   = saleColumns + `WHERE ordered_at = '' AND refunded_at = '' ORDER BY paid_at, rowid`
)

func (b *books) list(ctx context.Context, query string, values ...any) ([]sale, error) {
	rows, err := b.db.QueryContext(ctx, query, values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says the same
	var list []sale
	for rows.Next() {
		var s sale
		var iccid, pack, paid, refunded string
		if err = rows.Scan(&s.Reference, &s.Parent, &iccid, &pack, &paid, &refunded); err != nil {
			return nil, err
		}
		if err = json.Unmarshal([]byte(pack), &s.Package); err != nil {
			return nil, err
		}
		s.ICCID = esim.ICCID(iccid)
		if s.PaidAt, err = time.Parse(time.RFC3339, paid); err != nil {
			return nil, err
		}
		if refunded != "" {
			if s.RefundedAt, err = time.Parse(time.RFC3339, refunded); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// note records how much an eSIM has used by a day. Resellers tell sums only,
// so this is where the days come from.
func (b *books) note(ctx context.Context, iccid esim.ICCID, at time.Time, used esim.DataSize) error {
	_, err := b.db.ExecContext(ctx, `INSERT INTO reading (iccid, day, used) VALUES (?, ?, ?)
		ON CONFLICT (iccid, day) DO UPDATE SET used = max(used, excluded.used)`,
		string(iccid), at.UTC().Format(time.DateOnly), int64(used))
	return err
}

// readings returns the sum at the end of each day on which there was one.
func (b *books) readings(ctx context.Context, iccid esim.ICCID) (map[string]esim.DataSize, error) {
	rows, err := b.db.QueryContext(ctx, `SELECT day, used FROM reading WHERE iccid = ?`, string(iccid))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says the same
	sums := make(map[string]esim.DataSize)
	for rows.Next() {
		var day string
		var used int64
		if err := rows.Scan(&day, &used); err != nil {
			return nil, err
		}
		sums[day] = esim.DataSize(used)
	}
	return sums, rows.Err()
}
