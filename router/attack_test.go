package router_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
)

// refuse has the router buy nothing at the resellers given.
func (w *world) refuse(kind esim.Kind, list ...esim.Provider) {
	for _, p := range list {
		w.resellers[p].Refuse("Order", kind)
	}
}

// forgetful is an adapter that has just been started, for a reseller that
// takes every request for a new one: what may have been sent it does not send.
type forgetful struct {
	esim.Client

	sent *int
}

func (c forgetful) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	if evidence.SendOf(ctx).Resumed {
		return nil, &esim.Error{Provider: c.Provider(), Op: "Order", Kind: esim.ErrDuplicate, Outcome: esim.OutcomeUnknown}
	}
	*c.sent++
	req.Reference = fmt.Sprintf("%s-%d", req.Reference, *c.sent)
	return c.Client.Order(ctx, req)
}

// A sale that a process without a journal began is not new to one that has a
// journal: the reseller may have it already.
func TestJournalThatCameLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(false, memory.WithIdempotency(esim.IdempotencyNone))
		forget := func(c esim.Client) esim.Client { return forgetful{c, new(int)} }
		config := w.config(router.Cheapest)
		config.Clients, config.Claims = w.clients(forget, nil), &brokenClaims{w.claims, 2, false}
		mustOrder(t, router.New(config), esim.OrderRequest{PackageID: asked, Reference: "cart-1"}) // and dies with it
		w.store = journal.NewVolatile()
		for range 2 {
			config = w.config(router.Cheapest)
			config.Clients = w.clients(forget, nil)
			_, err := buy(t.Context(), router.New(config), "cart-1")
			assert.True(t, esim.MaybeCharged(err))
			assert.Len(t, w.charges(), 1)
		}
	})
}

// A refusal that says that something was bought is no proof of the contrary,
// neither to the caller nor for the next call.
func TestRefusalThatTellsOfAPurchase(t *testing.T) {
	for _, kind := range []esim.Kind{esim.ErrReferenceConflict, esim.ErrDuplicate, esim.ErrIncomplete} {
		for _, journalled := range []bool{false, true} {
			w := newWorld(journalled)
			mustOrder(t, w.resellers[esimfly.Provider], esim.OrderRequest{PackageID: "jp-0", Reference: "cart-1", Quantity: 2})
			refusal := &esim.Error{Op: "Order", Kind: kind, Outcome: esim.OutcomeRejected}
			config := w.config(router.Cheapest)
			config.Clients = w.clients(func(c esim.Client) esim.Client {
				if c.Provider() != esimfly.Provider {
					return c
				}
				return odd{c, refusal}
			}, nil)
			r := router.New(config)
			for n := range 2 {
				_, err := buy(t.Context(), r, "cart-1")
				if n == 0 || journalled { // without a journal nothing in doubt is sent again
					require.ErrorIs(t, err, kind)
				}
				assert.True(t, esim.MaybeCharged(err), "%v journalled=%v", kind, journalled)
			}
			assert.Len(t, w.charges(), 1)
		}
	}
}

