// Command quickstart does the whole job of a shop that sells eSIMs, at three
// resellers: packages for Japan, an order at each, the QR code of one, usage, a
// top-up, and a lost answer recovered without a second charge.
//
// Without flags it needs nothing but Go: the resellers are simulated on
// loopback. With -live it takes real credentials from the environment, lists
// packages and balances, and buys nothing unless -buy names a provider.
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
	live := flag.Bool("live", false, "use the real resellers whose credentials are in the environment")
	buy := flag.String("buy", "", "with -live: buy the cheapest package for Japan at this provider, for real money")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *live, *buy); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to clean up
	}
}

func run(ctx context.Context, live bool, buy string) error {
	switch {
	case live:
		return realShop(ctx, os.Stdout, buy)
	case buy != "":
		return errors.New("-buy spends real money and wants -live too")
	}
	return simulatedShop(ctx, os.Stdout)
}
