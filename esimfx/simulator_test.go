package esimfx_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// learned are the codes that the simulator invents, as an operator would
// teach them.
func learned() map[int]esimfx.Code {
	return map[int]esimfx.Code{
		simulator.FXCodeInsufficientBalance: {Kind: esim.ErrInsufficientBalance, Refused: true},
		simulator.FXCodeProductNotFound:     {Kind: esim.ErrPackageUnavailable, Refused: true},
		simulator.FXCodeIncompatibleTopUp:   {Kind: esim.ErrNotEligible, Refused: true},
		simulator.FXCodeESIMBlocked:         {Kind: esim.ErrNotEligible, Refused: true},
		simulator.FXCodeOrderNotFound:       {Kind: esim.ErrNotFound},
		simulator.FXCodeESIMNotFound:        {Kind: esim.ErrNotFound},
		simulator.FXCodeKeyReused:           {Kind: esim.ErrReferenceConflict},
		simulator.FXCodeInFlight:            {Kind: esim.ErrDuplicate},
	}
}

func connect(t *testing.T, sim *simulator.Simulator, change ...func(*esimfx.Config)) *esimfx.Client {
	t.Helper()
	cfg := esimfx.Config{
		Settings: esim.Settings{
			BaseURL: sim.ESIMFX.URL(), Now: sim.Now, Limiter: rate.NewLimiter(rate.Inf, 1), Timeout: 2 * time.Second,
		},
		ClientID: sim.ESIMFX.ClientID, ClientKey: esim.NewSecret(sim.ESIMFX.ClientKey),
		Codes: learned(), Currency: "USD",
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := esimfx.New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func problem(t *testing.T, err error) *esim.Error {
	t.Helper()
	var e *esim.Error
	require.ErrorAs(t, err, &e)
	return e
}

func usd(t *testing.T, amount string) esim.Money {
	t.Helper()
	m, err := esim.ParseMoney(amount, "USD")
	require.NoError(t, err)
	return m
}

const japan = "esimfx_10G_7D_JP"

// TestASale walks through what a shop does, from the list to the refund.
func TestASale(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim)
	var chosen *esim.Package
	for p, err := range esim.Packages(t.Context(), c, esim.PackageQuery{Countries: []esim.Country{"JP"}}) {
		require.NoError(t, err)
		assert.Contains(t, p.Countries, esim.Country("JP"))
		if p.ID == japan {
			chosen = &p
		}
	}
	require.NotNil(t, chosen)
	assert.Equal(t, 10*esim.GiB, chosen.Data)

	order, err := c.Order(t.Context(), esim.OrderRequest{PackageID: chosen.ID, Reference: "cart-1", Quote: chosen, MaxTotal: chosen.Price})
	require.NoError(t, err)
	assert.Equal(t, esim.OrderCompleted, order.Status)
	require.Len(t, order.ESIMs, 1)
	sold := order.ESIMs[0]
	assert.NotEmpty(t, sold.Activation.MatchingID)
	assert.Equal(t, 1, sim.ESIMFX.Ledger().Count())

	again, err := c.GetOrder(t.Context(), order.Ref())
	require.NoError(t, err)
	assert.Equal(t, sold.Activation, again.ESIMs[0].Activation)
	assert.Equal(t, chosen.ID, again.PackageID)
	profile, err := c.GetESIM(t.Context(), sold.ICCID)
	require.NoError(t, err)
	assert.Equal(t, esim.ESIMNew, profile.Status)
	balance, err := c.Balance(t.Context())
	require.NoError(t, err)
	assert.Equal(t, usd(t, "9988"), balance)

	topUps, err := c.ListTopUps(t.Context(), sold.ICCID)
	require.NoError(t, err)
	require.NotEmpty(t, topUps)
	added, err := c.TopUp(t.Context(), esim.TopUpRequest{ICCID: sold.ICCID, PackageID: topUps[0].ID, Reference: "cart-2", Quote: &topUps[0]})
	require.NoError(t, err)
	assert.Equal(t, sold.ICCID, added.ESIMs[0].ICCID)
	assert.True(t, added.ESIMs[0].Activation.IsZero())
	assert.Equal(t, 2, sim.ESIMFX.Ledger().Count())

	plan, err := c.Activate(t.Context(), order.ID)
	require.NoError(t, err)
	assert.Equal(t, esim.ESIMActive, plan.Status)
	sim.ESIMFX.UseData(string(sold.ICCID), int64(esim.GiB))
	usage, err := c.Usage(t.Context(), sold.ICCID)
	require.NoError(t, err)
	assert.Len(t, usage.Plans, 2)
	assert.Equal(t, esim.GiB, usage.Used)
	assert.Equal(t, usage.Total-esim.GiB, usage.Remaining)
	plan, err = c.OrderUsage(t.Context(), order.ID)
	require.NoError(t, err)
	assert.Equal(t, esim.GiB, plan.Used)

	undone, err := c.Cancel(t.Context(), esim.CancelRequest{Order: added.Ref()})
	require.NoError(t, err)
	require.NotNil(t, undone.Refunded)
	assert.True(t, *undone.Refunded, "the top-up was never used")
	undone, err = c.Cancel(t.Context(), esim.CancelRequest{Order: order.Ref(), ICCID: sold.ICCID})
	require.NoError(t, err)
	assert.False(t, *undone.Refunded, "the first plan was used")
	undone, err = c.Cancel(t.Context(), esim.CancelRequest{Order: order.Ref()})
	require.NoError(t, err, "terminated already")
	assert.Nil(t, undone.Refunded)
	again, err = c.GetOrder(t.Context(), order.Ref())
	require.NoError(t, err)
	assert.Equal(t, esim.OrderCancelled, again.Status)

	product, err := c.Product(t.Context(), japan)
	require.NoError(t, err)
	assert.NotEmpty(t, product.IMSIProfile)
	assert.Empty(t, sim.ESIMFX.Violations())
	assert.Empty(t, sim.Strays())
}

func TestTheWholeCatalogue(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim)
	want := map[string]simulator.PackageInfo{}
	for _, p := range sim.ESIMFX.Packages() {
		want[p.ID] = p
	}
	for _, size := range []int{0, 7, 1000} {
		seen := map[string]bool{}
		for p, err := range esim.Packages(t.Context(), c, esim.PackageQuery{PageSize: size}) {
			require.NoError(t, err)
			info, known := want[p.ID]
			require.True(t, known, p.ID)
			assert.Equal(t, info.Unlimited, p.Unlimited, p.ID)
			assert.Len(t, p.Countries, len(info.Countries), p.ID)
			seen[p.ID] = true
		}
		assert.Len(t, seen, len(want))
	}
	sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.FaultRepeatedCursor, Op: "products", Skip: 1})
	var last error
	for _, err := range esim.Packages(t.Context(), c, esim.PackageQuery{}) {
		last = err
	}
	require.ErrorIs(t, last, esim.ErrMalformedResponse)
}

