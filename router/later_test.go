package router_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/router"
)

// The catalogue is that of all resellers, page by page, each package once.
func TestListPackages(t *testing.T) {
	var clients []esim.Client
	for _, p := range providers {
		clients = append(clients, memory.New(memory.WithProvider(p)))
	}
	r := router.New(router.Config{Clients: clients})
	seen := make(map[string]bool)
	for p, err := range esim.Packages(t.Context(), r, esim.PackageQuery{PageSize: 50}) {
		require.NoError(t, err)
		assert.False(t, seen[p.ID], p.ID)
		seen[p.ID] = true
	}
	assert.Len(t, seen, 3*120)
	assert.True(t, seen["esimstory:kr-1GB-7d"])
	for _, cursor := range []string{"from-50", "nobody:from-50", "esimfly:garbage"} {
		_, err := r.ListPackages(t.Context(), esim.PackageQuery{Cursor: cursor})
		require.ErrorIs(t, err, esim.ErrInvalidRequest, cursor)
	}
}

// sold is an eSIM from a reseller that is not asked first, bought in another
// process.
func sold(t *testing.T, w *world) (*esim.Order, esim.ICCID) {
	t.Helper()
	o := mustOrder(t, router.New(w.config(router.Preferred(esimfx.Provider))), esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	require.Equal(t, esimfx.Provider, o.Provider)
	return o, o.ESIMs[0].ICCID
}

// Later calls find the reseller that an eSIM came from.
func TestOwnerOfAnESIM(t *testing.T) {
	w := newWorld(false)
	_, iccid := sold(t, w)
	r := router.New(w.config(nil)) // knows nothing of the order

	down := w.resellers[esimstory.Provider]
	down.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
	_, err := r.Usage(t.Context(), iccid)
	require.ErrorIs(t, err, esim.ErrUnavailable, "one cannot be asked, and it might be that one's")
	assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
	_, err = r.TopUp(t.Context(), esim.TopUpRequest{ICCID: iccid, PackageID: "jp-1"})
	require.ErrorIs(t, err, esim.ErrUnavailable)
	assert.False(t, esim.MaybeCharged(err))
	down.Heal()

	u, err := r.Usage(t.Context(), iccid)
	require.NoError(t, err)
	assert.Equal(t, iccid, u.ICCID)
	asks := w.resellers[esimfly.Provider].Requests("GetESIM")
	e, err := r.GetESIM(t.Context(), iccid)
	require.NoError(t, err)
	assert.Equal(t, iccid, e.ICCID)
	assert.Equal(t, asks, w.resellers[esimfly.Provider].Requests("GetESIM"), "it is remembered")
	_, err = r.GetESIM(t.Context(), "8932042000010078801")
	require.ErrorIs(t, err, esim.ErrNotFound)
	_, err = r.GetESIM(t.Context(), "89")
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
}

// The shop's own record is asked before the resellers.
func TestOwners(t *testing.T) {
	w := newWorld(false)
	_, iccid := sold(t, w)
	answer, failure := esimfx.Provider, error(nil)
	config := w.config(nil)
	config.Owners = func(context.Context, esim.ICCID) (esim.Provider, error) { return answer, failure }
	_, err := router.New(config).Usage(t.Context(), iccid)
	require.NoError(t, err)
	assert.Zero(t, w.resellers[esimfly.Provider].Requests("GetESIM"))

	failure = errors.New("the database is down")
	_, err = router.New(config).Usage(t.Context(), iccid)
	require.ErrorIs(t, err, failure)
	answer, failure = "nobody", nil
	_, err = router.New(config).Usage(t.Context(), iccid)
	require.ErrorIs(t, err, esim.ErrNotFound)
	failure = esim.ErrNotFound
	_, err = router.New(config).Usage(t.Context(), iccid)
	require.NoError(t, err, "then the resellers are asked")
}

// A top-up goes to the reseller of the eSIM and nowhere else, and a repeat to
// the same one.
func TestTopUp(t *testing.T) {
	for _, journalled := range []bool{false, true} {
		w := newWorld(journalled)
		_, iccid := sold(t, w)
		r := router.New(w.config(nil))
		list, err := r.ListTopUps(t.Context(), iccid)
		require.NoError(t, err)
		require.Equal(t, "esimfx:jp-1", list[0].ID)
		req := esim.TopUpRequest{ICCID: iccid, PackageID: list[0].ID, Reference: "topup-1", Quote: &list[0], MaxTotal: list[0].Price}

		fx := w.resellers[esimfx.Provider]
		fx.Refuse("TopUp", esim.ErrInsufficientBalance)
		_, err = r.TopUp(t.Context(), req)
		require.ErrorIs(t, err, esim.ErrInsufficientBalance)
		assert.False(t, esim.MaybeCharged(err))

		fx.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "TopUp"})
		_, err = r.TopUp(t.Context(), req)
		require.True(t, esim.MaybeCharged(err))
		o, err := router.New(w.config(nil)).TopUp(t.Context(), req) // another process
		require.NoError(t, err)
		assert.Equal(t, "topup-1", o.Reference)
		assert.Equal(t, "esimfx:jp-1", o.PackageID)
		assert.Len(t, w.charges(), 2, "the eSIM and one top-up")

		other := req
		other.PackageID = "esimfx:jp-7"
		other.Quote = nil
		_, err = r.TopUp(t.Context(), other)
		require.ErrorIs(t, err, esim.ErrReferenceConflict)
		_, err = r.TopUp(t.Context(), esim.TopUpRequest{ICCID: iccid, PackageID: "esimfly:jp-0", Reference: "topup-2"})
		require.ErrorIs(t, err, esim.ErrNotEligible, "of another reseller")
		_, err = r.TopUp(t.Context(), esim.TopUpRequest{ICCID: iccid, PackageID: "jp-1", Reference: "cart-1"})
		require.ErrorIs(t, err, esim.ErrReferenceConflict, "the reference of the order")
	}
}