// Who was thought to have too little money is asked when everybody else has
// refused, and not only when there was nobody else.
func TestLowBalanceIsAskedLast(t *testing.T) {
	w := newWorld(true)
	fly := w.resellers[esimfly.Provider]
	fly.SetBalance("1")
	r := router.New(w.config(router.Cheapest))
	require.Equal(t, esimfx.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-0"}).Provider)
	fly.SetBalance("100")
	w.refuse(esim.ErrPackageUnavailable, esimfx.Provider, esimstory.Provider)
	o := mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	assert.Equal(t, esimfly.Provider, o.Provider)
	assert.Len(t, fly.Ledger().Charges(), 1)
	d, err := r.Explain(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, d.Candidates, 3)
	assert.Equal(t, esimfly.Provider, d.Candidates[2].Provider)
	assert.Equal(t, 3, d.Candidates[2].Rank)
	assert.Empty(t, d.Candidates[2].Excluded)
}

// An order id of one reseller with the reference of a sale at another names
// two orders, and the wrong one must not be taken back.
func TestCancelNamesTwoOrders(t *testing.T) {
	w := newWorld(false)
	o := mustOrder(t, router.New(w.config(router.Preferred(esimfx.Provider))), esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	r := router.New(w.config(router.Cheapest))
	ref := esim.OrderRef{ID: "esimfly:" + o.ID, Reference: "cart-1"}
	_, err := r.Cancel(t.Context(), esim.CancelRequest{Order: ref})
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	_, err = r.GetOrder(t.Context(), ref)
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.NotZero(t, w.resellers[esimfx.Provider].Ledger().Total().Sign(), "it stands")
}

// The reference that an attempt would get may have been used by somebody: his
// purchase is not handed out as this sale's.
func TestReferenceOfAnAttemptIsTaken(t *testing.T) {
	other := newWorld(true)
	other.refuse(esim.ErrPackageUnavailable, esimfly.Provider)
	mustOrder(t, router.New(other.config(router.Cheapest)), esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	second := other.charges()[0].Reference

	w := newWorld(true)
	his := mustOrder(t, router.New(w.config(router.Preferred(esimfx.Provider))), esim.OrderRequest{PackageID: asked, Reference: second})
	w.refuse(esim.ErrPackageUnavailable, esimfly.Provider)
	o, err := buy(t.Context(), router.New(w.config(router.Cheapest)), "cart-1")
	require.Error(t, err)
	assert.Nil(t, o)
	assert.False(t, esim.MaybeCharged(err))
	assert.Len(t, w.charges(), 1)
	assert.Equal(t, his.ID, w.charges()[0].OrderID)
}

// Who is told of a decision may order again, and may fail.
func TestOnDecisionThatMisbehaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(true)
		config := w.config(router.Cheapest)
		var r *router.Router
		var again *esim.Order
		config.OnDecision = func(ctx context.Context, d router.Decision) {
			ctx, done := context.WithTimeout(ctx, time.Hour)
			defer done()
			var err error
			again, err = buy(ctx, r, d.Reference)
			assert.NoError(t, err)
			panic("told too much")
		}
		r = router.New(config)
		began := time.Now()
		o, err := buy(t.Context(), r, "cart-1")
		require.NoError(t, err)
		require.NotNil(t, again)
		assert.Equal(t, o.ID, again.ID)
		assert.Equal(t, began, time.Now(), "nobody had to wait")
		assert.Len(t, w.charges(), 1)
	})
}

// A shadow policy decides nothing, not even by dying.
func TestShadowThatPanics(t *testing.T) {
	w := newWorld(true)
	config := w.config(router.Cheapest)
	config.Shadow = func(_ router.Sale, c []router.Candidate) []router.Candidate {
		slices.Reverse(c)
		c[0].Provider = "nobody"
		panic(c)
	}
	o, err := buy(t.Context(), router.New(config), "cart-1")
	require.NoError(t, err)
	assert.Equal(t, esimfly.Provider, o.Provider)
}

// dying panics at its next write.
type dying struct {
	router.Claims

	now bool
}

func (c *dying) Put(ctx context.Context, claim router.Claim) error {
	if c.now {
		c.now = false
		panic("out of memory")
	}
	return c.Claims.Put(ctx, claim)
}

// The one try of a half-open breaker is not lost with a call that dies before
// it is used.
func TestPermitOfACallThatDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(true)
		claims := &dying{Claims: w.claims}
		config := w.config(router.Cheapest)
		config.Claims, config.Breaker = claims, router.Breaker{Failures: 1, Cooldown: time.Minute}
		r := router.New(config)
		fly := w.resellers[esimfly.Provider]
		fly.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
		mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-0"})
		fly.Heal()
		time.Sleep(2 * time.Minute)
		claims.now = true
		require.Panics(t, func() {
			_, err := buy(t.Context(), r, "cart-1")
			assert.NoError(t, err)
		})
		assert.Equal(t, esimfly.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-2"}).Provider)
	})
}

