package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres"
)

const cartsTable = `CREATE TABLE IF NOT EXISTS shop_cart (id text PRIMARY KEY, paid_at timestamptz NOT NULL DEFAULT now())`

// shop is a backend that runs River.
type shop struct {
	pool      *pgxpool.Pool
	store     *postgres.Store
	journal   *journal.Journal
	queue     *river.Client[pgx.Tx]
	sim       *simulator.Simulator
	packageID string
	run       string
	delivered chan *journal.Purchase
}

func open(ctx context.Context, url string) (*shop, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, err
	}
	sim, err := simulator.New() //nolint:contextcheck // close ends it
	if err != nil {
		pool.Close()
		return nil, err
	}
	s := &shop{
		pool: pool, sim: sim,
		run: fmt.Sprintf("%x", time.Now().UnixMilli()), delivered: make(chan *journal.Purchase, 1),
	}
	s.packageID = s.sim.ESIMFly.Packages()[0].ID
	if err := s.prepare(ctx); err != nil {
		s.close()
		return nil, err
	}
	for range 3 {
		s.sim.ESIMFly.Inject(esimtest.Fault{Op: "order", Kind: esimtest.FaultCutAfterCommit}) //nolint:contextcheck // the simulator has a life of its own
	}
	return s, nil
}

func (s *shop) close() {
	s.sim.Close()
	s.pool.Close()
}

// prepare makes the tables, the journal and the queue.
func (s *shop) prepare(ctx context.Context) error {
	driver := riverpgxv5.New(s.pool)
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	schema := postgres.WithSchema("river_example_" + s.run) // a new reseller each time, so a new journal
	if err = errors.Join(err, postgres.Migrate(ctx, s.pool, schema)); err != nil {
		return err
	}
	if _, err = s.pool.Exec(ctx, cartsTable); err != nil {
		return err
	}
	if s.store, err = postgres.Open(ctx, s.pool, schema); err != nil {
		return err
	}
	client, err := esimfly.New(esimfly.Config{
		AccessCode: s.sim.ESIMFly.AccessCode, SecretKey: esim.NewSecret(s.sim.ESIMFly.SecretKey), ReplaysVerified: true,
		Settings: esim.Settings{BaseURL: s.sim.ESIMFly.URL(), MaxRetries: -1}, //nolint:contextcheck // the queue repeats; the simulator has a life of its own
	})
	if err != nil {
		return err
	}
	s.journal, err = journal.New(s.store, journal.Config{Clients: []esim.Client{client}, OnDelivered: s.onDelivered})
	if err != nil {
		return err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{journal: s.journal})
	s.queue, err = river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}}, Workers: workers,
	})
	return err
}

// onDelivered is where a shop would send its mail. It may be called twice.
func (s *shop) onDelivered(ctx context.Context, p *journal.Purchase) error {
	select {
	case s.delivered <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkout is the moment in which the customer has paid: all of it commits, or
// nothing does.
func (s *shop) checkout(ctx context.Context, cart string) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO shop_cart (id) VALUES ($1)", cart); err != nil {
			return err
		}
		id, err := s.journal.EnqueueOrder(ctx, s.store.Tx(tx), esimfly.Provider, esim.OrderRequest{
			PackageID: s.packageID, Reference: cart,
		})
		if err != nil {
			return err
		}
		_, err = s.queue.InsertTx(ctx, tx, purchaseArgs{ID: id}, nil)
		return err
	})
}
