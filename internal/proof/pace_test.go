package proof_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

const (
	flyPlan    = "merhaba-7days-1gb" // delivered at once, toppable
	flyPending = "RB85_4D"           // delivered later
)

// paces are the clients that have a default pace worth waiting for: the
// interval between two requests, how many requests an order makes, and a
// package that is delivered at once.
var paces = []struct {
	provider esim.Provider
	interval time.Duration
	requests time.Duration
	pack     func(*simulator.Simulator) string
	open     func(*testing.T, *simulator.Simulator, esim.Settings) esim.Client
}{
	{esimfly.Provider, time.Second, 1, func(*simulator.Simulator) string { return flyPlan }, func(t *testing.T, sim *simulator.Simulator, s esim.Settings) esim.Client {
		return newFly(sim, false)(t, s)
	}},
	{esimfx.Provider, 100 * time.Millisecond, 3, func(sim *simulator.Simulator) string { return sim.ESIMFX.Packages()[0].ID }, func(t *testing.T, sim *simulator.Simulator, s esim.Settings) esim.Client {
		return newFX(sim, nil)(t, s)
	}},
}

// inMemory are settings with the default limiter, without sockets.
func inMemory(sim *simulator.Simulator, p esim.Provider) (esim.Settings, *counting) {
	s := sim.Server(p)
	c := &counting{RoundTripper: s.Transport()}
	return esim.Settings{BaseURL: s.URL(), Now: sim.Now, Transport: c}, c
}

// TestPurchaseBesideReaders: thirty travellers look at their data, again and
// again, and an order waits for one interval of the pace at most. Orders come
// as fast as the pace lets them, product and balance read before each included.
func TestPurchaseBesideReaders(t *testing.T) {
	for _, p := range paces {
		t.Run(string(p.provider), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := simulator.ForTest(t, simulator.WithoutListeners())
				settings, counted := inMemory(sim, p.provider)
				c, pack := p.open(t, sim, settings), p.pack(sim)
				first, err := c.Order(t.Context(), esim.OrderRequest{PackageID: pack, Reference: "cart-0"})
				require.NoError(t, err)
				time.Sleep(time.Minute) // a full bucket

				ctx, leave := context.WithCancel(t.Context())
				var readers sync.WaitGroup
				for range 30 {
					readers.Go(func() {
						for ctx.Err() == nil {
							_, err := c.Usage(ctx, first.ESIMs[0].ICCID)
							assert.True(t, err == nil || ctx.Err() != nil, "%v", err)
						}
					})
				}
				begun, before := time.Now(), counted.reads()
				for i := range 10 {
					time.Sleep(p.interval/20 + (p.requests-1)*p.interval)
					asked := time.Now()
					_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: pack, Reference: fmt.Sprint("cart-", i+1)})
					require.NoError(t, err)
					assert.LessOrEqual(t, time.Since(asked), p.interval, "order %d", i+1)
				}
				time.Sleep(40 * p.interval)
				assert.Greater(t, time.Duration(counted.reads()-before)*p.interval, time.Since(begun)/2, "readers get what purchases leave")
				leave()
				readers.Wait()
				assert.Len(t, sim.Server(p.provider).Ledger().Charges(), 11)
			})
		})
	}
}

// TestPurchaseBesidePolls: a journal asks after sixty orders that are pending,
// and an order waits for one interval of the pace at most.
func TestPurchaseBesidePolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.ForTest(t, simulator.WithoutListeners(), simulator.WithProvisioningDelay(24*time.Hour))
		s, counted := inMemory(sim, esimfly.Provider)
		j, err := journal.New(journal.NewVolatile(), journal.Config{Clients: []esim.Client{newFly(sim, false)(t, s)}})
		require.NoError(t, err)
		shop := j.Client(esimfly.Provider)
		for i := range 60 {
			order, err := shop.Order(t.Context(), esim.OrderRequest{PackageID: flyPending, Reference: fmt.Sprint("pending-", i)})
			require.NoError(t, err)
			require.Equal(t, esim.OrderPending, order.Status)
		}
		ctx, stop := context.WithCancel(t.Context())
		var worker sync.WaitGroup
		worker.Go(func() { assert.ErrorIs(t, j.Run(ctx), context.Canceled) })
		time.Sleep(30 * time.Second)
		before := counted.reads()
		for i := range 10 {
			asked := time.Now()
			_, err := shop.Order(t.Context(), esim.OrderRequest{PackageID: flyPlan, Reference: fmt.Sprint("cart-", i)})
			require.NoError(t, err)
			assert.LessOrEqual(t, time.Since(asked), time.Second, "order %d", i)
			time.Sleep(2 * time.Second)
		}
		assert.Greater(t, counted.reads(), before+5, "polls go on, or nothing is shown")
		stop()
		worker.Wait()
		assert.Len(t, sim.ESIMFly.Ledger().Charges(), 70)
	})
}

// counting counts the reads that were sent.
type counting struct {
	http.RoundTripper

	mu sync.Mutex
	n  int
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		c.mu.Lock()
		c.n++
		c.mu.Unlock()
	}
	return c.RoundTripper.RoundTrip(r)
}

func (c *counting) reads() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
