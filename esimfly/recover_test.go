package esimfly_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/evidence"
)

// The answer to an order is lost, and the process with it. Another one sends
// the order again under the id of the first send: where that had arrived it is
// told so, and finds the order in the history; otherwise this is the order.
func TestALostOrderIsProbed(t *testing.T) {
	for _, fault := range []esimtest.FaultKind{
		esimtest.FaultCutAfterCommit, esimtest.FaultHalfBody, esimtest.Fault502HTMLAfter, esimtest.FaultRefuse, esimtest.FaultResetOnAccept,
	} {
		t.Run(fault.String(), func(t *testing.T) {
			sim := simulator.ForTest(t, simulator.WithWorld(simulator.WorldNamed("esimfly/keys-ignored"))) // keys are of no help
			req := esim.OrderRequest{PackageID: turkey, Quantity: 3, Reference: "cart-1"}
			send := evidence.Send{RequestID: uuid.NewString()}
			began := sim.Now()
			sim.ESIMFly.Inject(esimtest.Fault{Kind: fault})
			_, err := connect(t, sim, esimfly.Config{}).Order(evidence.WithSend(t.Context(), send), req)
			require.Error(t, err)
			sim.ESIMFly.Heal()

			c := connect(t, sim, esimfly.Config{})
			send.Resumed = true
			o, err := c.Order(evidence.WithSend(t.Context(), send), req)
			if fault.Commits() {
				require.ErrorIs(t, err, esim.ErrDuplicate)
				require.Equal(t, esim.OutcomeUnknown, outcomeOf(t, err))
				var found []esim.Order
				found, err = c.FindOrders(t.Context(), evidence.OrderSearch{PackageID: turkey, Since: began})
				require.NoError(t, err)
				require.Len(t, found, 1)
				o, err = c.GetOrder(evidence.WithSend(t.Context(), evidence.Send{Quantity: 3}), found[0].Ref())
				require.NoError(t, err)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, esim.OrderCompleted, o.Status)
			requireSold(t, sim, o)
			assert.Equal(t, 1, bought(sim))
		})
	}
}

// requireSold: the order holds what the ledger says was sold under it, all of
// it ready to be installed.
func requireSold(t *testing.T, sim *simulator.Simulator, o *esim.Order) {
	t.Helper()
	charges := sim.ESIMFly.Ledger().Charges()
	i := slices.IndexFunc(charges, func(c esimtest.Charge) bool { return c.OrderID == o.ID })
	require.GreaterOrEqual(t, i, 0)
	var got []string
	for _, e := range o.ESIMs {
		require.NotEmpty(t, e.Activation.LPA(), e.ICCID)
		got = append(got, string(e.ICCID))
	}
	require.ElementsMatch(t, charges[i].ICCIDs, got)
}

// What a probe learns about the clock serves the next call.
func TestAProbeWithAWrongClock(t *testing.T) {
	sim, c := simulated(t)
	sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultClockSkew, Op: "order", Times: 2})
	req := esim.OrderRequest{PackageID: turkey, Reference: "cart-1"}
	_, err := c.Order(evidence.WithSend(t.Context(), evidence.Send{RequestID: uuid.NewString()}), req)
	require.ErrorIs(t, err, esim.ErrClockSkew)
	require.Equal(t, esim.OutcomeNotSent, outcomeOf(t, err))
	require.Equal(t, 1, sim.ESIMFly.Requests("order"))
	_, err = c.Order(evidence.WithSend(t.Context(), evidence.Send{RequestID: uuid.NewString()}), req)
	require.NoError(t, err)
	require.Equal(t, 2, sim.ESIMFly.Requests("order"))
}

