package killproof

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/simulator"
)

// desk is the sender of webhooks: it repeats what was not acknowledged.
type desk struct {
	mu     sync.Mutex
	last   int
	repeat []sent
	acked  map[string]bool
}

// sent is a webhook about an order.
type sent struct {
	simulator.Webhook

	order string
	fresh bool // never sent before
}

func newDesk() *desk { return &desk{acked: make(map[string]bool)} }

// next returns what to send next: what has to be repeated comes first.
func (d *desk) next() sent {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.repeat) > 0 {
		w := d.repeat[0]
		d.repeat = d.repeat[1:]
		return w
	}
	d.last++
	order := "order_" + strconv.Itoa(d.last)
	return sent{
		order: order, fresh: true, Webhook: simulator.ESIMFlyWebhook(signingSecret, esim.Event{
			ID: fmt.Sprint("wh_", d.last), Kind: esim.EventInstalled, ICCID: "8948010010092445039", OrderID: order, At: time.Now(),
		}),
	}
}

// post sends a webhook and reports whether it was acknowledged.
func (d *desk) post(ctx context.Context, client *http.Client, address string, w sent) bool {
	response, err := client.Do(w.Request(ctx, "http://"+address+"/hooks"))
	ok := err == nil && response.StatusCode == http.StatusOK
	if err == nil {
		_ = response.Body.Close() // it is empty
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if ok {
		d.acked[w.order] = true
		return true
	}
	w.fresh = false
	d.repeat = append(d.repeat, w)
	return false
}

func (d *desk) sent() int { d.mu.Lock(); defer d.mu.Unlock(); return d.last }

func (d *desk) acknowledged() int { d.mu.Lock(); defer d.mu.Unlock(); return len(d.acked) }

// orders returns those whose webhooks were acknowledged.
func (d *desk) orders() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []string
	for order := range d.acked {
		all = append(all, order)
	}
	slices.Sort(all)
	return all
}

func (d *desk) knows(order string) bool {
	n := numberOf(order)
	return n > 0 && n <= d.sent()
}

// numberOf is that of an order, 0 if it is none of these.
func numberOf(order string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(order, "order_"))
	if err != nil {
		return 0
	}
	return n
}

// newClient has connections of its own, which end with the receiver.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
}