// What cannot be computed is above every ceiling and leaves no margin.
func TestPricesBeyondArithmetic(t *testing.T) {
	for name, needs := range map[string]router.Needs{
		"ceiling": {}, "margin": {SellingPrice: money("9", "USD")},
	} {
		w := newWorld(false, memory.WithCapabilities(func(c *esim.Capabilities) { c.PriceGuard = esim.PriceGuardNone }))
		w.shelf = w.shelf[:1]
		w.shelf[0].Price = money("9999999999999999999", "USD")
		req := esim.OrderRequest{PackageID: asked, Quantity: 2}
		if needs.SellingPrice.IsZero() {
			req.MaxTotal = money("11", "USD")
		}
		_, err := router.New(w.config(nil)).With(needs).Order(t.Context(), req)
		require.ErrorIs(t, err, esim.ErrPriceChanged, name)
		assert.Empty(t, w.charges())
	}
}

// behind shows nothing that was written.
type behind struct{ router.Claims }

func (behind) Get(context.Context, string) (*router.Claim, error) { return nil, esim.ErrNotFound }

// A store that refuses a write and shows no reason has another claim: what
// became of that nobody knows.
func TestClaimsThatAreBehind(t *testing.T) {
	w := newWorld(true)
	_, err := buy(t.Context(), router.New(w.config(router.Preferred(esimfx.Provider))), "cart-1")
	require.NoError(t, err)
	config := w.config(router.Cheapest)
	config.Claims = behind{w.claims}
	_, err = buy(t.Context(), router.New(config), "cart-1")
	assert.True(t, esim.MaybeCharged(err))
	assert.Len(t, w.charges(), 1)
}

// slowTopUp waits before its first top-up.
type slowTopUp struct {
	esim.Client

	once     *sync.Once
	at, free chan struct{}
}

func (c slowTopUp) Unwrap() esim.Client { return c.Client }

func (c slowTopUp) TopUp(ctx context.Context, req esim.TopUpRequest) (*esim.Order, error) {
	c.once.Do(func() {
		close(c.at)
		<-c.free
	})
	return c.Client.TopUp(ctx, req)
}

// A top-up has one reference whatever its attempts, so two that end well are
// one charge and no alarm.
func TestTopUpAfterALongSleep(t *testing.T) {
	w := newWorld(true)
	_, iccid := sold(t, w)
	req := esim.TopUpRequest{ICCID: iccid, PackageID: "esimfx:jp-1", Reference: "topup-1"}
	slow := slowTopUp{once: new(sync.Once), at: make(chan struct{}), free: make(chan struct{})}
	var log strings.Builder
	config := w.config(nil)
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	config.Clients = w.clients(nil, func(c esim.Client) esim.Client {
		s := slow
		s.Client = c
		return s
	})
	sleeper := make(chan error)
	go func() {
		_, err := router.New(config).TopUp(t.Context(), req)
		sleeper <- err
	}()
	<-slow.at
	w.resellers[esimfx.Provider].Refuse("TopUp", esim.ErrInsufficientBalance)
	r := router.New(w.config(nil))
	_, err := r.TopUp(t.Context(), req)
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
	_, err = r.TopUp(t.Context(), req)
	require.NoError(t, err)
	close(slow.free)
	require.NoError(t, <-sleeper)
	assert.Len(t, w.charges(), 2, "the eSIM and one top-up")
	assert.NotContains(t, log.String(), "more than once")
}

