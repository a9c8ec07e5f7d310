package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// maxStarts bounds how often a shop that ends by itself is started again.
const maxStarts = 5

// supervise plays the resellers and the fate of the shop, and audits its books.
func (s *settings) supervise(ctx context.Context) error {
	if err := s.check(); err != nil {
		return err
	}
	options := []simulator.Option{
		simulator.WithSeed(s.seed), simulator.WithBalance("1000000"), simulator.WithProcessingTime(10 * time.Millisecond),
	}
	sim, err := simulator.New(options...) //nolint:contextcheck // it is closed below
	if err != nil {
		return err
	}
	defer sim.Close()
	for _, server := range []*simulator.Server{sim.ESIMFly.Server, sim.ESIMFX.Server} {
		server.Schedule(esimtest.Schedule{Rate: s.faults, Kinds: []esimtest.FaultKind{
			esimtest.FaultCutBeforeCommit, esimtest.FaultCutAfterCommit, esimtest.FaultHalfBody, esimtest.Fault500After, esimtest.FaultTruncatedJSON, esimtest.Fault429,
		}})
	}
	dir, err := os.MkdirTemp("", "crashproof-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // left to the system's own cleaning
	in := &instructions{Store: s.store, Address: s.url, Run: fmt.Sprintf("run%x", time.Now().UnixMilli()), Orders: s.orders}
	if s.store == "sqlite" {
		in.Address = filepath.Join(dir, "purchases.db")
	}
	in.Fly, in.FX = accounts(sim) //nolint:contextcheck // its ports stay open after the call
	fmt.Printf("selling %d eSIMs, %s journal, %.0f%% of requests spoiled, seed %d\n", s.orders, s.store, 100*s.faults, s.seed)
	killed, err := s.live(ctx, in)
	if err != nil {
		return err
	}
	fmt.Printf("\rkilled %d times\n\n", killed)
	books, err := audit(ctx, in, sim)
	if err != nil {
		return err
	}
	books.print()
	return errors.Join(books.balance(), in.remove(ctx))
}

// live runs the shop, killing it now and then, until it has sold everything.
func (s *settings) live(ctx context.Context, in *instructions) (killed int, err error) {
	fate := rand.New(rand.NewPCG(uint64(s.seed), 1)) //nolint:gosec // a demonstration, not a secret
	for failed := 0; ; {
		var wait time.Duration
		if killed < s.kills {
			wait = 40*time.Millisecond + time.Duration(fate.Int64N(int64(260*time.Millisecond)))
		}
		done, err := in.runShop(ctx, wait)
		switch {
		case err == nil && done:
			return killed, nil
		case err == nil:
			killed++
			fmt.Printf("\rkilled %d times", killed)
			continue
		case ctx.Err() != nil:
			return killed, ctx.Err()
		}
		if failed++; failed == maxStarts {
			return killed, fmt.Errorf("the shop does not start: %w", err)
		}
	}
}

// runShop starts the shop and kills it after a while, or never if wait is 0.
// done: it has ended by itself.
func (in *instructions) runShop(ctx context.Context, wait time.Duration) (done bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	environment, err := in.environment()
	if err != nil {
		return false, err
	}
	shop := exec.CommandContext(ctx, self, "-shop") //nolint:gosec // itself
	shop.Env = append(os.Environ(), environment)
	shop.Stderr = os.Stderr
	if err := shop.Start(); err != nil {
		return false, err
	}
	ended := make(chan error, 1)
	go func() { ended <- shop.Wait() }()
	var doom <-chan time.Time
	if wait > 0 {
		doom = time.After(wait)
	}
	select {
	case err := <-ended:
		return err == nil, err
	case <-doom:
	}
	if err := shop.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return false, err
	}
	return <-ended == nil, nil
}
