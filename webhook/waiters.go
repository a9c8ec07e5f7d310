package webhook

import (
	"context"
	"sync"

	"github.com/esimkit/esim"
)

// Waiters wakes those who wait for an order when a webhook tells of it. The
// zero value is ready for use.
//
//	var waiters webhook.Waiters
//	// in onEvent, after the journal has taken in e.Order:
//	waiters.Tell(e)
//	// where the customer waits:
//	order, err := waiters.WaitOrder(ctx, client, order.Ref(), esim.WaitOptions{Quantity: order.Quantity})
//
// It only makes a wait shorter: the order is read from the client as before,
// and a webhook that is lost, or that another process receives, costs no more
// than the rest of a polling interval.
type Waiters struct {
	mu      sync.Mutex
	waiting map[subject]map[chan struct{}]struct{}
}

// subject is an order under one of its names.
type subject struct {
	provider      esim.Provider
	id, reference string // one of them
}

func subjects(p esim.Provider, id, reference string) []subject {
	var list []subject
	if id != "" {
		list = append(list, subject{provider: p, id: id})
	}
	if reference != "" {
		list = append(list, subject{provider: p, reference: reference})
	}
	return list
}

// Tell wakes those who wait for the order that the event is about.
func (w *Waiters) Tell(e esim.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range subjects(e.Provider, e.OrderID, e.Reference) {
		for notify := range w.waiting[s] {
			select {
			case notify <- struct{}{}:
			default: // it has been told, and has not looked yet
			}
		}
	}
}

// WaitOrder is [esim.WaitOrder], and reads the order at once when an event
// about it is told. opts.Notify is replaced.
func (w *Waiters) WaitOrder(ctx context.Context, c esim.Client, ref esim.OrderRef, opts esim.WaitOptions) (*esim.Order, error) {
	notify, stop := w.Watch(c.Provider(), ref)
	defer stop()
	opts.Notify = notify
	return esim.WaitOrder(ctx, c, ref, opts)
}

// Watch returns a channel that receives a value when an event about the order
// is told, until stop is called, which must be.
func (w *Waiters) Watch(p esim.Provider, ref esim.OrderRef) (notify <-chan struct{}, stop func()) {
	told := make(chan struct{}, 1)
	list := subjects(p, ref.ID, ref.Reference)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting == nil {
		w.waiting = make(map[subject]map[chan struct{}]struct{})
	}
	for _, s := range list {
		if w.waiting[s] == nil {
			w.waiting[s] = make(map[chan struct{}]struct{})
		}
		w.waiting[s][told] = struct{}{}
	}
	return told, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, s := range list {
			delete(w.waiting[s], told)
			if len(w.waiting[s]) == 0 {
				delete(w.waiting, s)
			}
		}
	}
}
