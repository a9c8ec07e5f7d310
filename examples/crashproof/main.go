// Command crashproof shows what the journal is for. A shop sells eSIMs in a
// process of its own, over a network that loses answers, and is killed with
// SIGKILL at random, again and again, while it spends money. At the end the
// resellers' books are compared with the journal: every order was charged once,
// and every charge is an eSIM in hand or an open item.
//
//	go run .                                    # SQLite, nothing to install
//	go run . -store postgres -url postgres://…  # PostgreSQL
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// settings are the flags.
type settings struct {
	store  string
	url    string
	orders int
	kills  int
	faults float64
	seed   int64
}

func main() {
	var s settings
	flag.StringVar(&s.store, "store", "sqlite", "where the journal is kept: sqlite or postgres")
	flag.StringVar(&s.url, "url", os.Getenv("ESIM_POSTGRES_URL"), "with -store postgres: the address of the database; the run has a schema of its own there and removes it")
	flag.IntVar(&s.orders, "orders", 500, "how many eSIMs the shop sells")
	flag.IntVar(&s.kills, "kills", 20, "how often the shop is killed")
	flag.Float64Var(&s.faults, "faults", 0.1, "share of requests whose answer is lost or spoiled")
	flag.Int64Var(&s.seed, "seed", time.Now().UnixNano()%1_000_000, "seed of the simulated resellers and of the killer")
	shop := flag.Bool("shop", false, "be the shop; the program starts itself with this")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := s.supervise
	if *shop {
		run = sell
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "crashproof:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to clean up
	}
}

func (s *settings) check() error {
	switch {
	case s.store != "sqlite" && s.store != "postgres":
		return errors.New("-store is sqlite or postgres")
	case s.store == "postgres" && s.url == "":
		return errors.New("-store postgres needs -url or ESIM_POSTGRES_URL, an address such as postgres://user@localhost/shop")
	case s.orders < 1 || s.kills < 0 || s.faults < 0 || s.faults > 0.5:
		return errors.New("-orders must be at least 1, -kills at least 0, -faults 0 to 0.5")
	}
	return nil
}
