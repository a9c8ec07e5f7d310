package webhook_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/webhook"
)

// BenchmarkHandler takes distinct webhooks from request to effect on the
// inbox in memory, as many at once as there are processors, and reports how
// many a second and the time that 99 of 100 need at most.
func BenchmarkHandler(b *testing.B) {
	inbox := webhook.NewMemoryInbox()
	h := webhook.NewHandler(inbox, func(context.Context, esim.Event) error { return nil }, esimfly.Webhooks(flySecret))
	h.Now = func() time.Time { return present }
	list := make([]simulator.Webhook, 50_000)
	for i := range list {
		list[i] = simulator.ESIMFlyWebhook(flySecret, esim.Event{
			Kind: esim.EventInstalled, ICCID: anICCID, OrderID: fmt.Sprintf("order_%d", i), At: present,
		})
	}
	var mu sync.Mutex
	next := 0
	var took []time.Duration
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		var mine []time.Duration
		for pb.Next() {
			mu.Lock()
			i := next % len(list)
			if i == 0 { // start anew, so that none is a repeat
				if _, err := inbox.Purge(b.Context(), time.Now().Add(time.Hour)); err != nil {
					b.Error(err)
				}
			}
			next++
			mu.Unlock()
			r := list[i].Request(b.Context(), "/hooks")
			w := httptest.NewRecorder()
			begun := time.Now()
			h.ServeHTTP(w, r)
			mine = append(mine, time.Since(begun))
			if w.Code != 200 {
				b.Errorf("HTTP %d", w.Code)
			}
		}
		mu.Lock()
		took = append(took, mine...)
		mu.Unlock()
	})
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "webhooks/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
