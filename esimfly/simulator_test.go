package esimfly_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

const (
	turkey = "merhaba-7days-1gb" // delivered at once, toppable
	states = "PHAJHEAYP"         // of eSIMfly's own network
	japan  = "RB85_4D"           // delivered later
)

func simulated(t *testing.T, opts ...simulator.Option) (*simulator.Simulator, *esimfly.Client) {
	sim := simulator.ForTest(t, opts...)
	return sim, connect(t, sim, esimfly.Config{})
}

func connect(t *testing.T, sim *simulator.Simulator, cfg esimfly.Config) *esimfly.Client {
	cfg.AccessCode, cfg.SecretKey = sim.ESIMFly.AccessCode, esim.NewSecret(sim.ESIMFly.SecretKey)
	cfg.BaseURL, cfg.Now, cfg.Limiter = sim.ESIMFly.URL(), sim.Now, rate.NewLimiter(rate.Inf, 1)
	c, err := esimfly.New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func buy(t *testing.T, c esim.Client, packageID string, quantity int) *esim.Order {
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: packageID, Quantity: quantity})
	require.NoError(t, err)
	return o
}

// bought counts what was paid for, refunds left out.
func bought(sim *simulator.Simulator) int {
	n := 0
	for _, c := range sim.ESIMFly.Ledger().Charges() {
		if c.Kind != esimtest.ChargeRefund {
			n++
		}
	}
	return n
}

func outcomeOf(t *testing.T, err error) esim.Outcome {
	e, ok := errors.AsType[*esim.Error](err)
	require.True(t, ok, "%v", err)
	return e.Outcome
}

func TestSale(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim, esimfly.Config{ReplaysVerified: true})
	var cheapest esim.Package
	n := 0
	for p, err := range esim.Packages(t.Context(), c, esim.PackageQuery{Countries: []esim.Country{"TR"}, Kind: esim.KindLocal}) {
		require.NoError(t, err)
		require.Contains(t, p.Countries, esim.Country("TR"))
		if n++; p.ID == turkey {
			cheapest = p
		}
	}
	require.Equal(t, turkey, cheapest.ID)
	o, err := c.Order(t.Context(), esim.OrderRequest{
		PackageID: turkey, Quantity: 3, Reference: "cart-1", Quote: &cheapest, MaxTotal: money(t, "8.16", "USD"),
	})
	require.NoError(t, err)
	assert.Equal(t, esim.OrderCompleted, o.Status)
	assert.Equal(t, 3, o.Delivered())
	assert.Equal(t, money(t, "8.16", "USD"), o.Total)
	balance, err := c.Balance(t.Context())
	require.NoError(t, err)
	assert.Equal(t, money(t, "9991.84", "USD"), balance)

	again, err := c.Order(t.Context(), esim.OrderRequest{PackageID: turkey, Quantity: 3, Reference: "cart-1"})
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, o.ID, again.ID)
	assert.Equal(t, o.ESIMs[2].Activation.LPA(), again.ESIMs[2].Activation.LPA())

	read, err := c.GetOrder(t.Context(), o.Ref())
	require.NoError(t, err)
	assert.Equal(t, esim.OrderCompleted, read.Status)
	assert.Equal(t, o.ESIMs[0].Activation, read.ESIMs[0].Activation)
	one, err := c.GetESIM(t.Context(), o.ESIMs[1].ICCID)
	require.NoError(t, err)
	assert.Equal(t, o.ESIMs[1].Activation, one.Activation)
	assert.Equal(t, esim.ESIMNew, one.Status)

	charges := sim.ESIMFly.Ledger().ByReference("cart-1")
	require.Len(t, charges, 1)
	assert.Equal(t, 3, charges[0].Quantity)
	assert.Empty(t, sim.ESIMFly.Violations())
}

