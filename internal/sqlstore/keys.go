package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/esimkit/esim/journal"
)

// syncKeys makes e.Keys the names that the entry holds.
func syncKeys(ctx context.Context, tx Tx, e *journal.Entry, held []string) error {
	gone := slices.DeleteFunc(slices.Clone(held), func(k string) bool { return slices.Contains(e.Keys, k) })
	if len(gone) > 0 {
		args := []any{string(e.Provider), string(e.ID)}
		_, err := tx.Exec(ctx, `DELETE FROM esim_key WHERE provider = $1 AND purchase = $2 AND key IN (`+list(&args, gone)+`)`, args...)
		if err != nil {
			return err
		}
	}
	return addKeys(ctx, tx, e, slices.DeleteFunc(slices.Clone(e.Keys), func(k string) bool { return slices.Contains(held, k) }))
}

// addKeys takes names for the entry. In their order, so that two writers who
// want the same ones do not wait for each other.
func addKeys(ctx context.Context, tx Tx, e *journal.Entry, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	args := []any{string(e.Provider), string(e.ID)}
	values := make([]string, len(keys))
	for i, k := range keys {
		values[i] = "($1, " + param(&args, k) + ", $2)"
	}
	n, err := tx.Exec(ctx, "INSERT INTO esim_key (provider, key, purchase) VALUES "+strings.Join(values, ", ")+
		" ON CONFLICT DO NOTHING", args...)
	switch {
	case err != nil:
		return err
	case n != int64(len(keys)):
		return journal.ErrTaken
	}
	return nil
}