func TestSeveralAtOnce(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithBalance("30"))
	c := connect(t, sim, func(cfg *esimfx.Config) { cfg.Postpaid = true }) // so that what is certain to fail is sent
	three := esim.OrderRequest{PackageID: japan, Quantity: 3, Reference: "cart-1"}
	_, err := c.Order(t.Context(), three)
	e := problem(t, err)
	require.ErrorIs(t, e, esim.ErrIncomplete)
	require.ErrorIs(t, e, esim.ErrInsufficientBalance)
	assert.Equal(t, esim.OutcomeAccepted, e.Outcome)
	require.NotNil(t, e.Order)
	assert.Equal(t, 2, e.Order.Delivered())
	assert.Equal(t, 2, sim.ESIMFX.Ledger().Count())

	sim.ESIMFX.SetBalance("100")
	order, err := c.Order(t.Context(), three)
	require.NoError(t, err)
	assert.Equal(t, 3, order.Delivered())
	assert.Equal(t, e.Order.ESIMs, order.ESIMs[:2])
	assert.Equal(t, 3, sim.ESIMFX.Ledger().Count())

	again, err := c.GetOrder(t.Context(), order.Ref())
	require.NoError(t, err)
	assert.Equal(t, 3, again.Quantity)
	undone, err := c.Cancel(t.Context(), esim.CancelRequest{Order: order.Ref(), ICCID: order.ESIMs[1].ICCID})
	require.NoError(t, err)
	assert.Equal(t, []esim.ICCID{order.ESIMs[1].ICCID}, undone.ICCIDs)
	undone, err = c.Cancel(t.Context(), esim.CancelRequest{Order: order.Ref()})
	require.NoError(t, err)
	assert.Equal(t, 2, undone.Cancelled)
	assert.Equal(t, usd(t, "124"), mustBalance(t, c), "100, less 12 for the third, and three refunds of 12")
}

func mustBalance(t *testing.T, c *esimfx.Client) esim.Money {
	t.Helper()
	m, err := c.Balance(t.Context())
	require.NoError(t, err)
	return m
}