// The ceiling of a top-up holds in whatever currency it is.
func TestTopUpCeilingByRate(t *testing.T) {
	w := newWorld(true)
	_, iccid := sold(t, w)
	config := w.config(nil)
	config.Rates = rates{"USD/EUR": "0.9"}.rate // 6.50 USD is 5.85 EUR
	r := router.New(config)
	req := esim.TopUpRequest{ICCID: iccid, PackageID: "jp-1", Reference: "topup-1", Quote: &w.shelf[1], MaxTotal: money("5.84", "EUR")}
	_, err := r.TopUp(t.Context(), req)
	require.ErrorIs(t, err, esim.ErrPriceChanged)
	assert.False(t, esim.MaybeCharged(err))
	assert.Len(t, w.charges(), 1, "the eSIM")
	req.MaxTotal = money("5.85", "EUR")
	_, err = r.TopUp(t.Context(), req)
	require.NoError(t, err)
}

// A name that is all reseller and no package is refused before it binds its
// reference to anything.
func TestReferenceOutlivesAWrongName(t *testing.T) {
	w := newWorld(true)
	r := router.New(w.config(nil))
	for _, id := range []string{"esimfly:", ":", ":jp-0", "esimfly", "esimfly:esimfx:jp-1", "nobody:jp-0", "ESIMFLY:jp-0"} {
		_, err := r.Order(t.Context(), esim.OrderRequest{PackageID: id, Reference: "cart-1"})
		require.Error(t, err, id)
		assert.False(t, esim.MaybeCharged(err), id)
		assert.Empty(t, w.charges())
	}
	_, err := w.claims.Get(t.Context(), "cart-2")
	require.ErrorIs(t, err, esim.ErrNotFound)
}

// stuck is a journal's client that cannot close a reference for a while.
type stuck struct {
	esim.Client

	fails *bool
}

func (c stuck) Unwrap() esim.Client { return c.Client }

func (c stuck) Bar(ctx context.Context, req esim.OrderRequest) error {
	if *c.fails {
		return errors.New("the store is away")
	}
	b, _ := esim.As[barrer](c.Client)
	return b.Bar(ctx, req)
}

// While a reference cannot be closed nobody else is asked.
func TestBarThatFails(t *testing.T) {
	w := newWorld(true)
	fails := true
	config := w.config(router.Cheapest)
	config.Clients = w.clients(nil, func(c esim.Client) esim.Client { return stuck{c, &fails} })
	r := router.New(config)
	w.refuse(esim.ErrPackageUnavailable, esimfly.Provider, esimfly.Provider)
	_, err := buy(t.Context(), r, "cart-1")
	assert.True(t, esim.MaybeCharged(err))
	assert.Empty(t, w.charges())
	fails = false
	o, err := buy(t.Context(), r, "cart-1")
	require.NoError(t, err)
	assert.Equal(t, esimfx.Provider, o.Provider)
	require.Empty(t, w.truth(o, err))
}

// What was charged after it was closed is an alarm of the journal, and nobody
// sends it again.
func TestChargedAfterTheBar(t *testing.T) {
	w := newWorld(true)
	w.refuse(esim.ErrPackageUnavailable, esimfly.Provider)
	r := router.New(w.config(router.Cheapest))
	o, err := buy(t.Context(), r, "cart-1")
	require.NoError(t, err)
	require.Equal(t, esimfx.Provider, o.Provider)
	found := *o
	found.ID, found.Provider, found.PackageID = "surprise-1", esimfly.Provider, "jp-0"
	found.ESIMs = slices.Clone(o.ESIMs)
	found.ESIMs[0].ICCID, found.ESIMs[0].ItemID = "8988303000000000017", "surprise-item"
	matched, err := w.journal.Observe(t.Context(), &found)
	require.NoError(t, err)
	require.True(t, matched)
	p, err := w.journal.Get(t.Context(), journal.IDOf(esimfly.Provider, "cart-1"))
	require.NoError(t, err)
	assert.Equal(t, journal.Review, p.State)
	assert.True(t, p.Alarm)
	again, err := buy(t.Context(), r, "cart-1")
	require.NoError(t, err)
	assert.Equal(t, o.ID, again.ID)
	assert.Len(t, w.charges(), 1)
}