func TestFindOrders(t *testing.T) {
	sim, c := simulated(t)
	find := func(packageID string, since time.Time) []string {
		t.Helper()
		found, err := c.FindOrders(t.Context(), evidence.OrderSearch{PackageID: packageID, Since: since})
		require.NoError(t, err)
		ids := []string{}
		for _, o := range found {
			require.Equal(t, esimfly.Provider, o.Provider)
			require.Equal(t, packageID, o.PackageID)
			require.Zero(t, o.Quantity, "the history does not tell it")
			ids = append(ids, o.ID)
		}
		return ids
	}
	start := sim.Now()
	assert.Empty(t, find(turkey, start), "the deposit is no order")

	var ids []string
	for i := range 3 {
		sim.Advance(time.Hour)
		o := buy(t, c, turkey, i+1)
		ids = append(ids, o.ID)
		buy(t, c, states, 1)
		sim.ESIMFly.UseData(string(o.ESIMs[0].ICCID), 1)
		offers, err := c.ListTopUps(t.Context(), o.ESIMs[0].ICCID)
		require.NoError(t, err)
		_, err = c.TopUp(t.Context(), esim.TopUpRequest{ICCID: o.ESIMs[0].ICCID, PackageID: offers[0].ID})
		require.NoError(t, err)
	}
	assert.Equal(t, ids, find(turkey, start), "oldest first, and no top-ups")
	assert.Equal(t, ids, find(turkey, time.Time{}))
	assert.Equal(t, ids[1:], find(turkey, start.Add(2*time.Hour)))
	assert.Empty(t, find(turkey, start.Add(4*time.Hour)))

	// Every status is there.
	held := buy(t, c, japan, 1)
	failed := buy(t, c, japan, 1)
	sim.ESIMFly.FailOrder(failed.ID)
	_, err := c.Cancel(t.Context(), esim.CancelRequest{Order: esim.OrderRef{ID: buy(t, c, states, 1).ID}})
	require.NoError(t, err)
	found, err := c.FindOrders(t.Context(), evidence.OrderSearch{PackageID: japan, Since: start})
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, held.ID, found[0].ID)
	assert.Equal(t, esim.OrderPending, found[0].Status)
	assert.Empty(t, found[0].ESIMs)
	assert.Equal(t, esim.OrderFailed, found[1].Status)
	found, err = c.FindOrders(t.Context(), evidence.OrderSearch{PackageID: states})
	require.NoError(t, err)
	require.Len(t, found, 4)
	assert.Equal(t, esim.OrderCancelled, found[3].Status)
	assert.Equal(t, money(t, "1.44", "USD"), found[0].Total)
	assert.False(t, found[0].CreatedAt.IsZero())
	assert.NotEmpty(t, found[0].ESIMs[0].ICCID)
	assert.Empty(t, sim.ESIMFly.Violations())
}

// More than fit on a page, and the page cut short is no list.
func TestFindOrdersReadsToTheEnd(t *testing.T) {
	sim, c := simulated(t)
	for range 205 {
		buy(t, c, turkey, 1)
	}
	search := evidence.OrderSearch{PackageID: turkey}
	found, err := c.FindOrders(t.Context(), search)
	require.NoError(t, err)
	assert.Len(t, found, 205)
	assert.Equal(t, 3, sim.ESIMFly.Requests("orders"))
	for _, kind := range []esimtest.FaultKind{esimtest.FaultTruncatedPage, esimtest.FaultEmptyPage} {
		sim.ESIMFly.Inject(esimtest.Fault{Kind: kind, Op: "orders", Skip: 1, Times: 9})
		_, err := c.FindOrders(t.Context(), search)
		require.ErrorIs(t, err, esim.ErrMalformedResponse, kind)
		sim.ESIMFly.Heal()
	}
}

// All eSIMs of a pending order are collected once it is complete, from among
// others of the same package.
func TestOrderOfSeveralIsCollected(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithWorld(simulator.WorldNamed("esimfly/keys-ignored")), simulator.WithProvisioningDelay(time.Minute))
	c := connect(t, sim, esimfly.Config{})
	var orders []*esim.Order
	for _, n := range []int{2, 5, 3} {
		orders = append(orders, buy(t, c, japan, n))
		sim.Advance(10 * time.Second)
	}
	sim.Advance(2 * time.Minute)
	for i, o := range orders {
		done, err := esim.WaitOrder(t.Context(), c, o.Ref(), esim.WaitOptions{Interval: time.Millisecond})
		require.NoError(t, err)
		require.Len(t, done.ESIMs, []int{2, 5, 3}[i])
		requireSold(t, sim, done)
	}
	read, err := connect(t, sim, esimfly.Config{}).GetOrder(t.Context(), esim.OrderRef{ID: orders[1].ID})
	require.NoError(t, err)
	assert.Len(t, read.ESIMs, 1, "nobody said that there are more")
	assert.Empty(t, sim.ESIMFly.Violations())
}
