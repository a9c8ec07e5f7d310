package router_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
)

// The three resellers, cheapest first.
var providers = []esim.Provider{esimfly.Provider, esimfx.Provider, esimstory.Provider}

func money(amount, currency string) esim.Money {
	m, err := esim.ParseMoney(amount, currency)
	if err != nil {
		panic(err)
	}
	return m
}

// shelf is a catalogue in which packages of one name are the same product.
type shelf []esim.Package

func (s shelf) Package(p esim.Provider, id string) (esim.Package, bool) {
	i := slices.IndexFunc(s, func(q esim.Package) bool { return q.Provider == p && q.ID == id })
	if i < 0 {
		return esim.Package{}, false
	}
	return s[i], true
}

func (s shelf) Absent(p esim.Provider, id string) bool {
	_, listed := s.Package(p, id)
	return !listed
}

func (s shelf) Equivalents(p esim.Provider, id string) []esim.Package {
	asked, ok := s.Package(p, id)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s), func(q esim.Package) bool { return q.Name != asked.Name })
}

// world is three resellers that sell the same, and what stays when a process
// dies.
type world struct {
	resellers map[esim.Provider]*memory.Client
	shelf     shelf
	claims    router.Claims
	store     *journal.Volatile // nil = nothing is journalled
	journal   *journal.Journal  // of the latest process
}

const product = "Japan 5 GB 30 days"

func newWorld(journalled bool, opts ...memory.Option) *world {
	w := &world{resellers: make(map[esim.Provider]*memory.Client), claims: router.NewMemoryClaims()}
	for i, p := range providers {
		item := esim.Package{
			Provider: p, ID: fmt.Sprintf("jp-%d", i), Name: product, Countries: []esim.Country{"JP"}, Data: 5 * esim.GB,
			ValidityDays: 30, Price: money(fmt.Sprintf("%d.50", 5+i), "USD"), Rechargeable: new(true),
		}
		w.shelf = append(w.shelf, item)
		w.resellers[p] = memory.New(slices.Concat(
			[]memory.Option{memory.WithProvider(p), memory.WithPackages(item), memory.WithBalance("1000000", "USD")}, opts)...)
	}
	if journalled {
		w.store = journal.NewVolatile()
	}
	return w
}

// asked is the cheapest package, as everybody asks for it.
const asked = "esimfly:jp-0"

// wrap puts something around a client.
type wrap func(esim.Client) esim.Client

// clients are those of a new process. Inner goes around the resellers, outer
// around what the router sees.
func (w *world) clients(inner, outer wrap) []esim.Client {
	same := func(c esim.Client) esim.Client { return c }
	if inner == nil {
		inner = same
	}
	if outer == nil {
		outer = same
	}
	var raw []esim.Client
	for _, p := range providers {
		raw = append(raw, inner(w.resellers[p]))
	}
	if w.store != nil {
		j, err := journal.New(w.store, journal.Config{Clients: raw, MaxDoubtful: -1})
		if err != nil {
			panic(err)
		}
		w.journal = j
		for i, p := range providers {
			raw[i] = j.Client(p)
		}
	}
	for i := range raw {
		raw[i] = outer(raw[i])
	}
	return raw
}

// config is that of a router in a new process.
func (w *world) config(policy router.Policy) router.Config {
	return router.Config{
		Clients: w.clients(nil, nil), Catalog: w.shelf, Policy: policy, Claims: w.claims, BalanceAge: -1,
	}
}

// charges are those of all resellers.
func (w *world) charges() []esimtest.Charge {
	var all []esimtest.Charge
	for _, p := range providers {
		all = append(all, w.resellers[p].Ledger().Charges()...)
	}
	return all
}

func (w *world) heal() {
	for _, m := range w.resellers {
		m.Heal()
	}
}

// buy asks for the cheapest package and takes the next one at any price.
func buy(ctx context.Context, c esim.Client, reference string) (*esim.Order, error) {
	return c.Order(ctx, esim.OrderRequest{PackageID: asked, Reference: reference, MaxTotal: anyPrice})
}

var anyPrice = money("100", "USD")

// truth says what is wrong with an answer, given what was charged.
func (w *world) truth(order *esim.Order, err error) string {
	charges := w.charges()
	switch {
	case len(charges) > 1:
		return fmt.Sprintf("%d charges", len(charges))
	case err == nil && len(charges) == 0:
		return "an order and no charge"
	case err == nil && charges[0].OrderID != order.ID:
		return "another order than was charged"
	case err != nil && !esim.MaybeCharged(err) && len(charges) > 0:
		return "charged, and the error says that it is not: " + err.Error()
	}
	return ""
}

// policies are those that the tests go through.
var policies = map[string]router.Policy{
	"cheapest":   router.Cheapest,
	"preferred":  router.Preferred(esimfx.Provider, esimstory.Provider),
	"weighted":   router.Weighted(map[esim.Provider]int{esimfly.Provider: 1, esimfx.Provider: 2, esimstory.Provider: 1}),
	"healthiest": router.Healthiest,
	"own": func(_ router.Sale, c []router.Candidate) []router.Candidate {
		slices.Reverse(c)
		return c
	},
}

// mustOrder buys, at any price where the request says nothing of one.
func mustOrder(t *testing.T, c esim.Client, req esim.OrderRequest) *esim.Order {
	t.Helper()
	if req.MaxTotal.IsZero() && req.Quote == nil {
		req.MaxTotal = anyPrice
	}
	o, err := c.Order(t.Context(), req)
	require.NoError(t, err)
	return o
}

const long = 10 * time.Minute // than any lease

// fewer is how many cases of a long test are run.
func fewer(n int) int {
	if raceEnabled {
		return n / 5
	}
	return n
}
