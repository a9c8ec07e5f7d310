package main

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
)

// seller sells one package, one way or another.
type seller func(context.Context, sale) (*esim.Order, error)

// routed sells through a router over a journal. This is all that a shop needs.
func (m *market) routed(p router.Policy) (seller, error) {
	store := journal.NewVolatileAt(m.clock.Now) // a real shop takes one that lasts: package sqlite or postgres
	var err error
	if m.journal, err = journal.New(store, journal.Config{Clients: m.clients}); err != nil {
		return nil, err
	}
	config := router.Config{
		Catalog: m.shelf, Policy: p, Rates: m.rates, Currency: currency, Now: m.clock.Now,
		// For this market only: breakers cool down by the real clock and
		// balances are read beside the sales, which would make each run a little
		// different. Without them every sale meets all the trouble there is.
		Breaker: router.Breaker{Failures: -1}, BalanceAge: -1,
	}
	for _, c := range m.clients {
		m.journal.Receiver(c.Provider()) // somebody listens to webhooks, see office
		config.Clients = append(config.Clients, m.journal.Client(c.Provider()))
	}
	best := router.New(config)
	inHaste := best.With(router.Needs{Instant: true})
	return func(ctx context.Context, s sale) (*esim.Order, error) {
		if s.instant {
			return inHaste.Order(ctx, request(s.wanted, s.reference))
		}
		return best.Order(ctx, request(s.wanted, s.reference))
	}, nil
}

// request buys a package at the price it is listed for.
func request(p esim.Package, reference string) esim.OrderRequest {
	return esim.OrderRequest{PackageID: p.ID, Quote: &p, Reference: reference}
}

// office is what goes on behind the counter: webhooks come in, and the journal
// finds out about what is in doubt. A real shop has a webhook handler and
// [journal.Journal.Run] for it.
func (m *market) office(ctx context.Context) error {
	if m.journal == nil {
		return ctx.Err()
	}
	for _, r := range m.resellers {
		told := m.journal.Receiver(r.Provider())
		for _, order := range r.Deliveries() {
			if err := told(ctx, order); err != nil && !errors.Is(err, journal.ErrContradiction) {
				return err
			}
		}
	}
	const atMost = 1000
	_, err := m.journal.Step(ctx, atMost)
	return err
}

// night lets time pass until nothing is open, for a week at most.
func (m *market) night(ctx context.Context) error {
	const look, looks = time.Minute, 7 * 24 * 60
	for range looks {
		if err := m.office(ctx); err != nil {
			return err
		}
		if open, err := m.open(ctx); err != nil || !open {
			return err
		}
		m.clock.Sleep(look)
	}
	return nil
}

// open reports whether the journal still works on something.
func (m *market) open(ctx context.Context) (bool, error) {
	if m.journal == nil {
		return false, nil
	}
	states := []journal.State{journal.Ready, journal.Sending, journal.Unknown, journal.Provisioning}
	for _, err := range m.journal.Purchases(ctx, journal.Query{States: states}) {
		return true, err
	}
	return false, nil
}
