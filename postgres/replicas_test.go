package postgres

import (
	"context"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres/internal/pgtest"
)

// TestReplicas is the proof that nothing is lost and nothing is bought twice:
// real processes on a real PostgreSQL sell eSIMs of simulated resellers over
// real sockets, a tenth of the requests is spoiled, the processes are killed
// and frozen and the database is stopped in the middle of everything. At the
// end the journal and the resellers' ledgers are the same, eSIM by eSIM.
func TestReplicas(t *testing.T) {
	pgtest.Require(t)
	orders, kills, freezes, crashes := 10_000, 64, 22, 11
	if testing.Short() || underRace {
		orders, kills, freezes, crashes = 1_000, 7, 3, 2
	}
	seed := time.Now().UnixNano() % 1_000_000
	t.Logf("seed %d", seed)
	began := time.Now()

	sold := newSimulated(t, seed)
	shop := newShop(t, sold, orders, seed)
	sold.spoil(0.1)
	shop.begin(t, 6)
	shop.strike(t, kills, freezes, crashes)
	shop.end(t)
	worked := time.Since(began)
	for _, server := range sold.servers() {
		server.Heal()
	}
	shop.settle(t)

	last := shop.look(t)
	assert.Equal(t, shop.purchases(t), len(last), "purchases on record") //nolint:testifylint // not all of them in a message
	all := []*books{shop.books(t, mainHouse), shop.books(t, onceHouse)}
	for _, server := range sold.servers()[:3] {
		all[0].enter(t, server, sold.three.ESIMFX)
	}
	all[1].enter(t, sold.once.ESIMFly.Server, nil)
	for _, b := range all {
		b.balance(t)
		for ref, p := range b.purchases {
			if told := shop.desk.delivered[ref]; told != nil {
				assert.Equal(t, told, iccidsOf(p.Order), "%s: another eSIM than the shop was told", ref)
			}
		}
	}
	shop.wasTold(t, all)
	assert.Equal(t, 1, sold.three.ESIMFX.Requests("auth"), "logins: the token is shared")

	posts := 0
	for _, server := range sold.servers() {
		posts += server.Requests("order") + server.Requests("topup")
	}
	t.Logf("seed %d: %d kills, %d freezes, %d restarts of the database; %d POSTs, %d charges; %d purchases delivered, %d in review (%d of them where keys are not honoured); %.0f s and %.0f s to settle",
		seed, shop.kills, shop.freezes, shop.crashes, posts, all[0].charged+all[1].charged,
		all[0].delivered+all[1].delivered, all[0].review+all[1].review, all[1].review, worked.Seconds(), (time.Since(began) - worked).Seconds())
}

func newSimulated(t *testing.T, seed int64) *simulated {
	t.Helper()
	options := []simulator.Option{
		simulator.WithSeed(seed), simulator.WithBalance("100000000"), simulator.WithPackages(120),
		simulator.WithProvisioningDelay(100 * time.Millisecond), simulator.WithTravel(-1, 0),
	}
	return &simulated{simulator.ForTest(t, options...), simulator.ForTest(t, append(options, simulator.WithWorld(simulator.WorldNamed("esimfly/keys-ignored")))...)}
}

// shop is all of it: replicas, database, what is to be done and what befalls.
type shop struct {
	fate

	pool *pgxpool.Pool // of this process
	all  []errand
}

func newShop(t *testing.T, sold *simulated, orders int, seed int64) *shop {
	t.Helper()
	server, err := pgtest.Start(t.Context(), pgtest.Options{Durable: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Stop()) })
	s := &shop{all: sold.errands(orders)}
	s.server, s.random = server, rand.New(rand.NewPCG(uint64(seed), 1))
	s.accounts = sold.accounts()
	s.accounts.Database = server.URL("postgres")
	s.pool = pgtest.Connect(t, s.accounts.Database)
	for _, name := range []string{mainHouse, onceHouse} {
		require.NoError(t, Migrate(t.Context(), s.pool, WithSchema(name)))
	}
	_, err = s.pool.Exec(t.Context(), shopTable)
	require.NoError(t, err)

	s.desk = newDesk(s.all, func(iccid esim.ICCID) { sold.three.ESIMFly.UseData(string(iccid), 1) })
	counter := httptest.NewServer(s.desk)
	t.Cleanup(counter.Close)
	s.accounts.Desk = counter.URL
	for i := range s.all {
		if s.all[i].Enqueue {
			s.enqueued = append(s.enqueued, s.all[i].Reference)
		}
	}
	for i := 0; i < orders; i += 2 { // see deliver
		s.enqueued = append(s.enqueued, topUpPrefix+referenceOf(i))
	}
	s.receive(t, sold)
	return s
}

