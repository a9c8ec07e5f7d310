package esimfx_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/evidence"
)

// untaught is a client that knows no code, as by default.
func untaught(cfg *esimfx.Config) { cfg.Codes = nil }

// An empty account that has been in funds, and packages that do not exist, are
// refused without a purchase, though no code was taught.
func TestWhatIsCertainToFailIsNotSent(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim, untaught)
	mustBalance(t, c)
	for n := range 20 {
		_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "junk-1", Reference: fmt.Sprint("junk-", n)})
		e := problem(t, err)
		require.ErrorIs(t, e, esim.ErrPackageUnavailable)
		assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
		request, ok := evidence.OfRequest(e)
		assert.True(t, ok)
		assert.Equal(t, esim.OutcomeNotSent, request.Outcome)
	}
	sim.ESIMFX.SetBalance("11.99")
	for n := range 20 {
		_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Reference: fmt.Sprint("poor-", n)})
		e := problem(t, err)
		require.ErrorIs(t, e, esim.ErrInsufficientBalance)
		assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
	}
	assert.Zero(t, sim.ESIMFX.Requests("order"))
	assert.Zero(t, sim.ESIMFX.Ledger().Count())

	sim.ESIMFX.SetBalance("24")
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Quantity: 3, Reference: "three"})
	require.ErrorIs(t, err, esim.ErrInsufficientBalance, "the whole order counts")
	order, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Quantity: 2, Reference: "two"})
	require.NoError(t, err)
	assert.Equal(t, 2, order.Delivered())
	assert.Equal(t, 2, sim.ESIMFX.Ledger().Count())

	_, err = c.TopUp(t.Context(), esim.TopUpRequest{ICCID: order.ESIMs[0].ICCID, PackageID: japan, Reference: "more"})
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
	assert.Equal(t, esim.OutcomeNotSent, problem(t, err).Outcome)
	assert.Equal(t, 2, sim.ESIMFX.Requests("order"))
}

// An account that reads 0 and was never seen in funds may be on invoice.
func TestAnAccountThatWasNeverSeenInFundsMaySell(t *testing.T) {
	for name, change := range map[string]func(*esimfx.Config){
		"never seen in funds": untaught,
		"postpaid":            func(cfg *esimfx.Config) { cfg.Codes, cfg.Postpaid = nil, true },
	} {
		sim := simulator.ForTest(t)
		c := connect(t, sim, change)
		if name == "postpaid" {
			mustBalance(t, c)
		}
		sim.ESIMFX.SetBalance("0")
		_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Reference: "cart-1"})
		e := problem(t, err)
		assert.Equal(t, esim.OutcomeUnknown, e.Outcome, name) // the code was not taught
		assert.Equal(t, esim.RepeatUnknown, e.Repeat, name)
		assert.Equal(t, 1, sim.ESIMFX.Requests("order"), name)
		assert.Zero(t, sim.ESIMFX.Ledger().Count(), name)
	}
}

// An account on invoice goes on selling, whatever it shows.
func TestAnAccountOnInvoiceSells(t *testing.T) {
	for _, name := range []string{"esimfx/on-invoice", "esimfx/on-invoice-owing"} {
		sim := simulator.ForTest(t, simulator.WithWorld(simulator.WorldNamed(name)))
		c := connect(t, sim, untaught)
		for n := range 5 {
			_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Reference: fmt.Sprint("cart-", n)})
			require.NoError(t, err, name)
			mustBalance(t, c)
		}
		assert.Equal(t, 5, sim.ESIMFX.Ledger().Count(), name)
	}
}

// A balance that cannot be read keeps nothing back; a product that cannot be
// read does, and is not said to be unavailable.
func TestReadsThatFailBeforeAPurchase(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim, func(cfg *esimfx.Config) { cfg.MaxRetries = -1 })
	mustBalance(t, c)
	sim.ESIMFX.Inject(esimtest.Fault{Op: "product", Kind: esimtest.Fault500Before})
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Reference: "cart-1"})
	e := problem(t, err)
	require.ErrorIs(t, e, esim.ErrUnavailable)
	assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
	assert.Zero(t, sim.ESIMFX.Requests("order"))

	sim.ESIMFX.Inject(esimtest.Fault{Op: "profile", Kind: esimtest.Fault500Before})
	order, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Reference: "cart-1"})
	require.NoError(t, err)
	assert.Equal(t, 1, order.Delivered())
	assert.Equal(t, 1, sim.ESIMFX.Ledger().Count())
}