// A purchase that somebody has put in the journal under the same reference is
// the sale if it is the same, and stops it if it is another.
func TestEnqueuedBySomebodyElse(t *testing.T) {
	for _, quantity := range []int{1, 2} {
		w := newWorld(true)
		r := router.New(w.config(router.Cheapest))
		_, err := w.journal.EnqueueOrder(t.Context(), nil, esimfly.Provider, esim.OrderRequest{PackageID: "jp-0", Reference: "cart-1", Quantity: quantity})
		require.NoError(t, err)
		order, err := buy(t.Context(), r, "cart-1")
		_, failed := w.journal.Step(t.Context(), 10)
		require.NoError(t, failed)
		assert.Len(t, w.charges(), 1)
		if assert.Equal(t, quantity == 1, err == nil); err != nil {
			assert.True(t, esim.MaybeCharged(err))
			continue
		}
		require.Empty(t, w.truth(order, err))
	}
}

// Who has enqueued what is closed before it was sent is told that it ended.
func TestBarOfWhatSomebodyEnqueued(t *testing.T) {
	w := newWorld(true)
	var failed []string
	j, err := journal.New(w.store, journal.Config{
		Clients: []esim.Client{w.resellers[esimfly.Provider]},
		OnFailed: func(_ context.Context, p *journal.Purchase) error {
			failed = append(failed, p.Reference)
			return nil
		},
	})
	require.NoError(t, err)
	req := esim.OrderRequest{PackageID: "jp-0", Reference: "cart-1"}
	_, err = j.EnqueueOrder(t.Context(), nil, esimfly.Provider, req)
	require.NoError(t, err)
	require.NoError(t, j.Bar(t.Context(), esimfly.Provider, req))
	_, err = j.Step(t.Context(), 10)
	require.NoError(t, err)
	assert.Equal(t, []string{"cart-1"}, failed)
	assert.Empty(t, w.charges())
}

// An order that comes later is waited for under the caller's reference.
func TestWaitForASecondAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(true, memory.WithPending(time.Minute, "jp-1"), memory.WithClock(time.Now, time.Sleep))
		w.refuse(esim.ErrPackageUnavailable, esimfly.Provider)
		r := router.New(w.config(router.Cheapest))
		o := mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
		require.Equal(t, esimfx.Provider, o.Provider)
		require.Equal(t, esim.OrderPending, o.Status)
		done, err := esim.WaitOrder(t.Context(), router.New(w.config(nil)), o.Ref(), esim.WaitOptions{})
		require.NoError(t, err)
		assert.Equal(t, "cart-1", done.Reference)
		assert.NotEmpty(t, done.ESIMs[0].ICCID)
		assert.Len(t, w.charges(), 1)
	})
}

// Processes that are configured unlike each other, with other resellers, other
// policies, with and without a catalogue, charge once all the same.
func TestProcessesUnlikeEachOther(t *testing.T) {
	for seed := range fewer(500) {
		synctest.Test(t, func(t *testing.T) {
			chance := rand.New(rand.NewPCG(uint64(seed), 2))
			w := newWorld(true)
			for _, m := range w.resellers {
				switch chance.IntN(4) {
				case 0:
					m.Refuse("Order", esim.Kinds()[chance.IntN(len(esim.Kinds()))])
				case 1:
					m.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
				case 2:
					m.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse, Op: "Order"})
				}
			}
			names := []string{"cheapest", "preferred", "weighted", "healthiest", "own"}
			var all sync.WaitGroup
			for range 4 {
				config := w.config(policies[names[chance.IntN(len(names))]])
				chance.Shuffle(3, func(i, j int) { config.Clients[i], config.Clients[j] = config.Clients[j], config.Clients[i] })
				config.Clients = config.Clients[:1+chance.IntN(3)]
				if chance.IntN(3) == 0 {
					config.Catalog = nil
				}
				patience := time.Duration(chance.IntN(1000)) * time.Millisecond
				r := router.New(config)
				all.Go(func() {
					ctx, done := context.WithTimeout(t.Context(), patience)
					defer done()
					for range 3 {
						order, err := buy(ctx, r, "cart-1")
						if err == nil {
							assert.Empty(t, w.truth(order, err), "seed %d", seed)
						}
					}
				})
			}
			all.Wait()
			w.heal()
			time.Sleep(long)
			_, err := w.journal.Step(t.Context(), 10)
			require.NoError(t, err)
			order, err := buy(t.Context(), router.New(w.config(router.Cheapest)), "cart-1")
			assert.Empty(t, w.truth(order, err), "seed %d", seed)
		})
	}
}