func TestWholeCatalogue(t *testing.T) {
	sim, c := simulated(t)
	seen := map[string]bool{}
	for p, err := range esim.Packages(t.Context(), c, esim.PackageQuery{}) {
		require.NoError(t, err)
		require.NotEmpty(t, p.Countries, p.ID)
		require.Equal(t, "USD", p.Price.Currency())
		seen[p.ID] = true
	}
	assert.Len(t, seen, len(sim.ESIMFly.Packages()))
	assert.Equal(t, 4, sim.ESIMFly.Requests("packages"))

	n := 0
	for p, err := range esim.Packages(t.Context(), c, esim.PackageQuery{Countries: []esim.Country{"FR", "DE"}}) {
		require.NoError(t, err)
		require.Subset(t, p.Countries, []esim.Country{"FR", "DE"})
		n++
	}
	assert.Positive(t, n)
}

func TestPendingOrder(t *testing.T) {
	for name, opt := range map[string]simulator.Option{
		"in the shape of 2026": simulator.WithProvisioningDelay(time.Minute),
		"in the shape of 2025": simulator.WithOldPendingShape(),
	} {
		t.Run(name, func(t *testing.T) {
			sim, c := simulated(t, opt)
			o := buy(t, c, japan, 1)
			require.Equal(t, esim.OrderPending, o.Status)
			require.Empty(t, o.ESIMs)
			read, err := c.GetOrder(t.Context(), o.Ref())
			require.NoError(t, err)
			require.Equal(t, esim.OrderPending, read.Status)
			_, err = c.Cancel(t.Context(), esim.CancelRequest{Order: o.Ref()})
			require.ErrorIs(t, err, esim.ErrNotEligible)

			sim.Advance(2 * time.Minute)
			done, err := esim.WaitOrder(t.Context(), c, o.Ref(), esim.WaitOptions{Interval: time.Millisecond})
			require.NoError(t, err)
			assert.Equal(t, esim.OrderCompleted, done.Status)
			assert.NotEmpty(t, done.ESIMs[0].Activation.LPA())
			assert.Equal(t, 1, bought(sim))
			assert.Empty(t, sim.ESIMFly.Violations())
		})
	}
}

func TestOrderThatFailsAfterTheCharge(t *testing.T) {
	sim, c := simulated(t)
	sim.ESIMFly.HoldProvisioning(true)
	o := buy(t, c, japan, 1)
	sim.ESIMFly.FailOrder(o.ID)
	_, err := esim.WaitOrder(t.Context(), c, o.Ref(), esim.WaitOptions{Interval: time.Millisecond})
	require.ErrorIs(t, err, esim.ErrIncomplete)
	assert.True(t, esim.MaybeCharged(err))
}

func TestTopUpAndUsage(t *testing.T) {
	sim, c := simulated(t)
	iccid := buy(t, c, turkey, 1).ESIMs[0].ICCID
	sim.ESIMFly.UseData(string(iccid), 100<<20)
	before, err := c.Usage(t.Context(), iccid)
	require.NoError(t, err)
	assert.Equal(t, esim.GiB, before.Total)
	assert.Equal(t, 100*esim.MiB, before.Used)
	assert.Equal(t, esim.ESIMActive, before.Status)

	offers, err := c.ListTopUps(t.Context(), iccid)
	require.NoError(t, err)
	require.NotEmpty(t, offers)
	quote := offers[0]
	o, err := c.TopUp(t.Context(), esim.TopUpRequest{ICCID: iccid, PackageID: quote.ID, Reference: "top-1", Quote: &quote})
	require.NoError(t, err)
	assert.Equal(t, quote.Price, o.Total)
	after, err := c.Usage(t.Context(), iccid)
	require.NoError(t, err)
	assert.Equal(t, before.Total+quote.Data, after.Total)

	again, err := c.TopUp(t.Context(), esim.TopUpRequest{ICCID: iccid, PackageID: quote.ID, Reference: "top-1"})
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, 2, bought(sim))
	assert.Empty(t, sim.ESIMFly.Violations())
}

