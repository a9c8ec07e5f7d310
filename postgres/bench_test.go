package postgres

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres/internal/pgtest"
)

// durableStore is a store on a server that really writes to the disk.
func durableStore(b *testing.B, workers int) (*Store, *pgxpool.Pool) {
	b.Helper()
	pgtest.Require(b)
	server, err := pgtest.Start(b.Context(), pgtest.Options{Durable: true})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, server.Stop()) })
	config, err := pgxpool.ParseConfig(server.URL("postgres"))
	require.NoError(b, err)
	config.MaxConns = int32(workers)
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(b.Context()), config)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	require.NoError(b, Migrate(b.Context(), pool))
	s, err := Open(b.Context(), pool)
	require.NoError(b, err)
	return s, pool
}

// rate runs work n times on a number of workers and returns how often a second.
func rate(b *testing.B, workers, n int, work func(i int) error) float64 {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range workers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := work(int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(began).Seconds()
}

// document is of the size that a sold eSIM makes.
var document = fmt.Appendf(nil, `{"note":%q}`, bytes.Repeat([]byte("x"), 600))

// baseline is a bare transaction of two statements.
type baseline struct{ create, insert, update string }

// The journal is compared with two: one writes what it must to be of any use,
// the other what an order table of one's own would hold, which is the same row
// with the same two keys, but without the indexes that only the journal needs.
var (
	thin = baseline{
		`CREATE TABLE thin (id text PRIMARY KEY, state text NOT NULL, document text NOT NULL)`,
		`INSERT INTO thin VALUES ($1, 'ready', $2)`,
		`UPDATE thin SET state = 'sending' WHERE id = $1`,
	}
	alike = baseline{
		`CREATE TABLE alike (LIKE esim_purchase INCLUDING CONSTRAINTS); ALTER TABLE alike ADD PRIMARY KEY (id), ADD UNIQUE (provider, reference)`,
		`INSERT INTO alike VALUES ($1, 1, 'esimfly', '0123abcd', 'order', $1, 'digest', 'TR-1GB', 'ready', 0, 0, false, '[]',
clock_timestamp(), clock_timestamp(), clock_timestamp(), NULL, clock_timestamp(), clock_timestamp(), '2.72', 'USD', '', '', $2, '', '')`,
		`UPDATE alike SET version = 2, state = 'sending', attempts = 1, doubt = 1, updated_at = clock_timestamp(),
lease_until = clock_timestamp() + interval '90 seconds' WHERE id = $1 AND version = 1`,
	}
)

func (t baseline) run(ctx context.Context, pool *pgxpool.Pool, id string) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, t.insert, id, string(document)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, t.update, id)
		return err
	})
}

// BenchmarkPurchase measures Create and Save, two commits, against bare
// transactions of an insert and an update, in turns so that all see the same
// machine. Pool and server are those of tests, but with fsync.
func BenchmarkPurchase(b *testing.B) {
	for _, workers := range []int{1, 6, 36} {
		b.Run(fmt.Sprint("workers=", workers), func(b *testing.B) {
			s, pool := durableStore(b, workers)
			for _, t := range []baseline{thin, alike} {
				_, err := pool.Exec(b.Context(), t.create)
				require.NoError(b, err)
			}
			const round = 300
			rounds := 0
			id := func(i int) string { return string(journal.IDOf("esimfly", fmt.Sprint(rounds, " ", i))) }
			purchase := func(i int) error {
				e := intent(fmt.Sprint(rounds, " ", i))
				e.Document = document
				e, _, err := s.Create(b.Context(), e, nil)
				if err != nil {
					return err
				}
				_, err = s.Save(b.Context(), begun(e))
				return err
			}
			var ours, thinly, likely float64
			for rounds = 0; rounds*round < b.N; rounds++ {
				thinly += rate(b, workers, round, func(i int) error { return thin.run(b.Context(), pool, id(i)) })
				ours += rate(b, workers, round, purchase)
				likely += rate(b, workers, round, func(i int) error { return alike.run(b.Context(), pool, id(i)) })
			}
			b.ReportMetric(ours/float64(rounds), "purchases/s")
			b.ReportMetric(ours/thinly, "×thin")
			b.ReportMetric(ours/likely, "×alike")
			b.ReportMetric(0, "ns/op")
		})
	}
}
