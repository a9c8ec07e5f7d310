package postgres

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/webhook"
)

// Inboxes are compared with a bare loop of one insert that leaves what is known
// alone, into two tables: one has nothing but the key and the body, the other
// what an inbox must have to find what is due.
const (
	thinInbox = `CREATE TABLE thin (source text, key text, body bytea NOT NULL, PRIMARY KEY (source, key))`
	thinAdd   = `INSERT INTO thin VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`

	alikeInbox = `CREATE TABLE alike (LIKE esim_inbox INCLUDING ALL)`
	alikeAdd   = `INSERT INTO alike (source, key, header, body) VALUES ($1, $2, '{}', $3) ON CONFLICT DO NOTHING`
)

// times is how long each call has taken.
type times struct {
	mu   sync.Mutex
	took []time.Duration
}

func (s *times) timed(work func() error) error {
	began := time.Now()
	err := work()
	s.mu.Lock()
	s.took = append(s.took, time.Since(began))
	s.mu.Unlock()
	return err
}

// p99 is the time that 99 of 100 need at most, in milliseconds.
func (s *times) p99() float64 {
	slices.Sort(s.took)
	return float64(s.took[len(s.took)*99/100].Microseconds()) / 1000
}

// BenchmarkInbox measures Inbox.Add, and whole webhooks from request to answer,
// in turns with a bare insert on the same connections, so that all see the same
// machine. Pool and server are those of tests, but with fsync. Each webhook is
// new, and has had its effect when it is answered: three commits.
func BenchmarkInbox(b *testing.B) {
	for _, workers := range []int{1, 8, 32} {
		b.Run(fmt.Sprint("workers=", workers), func(b *testing.B) {
			_, pool := durableStore(b, workers)
			for _, table := range []string{thinInbox, alikeInbox} {
				_, err := pool.Exec(b.Context(), table)
				require.NoError(b, err)
			}
			inbox := NewInbox(pool)
			hooks := hookHandler(b, inbox)
			const round = 400
			var thinly, likely, ours, whole float64
			var added, bare, served times
			rounds := 0
			key := func(i int) string { return fmt.Sprint(rounds, " ", i) }
			for rounds = 0; rounds*round < b.N; rounds++ {
				requests := hooks.requests(b.Context(), rounds, round)
				thinly += rate(b, workers, round, func(i int) error { return insert(b.Context(), pool, thinAdd, key(i)) })
				ours += rate(b, workers, round, func(i int) error {
					return added.timed(func() error {
						_, err := inbox.Add(b.Context(), webhook.Message{Source: "esimfly", Key: key(i), Body: document})
						return err
					})
				})
				likely += rate(b, workers, round, func(i int) error {
					return bare.timed(func() error { return insert(b.Context(), pool, alikeAdd, key(i)) })
				})
				// They would be given out to whoever serves a webhook.
				_, err := pool.Exec(b.Context(), `UPDATE esim_inbox SET done_at = next_at WHERE done_at IS NULL`)
				require.NoError(b, err)
				whole += rate(b, workers, round, func(i int) error {
					return served.timed(func() error { return hooks.serve(requests[i-1]) })
				})
			}
			b.ReportMetric(ours/float64(rounds), "adds/s")
			b.ReportMetric(ours/thinly, "add×thin")
			b.ReportMetric(ours/likely, "add×alike")
			b.ReportMetric(added.p99(), "add-p99-ms")
			b.ReportMetric(bare.p99(), "bare-p99-ms")
			b.ReportMetric(whole/float64(rounds), "webhooks/s")
			b.ReportMetric(whole/thinly, "webhook×thin")
			b.ReportMetric(served.p99(), "webhook-p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func insert(ctx context.Context, pool *pgxpool.Pool, query, key string) error {
	_, err := pool.Exec(ctx, query, "esimfly", key, document)
	return err
}

// hooks is a handler and the sender of its webhooks.
type hooks struct {
	*webhook.Handler
	secret esim.Secret
}

func hookHandler(b *testing.B, inbox webhook.Inbox) hooks {
	b.Helper()
	secret := esim.NewSecret("whsec_made_up_for_the_benchmark")
	h, err := webhook.New(inbox, func(context.Context, esim.Event) error { return nil }, esimfly.Webhooks(secret))
	require.NoError(b, err)
	return hooks{h, secret}
}

func (h hooks) requests(ctx context.Context, round, n int) []*http.Request {
	all := make([]*http.Request, n)
	for i := range all {
		all[i] = simulator.ESIMFlyWebhook(h.secret, esim.Event{
			Kind: esim.EventInstalled, ICCID: "8948010010092445039", OrderID: fmt.Sprint("order_", round, "_", i), At: time.Now(),
		}).Request(ctx, "/hooks")
	}
	return all
}

func (h hooks) serve(r *http.Request) error {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return fmt.Errorf("HTTP %d", w.Code)
	}
	return nil
}
