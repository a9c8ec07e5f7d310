package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// Hold implements [journal.Store].
func (s *Store) Hold(ctx context.Context, h journal.Held) error {
	names, err := encodeList(h.Names)
	if err != nil {
		return err
	}
	each := slices.Compact(slices.Sorted(slices.Values(h.Names)))
	document := string(h.Document)
	return s.db.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO esim_held (provider, key, names, at, warned, document)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			string(h.Provider), h.Key, names, s.d.time(precise(h.At)), h.Warned, document)
		if err != nil || n == 0 || len(each) == 0 {
			return err
		}
		args := []any{string(h.Provider), h.Key}
		values := make([]string, len(each))
		for i, name := range each {
			values[i] = "($1, " + param(&args, name) + ", $2)"
		}
		_, err = tx.Exec(ctx, "INSERT INTO esim_held_name (provider, name, key) VALUES "+strings.Join(values, ", "), args...)
		return err
	})
}

// Held implements [journal.Store].
func (s *Store) Held(ctx context.Context, q journal.HeldQuery) ([]journal.Held, error) {
	var args []any
	where := []string{"TRUE"}
	if q.Provider != "" {
		where = append(where, "provider = "+param(&args, string(q.Provider)))
	}
	if len(q.Names) > 0 {
		under := "name IN (" + list(&args, q.Names) + ")"
		if q.Provider != "" {
			under = "provider = $1 AND " + under
		}
		where = append(where, "(provider, key) IN (SELECT provider, key FROM esim_held_name WHERE "+under+")")
	}
	if !q.Before.IsZero() {
		where = append(where, "at < "+param(&args, s.d.time(precise(q.Before))))
	}
	if q.Unwarned {
		where = append(where, "NOT warned")
	}
	query := "SELECT provider, key, names, at, warned, document FROM esim_held WHERE " + strings.Join(where, " AND ") +
		" ORDER BY at, provider, key LIMIT " + param(&args, limit(q.Limit))
	var all []journal.Held
	err := s.db.Read(ctx, func(tx Tx) (err error) {
		all, err = readHeld(tx.Query(ctx, query, args...))
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func readHeld(rows Rows, err error) ([]journal.Held, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []journal.Held
	for rows.Next() {
		var h journal.Held
		var provider, names string
		if err = rows.Scan(&provider, &h.Key, &names, moment{&h.At}, &h.Warned, &h.Document); err != nil {
			return nil, err
		}
		h.Provider = esim.Provider(provider)
		if h.Names, err = decodeList(names); err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, rows.Err()
}

// Release implements [journal.Store].
func (s *Store) Release(ctx context.Context, p esim.Provider, key string) error {
	return s.exec(ctx, "DELETE FROM esim_held WHERE provider = $1 AND key = $2", string(p), key)
}

// Warned implements [journal.Store].
func (s *Store) Warned(ctx context.Context, p esim.Provider, key string) error {
	return s.exec(ctx, "UPDATE esim_held SET warned = TRUE WHERE provider = $1 AND key = $2", string(p), key)
}

func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	return s.db.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}
