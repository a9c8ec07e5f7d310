// Command storefront is a small shop for travel eSIMs in a browser: search by
// country, compare offers of three resellers, buy, watch the order arrive,
// scan the QR code, see the data that is left, top up. An operator page shows
// what is open and what was charged.
//
// Without flags it needs nothing but Go: the resellers are simulated on
// loopback and nobody is charged. With -live it shows what the real accounts in
// the environment sell; it buys there only with -buy and a daily -cap.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/esimkit/esim"
)

// options are what the command line says.
type options struct {
	address string // to listen on
	data    string // directory of the databases, "" = a fresh one that is removed at the end
	live    bool   // real accounts
	buy     bool   // with live: spend real money
	dayCap  string // with buy: the most that a day may cost at each reseller
	tour    bool   // make one sale, print it, and end
	seed    int64  // of the simulators
}

func main() {
	var o options
	flag.StringVar(&o.address, "addr", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	flag.StringVar(&o.data, "data", "", "directory that keeps the databases; empty = a temporary one")
	flag.BoolVar(&o.live, "live", false, "use the real resellers whose credentials are in the environment")
	flag.BoolVar(&o.buy, "buy", false, "with -live: let visitors buy, which spends real money; needs -cap")
	flag.StringVar(&o.dayCap, "cap", "", `with -buy: the most that a day may cost at each reseller, such as "20 USD"`)
	flag.BoolVar(&o.tour, "tour", false, "make one sale over HTTP against the simulators, print what happens, and end")
	flag.Int64Var(&o.seed, "seed", 0, "seed of the simulators; 0 = another one each time")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "storefront:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to clean up
	}
}

// run serves the shop until ctx ends, or makes the tour.
func run(ctx context.Context, w io.Writer, o options) error {
	dayCap, err := o.check()
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if o.tour {
		o.address, logger = "127.0.0.1:0", slog.New(slog.DiscardHandler) // the tour has faults on purpose
	}
	s, err := open(ctx, o, dayCap, logger)
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.serve(serving) }()
	if o.tour {
		err = tour(ctx, w, s)
		stop()
		return errors.Join(err, <-ended)
	}
	s.greet(w)
	return <-ended
}

// check refuses combinations that would spend money by accident.
func (o *options) check() (dayCap esim.Money, err error) {
	switch {
	case o.buy && !o.live:
		return dayCap, errors.New("-buy spends real money and wants -live too")
	case o.tour && o.live:
		return dayCap, errors.New("the tour is made at the simulators only")
	case !o.buy:
		return dayCap, nil
	}
	var amount, currency string
	if _, err = fmt.Sscan(o.dayCap, &amount, &currency); err == nil {
		dayCap, err = esim.ParseMoney(amount, currency)
	}
	if err != nil || dayCap.Sign() <= 0 {
		return dayCap, errors.New(`-buy wants -cap, such as -cap "20 USD"`)
	}
	return dayCap, nil
}

func (s *shop) greet(w io.Writer) {
	fmt.Fprintf(w, "The shop is open:  %s\n", s.base)
	fmt.Fprintf(w, "Operator page:     %s/operator   user operator, password %s\n", s.base, s.password)
	if s.resellers.sim != nil {
		fmt.Fprintln(w, "Resellers and payment are simulated: nobody is charged. Ctrl-C ends it.")
	}
}
