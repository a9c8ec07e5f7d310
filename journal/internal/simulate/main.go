// Simulate runs the deterministic simulation of the journal:
//
//	go run ./journal/internal/simulate -orders 1000000 -seed 7
//
// It prints a line for each mode. On a broken promise it prints the seed of the
// world, the purchase and its trace, and ends with status 1; -world plays that
// world again. With -matrix it plays every scenario with an interruption of
// every kind at every place.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/esimkit/esim/journal/internal/simulation"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	orders := flag.Int("orders", 10_000, "purchases in each mode")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed; the same one gives the same run")
	mode := flag.String("mode", "all", "all, fly-key, fly-nonce, story or fx")
	faults := flag.Float64("faults", 0, "share of requests that meet a mishap; 0 = worlds of 5, 10 and 30 % in turn")
	world := flag.Uint64("world", 0, "play the world of this seed again, with -mode, -faults and -orders as they are printed")
	why := flag.Bool("why", false, "say why purchases are under review, with the trace of one")
	matrix := flag.Bool("matrix", false, "play the scenarios with all interruptions instead")
	flag.Parse()

	if *matrix {
		return playMatrix(ctx)
	}
	modes := simulation.Modes()
	if *mode != "all" {
		m, err := simulation.ParseMode(*mode)
		if err != nil {
			return err
		}
		modes = []simulation.Mode{m}
	}
	fmt.Printf("seed %d\n%-10s %9s %9s %9s %9s %9s %8s %10s %9s %8s %8s\n", *seed,
		"mode", "purchases", "delivered", "charged", "refused", "review", "at 5 %", "requests", "troubles", "seconds", "µs each")
	for _, m := range modes {
		play := simulation.Run
		o := simulation.Options{Mode: m, Seed: *seed, Orders: *orders, Faults: *faults}
		if *world != 0 {
			o.Seed, play = *world, simulation.RunWorld
		}
		began := time.Now()
		r, err := play(ctx, o)
		show(m, &r, time.Since(began))
		if *why {
			explain(&r)
		}
		if err != nil {
			return tell(err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func show(m simulation.Mode, r *simulation.Report, took time.Duration) {
	share := 100 * float64(r.CalmReview) / float64(max(r.Calm, 1))
	fmt.Printf("%-10s %9d %9d %9d %9d %9d %7.3f%% %10d %9d %8.1f %8.0f\n", m, r.Purchases, r.Delivered, r.Charged, r.Refused,
		r.Review, share, r.Requests, r.Crashes, took.Seconds(), took.Seconds()*1e6/float64(max(r.Purchases, 1)))
}

func explain(r *simulation.Report) {
	for _, reason := range slices.Sorted(maps.Keys(r.Reasons)) {
		fmt.Printf("%9d %s\n", r.Reasons[reason], reason)
		for _, line := range r.Examples[reason] {
			fmt.Println("         ", line)
		}
	}
}

// tell prints the trace of a violation.
func tell(err error) error {
	if v, ok := errors.AsType[*simulation.Violation](err); ok {
		for _, line := range v.Trace {
			fmt.Println(line)
		}
	}
	return err
}

func playMatrix(ctx context.Context) error {
	cases, err := simulation.Matrix(ctx)
	if err != nil {
		return tell(err)
	}
	for _, c := range cases {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := simulation.RunCase(ctx, c, nil); err != nil {
			fmt.Println(c)
			return tell(err)
		}
	}
	fmt.Println(len(cases), "cases")
	return nil
}
