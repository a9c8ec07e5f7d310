package router_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/router"
)

func TestMemoryClaims(t *testing.T) {
	ctx, m := t.Context(), router.NewMemoryClaims()
	_, err := m.Get(ctx, "cart-1")
	require.ErrorIs(t, err, esim.ErrNotFound)
	text := []byte(`{}`)
	require.ErrorIs(t, m.Put(ctx, router.Claim{Reference: "cart-1", Version: 2, Document: text}), router.ErrClaimConflict)
	require.NoError(t, m.Put(ctx, router.Claim{Reference: "cart-1", Version: 1, Document: text}))
	require.ErrorIs(t, m.Put(ctx, router.Claim{Reference: "cart-1", Version: 1, Document: text}), router.ErrClaimConflict)
	text[0] = '!'
	c, err := m.Get(ctx, "cart-1")
	require.NoError(t, err)
	assert.Equal(t, &router.Claim{Reference: "cart-1", Version: 1, Document: []byte(`{}`)}, c, "it keeps a copy")
	n, err := m.Purge(t.Context(), time.Now().Add(-time.Hour))
	require.NoError(t, err)
	assert.Zero(t, n)
	n, err = m.Purge(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
	_, err = m.Get(ctx, "cart-1")
	require.ErrorIs(t, err, esim.ErrNotFound)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, m.Put(ended, router.Claim{}), context.Canceled)
}

// One of many wins each version.
func TestMemoryClaimsAtOnce(t *testing.T) {
	m := router.NewMemoryClaims()
	var all sync.WaitGroup
	won := make(chan int, 64)
	for i := range cap(won) {
		all.Go(func() {
			if m.Put(t.Context(), router.Claim{Reference: "cart-1", Version: 1}) == nil {
				won <- i
			}
		})
	}
	all.Wait()
	assert.Len(t, won, 1)
}

var errDisk = errors.New("the disk is full")

// brokenClaims fails its n-th write and all after it, with or without having
// written.
type brokenClaims struct {
	router.Claims

	n      int
	writes bool
}

func (c *brokenClaims) Put(ctx context.Context, claim router.Claim) error {
	if c.n--; c.n > 0 {
		return c.Claims.Put(ctx, claim)
	}
	if c.writes {
		if err := c.Claims.Put(ctx, claim); err != nil {
			return err
		}
	}
	return errDisk
}

// A claim that cannot be written before the purchase stops it; one that cannot
// be written after it loses nothing.
func TestClaimsThatFail(t *testing.T) {
	for _, c := range []struct {
		n      int
		writes bool
		sold   bool
	}{{1, false, false}, {1, true, true}, {2, false, true}, {2, true, true}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(true)
			config := w.config(nil)
			config.Claims = &brokenClaims{w.claims, c.n, c.writes}
			o, err := buy(t.Context(), router.New(config), "cart-1")
			require.Empty(t, w.truth(o, err))
			assert.Equal(t, c.sold, err == nil, "%+v", c)
			if !c.sold {
				require.ErrorIs(t, err, errDisk)
				assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
			}
			o, err = buy(t.Context(), router.New(w.config(policies["own"])), "cart-1")
			require.NoError(t, err)
			require.Empty(t, w.truth(o, err))
			assert.Equal(t, c.sold, o.Provider == esimfly.Provider, "who has the sale keeps it")
		})
	}
}

// deaf fails to read.
type deaf struct{ router.Claims }

func (deaf) Get(context.Context, string) (*router.Claim, error) { return nil, errDisk }

func TestClaimsThatCannotBeRead(t *testing.T) {
	w := newWorld(false)
	config := w.config(nil)
	config.Claims = deaf{w.claims}
	r := router.New(config)
	_, err := buy(t.Context(), r, "cart-1")
	require.ErrorIs(t, err, errDisk)
	assert.True(t, esim.MaybeCharged(err), "nobody knows what the reference stands for")
	_, err = r.GetOrder(t.Context(), esim.OrderRef{Reference: "cart-1"})
	require.ErrorIs(t, err, esim.ErrUnavailable)
	assert.False(t, esim.MaybeCharged(err), "it only reads")
	assert.Empty(t, w.charges())
}

// One reference stands for one purchase.
func TestReferenceConflict(t *testing.T) {
	w := newWorld(false)
	r := router.New(w.config(nil))
	mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	for _, req := range []esim.OrderRequest{{PackageID: "esimfx:jp-1"}, {PackageID: asked, Quantity: 2}} {
		req.Reference = "cart-1"
		_, err := r.Order(t.Context(), req)
		require.ErrorIs(t, err, esim.ErrReferenceConflict)
		assert.Equal(t, esim.OutcomeAccepted, esim.OutcomeOf(err))
		told, ok := errors.AsType[*esim.Error](err)
		require.True(t, ok)
		require.NotNil(t, told.Order)
		assert.Equal(t, w.charges()[0].OrderID, told.Order.ID)
		assert.Equal(t, "cart-1", told.Order.Reference)
	}
	assert.Len(t, w.charges(), 1)
}

