package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// Save implements [journal.Store].
func (s *Store) Save(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	e = owned(e)
	write, save := s.db.Write, s.d.save
	// What may have to be given back to a budget takes more than a statement.
	if one, ok := s.db.(Single); ok && s.d.Taken != nil && !e.State.Uncharged() {
		write, save = one.Single, s.d.saveAtOnce
	}
	var saved journal.Entry
	err := write(ctx, func(tx Tx) (err error) {
		saved, err = save(ctx, tx, e)
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

// replace is the beginning of all statements that save; its parameters are
// those of values.
const replace = `UPDATE esim_purchase SET version = version + 1, state = $3, attempts = $4, doubt = $5, arrived = $6,
keys = $7, updated_at = $8, next_at = $9, lease_until = $10, resend_until = $11, deadline_at = $12,
cost = $13, currency = $14, document = $15, seal = $16, doubt_at = $17
WHERE id = $1 AND version = $2
RETURNING provider, account, kind, reference, content, package_id, created_at, budget`

func (d *Dialect) values(e *journal.Entry) ([]any, error) {
	keys, err := encodeList(e.Keys)
	return []any{
		string(e.ID), e.Version, e.State.String(), e.Attempts, e.Doubt, e.Arrived,
		keys, d.time(e.UpdatedAt), d.time(e.NextAt), d.time(e.LeaseUntil), d.time(e.ResendUntil), d.time(e.DeadlineAt),
		e.Cost, e.Currency, string(e.Document), d.seal(e), d.time(e.DoubtAt),
	}, err
}

// update writes the row, reads into e what it leaves as it was, and returns
// the keys that the entry has held until now.
func (d *Dialect) update(ctx context.Context, tx Tx, e *journal.Entry) (held []string, err error) {
	args, err := d.values(e)
	if err != nil {
		return nil, err
	}
	var keys string
	rows, err := tx.Query(ctx, replace+", (SELECT "+d.KeyList+" FROM esim_key WHERE purchase = $1)", args...)
	if err = unchanged(e, rows, err, &keys); err != nil {
		return nil, err
	}
	return decodeList(keys)
}

// saveAtOnce is save in one statement, the keys included.
func (d *Dialect) saveAtOnce(ctx context.Context, tx Tx, e journal.Entry) (journal.Entry, error) {
	args, err := d.values(&e)
	if err != nil {
		return journal.Entry{}, err
	}
	query := "WITH changed AS (" + replace + `), gone AS (
  DELETE FROM esim_key USING changed WHERE purchase = $1`
	if len(e.Keys) > 0 {
		keys := slices.Compact(slices.Sorted(slices.Values(e.Keys)))
		names := list(&args, keys)
		query += " AND key NOT IN (" + names + `)
), added AS (
  INSERT INTO esim_key (provider, key, purchase)
  SELECT provider, name, $1 FROM changed, unnest(ARRAY[` + names + `]) AS name
  WHERE NOT EXISTS (SELECT FROM esim_key WHERE purchase = $1 AND key = name)`
	}
	rows, err := tx.Query(ctx, query+"\n) SELECT * FROM changed", args...)
	if err = unchanged(&e, rows, err); err != nil && d.Taken(err) {
		return journal.Entry{}, fmt.Errorf("%w: %w", journal.ErrTaken, err)
	}
	if err != nil {
		return journal.Entry{}, err
	}
	return e, nil
}

// unchanged reads into e what a Save leaves as it was, and more, if more is
// returned. No row means that the version was another.
func unchanged(e *journal.Entry, rows Rows, err error, more ...any) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	var provider, kind string
	dest := append([]any{
		&provider, &e.Account, &kind, &e.Reference, &e.Content, &e.PackageID, moment{&e.CreatedAt}, &e.Budget,
	}, more...)
	found := false
	for rows.Next() {
		found = true
		if err := rows.Scan(dest...); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if !found {
		return journal.ErrStale
	}
	e.Version++
	e.Provider, e.Kind = esim.Provider(provider), journal.Kind(kind)
	return nil
}