// TestLostAnswers: each fault, and then the caller's own repeat.
func TestLostAnswers(t *testing.T) {
	for _, row := range []struct {
		kind    esimtest.FaultKind
		times   int
		outcome esim.Outcome
		repeat  esim.Repeat
		charges int
	}{
		{esimtest.FaultCutBeforeCommit, 1, esim.OutcomeUnknown, esim.RepeatSafe, 0},
		{esimtest.FaultCutAfterCommit, 1, esim.OutcomeUnknown, esim.RepeatSafe, 1},
		{esimtest.FaultHalfBody, 1, esim.OutcomeUnknown, esim.RepeatSafe, 1},
		{esimtest.Fault502HTMLAfter, 1, esim.OutcomeUnknown, esim.RepeatSafe, 1},
		{esimtest.FaultTruncatedJSON, 1, esim.OutcomeUnknown, esim.RepeatUnknown, 1},
		{esimtest.FaultEmpty200, 1, esim.OutcomeUnknown, esim.RepeatUnknown, 1},
		{esimtest.FaultHTML200, 1, esim.OutcomeUnknown, esim.RepeatUnknown, 1},
		{esimtest.FaultDuplicateKeys, 1, esim.OutcomeUnknown, esim.RepeatUnknown, 1},
		{esimtest.FaultWrongCase, 1, esim.OutcomeUnknown, esim.RepeatUnknown, 1},
		{esimtest.Fault500Before, 1, esim.OutcomeUnknown, esim.RepeatUnknown, 0},
		{esimtest.FaultRedirectAfter, 1, esim.OutcomeUnknown, esim.RepeatUnknown, 1},
		{esimtest.FaultCutAfterCommit, 9, esim.OutcomeUnknown, esim.RepeatSafe, 1},
		{esimtest.FaultCutBeforeCommit, 9, esim.OutcomeUnknown, esim.RepeatSafe, 0},
		{esimtest.FaultStaleToken, 1, esim.OutcomeAccepted, esim.RepeatUnknown, 1},
		{esimtest.FaultStaleToken, 2, esim.OutcomeNotSent, esim.RepeatUnknown, 0},
	} {
		t.Run(fmt.Sprintf("%s %d times", row.kind, row.times), func(t *testing.T) {
			t.Parallel()
			sim := simulator.ForTest(t)
			c := connect(t, sim)
			mustBalance(t, c) // logged in
			sim.ESIMFX.Inject(esimtest.Fault{Kind: row.kind, Op: "order", Times: row.times})
			request := esim.OrderRequest{PackageID: japan, Reference: "cart-1"}
			_, err := c.Order(t.Context(), request)
			if row.outcome == esim.OutcomeAccepted {
				require.NoError(t, err)
			} else {
				e := problem(t, err)
				assert.Equal(t, row.outcome, e.Outcome)
				assert.Equal(t, row.repeat, e.Repeat)
				assert.Equal(t, row.repeat == esim.RepeatSafe, e.RetryAfter == time.Minute)
			}
			assert.Equal(t, row.charges, sim.ESIMFX.Ledger().Count())
			sends := sim.ESIMFX.Requests("order")
			if row.outcome == esim.OutcomeUnknown {
				assert.Equal(t, 1, sends, "nothing in doubt is sent again by the client")
			}

			sim.ESIMFX.Heal()
			order, err := c.Order(t.Context(), request)
			if row.outcome == esim.OutcomeUnknown && row.repeat != esim.RepeatSafe {
				require.ErrorIs(t, err, esim.ErrDuplicate)
				assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
				assert.Equal(t, sends, sim.ESIMFX.Requests("order"))
				assert.Equal(t, row.charges, sim.ESIMFX.Ledger().Count())
				return
			}
			require.NoError(t, err)
			assert.Equal(t, 1, order.Delivered())
			assert.Equal(t, 1, sim.ESIMFX.Ledger().Count(), "one reference, one charge")
			assert.Empty(t, sim.Strays())
		})
	}
}

func TestATopUpWithALostAnswer(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim, func(cfg *esimfx.Config) { cfg.MaxRetries = -1 })
	order, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Reference: "cart-1"})
	require.NoError(t, err)
	sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "topup"})
	request := esim.TopUpRequest{ICCID: order.ESIMs[0].ICCID, PackageID: japan, Reference: "cart-2"}
	_, err = c.TopUp(t.Context(), request)
	assert.Equal(t, esim.OutcomeUnknown, problem(t, err).Outcome)
	added, err := connect(t, sim).TopUp(t.Context(), request) // after a restart
	require.NoError(t, err)
	assert.NotEqual(t, order.ID, added.ID)
	assert.Equal(t, 2, sim.ESIMFX.Ledger().Count())

	// A reference that bought something else, in a process that knows nothing
	// of it.
	_, err = connect(t, sim).TopUp(t.Context(), esim.TopUpRequest{ICCID: order.ESIMs[0].ICCID, PackageID: japan, Reference: "cart-1"})
	e := problem(t, err)
	require.ErrorIs(t, e, esim.ErrReferenceConflict)
	assert.Equal(t, esim.OutcomeUnknown, e.Outcome)
	assert.Equal(t, 2, sim.ESIMFX.Ledger().Count())
}