// receive serves the webhooks of eSIM Story, and logs in at eSIMfx, whose
// token the replicas share.
func (s *shop) receive(t *testing.T, sold *simulated) {
	t.Helper()
	h, err := s.accounts.open(t.Context(), mainHouse, s.pool, 0)
	require.NoError(t, err)
	_, err = h.Client(esimfx.Provider).Balance(t.Context())
	require.NoError(t, err)
	observe := h.Receiver(esimstory.Provider)
	secret := strings.Repeat("s", 32)
	web := httptest.NewServer(esimstory.DeliveryHandler(esim.NewSecret(secret), func(ctx context.Context, d *esimstory.Delivery) error {
		o := &esim.Order{Provider: esimstory.Provider, Reference: d.Reference, PackageID: d.OptionID}
		if _, err := esimstory.Apply(o, d); err != nil {
			return err
		}
		for { // the provider does not repeat what is not taken, and the database will be back
			err := observe(ctx, o)
			if err == nil || ctx.Err() != nil {
				return err
			}
			rest()
		}
	}))
	t.Cleanup(web.Close)
	sold.three.ESIMStory.SetWebhook(web.URL + "/" + secret)
}

// settle has the journals find out everything that can be found out, first
// now, then later, at last after their patience has ended.
func (s *shop) settle(t *testing.T) {
	t.Helper()
	for _, name := range []string{mainHouse, onceHouse} {
		for _, late := range []struct {
			by     time.Duration
			rounds int // without any progress
		}{{0, 3}, {20 * time.Minute, 3}, {40 * time.Minute, 3}, {60 * time.Minute, 3}, {80 * time.Hour, 3}} {
			h, err := s.accounts.open(t.Context(), name, s.pool, late.by)
			require.NoError(t, err)
			for last, same := -1, 0; same < late.rounds; rest() {
				left := s.round(t, h, name)
				if same++; left != last {
					last, same = left, 0
				}
				if left == 0 {
					break
				}
			}
		}
	}
}

// round takes one step of everything that is open, and tells how much that was.
func (s *shop) round(t *testing.T, h *house, name string) int {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `SELECT id FROM `+name+`.esim_purchase WHERE next_at IS NOT NULL`)
	require.NoError(t, err)
	due, err := pgx.CollectRows(rows, pgx.RowTo[journal.ID])
	require.NoError(t, err)
	next := make(chan journal.ID)
	var workers sync.WaitGroup
	for range workersEach {
		workers.Go(func() {
			for id := range next {
				_, _ = h.Reconcile(t.Context(), id) // what is left over is looked at again
			}
		})
	}
	for _, id := range due {
		next <- id
	}
	close(next)
	workers.Wait()
	return len(due)
}

// purchases is how many there must be.
func (s *shop) purchases(t *testing.T) int {
	t.Helper()
	references := make(map[string]bool)
	for i := range s.all {
		if !s.all[i].Void {
			references[s.all[i].Reference] = true
		}
	}
	assert.NotEmpty(t, s.desk.toppedUp)
	return len(references) + len(s.desk.toppedUp)
}

func (s *shop) books(t *testing.T, name string) *books {
	t.Helper()
	h, err := s.accounts.open(t.Context(), name, s.pool, 0)
	require.NoError(t, err)
	b := &books{house: name, purchases: make(map[string]*journal.Purchase), charges: make(map[string][]esimtest.Charge)}
	for p, err := range h.Purchases(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		require.NotContains(t, b.purchases, p.Reference)
		b.purchases[p.Reference] = p
		assert.Falsef(t, strings.HasPrefix(p.Reference, voidPrefix), "%s was rolled back", p.Reference)
	}
	return b
}

// wasTold sees to it that the shop was told of each delivery that it waits for.
func (s *shop) wasTold(t *testing.T, all []*books) {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `SELECT reference FROM shop WHERE told = 0`)
	require.NoError(t, err)
	untold, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	for _, ref := range untold {
		for _, b := range all {
			if p := b.purchases[ref]; p != nil {
				assert.Equalf(t, journal.Review, p.State, "%s: the shop was not told", ref)
			}
		}
	}
}