// The first send may be why the balance is low, so a repeat in doubt is sent.
func TestARepeatInDoubtNeedsNoBalance(t *testing.T) {
	for _, kind := range []esimtest.FaultKind{esimtest.FaultCutAfterCommit, esimtest.Fault502HTMLAfter} {
		sim := simulator.ForTest(t, simulator.WithBalance("12"))
		c := connect(t, sim, untaught)
		sim.ESIMFX.Inject(esimtest.Fault{Op: "order", Kind: kind})
		request := esim.OrderRequest{PackageID: japan, Reference: "cart-1"}
		_, err := c.Order(t.Context(), request)
		require.True(t, esim.MayRepeat(err))
		order, err := c.Order(t.Context(), request)
		require.NoError(t, err)
		assert.Equal(t, 1, order.Delivered())
		assert.Equal(t, 1, sim.ESIMFX.Ledger().Count())
		assert.Equal(t, 2, sim.ESIMFX.Requests("order"))
	}
}

// A unit that is known to be bought is not sent again beside one in doubt, nor
// an order that is whole: whether eSIMfx honours keys is an assumption.
func TestWhatWasBoughtIsNotSentAgain(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithWorld(simulator.WorldNamed("esimfx/keys-ignored")))
	c := connect(t, sim, untaught)
	three := esim.OrderRequest{PackageID: japan, Quantity: 3, Reference: "cart-1"}
	for range 2 {
		sim.ESIMFX.Inject(esimtest.Fault{Op: "order", Kind: esimtest.FaultDelay})
	}
	sim.ESIMFX.Inject(esimtest.Fault{Op: "order", Kind: esimtest.FaultCutBeforeCommit})
	_, err := c.Order(t.Context(), three)
	require.True(t, esim.MayRepeat(err))
	for i := range 3 {
		order, err := c.Order(t.Context(), three)
		require.NoError(t, err)
		assert.Equal(t, 3, order.Delivered())
		assert.Equal(t, i > 0, order.Replayed)
		assert.Equal(t, 3, sim.ESIMFX.Ledger().Count())
		assert.Equal(t, 4, sim.ESIMFX.Requests("order"))
	}
}

// NeverRepeat: one purchase request, whoever asks.
func TestNeverRepeat(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim, func(cfg *esimfx.Config) { cfg.NeverRepeat = true })
	assert.Equal(t, esim.RepeatUnknown, c.Capabilities().OrderRepeat)
	assert.Equal(t, esim.RepeatUnknown, c.Capabilities().TopUpRepeat)
	assert.Zero(t, c.Capabilities().MaxRepeats)
	sim.ESIMFX.Inject(esimtest.Fault{Op: "order", Kind: esimtest.FaultCutAfterCommit})
	for range 3 {
		_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Reference: "cart-1"})
		assert.Equal(t, esim.OutcomeUnknown, problem(t, err).Outcome)
		assert.False(t, esim.MayRepeat(err))
	}
	_, err := connect(t, sim, func(cfg *esimfx.Config) { cfg.NeverRepeat = true }).
		Order(evidence.WithSend(t.Context(), evidence.Send{Resumed: true}), esim.OrderRequest{PackageID: japan, Reference: "cart-1"})
	assert.Equal(t, esim.OutcomeUnknown, problem(t, err).Outcome)
	assert.Equal(t, 1, sim.ESIMFX.Requests("order"))
	assert.Equal(t, 1, sim.ESIMFX.Ledger().Count())
}

// Under OneSend each eSIM is one request, a limit of the provider included.
func TestOneSend(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim)
	request := esim.OrderRequest{PackageID: japan, Quantity: 2, Reference: "cart-1"}
	ctx := evidence.WithSend(t.Context(), evidence.Send{OneSend: true})
	sim.ESIMFX.Inject(esimtest.Fault{Op: "order", Kind: esimtest.Fault429})
	_, err := c.Order(ctx, request)
	require.ErrorIs(t, err, esim.ErrRateLimited)
	assert.Equal(t, esim.OutcomeRejected, problem(t, err).Outcome)
	assert.Equal(t, 1, sim.ESIMFX.Requests("order"))
	_, err = c.Order(ctx, request)
	require.NoError(t, err)
	assert.Equal(t, 3, sim.ESIMFX.Requests("order"))
	assert.Equal(t, 2, sim.ESIMFX.Ledger().Count())
}
