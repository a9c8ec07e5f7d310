// Command river drives purchases with the job queue that a team already runs,
// River (https://riverqueue.com), in place of Journal.Run.
//
//	go run . -url postgres://…
//
// Three things commit in one transaction: the shop's row that says "paid", the
// intent to buy, and the job that will see to it. River may run a job twice, or
// stop in the middle; that is no matter, since a job is one call of
// Journal.Reconcile, and the journal keeps one reference to one charge.
//
// The reseller is simulated and loses the first three answers. The tables of the
// shop, of the journal and of River are made in the database given.
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
	url := flag.String("url", os.Getenv("ESIM_POSTGRES_URL"), "address of a PostgreSQL database that may be written to")
	carts := flag.Int("carts", 10, "how many eSIMs are sold")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *url, *carts); err != nil {
		fmt.Fprintln(os.Stderr, "river:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to clean up
	}
}

func run(ctx context.Context, url string, carts int) error {
	if url == "" {
		return errors.New("-url or ESIM_POSTGRES_URL must name a PostgreSQL database, such as postgres://user@localhost/shop")
	}
	s, err := open(ctx, url)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.queue.Start(ctx); err != nil {
		return err
	}
	for n := range carts {
		if err := s.checkout(ctx, fmt.Sprintf("cart-%s-%03d", s.run, n)); err != nil {
			return err
		}
	}
	for n := range carts {
		select {
		case p := <-s.delivered:
			fmt.Printf("%3d  %s  %s  %d request(s)\n", n+1, p.Reference, p.Order.ESIMs[0].ICCID, len(p.Attempts))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	charges := len(s.sim.ESIMFly.Ledger().Charges())
	fmt.Printf("\n%d carts, %d charges\n", carts, charges)
	if charges != carts {
		return errors.Join(errors.New("the books do not balance"), s.queue.Stop(ctx))
	}
	return s.queue.Stop(ctx)
}