func TestCancelOrder(t *testing.T) {
	sim, c := simulated(t)
	o := buy(t, c, turkey, 2)
	done, err := c.Cancel(t.Context(), esim.CancelRequest{Order: o.Ref()})
	require.NoError(t, err)
	assert.Equal(t, 2, done.Cancelled)
	assert.Equal(t, money(t, "5.44", "USD"), done.Refund)
	assert.True(t, *done.Refunded)
	assert.Len(t, done.ICCIDs, 2)
	_, err = c.Cancel(t.Context(), esim.CancelRequest{Order: o.Ref(), ICCID: o.ESIMs[1].ICCID})
	require.ErrorIs(t, err, esim.ErrInvalidRequest, "eSIMfly shows the first one only")
	again, err := c.Cancel(t.Context(), esim.CancelRequest{Order: o.Ref(), ICCID: o.ESIMs[0].ICCID})
	require.NoError(t, err)
	assert.Nil(t, again.Refunded)
	assert.Zero(t, sim.ESIMFly.Ledger().Total().Sign())

	used := buy(t, c, turkey, 1)
	sim.ESIMFly.UseData(string(used.ESIMs[0].ICCID), 1)
	_, err = c.Cancel(t.Context(), esim.CancelRequest{Order: used.Ref()})
	assert.ErrorIs(t, err, esim.ErrNotEligible)

	a, b := buy(t, c, turkey, 1), buy(t, c, turkey, 1)
	before := sim.ESIMFly.Ledger().Total()
	for _, id := range []string{a.ID, "nonsense"} {
		_, err = c.Cancel(t.Context(), esim.CancelRequest{Order: esim.OrderRef{ID: id}, ICCID: b.ESIMs[0].ICCID})
		require.Error(t, err)
		require.False(t, esim.MaybeCharged(err))
	}
	assert.Equal(t, before, sim.ESIMFly.Ledger().Total(), "nothing was cancelled")

	lost := buy(t, c, turkey, 1)
	sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "cancel"})
	found, err := c.Cancel(t.Context(), esim.CancelRequest{Order: lost.Ref()})
	require.NoError(t, err, "sent again: a second cancellation changes nothing")
	assert.Nil(t, found.Refunded)
}

func TestExtras(t *testing.T) {
	sim, c := simulated(t)
	iccid := buy(t, c, states, 1).ESIMs[0].ICCID
	other := buy(t, c, turkey, 1).ESIMs[0].ICCID
	sim.ESIMFly.UseData(string(iccid), 300<<20)
	sim.Advance(time.Hour)

	live, err := c.LiveStatus(t.Context(), iccid)
	require.NoError(t, err)
	assert.Equal(t, esim.ESIMActive, live.Status)
	assert.Equal(t, esim.Country("US"), live.LastNetwork.Country)
	assert.Equal(t, esim.GiB, *live.Total)
	events, err := c.NetworkEvents(t.Context(), iccid)
	require.NoError(t, err)
	assert.Len(t, events.Events, events.Total)
	report, err := c.UsageReport(t.Context(), iccid, 30)
	require.NoError(t, err)
	assert.Equal(t, esim.Country("US"), report.Places[0].Country)
	assert.GreaterOrEqual(t, report.Total, 300*esim.MiB)
	_, err = c.UsageReport(t.Context(), other, 0)
	require.ErrorIs(t, err, esim.ErrNotEligible)
	_, err = c.LiveStatus(t.Context(), simulator.ForeignICCID)
	require.ErrorIs(t, err, esim.ErrNotFound)

	require.NoError(t, c.Suspend(t.Context(), iccid))
	blocked, err := c.GetESIM(t.Context(), iccid)
	require.NoError(t, err)
	assert.Equal(t, esim.ESIMBlocked, blocked.Status)
	require.NoError(t, c.Activate(t.Context(), iccid))
	require.NoError(t, c.SendSMS(t.Context(), iccid, "Hoş geldiniz"))
	require.ErrorIs(t, c.Suspend(t.Context(), other), esim.ErrNotEligible)

	orders := 0
	for o, err := range c.Orders(t.Context(), esimfly.OrdersQuery{PageSize: 1}) {
		require.NoError(t, err)
		require.NotEmpty(t, o.ID)
		orders++
	}
	assert.Equal(t, 3, orders, "the deposit is one")
	found := 0
	for e, err := range c.ESIMs(t.Context(), esimfly.ESIMsQuery{Status: "ACTIVE"}) {
		require.NoError(t, err)
		require.Equal(t, iccid, e.ICCID)
		require.NotEmpty(t, e.Activation.LPA())
		found++
	}
	assert.Equal(t, 1, found)

	first, err := c.SetWebhook(t.Context(), "https://hooks.example.com/esimfly", []string{"esim.installed"})
	require.NoError(t, err)
	second, err := c.SetWebhook(t.Context(), "https://hooks.example.com/esimfly", []string{"esim.installed"})
	require.NoError(t, err)
	assert.False(t, first.Secret.Equal(second.Secret))
	assert.Equal(t, sim.ESIMFly.SigningSecret(), second.Secret.Reveal())
	set, err := c.Webhook(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"esim.installed"}, set.Events)
	assert.True(t, set.Secret.IsZero())
	assert.Empty(t, sim.ESIMFly.Violations())
}

