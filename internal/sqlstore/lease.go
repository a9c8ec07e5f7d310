package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim/journal"
)

// Lease implements [journal.Store], with one statement.
func (s *Store) Lease(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
	now, err := s.now(ctx)
	if err != nil && now.IsZero() { // a suspect clock still tells a time
		return nil, err
	}
	now = precise(now)
	query, args := s.d.lease(slots, now, precise(now.Add(d)))
	var all []journal.Entry
	err = s.db.Write(ctx, func(tx Tx) (err error) {
		all, err = s.d.entries(tx.Query(ctx, query, args...))
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b journal.Entry) int {
		return cmp.Or(a.NextAt.Compare(b.NextAt), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// lease is the statement of Lease. Its text depends on the names alone, so a
// journal has one that the database prepares once. Each part is a range of the
// index of what is due: a provider that is named, or a gap between two names,
// where other providers are. A part without slots costs nothing: it has LIMIT 0.
func (d *Dialect) lease(slots journal.Slots, now, until time.Time) (query string, args []any) {
	args = []any{d.time(now)}
	var parts, named, gaps []string
	part := func(which, most string) string {
		name := fmt.Sprint("due_", len(parts))
		parts = append(parts, name+` AS MATERIALIZED (
  SELECT id, next_at FROM esim_purchase
  WHERE `+which+`next_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
  ORDER BY next_at, id LIMIT `+most+" "+d.SkipLocked+`
)`)
		return name
	}
	others, after := param(&args, max(slots[""], 0)), ""
	for _, p := range slices.Sorted(maps.Keys(slots)) {
		if p == "" {
			continue
		}
		name := param(&args, string(p))
		gaps = append(gaps, "SELECT id, next_at FROM "+part(after+"provider < "+name+" AND ", others))
		named = append(named, "SELECT id FROM "+part("provider = "+name+" AND ", param(&args, max(slots[p], 0))))
		after = "provider > " + name + " AND "
	}
	gaps = append(gaps, "SELECT id, next_at FROM "+part(after, others))
	named = append(named, `SELECT id FROM (
  SELECT id FROM (`+strings.Join(gaps, " UNION ALL ")+`) AS gap ORDER BY next_at, id LIMIT `+others+`
) AS other`)
	return "WITH " + strings.Join(parts, ", ") + `
UPDATE esim_purchase SET version = version + 1, lease_until = ` + param(&args, d.time(until)) + `
WHERE id IN (` + strings.Join(named, " UNION ALL ") + `)
RETURNING ` + columns, args
}