// A market of many packages that are the same does not slow a sale down beyond
// reason, nor fill the claims.
func TestManyCandidates(t *testing.T) {
	w := newWorld(false)
	for i := range 5000 {
		item := w.shelf[1]
		item.ID = fmt.Sprintf("same-%d", i)
		w.shelf = append(w.shelf, item)
	}
	config := w.config(router.Cheapest)
	r := router.New(config)
	began := time.Now()
	mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	claim, err := w.claims.Get(t.Context(), "cart-1")
	require.NoError(t, err)
	t.Logf("%v, %d bytes", time.Since(began), len(claim.Document))
	assert.Less(t, len(claim.Document), 16<<10)
	d, err := r.ExplainReference(t.Context(), "cart-1")
	require.NoError(t, err)
	assert.Len(t, d.Candidates, 32)
	assert.Equal(t, 5003-32, d.More)
	_, err = r.With(router.Needs{MaxPrice: money("1", "USD")}).Order(t.Context(), esim.OrderRequest{PackageID: asked})
	require.ErrorIs(t, err, esim.ErrPriceChanged)
	assert.Less(t, len(err.Error()), 4<<10)
}

// What the journal itself holds back, by a cap or because too much is in doubt,
// is sold by the next reseller, and never under a reference that is not closed.
func TestJournalThatHoldsBack(t *testing.T) {
	for name, config := range map[string]journal.Config{
		"daily cap":      {DailyCap: map[esim.Provider]esim.Money{esimfly.Provider: money("6", "USD")}},
		"doubtful brake": {MaxDoubtful: 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(true)
			for _, p := range providers {
				config.Clients = append(config.Clients, w.resellers[p])
			}
			j, err := journal.New(w.store, config)
			require.NoError(t, err)
			c := w.config(router.Cheapest)
			c.Clients = []esim.Client{j.Client(esimfly.Provider), j.Client(esimfx.Provider), j.Client(esimstory.Provider)}
			c.Breaker.Failures = -1
			r := router.New(c)
			fly := w.resellers[esimfly.Provider]
			if name == "doubtful brake" {
				fly.Inject(esimtest.Fault{Kind: esimtest.FaultCutBeforeCommit, Op: "Order", Times: 2})
			}
			var from []esim.Provider
			for i := range 4 {
				time.Sleep(2 * time.Second) // the journal counts once a second
				o, err := buy(t.Context(), r, fmt.Sprintf("cart-%d", i))
				if err != nil {
					require.True(t, esim.MaybeCharged(err))
					from = append(from, "")
					continue
				}
				from = append(from, o.Provider)
				err = j.Bar(t.Context(), esimfly.Provider, esim.OrderRequest{PackageID: "jp-0", Reference: o.Reference})
				assert.Equal(t, o.Provider == esimfx.Provider, err == nil, "it is closed at fly, unless fly has sold it")
			}
			want := []esim.Provider{esimfly.Provider, esimfx.Provider, esimfx.Provider, esimfx.Provider}
			if name == "doubtful brake" {
				want = []esim.Provider{"", "", esimfly.Provider, esimfx.Provider} // one a minute is tried
			}
			assert.Equal(t, want, from, name)
		})
	}
}
