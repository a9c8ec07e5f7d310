package sqlstore

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// Store is a [journal.Store] in an SQL database.
type Store struct {
	db  DB
	d   Dialect
	now func(context.Context) (time.Time, error)
}

var _ journal.Store = (*Store)(nil)

// New makes a store of a database that holds the tables of [Schema]. now is
// its clock; with [journal.ErrClockSuspect] it still tells a time.
func New(db DB, d Dialect, now func(context.Context) (time.Time, error)) *Store {
	return &Store{db: db, d: d, now: now}
}

// defaultLimit is how many results a query without a limit has.
const defaultLimit = 100

func limit(n int) int {
	if n <= 0 {
		return defaultLimit
	}
	return n
}

// Now implements [journal.Store].
func (s *Store) Now(ctx context.Context) (time.Time, error) { return s.now(ctx) }

// Get implements [journal.Store].
func (s *Store) Get(ctx context.Context, id journal.ID) (journal.Entry, error) {
	return only(s.read(ctx, getQuery, string(id)))
}

// GetIn is Get within a transaction of somebody else.
func GetIn(ctx context.Context, tx Tx, d Dialect, id journal.ID) (journal.Entry, error) {
	return only(d.entries(tx.Query(ctx, getQuery, string(id))))
}

const getQuery = "SELECT " + columns + " FROM esim_purchase WHERE id = $1"

func only(all []journal.Entry, err error) (journal.Entry, error) {
	switch {
	case err != nil:
		return journal.Entry{}, err
	case len(all) == 0:
		return journal.Entry{}, journal.ErrNotFound
	}
	return all[0], nil
}

// Named implements [journal.Store].
func (s *Store) Named(ctx context.Context, p esim.Provider, keys []string) ([]journal.Entry, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	args := []any{string(p)}
	return s.read(ctx, "SELECT "+columns+` FROM esim_purchase
WHERE id IN (SELECT purchase FROM esim_key WHERE provider = $1 AND key IN (`+list(&args, keys)+`))
ORDER BY created_at, id`, args...)
}

// List implements [journal.Store].
func (s *Store) List(ctx context.Context, q journal.Query) ([]journal.Entry, error) {
	var args []any
	where := []string{"TRUE"}
	if q.Provider != "" {
		// As an expression: the index of references would lead through all
		// that was ever bought there.
		where = append(where, "provider || '' = "+param(&args, string(q.Provider)))
	}
	if q.PackageID != "" {
		where = append(where, "package_id = "+param(&args, q.PackageID))
	}
	if len(q.States) > 0 {
		where = append(where, "state IN ("+list(&args, q.States)+")")
		if !slices.ContainsFunc(q.States, settled) {
			where = append(where, unsettled) // lets the index be used
		}
	}
	if q.After != nil {
		where = append(where, "(created_at, id) > ("+
			param(&args, s.d.time(precise(q.After.CreatedAt)))+", "+param(&args, string(q.After.ID))+")")
	}
	return s.read(ctx, "SELECT "+columns+" FROM esim_purchase WHERE "+strings.Join(where, " AND ")+
		" ORDER BY created_at, id LIMIT "+param(&args, limit(q.Limit)), args...)
}

func settled(s journal.State) bool { return !s.Open() && s != journal.Review }

func (s *Store) read(ctx context.Context, query string, args ...any) (all []journal.Entry, err error) {
	err = s.db.Read(ctx, func(tx Tx) (err error) {
		all, err = s.d.entries(tx.Query(ctx, query, args...))
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Doubtful implements [journal.Store].
func (s *Store) Doubtful(ctx context.Context, account string, since time.Time) (n int, err error) {
	err = s.db.Read(ctx, func(tx Tx) error {
		n, err = one[int](ctx, tx, "SELECT count(*) FROM esim_purchase WHERE account = $1 AND doubt_at >= $2 AND "+doubtful,
			account, s.d.time(precise(since)))
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// one reads the only value of the only row, the zero value if there is none.
func one[T any](ctx context.Context, tx Tx, query string, args ...any) (v T, err error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return v, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&v); err != nil {
			return v, err
		}
	}
	return v, rows.Err()
}

// param adds a parameter and returns its name in the query.
func param(args *[]any, v any) string {
	*args = append(*args, v)
	return "$" + strconv.Itoa(len(*args))
}

// list adds parameters and returns their names, separated by commas.
func list[T any](args *[]any, values []T) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = param(args, word(v))
	}
	return strings.Join(names, ", ")
}

func word(v any) any {
	if s, ok := v.(journal.State); ok {
		return s.String()
	}
	return v
}

// precise is t as every store keeps it.
func precise(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
