package sqlstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// columns of a purchase in the order in which entry reads them.
const columns = `id, version, provider, account, kind, reference, content, package_id, state, attempts, doubt, arrived, keys,
created_at, updated_at, next_at, lease_until, resend_until, deadline_at, doubt_at, cost, currency, budget, document, origin, seal`

// entries reads all rows of a query for [columns].
func (d *Dialect) entries(rows Rows, err error) ([]journal.Entry, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []journal.Entry
	for rows.Next() {
		e, err := d.entry(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

func (d *Dialect) entry(rows Rows) (journal.Entry, error) {
	var (
		e                                               journal.Entry
		id, provider, kind, state, keys                 string
		origin, seal                                    string
		created, updated, next, lease, end, to, doubted = moment{&e.CreatedAt}, moment{&e.UpdatedAt}, moment{&e.NextAt},
			moment{&e.LeaseUntil}, moment{&e.ResendUntil}, moment{&e.DeadlineAt}, moment{&e.DoubtAt}
	)
	err := rows.Scan(&id, &e.Version, &provider, &e.Account, &kind, &e.Reference, &e.Content, &e.PackageID, &state,
		&e.Attempts, &e.Doubt, &e.Arrived, &keys, created, updated, next, lease, end, to, doubted,
		&e.Cost, &e.Currency, &e.Budget, &e.Document, &origin, &seal)
	if err != nil {
		return e, fmt.Errorf("sqlstore: cannot read a purchase: %w", err)
	}
	e.ID, e.Provider, e.Kind = journal.ID(id), esim.Provider(provider), journal.Kind(kind)
	if len(e.Document) == 0 {
		e.Document = nil
	}
	if e.State, err = journal.ParseState(state); err != nil {
		return e, damaged(e.ID, err)
	}
	if e.Keys, err = decodeList(keys); err != nil {
		return e, damaged(e.ID, err)
	}
	return e, d.check(&e, origin, seal)
}

// encodeList writes names as a JSON array.
func encodeList(names []string) (string, error) {
	if len(names) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(names)
	return string(text), err
}

func decodeList(text string) ([]string, error) {
	if text == "[]" {
		return nil, nil
	}
	var names []string
	err := json.Unmarshal([]byte(text), &names)
	return names, err
}

// moment reads a time that may be null, from a driver that has times or from
// one that has text.
type moment struct{ t *time.Time }

// Scan implements [database/sql.Scanner].
func (m moment) Scan(v any) (err error) {
	*m.t = time.Time{}
	switch v := v.(type) {
	case nil:
		return nil
	case time.Time:
		*m.t = v.UTC()
		return nil
	case string:
		if *m.t, err = time.Parse(time.RFC3339Nano, v); err != nil {
			return fmt.Errorf("%w: a time in it is damaged (%w)", journal.ErrForeign, err)
		}
		return nil
	}
	return fmt.Errorf("sqlstore: a time cannot be read from %T", v)
}