func TestTokensOfAnHour(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithSingleToken())
	c := connect(t, sim)
	mustBalance(t, c)
	assert.Equal(t, 1, sim.ESIMFX.Requests("auth"))
	sim.Advance(2 * time.Hour)
	mustBalance(t, c)
	assert.Equal(t, 2, sim.ESIMFX.Requests("auth"))
	sim.ESIMFX.ExpireTokens() // the client cannot know
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Reference: "cart-1"})
	require.NoError(t, err)
	assert.Equal(t, 3, sim.ESIMFX.Requests("auth"))
	assert.Equal(t, 1, sim.ESIMFX.Ledger().Count())

	// An order does not wait longer for a login than its context allows.
	sim.ESIMFX.ExpireTokens()
	sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.FaultHang, Op: "auth"})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = c.Order(ctx, esim.OrderRequest{PackageID: japan, Reference: "cart-2"})
	assert.Less(t, time.Since(began), time.Second)
	assert.False(t, esim.MaybeCharged(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, 1, sim.ESIMFX.Ledger().Count())
	sim.ESIMFX.Heal()
}

func TestManyCallersOneReference(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim)
	var all sync.WaitGroup
	ids := make([]string, 32)
	for i := range ids {
		all.Go(func() {
			order, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Quantity: 2, Reference: "cart-1"})
			if assert.NoError(t, err) {
				ids[i] = order.ID
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		assert.Equal(t, ids[0], id)
	}
	assert.Equal(t, 2, sim.ESIMFX.Requests("order"))
	assert.Equal(t, 2, sim.ESIMFX.Ledger().Count())
	assert.Equal(t, 1, sim.ESIMFX.Requests("auth"))
}

func TestBothShapesOfAnESIMsOrders(t *testing.T) {
	for _, options := range [][]simulator.Option{nil, {simulator.WithBareOrderLists()}} {
		sim := simulator.ForTest(t, options...)
		c := connect(t, sim)
		for _, p := range sim.ESIMFX.Packages()[:8] {
			order, err := c.Order(t.Context(), esim.OrderRequest{PackageID: p.ID})
			require.NoError(t, err)
			usage, err := c.Usage(t.Context(), order.ESIMs[0].ICCID)
			require.NoError(t, err)
			assert.Equal(t, esim.ESIMNew, usage.Status)
			assert.Equal(t, p.Unlimited, usage.Unlimited)
			require.Len(t, usage.Plans, 1)
			assert.Equal(t, order.ID, usage.Plans[0].OrderID)
			assert.Equal(t, usage.Total, usage.Remaining)
		}
	}
}

func TestUnknownThings(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim)
	_, err := c.GetOrder(t.Context(), esim.OrderRef{ID: "no-such-order"})
	require.ErrorIs(t, err, esim.ErrNotFound)
	_, err = c.GetESIM(t.Context(), "89440000000000000000")
	require.ErrorIs(t, err, esim.ErrNotFound)
	_, err = c.Order(t.Context(), esim.OrderRequest{PackageID: "no-such-product"})
	e := problem(t, err)
	require.ErrorIs(t, e, esim.ErrPackageUnavailable)
	assert.Equal(t, esim.OutcomeNotSent, e.Outcome)

	untaught := connect(t, sim, func(cfg *esimfx.Config) { cfg.Codes = nil })
	_, err = untaught.Order(t.Context(), esim.OrderRequest{PackageID: "no-such-product"})
	require.ErrorIs(t, err, esim.ErrPackageUnavailable)
	assert.Equal(t, esim.OutcomeNotSent, problem(t, err).Outcome, "what the code means need not be known")
	assert.Zero(t, sim.ESIMFX.Requests("order"))
	assert.Zero(t, sim.ESIMFX.Ledger().Count())
}

func TestNothingSecretIsLogged(t *testing.T) {
	sim := simulator.ForTest(t)
	var logged bytes.Buffer
	c := connect(t, sim, func(cfg *esimfx.Config) {
		cfg.Logger = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	order, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Quantity: 2})
	require.NoError(t, err)
	_, err = c.GetOrder(t.Context(), order.Ref())
	require.NoError(t, err)
	sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.FaultHTML200, Op: "order", Times: 9})
	_, err = c.Order(t.Context(), esim.OrderRequest{PackageID: japan})
	require.Error(t, err)
	text := logged.String() + fmt.Sprintf("%v %+v %#v %+v %#v", err, err, err, order, c)
	require.NotEmpty(t, sim.Secrets())
	for _, secret := range sim.Secrets() {
		if secret != "" {
			assert.NotContains(t, text, secret)
		}
	}
	assert.Positive(t, strings.Count(logged.String(), `"outcome"`))
}
