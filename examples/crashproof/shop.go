package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/journal"
)

// cashiers is how many orders the shop has under way at once.
const cashiers = 4

// sell is the whole shop. It keeps no notes of its own: after a crash it asks
// for the same references again, from the first on.
func sell(ctx context.Context) error {
	in, err := readInstructions()
	if err != nil {
		return err
	}
	store, closeStore, err := in.open(ctx)
	if err != nil {
		return err
	}
	clients, err := in.clients()
	if err != nil {
		return errors.Join(err, closeStore())
	}
	j, err := journal.New(store, journal.Config{
		Clients: clients, MaxDoubtful: -1,
		// Short, for a demonstration; the defaults are for real life.
		Lease: time.Second, Tick: 50 * time.Millisecond, BusyWait: 20 * time.Millisecond,
	})
	if err != nil {
		return errors.Join(err, closeStore())
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = j.Run(ctx) }) // ends with ctx, which is no news
	err = in.serve(ctx, j)
	cancel()
	running.Wait()
	return errors.Join(err, closeStore())
}

// patience is how soon a purchase must be due for the shop to wait for it. What
// was lost at eSIMfx is asked for again after a minute, and is an open item
// until then.
const patience = 5 * time.Second

// serve orders everything, then waits until nothing more is due soon.
func (in *instructions) serve(ctx context.Context, j *journal.Journal) error {
	next := make(chan int)
	var serving sync.WaitGroup
	for range cashiers {
		serving.Go(func() {
			for n := range next {
				in.order(ctx, j, n)
			}
		})
	}
	for n := range in.Orders {
		next <- n
	}
	close(next)
	serving.Wait()
	for {
		open := 0
		for p, err := range j.Purchases(ctx, journal.Query{States: []journal.State{
			journal.Ready, journal.Sending, journal.Unknown, journal.Provisioning,
		}}) {
			if err != nil {
				return err
			}
			if in.mine(p) && p.NextAt.Before(time.Now().Add(patience)) {
				open++
			}
		}
		if open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// order buys until there is an answer. An unknown outcome is none of the shop's
// business: the journal finds out.
func (in *instructions) order(ctx context.Context, j *journal.Journal, n int) {
	provider, packageID := in.seller(n)
	for ctx.Err() == nil {
		order, err := j.Client(provider).Order(ctx, esim.OrderRequest{PackageID: packageID, Reference: in.reference(n)})
		if order != nil || esim.MaybeCharged(err) {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond): // nothing was charged, so it may be tried again
		}
	}
}

func (in *instructions) seller(n int) (esim.Provider, string) {
	if n%2 == 0 {
		return esimfly.Provider, in.Fly.Package
	}
	return esimfx.Provider, in.FX.Package
}

func (in *instructions) reference(n int) string { return fmt.Sprintf("%s-%04d", in.Run, n) }

func (in *instructions) mine(p *journal.Purchase) bool {
	return strings.HasPrefix(p.Reference, in.Run+"-")
}