// A conflict carries the outcome of the sale that has the reference.
func TestOutcomeOfAConflict(t *testing.T) {
	for _, journalled := range []bool{false, true} {
		w := newWorld(journalled)
		r := router.New(w.config(nil))
		conflict := func(reference string, want esim.Outcome) {
			_, err := r.Order(t.Context(), esim.OrderRequest{PackageID: "esimfx:jp-1", Reference: reference})
			require.ErrorIs(t, err, esim.ErrReferenceConflict)
			require.ErrorContains(t, err, "nothing was sent")
			assert.Equal(t, want, esim.OutcomeOf(err), reference)
		}
		w.refuse(esim.ErrPackageUnavailable, providers...)
		_, err := buy(t.Context(), r, "refused")
		require.Error(t, err)
		conflict("refused", esim.OutcomeRejected)
		w.resellers[esimfly.Provider].Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
		_, err = buy(t.Context(), r, "open")
		require.Error(t, err)
		conflict("open", esim.OutcomeUnknown)
		assert.Len(t, w.charges(), 1)
	}
}

// A reseller at which the reference stands for another purchase, delivered, has
// not sold this one: its order is nobody's here, and nobody else is asked.
func TestConflictAtTheResellerIsNoSale(t *testing.T) {
	w := newWorld(false)
	config := w.config(router.Cheapest)
	config.Clients[0] = odd{config.Clients[0], &esim.Error{
		Op: "Order", Kind: esim.ErrReferenceConflict, Outcome: esim.OutcomeAccepted,
		Order: &esim.Order{Provider: esimfly.Provider, ID: "somebody-else's", Status: esim.OrderCompleted},
	}}
	r := router.New(config)
	_, err := buy(t.Context(), r, "cart-1")
	require.ErrorIs(t, err, esim.ErrReferenceConflict)
	d, err := r.ExplainReference(t.Context(), "cart-1")
	require.NoError(t, err)
	assert.Nil(t, d.Chosen)
	assert.Equal(t, "doubt", d.Attempts[0].State)
	assert.Empty(t, w.charges())
}

// Who says that a reference may have been sent, and has no claim that tells
// where to, gets no second purchase elsewhere, and is never told that nothing
// was charged.
func TestResumedWithoutAClaim(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context //nolint:containedctx // a case of the table
		id      string
		sellers int
		most    string
	}{
		"several resellers":   {t.Context(), asked, 3, "100"},
		"no such package":     {t.Context(), "jp-9", 3, "100"},
		"an ended context":    {ended, asked, 3, "100"},
		"no reseller is left": {t.Context(), asked, 1, "1"},
	} {
		w := newWorld(false)
		config := w.config(nil)
		config.Clients = config.Clients[:c.sellers]
		_, err := router.New(config).Order(evidence.WithSend(c.ctx, evidence.Send{Resumed: true}), esim.OrderRequest{
			PackageID: c.id, Reference: "cart-1", MaxTotal: money(c.most, "USD"),
		})
		assert.True(t, esim.MaybeCharged(err), name)
		assert.Empty(t, w.charges(), name)
	}
}

// Without a journal a refusal that comes later proves nothing of what another
// process may have sent, so the sale stays where it is.
func TestRefusalAfterAnotherProcess(t *testing.T) {
	w := newWorld(false)
	_, died, _ := w.live(t, &life{n: 6}, router.Cheapest, "") // between the request and its answer
	require.Equal(t, "after seller Order", died)
	w.resellers[esimfly.Provider].Refuse("Order", esim.ErrInsufficientBalance)
	_, err := buy(t.Context(), router.New(w.config(nil)), "cart-1")
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
	assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
	assert.Len(t, w.charges(), 1)
}

// A document stays short however often a sale is refused.
func TestManyRefusals(t *testing.T) {
	w := newWorld(true)
	for _, m := range w.resellers {
		m.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
	}
	config := w.config(nil)
	config.Breaker.Failures = -1
	r := router.New(config)
	for range 40 {
		_, err := buy(t.Context(), r, "cart-1")
		require.False(t, esim.MaybeCharged(err))
	}
	d, err := r.ExplainReference(t.Context(), "cart-1")
	require.NoError(t, err)
	assert.Len(t, d.Attempts, 24)
	assert.Equal(t, 1, d.Attempts[0].N)
	assert.Equal(t, 120, d.Attempts[23].N)
	w.heal()
	o, err := buy(t.Context(), r, "cart-1")
	require.NoError(t, err)
	require.Empty(t, w.truth(o, err))
}
