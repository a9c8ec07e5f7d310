package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
	"github.com/esimkit/esim/webhook"
)

// shop is everything behind the pages.
type shop struct {
	resellers *resellers
	shelf     *catalog.Catalog
	books     *books
	store     *sqlite.Store
	journal   *journal.Journal
	meter     *meter
	till      sync.Mutex       // one sale at a time is handed to the journal
	hooks     *webhook.Handler // nil = no reseller has a webhook secret
	hookLog   *hookLog
	waiters   webhook.Waiters
	seats     seats
	logger    *slog.Logger
	pages     *pages

	listener net.Listener
	base     string // URL of the shop, without a slash at the end
	password string // of the operator
	sells    bool   // visitors may buy
	demo     demo
	scratch  string // directory to remove at the end
	closing  chan struct{}
}

// leastPassword is how long a password must be that nobody can find by trying.
const leastPassword = 16

// open brings everything together and listens. Nothing is served yet.
func open(ctx context.Context, o options, dayCap esim.Money, logger *slog.Logger) (s *shop, err error) {
	s = &shop{logger: logger, sells: !o.live || o.buy, password: os.Getenv("STOREFRONT_PASSWORD"), closing: make(chan struct{})}
	if s.password == "" {
		s.password = rand.Text()
	}
	if len(s.password) < leastPassword {
		return s, fmt.Errorf("STOREFRONT_PASSWORD has less than %d characters", leastPassword)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if o.live {
		s.resellers, err = fromEnvironment(logger)
	} else {
		s.resellers, err = simulated(o.seed, slog.New(slog.DiscardHandler)) //nolint:contextcheck // they live until close
	}
	if err != nil {
		return s, err
	}
	if s.pages, err = readPages(); err != nil {
		return s, err
	}
	if err = s.openData(ctx, o); err != nil {
		return s, err
	}
	s.meter = newMeter(s.books, s.resellers, o.live)
	if err = s.openJournal(dayCap); err != nil {
		return s, err
	}
	if s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", o.address); err != nil {
		return s, err
	}
	s.base = "http://" + s.listener.Addr().String()
	s.resellers.hookURL(s.base)
	return s, nil
}

func (s *shop) openData(ctx context.Context, o options) (err error) {
	directory := o.data
	if directory == "" {
		if directory, err = os.MkdirTemp("", "storefront-*"); err != nil {
			return err
		}
		s.scratch = directory
	}
	if err = os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	if s.store, err = sqlite.Open(filepath.Join(directory, "purchases.db")); err != nil { //nolint:contextcheck // outlives the call
		return err
	}
	if s.books, err = openBooks(ctx, filepath.Join(directory, "shop.db")); err != nil {
		return err
	}
	shelf := catalog.Config{Clients: s.resellers.clients, Logger: s.logger}
	if o.live { // a simulated world begins anew each time, with other prices
		shelf.Snapshot = filepath.Join(directory, "catalog.snap")
	}
	s.shelf, err = catalog.New(shelf)
	return err
}

func (s *shop) openJournal(dayCap esim.Money) (err error) {
	config := journal.Config{
		Clients: s.resellers.clients, Logger: s.logger,
		OnDelivered: s.tellViewers, OnReview: s.tellViewersOfAll, OnLate: s.tellViewers,
		OnFailed: func(ctx context.Context, p *journal.Purchase) error {
			if failed := s.books.refund(ctx, p.Reference, time.Now()); failed != nil {
				return failed // the journal calls again
			}
			return s.tellViewers(ctx, p)
		},
	}
	if s.resellers.sim != nil {
		config.Tick = 100 * time.Millisecond // nobody is knocked at, so be quick
	}
	if !dayCap.IsZero() {
		config.DailyCap = make(map[esim.Provider]esim.Money)
		for _, c := range s.resellers.clients {
			config.DailyCap[c.Provider()] = dayCap
		}
	}
	if s.journal, err = journal.New(s.store, config); err != nil {
		return err
	}
	return s.openHooks()
}

// work runs what goes on beside the pages, until ctx ends.
func (s *shop) work(ctx context.Context) {
	var working sync.WaitGroup
	if s.hooks != nil {
		working.Go(func() { _ = s.hooks.Run(ctx) })
	}
	if s.sells { // otherwise even what was paid for earlier waits until it may spend money
		working.Go(func() { _ = s.journal.Run(ctx) }) // ends with ctx, which is no news
		working.Go(func() { s.every(ctx, time.Minute, "settle", s.settle) })
		working.Go(func() {
			s.every(ctx, patience/6, "give up", func(ctx context.Context) error { return s.giveUp(ctx, patience) })
		})
	}
	working.Go(func() { _ = s.shelf.Run(ctx) })
	working.Go(func() { s.every(ctx, time.Hour, "usage", s.readMeters) })
	working.Wait()
}

func (s *shop) every(ctx context.Context, pause time.Duration, what string, do func(context.Context) error) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "not done, to be tried again", "what", what, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *shop) close() error {
	var errs []error
	if s.listener != nil {
		_ = s.listener.Close() // the server may have closed it
	}
	if s.resellers != nil && s.resellers.sim != nil {
		s.resellers.sim.Close()
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.books != nil {
		errs = append(errs, s.books.db.Close())
	}
	if s.scratch != "" {
		errs = append(errs, os.RemoveAll(s.scratch))
	}
	return errors.Join(errs...)
}