// An order is found by its claim, by "provider:id", and by asking.
func TestGetOrderAndCancel(t *testing.T) {
	w := newWorld(false)
	w.resellers[esimfly.Provider].Refuse("Order", esim.ErrPackageUnavailable)
	o := mustOrder(t, router.New(w.config(nil)), esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	require.Equal(t, esimfx.Provider, o.Provider)
	require.Equal(t, "cart-1", o.Reference)
	assert.NotEqual(t, "cart-1", w.charges()[0].Reference, "a second attempt has a reference of its own")
	r := router.New(w.config(nil))
	second := w.charges()[0].Reference // as the hooks of a journal tell it
	sale, err := r.SaleOf(t.Context(), second)
	require.NoError(t, err)
	assert.Equal(t, "cart-1", sale)
	d, err := r.ExplainReference(t.Context(), second)
	require.NoError(t, err)
	assert.Equal(t, "cart-1", d.Reference)
	_, err = r.SaleOf(t.Context(), "cart-2")
	require.ErrorIs(t, err, esim.ErrNotFound)
	_, err = buy(t.Context(), r, second)
	require.ErrorIs(t, err, esim.ErrReferenceConflict, "it is not the caller's to use")
	assert.True(t, esim.MaybeCharged(err))
	for _, ref := range []esim.OrderRef{o.Ref(), {Reference: "cart-1"}, {Reference: second}, {ID: "esimfx:" + o.ID}, {ID: o.ID}} {
		got, failed := r.GetOrder(t.Context(), ref)
		require.NoError(t, failed, ref)
		assert.Equal(t, o.ID, got.ID)
		assert.Equal(t, esimfx.Provider, got.Provider)
		if ref.Reference != "" {
			assert.Equal(t, "cart-1", got.Reference, "the caller's")
			assert.Equal(t, o.PackageID, got.PackageID)
		}
	}
	mustOrder(t, router.New(w.config(nil)), esim.OrderRequest{PackageID: asked}) // with the same id, at another reseller
	_, err = r.GetOrder(t.Context(), esim.OrderRef{ID: o.ID})
	require.ErrorIs(t, err, esim.ErrInvalidRequest, "two resellers know an order of this id")
	_, err = r.Cancel(t.Context(), esim.CancelRequest{Order: esim.OrderRef{ID: o.ID}})
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	_, err = r.GetOrder(t.Context(), esim.OrderRef{Reference: "cart-2"})
	require.ErrorIs(t, err, esim.ErrNotFound)

	c, err := r.Cancel(t.Context(), esim.CancelRequest{Order: esim.OrderRef{Reference: "cart-1"}})
	require.NoError(t, err)
	assert.Equal(t, 1, c.Cancelled)
	assert.Zero(t, w.resellers[esimfx.Provider].Ledger().Total().Sign())
}

// What resellers can do is added up, what they promise is the weakest promise.
func TestCapabilities(t *testing.T) {
	full := memory.New(memory.WithProvider("full"))
	poor := memory.New(memory.WithProvider("poor"), memory.WithIdempotency(esim.IdempotencyNone),
		memory.WithCapabilities(func(c *esim.Capabilities) {
			c.Usage, c.Cancel, c.MaxQuantity = false, false, 0
			c.Fulfilment, c.PriceGuard = esim.FulfilmentWebhook, esim.PriceGuardNone
		}))
	reader := memory.New(memory.WithProvider("reader"),
		memory.WithCapabilities(func(c *esim.Capabilities) { *c = esim.Capabilities{Usage: true} }))
	caps := router.New(router.Config{Clients: []esim.Client{full, poor, reader}}).Capabilities()
	assert.True(t, caps.Usage && caps.Cancel && caps.Order && caps.LookupByReference)
	assert.False(t, caps.Balance, "of several there is none")
	assert.Zero(t, caps.MaxQuantity)
	assert.Equal(t, esim.IdempotencyNone, caps.OrderIdempotency)
	assert.Equal(t, esim.RepeatBuys, caps.OrderRepeat)
	assert.Equal(t, esim.RepeatBuys, caps.TopUpRepeat)
	assert.Equal(t, esim.PriceGuardNone, caps.PriceGuard)
	assert.Equal(t, esim.FulfilmentWebhook, caps.Fulfilment)
	shy := memory.New(memory.WithProvider("shy"), memory.WithCapabilities(func(c *esim.Capabilities) {
		c.OrderRepeat, c.MaxRepeats = esim.RepeatUnknown, 3
	}))
	caps = router.New(router.Config{Clients: []esim.Client{full, shy, reader}}).Capabilities()
	assert.Equal(t, esim.RepeatUnknown, caps.OrderRepeat)
	assert.Equal(t, esim.RepeatSafe, caps.TopUpRepeat)
	assert.Equal(t, 3, caps.MaxRepeats)
	_, err := router.New(router.Config{Clients: []esim.Client{full, poor}}).Balance(t.Context())
	require.ErrorIs(t, err, esim.ErrUnsupported)
	m, err := router.New(router.Config{Clients: []esim.Client{full}}).Balance(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "10000.00 USD", m.String())
}

// An eSIM that nobody knows is not found, even beside a reseller that cannot be
// asked; an error names what each said, with one advice.
func TestUnknownESIM(t *testing.T) {
	w := newWorld(false)
	config := w.config(nil)
	config.Clients[2] = memory.New(memory.WithProvider(esimstory.Provider), memory.WithCapabilities(func(c *esim.Capabilities) {
		c.GetESIM, c.Usage, c.ListTopUps = false, false, false
	}))
	r := router.New(config)
	const nobody = esim.ICCID("8988303000000000017")
	_, err := r.Usage(t.Context(), nobody)
	require.ErrorIs(t, err, esim.ErrNotFound)
	_, err = r.ListTopUps(t.Context(), nobody)
	require.ErrorIs(t, err, esim.ErrNotFound)
	_, err = r.GetESIM(t.Context(), nobody)
	require.ErrorIs(t, err, esim.ErrNotFound)

	w.resellers[esimfly.Provider].Inject(esimtest.Fault{Kind: esimtest.Fault503Before, Op: "GetESIM"})
	w.resellers[esimfx.Provider].Inject(esimtest.Fault{Kind: esimtest.Fault503Before, Op: "GetESIM"})
	_, err = r.Usage(t.Context(), nobody)
	require.ErrorIs(t, err, esim.ErrUnavailable)
	told, ok := errors.AsType[*esim.Error](err)
	require.True(t, ok)
	assert.NotEmpty(t, told.Message)
	assert.Equal(t, 1, strings.Count(err.Error(), told.Message), "%v", err)
	assert.NotContains(t, err.Error(), told.Advice(), "what to do is not what happened")
}

// A name that has the reseller twice says so.
func TestResellerNamedTwice(t *testing.T) {
	w := newWorld(false)
	_, err := buy(t.Context(), again{router.New(w.config(nil))}, "cart-1")
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	require.ErrorContains(t, err, "provider:id already")
	assert.Empty(t, w.charges())
}

// again names the reseller once more.
type again struct{ esim.Client }

func (a again) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	req.PackageID = "esimfly:" + req.PackageID
	return a.Client.Order(ctx, req)
}