// Every fault of an order leaves the truth in the ledger and in the outcome. Where
// replays are verified a lost answer is settled by the client; nothing else is
// sent again, not even on the caller's own repeat.
func TestLostOrders(t *testing.T) {
	faults := []esimtest.FaultKind{
		esimtest.FaultCutBeforeCommit, esimtest.FaultCutAfterCommit, esimtest.FaultHalfBody, esimtest.FaultTruncatedJSON,
		esimtest.Fault500Before, esimtest.Fault500After, esimtest.Fault502HTMLAfter, esimtest.FaultRedirectAfter,
		esimtest.FaultEmpty200, esimtest.FaultNull, esimtest.FaultEmptyObject, esimtest.FaultDuplicateKeys, esimtest.FaultWrongCase,
		esimtest.FaultTrailingData, esimtest.FaultWrongContentType, esimtest.FaultDuplicateRequest,
	}
	passing := []esimtest.FaultKind{
		esimtest.FaultCutBeforeCommit, esimtest.FaultCutAfterCommit, esimtest.FaultHalfBody, esimtest.Fault502HTMLAfter,
		esimtest.FaultDuplicateRequest,
	}
	for _, verified := range []bool{false, true} {
		sim := simulator.ForTest(t)
		c := connect(t, sim, esimfly.Config{ReplaysVerified: verified})
		for i, kind := range faults {
			ref, before := fmt.Sprint("cart-", i), bought(sim)
			sim.ESIMFly.Inject(esimtest.Fault{Kind: kind, Op: "order"})
			_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: turkey, Reference: ref})
			if err != nil {
				require.Equal(t, esim.OutcomeUnknown, outcomeOf(t, err), "%s: %v", kind, err)
				require.False(t, esim.MayRepeat(err), "%s: %v", kind, err)
				require.False(t, verified && slices.Contains(passing, kind), "%s was not settled by itself: %v", kind, err)
				sends := sim.ESIMFly.Requests("order")
				_, err = c.Order(t.Context(), esim.OrderRequest{PackageID: turkey, Reference: ref})
				require.ErrorIs(t, err, esim.ErrDuplicate, kind)
				require.Equal(t, esim.OutcomeUnknown, outcomeOf(t, err), kind)
				require.Equal(t, sends, sim.ESIMFly.Requests("order"), "%s: nothing in doubt is sent again", kind)
			} else {
				require.True(t, verified && slices.Contains(passing, kind), kind)
			}
			charges := 0
			if err == nil || kind.Commits() {
				charges = 1
			}
			require.Len(t, sim.ESIMFly.Ledger().ByReference(ref), charges, kind)
			require.Equal(t, before+charges, bought(sim), kind)
		}
		for _, v := range sim.ESIMFly.Violations() {
			assert.True(t, verified, v)
			assert.Equal(t, "order: Request ID has already been used", v, "that of the send in doubt, on purpose")
		}
	}
}

// Where eSIMfly does not honour keys, nothing is bought twice.
func TestKeysThatAreNotHonoured(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithWorld(simulator.WorldNamed("esimfly/keys-ignored")))
	c := connect(t, sim, esimfly.Config{})
	sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "order"})
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: turkey, Reference: "cart-1"})
	require.Equal(t, esim.OutcomeUnknown, outcomeOf(t, err))
	assert.Equal(t, 1, bought(sim))
	assert.Equal(t, 1, sim.ESIMFly.Requests("order"))
}

