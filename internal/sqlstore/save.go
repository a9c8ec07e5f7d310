package sqlstore

import (
	"context"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// Save implements [journal.Store].
func (s *Store) Save(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	e = owned(e)
	var saved journal.Entry
	err := s.db.Write(ctx, func(tx Tx) (err error) {
		saved, err = s.d.save(ctx, tx, e)
		return err
	})
	if err != nil {
		return journal.Entry{}, err
	}
	return saved, nil
}

func (d *Dialect) save(ctx context.Context, tx Tx, e journal.Entry) (journal.Entry, error) {
	held, err := d.update(ctx, tx, &e)
	if err != nil {
		return journal.Entry{}, err
	}
	if err := syncKeys(ctx, tx, &e, held); err != nil {
		return journal.Entry{}, err
	}
	if e.State.Uncharged() && e.Budget != "" {
		if err := d.giveBack(ctx, tx, &e); err != nil {
			return journal.Entry{}, err
		}
	}
	return e, nil
}

// update writes the row, reads into e what it leaves as it was, and returns
// the keys that the entry has held until now.
func (d *Dialect) update(ctx context.Context, tx Tx, e *journal.Entry) (held []string, err error) {
	keys, err := encodeList(e.Keys)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `UPDATE esim_purchase SET version = version + 1, state = $3, attempts = $4, doubt = $5, arrived = $6,
keys = $7, updated_at = $8, next_at = $9, lease_until = $10, resend_until = $11, deadline_at = $12,
cost = $13, currency = $14, document = $15, seal = $16
WHERE id = $1 AND version = $2
RETURNING provider, account, kind, reference, content, package_id, created_at, budget,
(SELECT `+d.KeyList+` FROM esim_key WHERE purchase = $1)`,
		string(e.ID), e.Version, e.State.String(), e.Attempts, e.Doubt, e.Arrived,
		keys, d.time(e.UpdatedAt), d.time(e.NextAt), d.time(e.LeaseUntil), d.time(e.ResendUntil), d.time(e.DeadlineAt),
		e.Cost, e.Currency, string(e.Document), d.seal(e))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var provider, kind string
	found := false
	for rows.Next() {
		found = true
		if err := rows.Scan(&provider, &e.Account, &kind, &e.Reference, &e.Content, &e.PackageID,
			moment{&e.CreatedAt}, &e.Budget, &keys); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if !found {
		return nil, journal.ErrStale
	}
	e.Version++
	e.Provider, e.Kind = esim.Provider(provider), journal.Kind(kind)
	return decodeList(keys)
}
