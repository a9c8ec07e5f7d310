package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// replica is one process of the shop: the test binary, started by the test
// with its instructions in the environment.
type replica struct {
	Number   int
	Accounts accounts

	pool   *pgxpool.Pool
	houses map[string]*house
}

const replicaVariable = "ESIM_TEST_REPLICA"

// workersEach is how many errands a replica runs at once.
const workersEach = 6

// playReplica is the whole program of a replica.
func playReplica() {
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // nobody outlives the test
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	r := new(replica)
	err := json.Unmarshal([]byte(os.Getenv(replicaVariable)), r)
	if err == nil {
		err = r.open(ctx)
	}
	if err == nil {
		err = r.live(ctx)
	}
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "replica:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// open opens both houses, which may take until the database is up again.
func (r *replica) open(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(r.Accounts.Database)
	if err != nil {
		return err
	}
	config.MaxConns = 2 * workersEach
	if r.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	r.houses = make(map[string]*house)
	for _, name := range []string{mainHouse, onceHouse} {
		for try := 0; ; try++ {
			r.houses[name], err = r.Accounts.open(ctx, name, r.pool, 0)
			if err == nil {
				break
			}
			if try == 200 {
				return err
			}
			rest()
		}
	}
	return nil
}

func rest() { <-time.After(50 * time.Millisecond) }

// live runs errands until there are no more.
func (r *replica) live(ctx context.Context) error {
	running, stop := context.WithCancel(ctx)
	var background, workers sync.WaitGroup
	for _, h := range r.houses {
		background.Go(func() { _ = h.Run(running) }) // ends with running, which is no news
	}
	failures := make(chan error, workersEach)
	for range workersEach {
		workers.Go(func() { failures <- r.work(ctx) })
	}
	workers.Wait()
	close(failures)
	var err error
	for failure := range failures {
		err = errors.Join(err, failure)
	}
	stop()
	background.Wait()
	for _, h := range r.houses {
		err = errors.Join(err, h.Close(ctx))
	}
	r.pool.Close()
	return err
}

func (r *replica) work(ctx context.Context) error {
	say := told{Replica: r.Number}
	for {
		e, status, err := r.ask(ctx, &say)
		switch {
		case err != nil:
			return err
		case status == http.StatusGone:
			return nil
		case status == http.StatusNoContent:
			say = told{Replica: r.Number}
			rest()
			continue
		}
		say = told{Replica: r.Number, Handout: e.Handout, Delivered: r.run(ctx, &e)}
	}
}

func (r *replica) ask(ctx context.Context, say *told) (e errand, status int, err error) {
	body, err := json.Marshal(say)
	if err != nil {
		return e, 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Accounts.Desk, bytes.NewReader(body))
	if err != nil {
		return e, 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return e, 0, err
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	if answer.StatusCode == http.StatusOK {
		err = json.NewDecoder(answer.Body).Decode(&e)
	}
	return e, answer.StatusCode, err
}

// run does the errand, again and again until it is known to be on record. What
// it returns is delivered, by the word of the journal.
func (r *replica) run(ctx context.Context, e *errand) []esim.ICCID {
	h := r.houses[e.House]
	for ; ; rest() {
		if e.ICCID != "" && e.PackageID == "" && !h.choose(ctx, e) {
			continue
		}
		if e.Enqueue {
			if r.enqueue(ctx, h, e) == nil {
				return nil
			}
			continue
		}
		order, _ := h.buy(ctx, e) // whatever the error is: what counts is what the journal says
		if order != nil {
			return iccidsOf(order)
		}
		if p, err := h.Lookup(ctx, e.Provider, e.Reference); err == nil && !p.State.Uncharged() {
			return nil // the journal sees to it
		}
	}
}

func iccidsOf(order *esim.Order) []esim.ICCID {
	if order.Status != esim.OrderCompleted {
		return nil
	}
	var all []esim.ICCID
	for i := range order.ESIMs {
		all = append(all, order.ESIMs[i].ICCID)
	}
	return all
}

// choose finds a package for a top-up, the same whoever looks.
func (h *house) choose(ctx context.Context, e *errand) bool {
	offers, err := h.Client(e.Provider).ListTopUps(ctx, e.ICCID)
	i := slices.IndexFunc(offers, func(p esim.Package) bool { return p.Data > 0 && !p.Unlimited })
	if err == nil && i >= 0 {
		e.PackageID = offers[i].ID
	}
	return e.PackageID != ""
}

func (e *errand) order() esim.OrderRequest {
	return esim.OrderRequest{PackageID: e.PackageID, Quantity: e.Quantity, Reference: e.Reference}
}

func (e *errand) topUp() esim.TopUpRequest {
	return esim.TopUpRequest{ICCID: e.ICCID, PackageID: e.PackageID, Reference: e.Reference}
}

func (h *house) buy(ctx context.Context, e *errand) (*esim.Order, error) {
	if e.ICCID != "" {
		return h.Client(e.Provider).TopUp(ctx, e.topUp())
	}
	return h.Client(e.Provider).Order(ctx, e.order())
}

var errVoid = errors.New("nobody pays for this cart")

// enqueue commits the row of the shop and the intent together.
func (r *replica) enqueue(ctx context.Context, h *house, e *errand) error {
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		row := func() error {
			_, err := tx.Exec(ctx, `INSERT INTO shop (reference, house) VALUES ($1, $2) ON CONFLICT DO NOTHING`, e.Reference, e.House)
			return err
		}
		intent := func() error { return h.intend(ctx, h.store.Tx(tx), e) }
		steps := [...]func() error{row, intent}
		if e.Handout%2 == 0 {
			slices.Reverse(steps[:])
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
		if e.Void {
			return errVoid
		}
		return nil
	})
	if errors.Is(err, errVoid) {
		return nil
	}
	return err
}

func (h *house) intend(ctx context.Context, into journal.Creator, e *errand) error {
	var err error
	if e.ICCID != "" {
		_, err = h.EnqueueTopUp(ctx, into, e.Provider, e.topUp())
	} else {
		_, err = h.EnqueueOrder(ctx, into, e.Provider, e.order())
	}
	return err
}