func TestLostTopUps(t *testing.T) {
	sim, c := simulated(t)
	for i, kind := range []esimtest.FaultKind{
		esimtest.FaultCutBeforeCommit, esimtest.FaultCutAfterCommit, esimtest.Fault500Before, esimtest.Fault500After,
		esimtest.FaultHalfBody, esimtest.FaultNull, esimtest.FaultDuplicateRequest,
	} {
		iccid := buy(t, c, turkey, 1).ESIMs[0].ICCID
		sim.ESIMFly.UseData(string(iccid), 1)
		offers, err := c.ListTopUps(t.Context(), iccid)
		require.NoError(t, err)
		req := esim.TopUpRequest{ICCID: iccid, PackageID: offers[0].ID, Reference: fmt.Sprint("top-", i), Quote: &offers[0]}
		before := bought(sim)
		sim.ESIMFly.Inject(esimtest.Fault{Kind: kind, Op: "topup"})
		for range 2 {
			o, err := c.TopUp(t.Context(), req)
			if kind.Commits() {
				require.NoError(t, err, kind)
				require.NotEmpty(t, o.ID, kind)
				require.Equal(t, 1, bought(sim)-before, kind)
				continue
			}
			require.Equal(t, esim.OutcomeUnknown, outcomeOf(t, err), kind)
			require.Equal(t, before, bought(sim), kind)
		}
	}
	assert.Equal(t, 7, sim.ESIMFly.Requests("topup"))
	assert.Empty(t, sim.ESIMFly.Violations())
}

func TestFaultsThatPass(t *testing.T) {
	sim, c := simulated(t)
	for _, f := range []esimtest.Fault{
		{Kind: esimtest.Fault429, Op: "balance", Status: 401},
		{Kind: esimtest.FaultClockSkew, Op: "balance"},
		{Kind: esimtest.FaultDuplicateRequest, Op: "balance"},
		{Kind: esimtest.Fault502HTMLBefore, Op: "balance"},
		{Kind: esimtest.FaultCutAfterCommit, Op: "balance"},
	} {
		sim.ESIMFly.Inject(f)
		_, err := c.Balance(t.Context())
		require.NoError(t, err, f.Kind)
		sim.ESIMFly.Heal()
	}
	for _, kind := range []esimtest.FaultKind{esimtest.FaultTruncatedPage, esimtest.FaultEmptyPage} {
		sim.ESIMFly.Inject(esimtest.Fault{Kind: kind, Op: "packages", Times: 9})
		page, err := c.ListPackages(t.Context(), esim.PackageQuery{})
		require.NoError(t, err, kind)
		assert.Positive(t, page.Lost, kind)
		sim.ESIMFly.Heal()
	}
}

func TestPriceGuard(t *testing.T) {
	sim, c := simulated(t)
	page, err := c.ListPackages(t.Context(), esim.PackageQuery{})
	require.NoError(t, err)
	quote := page.Packages[0]
	sim.ESIMFly.SetPrice(quote.ID, "99.99")
	_, err = c.Order(t.Context(), esim.OrderRequest{PackageID: quote.ID, Quote: &quote})
	require.ErrorIs(t, err, esim.ErrPriceChanged)
	assert.False(t, esim.MaybeCharged(err))
	assert.Zero(t, bought(sim))
}

func TestHangingProvider(t *testing.T) {
	sim := simulator.ForTest(t)
	c := connect(t, sim, esimfly.Config{ReplaysVerified: true})
	sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultHangAfterCommit, Op: "order"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := c.Order(ctx, esim.OrderRequest{PackageID: turkey, Reference: "cart-1"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, esim.OutcomeUnknown, outcomeOf(t, err))
	assert.Less(t, time.Since(start), time.Second)
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: turkey, Reference: "cart-1"})
	require.NoError(t, err)
	assert.True(t, o.Replayed)
	assert.Equal(t, 1, bought(sim))
}

func money(t *testing.T, amount, currency string) esim.Money {
	m, err := esim.ParseMoney(amount, currency)
	require.NoError(t, err)
	return m
}
