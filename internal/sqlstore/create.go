package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/esimkit/esim/journal"
)

// Create implements [journal.Creator].
func (s *Store) Create(ctx context.Context, e journal.Entry, b *journal.Budget) (journal.Entry, bool, error) {
	e = owned(e)
	var (
		kept    journal.Entry
		created bool
	)
	write := s.db.Write
	if one, ok := s.db.(Single); ok && b == nil && len(e.Keys) == 0 {
		write = one.Single
	}
	err := write(ctx, func(tx Tx) (err error) {
		kept, created, err = s.d.create(ctx, tx, e, b)
		return err
	})
	if err != nil {
		return journal.Entry{}, false, err
	}
	return kept, created, nil
}

// CreateIn is Create within a transaction that somebody else will commit. What
// it refuses leaves nothing behind in it.
func CreateIn(ctx context.Context, tx Tx, d Dialect, e journal.Entry, b *journal.Budget) (journal.Entry, bool, error) {
	e = owned(e)
	if b == nil && len(e.Keys) == 0 {
		return d.create(ctx, tx, e, b) // a single statement
	}
	if _, err := tx.Exec(ctx, "SAVEPOINT esim_create"); err != nil {
		return journal.Entry{}, false, err
	}
	kept, created, err := d.create(ctx, tx, e, b)
	if err != nil {
		_, undo := tx.Exec(ctx, "ROLLBACK TO SAVEPOINT esim_create")
		_, release := tx.Exec(ctx, "RELEASE SAVEPOINT esim_create")
		return journal.Entry{}, false, errors.Join(err, undo, release)
	}
	if _, err := tx.Exec(ctx, "RELEASE SAVEPOINT esim_create"); err != nil {
		return journal.Entry{}, false, err
	}
	return kept, created, nil
}

// owned is a copy of e as it will be read again.
func owned(e journal.Entry) journal.Entry {
	e = e.Clone()
	if len(e.Keys) == 0 {
		e.Keys = nil
	}
	if len(e.Document) == 0 {
		e.Document = nil
	}
	e.CreatedAt, e.UpdatedAt, e.NextAt = precise(e.CreatedAt), precise(e.UpdatedAt), precise(e.NextAt)
	e.LeaseUntil, e.ResendUntil, e.DeadlineAt = precise(e.LeaseUntil), precise(e.ResendUntil), precise(e.DeadlineAt)
	e.DoubtAt = precise(e.DoubtAt)
	return e
}

func (d *Dialect) create(ctx context.Context, tx Tx, e journal.Entry, b *journal.Budget) (journal.Entry, bool, error) {
	e.Version = 1
	keys, err := encodeList(e.Keys)
	if err != nil {
		return journal.Entry{}, false, err
	}
	taken := ""
	if b != nil {
		taken = e.Cost
	}
	n, err := tx.Exec(ctx, `INSERT INTO esim_purchase (id, version, provider, account, kind, reference, content, package_id,
state, attempts, doubt, arrived, keys, created_at, updated_at, next_at, lease_until, resend_until, deadline_at,
cost, currency, budget, taken, document, origin, seal, doubt_at)
VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)
ON CONFLICT DO NOTHING`,
		string(e.ID), string(e.Provider), e.Account, string(e.Kind), e.Reference, e.Content, e.PackageID,
		e.State.String(), e.Attempts, e.Doubt, e.Arrived, keys,
		d.time(e.CreatedAt), d.time(e.UpdatedAt), d.time(e.NextAt), d.time(e.LeaseUntil), d.time(e.ResendUntil), d.time(e.DeadlineAt),
		e.Cost, e.Currency, e.Budget, taken, string(e.Document), d.origin(&e), d.seal(&e), d.time(e.DoubtAt))
	if err != nil {
		return journal.Entry{}, false, err
	}
	if n == 0 {
		kept, err := d.existing(ctx, tx, &e)
		return kept, false, err
	}
	if err := addKeys(ctx, tx, &e, e.Keys); err != nil {
		return journal.Entry{}, false, err
	}
	// Last, since everybody waits for the lock of the counter.
	if b != nil {
		if err := d.spend(ctx, tx, e.Budget, e.Cost, b.Limit); err != nil {
			return journal.Entry{}, false, err
		}
	}
	return e, true, nil
}

func (d *Dialect) existing(ctx context.Context, tx Tx, e *journal.Entry) (journal.Entry, error) {
	rows, err := tx.Query(ctx, "SELECT "+columns+" FROM esim_purchase WHERE provider = $1 AND reference = $2",
		string(e.Provider), e.Reference)
	all, err := d.entries(rows, err)
	switch {
	case err != nil:
		return journal.Entry{}, err
	case len(all) == 0:
		return journal.Entry{}, fmt.Errorf("sqlstore: the ID %s belongs to a purchase with another reference", e.ID)
	}
	return all[0], nil
}
