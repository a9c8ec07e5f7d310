package webhook_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/webhook"
)

// slowClient has an order that is complete from a moment on, and wants to be
// asked every half minute.
type slowClient struct {
	esim.UnimplementedClient
	mu    sync.Mutex
	ready bool
	reads int
}

func (c *slowClient) Provider() esim.Provider { return esimfly.Provider }

func (c *slowClient) Capabilities() esim.Capabilities {
	return esim.Capabilities{GetOrder: true, PollInterval: 30 * time.Second}
}

func (c *slowClient) GetOrder(_ context.Context, ref esim.OrderRef) (*esim.Order, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	o := &esim.Order{Provider: esimfly.Provider, ID: ref.ID, Reference: ref.Reference, Status: esim.OrderPending}
	if c.ready {
		o.Status, o.ESIMs = esim.OrderCompleted, []esim.ESIM{{ICCID: anICCID, Activation: anActivation()}}
	}
	return o, nil
}

func (c *slowClient) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ready = true
}

func TestWaitOrderReturnsWhenAWebhookTells(t *testing.T) {
	ref := esim.OrderRef{ID: anOrder, Reference: aReference}
	for _, c := range []struct {
		name  string
		tell  esim.Event
		after time.Duration
	}{
		{"by order id", esim.Event{Provider: esimfly.Provider, OrderID: anOrder}, 7 * time.Second},
		{"by reference", esim.Event{Provider: esimfly.Provider, Reference: aReference}, 7 * time.Second},
		{"of another order", esim.Event{Provider: esimfly.Provider, OrderID: "order_2"}, 30 * time.Second},
		{"of another provider", esim.Event{Provider: esimfx.Provider, OrderID: anOrder}, 30 * time.Second},
		{"of nothing", esim.Event{Provider: esimfly.Provider}, 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var waiters webhook.Waiters
			client := &slowClient{}
			begun := time.Now()
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					o, err := waiters.WaitOrder(t.Context(), client, ref, esim.WaitOptions{})
					if err != nil || o.Status != esim.OrderCompleted {
						t.Errorf("%s: %v, %v", c.name, o, err)
					}
				})
			}
			time.Sleep(7 * time.Second)
			client.finish()
			waiters.Tell(c.tell)
			waiters.Tell(c.tell)
			all.Wait()
			require.Equal(t, c.after, time.Since(begun), c.name)
			require.Equal(t, 6, client.reads, c.name)
			waiters.Tell(c.tell) // nobody is there any more
		})
	}
}

// A webhook that comes before the first look, or is lost, changes nothing.
func TestWaitOrderWithoutTheWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waiters webhook.Waiters
		client := &slowClient{}
		ref := esim.OrderRef{ID: anOrder}
		waiters.Tell(esim.Event{Provider: esimfly.Provider, OrderID: anOrder})
		begun := time.Now()
		time.AfterFunc(40*time.Second, client.finish)
		_, err := waiters.WaitOrder(t.Context(), client, ref, esim.WaitOptions{})
		require.NoError(t, err)
		require.Equal(t, time.Minute, time.Since(begun), "at the second poll")
	})
}

func TestWatch(t *testing.T) {
	var waiters webhook.Waiters
	notify, stop := waiters.Watch(esimstory.Provider, esim.OrderRef{Reference: aReference})
	waiters.Tell(esim.Event{Provider: esimstory.Provider, Reference: aReference})
	waiters.Tell(esim.Event{Provider: esimstory.Provider, Reference: aReference})
	<-notify
	require.Empty(t, notify, "told twice before a look is told once")
	waiters.Tell(esim.Event{Provider: esimstory.Provider, Reference: aReference})
	<-notify
	stop()
	stop()
	waiters.Tell(esim.Event{Provider: esimstory.Provider, Reference: aReference})
	require.Empty(t, notify)
}
