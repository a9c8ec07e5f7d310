// Command market asks which way of choosing a reseller serves a shop best. Six
// simulated resellers of different temper sell overlapping catalogues in two
// currencies: one is cheap and loses answers, one dear and instant, one out of
// money, one slow, one down for half of the time. The same travellers come to
// the same market once for each way of choosing, and one table tells what it
// cost, who got an eSIM, and who was charged twice.
//
// The resellers' own ledgers are the judge. Package router, over package
// journal, must charge each sale at most once, and every charge must end as an
// eSIM or as an open item; else the command fails. The last row is the warning:
// the loop that everybody writes first, "on an error try the next one".
//
//	go run ./examples/market                 # seconds
//	go run ./examples/market -sales 100000   # minutes
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	sales := flag.Int("sales", 5_000, "how many travellers come to each market")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *sales); err != nil {
		fmt.Fprintln(os.Stderr, "market:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to clean up
	}
}

func run(ctx context.Context, sales int) error {
	if sales < 1 {
		return errors.New("-sales must be 1 or more")
	}
	accounts, err := compare(ctx, sales, strategies())
	if err != nil {
		return err
	}
	if err := printTable(os.Stdout, accounts); err != nil {
		return err
	}
	return verdict(accounts)
}
