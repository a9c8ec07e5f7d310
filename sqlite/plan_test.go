package sqlite_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

// planner notes how SQLite would go about each statement.
type planner struct {
	db    *sql.DB
	plans []string
}

func (p *planner) Write(_ context.Context, fn func(sqlstore.Tx) error) error { return fn(p) }
func (p *planner) Read(_ context.Context, fn func(sqlstore.Tx) error) error  { return fn(p) }

func (p *planner) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	_, err := p.Query(ctx, query, args...)
	return 1, err
}

func (p *planner) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	found, err := p.db.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }() // read to the end
	for found.Next() {
		var id, parent, unused int
		var detail string
		if err := found.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		p.plans = append(p.plans, detail)
	}
	return nothing{}, found.Err()
}

type nothing struct{}

func (nothing) Next() bool        { return false }
func (nothing) Scan(...any) error { return nil }
func (nothing) Err() error        { return nil }
func (nothing) Close()            {}

// Nothing that the journal does all the time looks at every purchase, or sorts
// them.
func TestPlans(t *testing.T) {
	path := written(t, 1)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	p := &planner{db: db}
	s := sqlite.Over(p, func(context.Context) (time.Time, error) { return time.Now(), nil })
	ctx := t.Context()

	for _, tc := range []struct {
		name string
		do   func()
		uses string
	}{
		{"Get", func() { _, _ = s.Get(ctx, "x") }, "sqlite_autoindex_esim_purchase_1"},
		{"Named", func() { _, _ = s.Named(ctx, "esimfly", []string{"a", "b"}) }, "sqlite_autoindex_esim_key_1"},
		{"List by age", func() { _, _ = s.List(ctx, journal.Query{After: &journal.Entry{CreatedAt: time.Now()}}) }, "esim_purchase_age"},
		{"List for review", func() { _, _ = s.List(ctx, journal.Query{States: []journal.State{journal.Review}}) }, "esim_purchase_unsettled"},
		{"List what is open", func() {
			_, _ = s.List(ctx, journal.Query{Provider: "esimfly", PackageID: "p", States: []journal.State{journal.Sending, journal.Unknown}})
		}, "esim_purchase_unsettled"},
		{"Lease", func() { _, _ = s.Lease(ctx, journal.Slots{"esimfly": 4, "esimfx": 4, "": 4}, time.Minute) }, "esim_purchase_due (provider=? AND next_at<?)"},
		{"Doubtful", func() { _, _ = s.Doubtful(ctx, "a", time.Now()) }, "esim_purchase_doubtful"},
		{"Create", func() { _, _, _ = s.Create(ctx, entry(9), nil) }, ""},
		{"Save", func() { _, _ = s.Save(ctx, entry(9)) }, "sqlite_autoindex_esim_purchase_1"},
		{"Held by name", func() { _, _ = s.Held(ctx, journal.HeldQuery{Provider: "esimfly", Names: []string{"a"}}) }, "sqlite_autoindex_esim_held_name_1"},
		{"Held by age", func() { _, _ = s.Held(ctx, journal.HeldQuery{Before: time.Now(), Unwarned: true}) }, "esim_held_at"},
		{"Release", func() { _ = s.Release(ctx, "esimfly", "a") }, "sqlite_autoindex_esim_held_1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p.plans = nil
			tc.do() // finds nothing, since plans have no rows of data
			all := strings.Join(p.plans, "\n")
			assert.Contains(t, all, tc.uses)
			assert.NotContains(t, all, "SCAN esim_purchase\n")
			switch tc.name {
			case "Named", "Held by name": // few rows are sorted
			case "Lease": // those of providers that are not named are sorted, and found by their names
				assert.NotContains(t, all, "SCAN esim_purchase ")
			default:
				assert.NotContains(t, all, "TEMP B-TREE")
			}
			t.Log(all)
		})
	}
}
