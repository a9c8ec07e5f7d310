package main

import (
	"context"
	"sync"

	"github.com/esimkit/esim"
)

// door stands between the shop and its resellers and writes down for which
// sale each order was sent, under which reference. The audit can then lay the
// charges of all resellers beside the sales without believing the router.
type door struct {
	mu      sync.Mutex
	serving int
	sent    map[sending]int // the sale
	clients map[esim.Provider]esim.Client
}

// sending is an order as a reseller sees it.
type sending struct {
	to        esim.Provider
	reference string
}

func newDoor() *door {
	return &door{sent: make(map[sending]int), clients: make(map[esim.Provider]esim.Client)}
}

// serve says which sale the next orders belong to. What is sent again later,
// by the journal, belongs to the sale that it was first sent for.
func (d *door) serve(sale int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.serving = sale
}

func (d *door) note(s sending) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, again := d.sent[s]; !again {
		d.sent[s] = d.serving
	}
}

// before puts the door before a reseller.
func (d *door) before(c esim.Client) esim.Client {
	watched := doorClient{c, d}
	d.clients[c.Provider()] = watched
	return watched
}

func (d *door) client(p esim.Provider) esim.Client { return d.clients[p] }

// doorClient is a reseller behind the door.
type doorClient struct {
	esim.Client
	door *door
}

// Unwrap returns the reseller.
func (c doorClient) Unwrap() esim.Client { return c.Client }

// Order notes the reference and passes the order on.
func (c doorClient) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	c.door.note(sending{c.Provider(), req.Reference})
	return c.Client.Order(ctx, req)
}
