package sqlite_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/webhook"
)

// Inbox.Add, and whole webhooks from request to answer, against the raw rate of
// the same disk, measured in turns with it. A webhook is three commits: it is
// stored, given out and done.
func BenchmarkInbox(b *testing.B) {
	secret := esim.NewSecret("whsec_made_up_for_the_benchmark")
	for _, senders := range []int{1, 8, 32} {
		b.Run("senders="+strconv.Itoa(senders), func(b *testing.B) {
			d, inbox := newDisk(b), open(b, newPath(b)).Inbox()
			h, err := webhook.New(inbox, func(context.Context, esim.Event) error { return nil }, esimfly.Webhooks(secret))
			require.NoError(b, err)
			const round = 200
			var adding, serving time.Duration
			made := 0
			for ; made < b.N; made += round {
				requests := make([]*http.Request, round)
				for i := range requests {
					requests[i] = simulator.ESIMFlyWebhook(secret, esim.Event{
						Kind: esim.EventInstalled, ICCID: "8948010010092445039", OrderID: fmt.Sprint("order_", made+i), At: time.Now(),
					}).Request(b.Context(), "/hooks")
				}
				d.write(b, 100)
				serving += timed(senders, round, func(i int) {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, requests[i])
					if w.Code != http.StatusOK {
						b.Errorf("HTTP %d", w.Code)
					}
				})
				d.write(b, 100)
				adding += timed(senders, round, func(i int) {
					added, err := inbox.Add(b.Context(), webhook.Message{Source: "bench", Key: fmt.Sprint(made + i), Body: []byte(document)})
					if err != nil || !added {
						b.Errorf("added %t, error %v", added, err)
					}
				})
				for range round { // or they would be given out to those who serve
					settle(b, inbox)
				}
			}
			b.ReportMetric(float64(made)/adding.Seconds(), "adds/s")
			b.ReportMetric(float64(made)/adding.Seconds()/d.rate(), "add-x-raw")
			b.ReportMetric(float64(made)/serving.Seconds(), "webhooks/s")
			b.ReportMetric(float64(made)/serving.Seconds()/d.rate(), "webhook-x-raw")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func settle(b *testing.B, inbox webhook.Inbox) {
	b.Helper()
	given, err := inbox.Next(b.Context(), 1, time.Minute)
	require.NoError(b, err)
	for _, m := range given {
		require.NoError(b, inbox.Done(b.Context(), m.ID))
	}
}

// timed runs work n times in so many goroutines.
func timed(workers, n int, work func(i int)) time.Duration {
	var next atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range workers {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				work(int(i))
			}
		})
	}
	all.Wait()
	return time.Since(began)
}
