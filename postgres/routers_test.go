package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres"
	"github.com/esimkit/esim/postgres/internal/pgtest"
	"github.com/esimkit/esim/router"
)

// shelf has one product, which every reseller sells.
type shelf []esim.Package

// Package implements router.Shelf.
func (s shelf) Package(p esim.Provider, id string) (esim.Package, bool) {
	i := slices.IndexFunc(s, func(q esim.Package) bool { return q.Provider == p && q.ID == id })
	if i < 0 {
		return esim.Package{}, false
	}
	return s[i], true
}

// Absent implements router.Shelf.
func (s shelf) Absent(p esim.Provider, id string) bool {
	_, listed := s.Package(p, id)
	return !listed
}

// Equivalents implements router.Shelf.
func (s shelf) Equivalents(esim.Provider, string) []esim.Package { return slices.Clone(s) }

// market is three resellers of one product, the cheapest first. They lose
// answers, before and after they have charged, and refuse many a sale.
type market struct {
	shelf     shelf
	resellers []*memory.Client
}

func newMarket(t *testing.T) *market {
	t.Helper()
	m := &market{}
	for i, p := range []esim.Provider{esimfly.Provider, esimfx.Provider, esimstory.Provider} {
		price, err := esim.ParseMoney(fmt.Sprintf("%d.50", 5+i), "USD")
		require.NoError(t, err)
		item := esim.Package{
			Provider: p, ID: fmt.Sprint("jp-", i), Name: "Japan 5 GB", Countries: []esim.Country{"JP"}, Data: 5 * esim.GB,
			ValidityDays: 30, Price: price,
		}
		reseller := memory.New(memory.WithProvider(p), memory.WithPackages(item),
			memory.WithBalance("1000000", "USD"), memory.WithSeed(int64(i)))
		for range 100 {
			reseller.Refuse("Order", esim.ErrPackageUnavailable)
		}
		// Two callers send a key twice at most, so that some of its four sends are
		// left when the reseller has healed. A 429 would be sent again at once.
		reseller.Schedule(esimtest.Schedule{Op: "Order", Rate: 0.3, Kinds: []esimtest.FaultKind{
			esimtest.FaultCutBeforeCommit, esimtest.FaultCutAfterCommit,
		}})
		m.shelf, m.resellers = append(m.shelf, item), append(m.resellers, reseller)
	}
	return m
}

// replica is a router over a journal, with connections of its own.
func (m *market) replica(t *testing.T, url string) *router.Router {
	t.Helper()
	pool := pgtest.Connect(t, url)
	store, err := postgres.Open(t.Context(), pool)
	require.NoError(t, err)
	clients := make([]esim.Client, len(m.resellers))
	for i, reseller := range m.resellers {
		clients[i] = reseller
	}
	j, err := journal.New(store, journal.Config{Clients: clients, MaxDoubtful: -1})
	require.NoError(t, err)
	for i, reseller := range m.resellers {
		clients[i] = j.Client(reseller.Provider())
	}
	return router.New(router.Config{
		Clients: clients, Catalog: m.shelf, Claims: postgres.NewClaims(pool), BalanceAge: -1, Breaker: router.Breaker{Failures: -1},
	})
}

// charges are those of all resellers, by the reference that each was asked under.
func (m *market) charges() map[string][]esimtest.Charge {
	all := make(map[string][]esimtest.Charge)
	for _, reseller := range m.resellers {
		for _, c := range reseller.Ledger().Charges() {
			all[c.Reference] = append(all[c.Reference], c)
		}
	}
	return all
}

// Replicas that share claims and a journal in the database make each sale at
// once with another, and each is charged once at most, wherever it ends.
func TestRoutersShareTheirClaims(t *testing.T) {
	url := pgtest.URL(t)
	require.NoError(t, postgres.Migrate(t.Context(), pgtest.Connect(t, url)))
	m := newMarket(t)
	s := &shop{t: t, replicas: []*router.Router{m.replica(t, url), m.replica(t, url), m.replica(t, url)}}
	s.each(func(i int) {
		var both sync.WaitGroup
		for k := range 2 {
			both.Go(func() { s.answers[i][k] = s.buy(i+k, i) })
		}
		both.Wait()
	})
	s.compare(m.charges())

	// Whatever is open is found out by whoever asks again.
	for _, reseller := range m.resellers {
		reseller.Heal()
	}
	s.each(func(i int) {
		s.answers[i] = [2]answer{s.buy(i+2, i), s.buy(i, i)}
		assert.NoError(t, s.answers[i][1].err)
	})
	total := s.compare(m.charges())
	assert.Equal(t, orders, total, "each sale is made, once")
	t.Logf("%d orders by two replicas each: %d answers with an eSIM, %d open, %d refused, then all with one; %d charges",
		orders, s.delivered-2*orders, s.open, s.refused, total)
	assert.Positive(t, s.open, "no answer was lost")
	assert.Greater(t, s.passedOn, orders/10, "hardly any sale was passed on to another reseller")
}

const orders = 300

// shop is three replicas, and what each sale was answered lately.
type shop struct {
	t        *testing.T
	replicas []*router.Router
	answers  [orders][2]answer

	delivered, open, refused, passedOn int
}

type answer struct {
	order *esim.Order
	err   error
}

func reference(i int) string { return fmt.Sprint("cart-", i) }

func (s *shop) buy(replica, i int) (a answer) {
	most, err := esim.ParseMoney("10", "USD") // all three are tried
	require.NoError(s.t, err)
	a.order, a.err = s.replicas[replica%len(s.replicas)].Order(s.t.Context(), esim.OrderRequest{
		PackageID: "esimfly:jp-0", Reference: reference(i), MaxTotal: most,
	})
	return a
}

// each does something for every sale, a few at a time.
func (s *shop) each(do func(i int)) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range 6 {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range orders {
		next <- i
	}
	close(next)
	workers.Wait()
}

// compare holds the answers against all charges by reference, and returns how
// many these are.
func (s *shop) compare(charges map[string][]esimtest.Charge) (total int) {
	s.passedOn = 0
	for i := range s.answers {
		sold, err := s.replicas[0].ExplainReference(s.t.Context(), reference(i))
		require.NoError(s.t, err)
		var charged []esimtest.Charge
		for _, a := range sold.Attempts {
			charged = append(charged, charges[a.Reference]...)
			delete(charges, a.Reference)
		}
		require.LessOrEqual(s.t, len(charged), 1, "%s is charged twice: %v", reference(i), sold)
		total += len(charged)
		if len(sold.Attempts) > 1 {
			s.passedOn++
		}
		s.check(i, charged)
	}
	assert.Empty(s.t, charges, "charges that no claim knows")
	return total
}

// check sees that the answers to a sale go with what was charged for it.
func (s *shop) check(i int, charged []esimtest.Charge) {
	no := 0
	for _, got := range s.answers[i] {
		switch {
		case got.err == nil:
			s.delivered++
			require.Len(s.t, charged, 1, "%s is delivered", reference(i))
			require.Len(s.t, got.order.ESIMs, 1)
			assert.Equal(s.t, []string{string(got.order.ESIMs[0].ICCID)}, charged[0].ICCIDs, "%s: what is charged is what is delivered", reference(i))
		case esim.MaybeCharged(got.err):
			s.open++
		default:
			s.refused++
			no++
		}
	}
	if no == len(s.answers[i]) {
		assert.Empty(s.t, charged, "%s: nobody says that it may be charged", reference(i))
	}
}
