package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres/internal/pgtest"
)

// history fills a journal with n purchases of the past, nearly all of them
// settled: of 1,000 one is in doubt, one in review, and ten are still due.
func history(t testing.TB, pool *pgxpool.Pool, n int) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
INSERT INTO esim_purchase
SELECT gen_random_uuid()::text, 3, 'esimfly', '0123abcd', 'order', 'past-' || i, 'digest', 'TR-' || i % 500,
	CASE i % 1000 WHEN 0 THEN 'unknown' WHEN 1 THEN 'review' ELSE CASE WHEN i % 100 = 2 THEN 'provisioning' ELSE 'delivered' END END,
	1, CASE i % 1000 WHEN 0 THEN 1 ELSE 0 END, false, '[]', at, at,
	CASE WHEN i % 1000 = 0 OR i % 100 = 2 THEN clock_timestamp() - (i % 977) * interval '1 second' END, NULL, at, at, NULL,
	'2.72', 'USD', '', '', repeat('x', 600), '', ''
FROM generate_series(1, $1) AS i, LATERAL (SELECT clock_timestamp() - ($1 - i) * interval '10 seconds' AS at) AS t`, n)
	require.NoError(t, err)
	for _, then := range []string{
		`INSERT INTO esim_key SELECT provider, 'order:' || reference, id FROM esim_purchase`,
		`VACUUM (ANALYZE) esim_purchase`, `VACUUM (ANALYZE) esim_key`,
	} {
		_, err = pool.Exec(t.Context(), then)
		require.NoError(t, err)
	}
}

// recorded is a pgx tracer that keeps the statements of this package.
type recorded struct {
	mu         sync.Mutex
	statements map[string][]any
}

func (r *recorded) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.keep(data.SQL, data.Args)
	return ctx
}

func (*recorded) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (r *recorded) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	for _, q := range data.Batch.QueuedQueries {
		r.keep(q.SQL, q.Arguments)
	}
	return ctx
}

func (*recorded) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (*recorded) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func (r *recorded) keep(query string, args []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.Contains(query, "esim_") && strings.Contains(query, "WHERE") {
		r.statements[query] = args
	}
}

func TestNoStatementReadsAllPurchases(t *testing.T) {
	url := pgtest.URL(t)
	plain := pgtest.Connect(t, url)
	require.NoError(t, Migrate(t.Context(), plain))
	history(t, plain, 20_000)

	config, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	seen := &recorded{statements: make(map[string][]any)}
	config.ConnConfig.Tracer = seen
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	s, err := Open(t.Context(), pool)
	require.NoError(t, err)
	fresh := intent("cart-1", "item:1")
	fresh, _, err = s.Create(t.Context(), fresh, nil)
	require.NoError(t, err)
	for _, change := range []func(*journal.Entry){
		func(e *journal.Entry) { *e = begun(*e) },
		func(e *journal.Entry) { e.Keys = nil },
		func(e *journal.Entry) { e.State = journal.Rejected }, // in a transaction
	} {
		change(&fresh)
		fresh, err = s.Save(t.Context(), fresh)
		require.NoError(t, err)
	}
	for _, call := range []func() error{
		func() error { _, err := s.Get(t.Context(), fresh.ID); return err },
		func() error {
			_, err := s.Named(t.Context(), "esimfly", []string{"order:past-7", "item:1"})
			return err
		},
		func() error { _, err := s.List(t.Context(), journal.Query{}); return err },
		func() error { _, err := s.List(t.Context(), journal.Query{After: &fresh}); return err },
		func() error {
			_, err := s.List(t.Context(), journal.Query{States: []journal.State{journal.Review, journal.Unknown}})
			return err
		},
		func() error { _, err := s.Lease(t.Context(), 10, time.Minute); return err },
		func() error {
			_, err := s.Doubtful(t.Context(), "0123abcd", time.Now().Add(-15*time.Minute))
			return err
		},
		func() error { _, err := s.Now(t.Context()); return err },
	} {
		require.NoError(t, call())
	}

	require.Greater(t, len(seen.statements), 8)
	for query, args := range seen.statements {
		rows, err := plain.Query(t.Context(), "EXPLAIN "+query, args...)
		require.NoError(t, err, query)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err, query)
		for _, table := range []string{"esim_purchase", "esim_key"} {
			assert.NotContains(t, strings.Join(plan, "\n"), "Seq Scan on "+table, query)
		}
	}
}

// BenchmarkLease measures how long it takes to claim ten purchases that are
// due, by the number of purchases on record.
func BenchmarkLease(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint("rows=", n), func(b *testing.B) {
			pool := migrated(b)
			history(b, pool, n)
			s, err := Open(b.Context(), pool)
			require.NoError(b, err)
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				due, err := s.Lease(b.Context(), 10, 0) // and give them back at once
				took = append(took, time.Since(began))
				require.NoError(b, err)
				require.Len(b, due, 10)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-median")
		})
	}
}
