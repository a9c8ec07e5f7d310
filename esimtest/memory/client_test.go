package memory_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
)

const aPackage = "jp-1GB-7d"

func order(t *testing.T, c esim.Client, reference string) *esim.Order {
	t.Helper()
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Reference: reference})
	require.NoError(t, err)
	return o
}

func TestMemoryFaultsByWhatTheyMean(t *testing.T) {
	for _, c := range []struct {
		kind    esimtest.FaultKind
		outcome esim.Outcome
		is      error
		charged int
	}{
		{esimtest.FaultRefuse, esim.OutcomeNotSent, esim.ErrUnavailable, 0},
		{esimtest.Fault429, esim.OutcomeRejected, esim.ErrRateLimited, 0},
		{esimtest.FaultCutBeforeCommit, esim.OutcomeUnknown, esim.ErrUnavailable, 0},
		{esimtest.FaultCutAfterCommit, esim.OutcomeUnknown, esim.ErrUnavailable, 1},
		{esimtest.FaultTruncatedJSON, esim.OutcomeUnknown, esim.ErrMalformedResponse, 1},
		{esimtest.Fault503Before, esim.OutcomeUnknown, esim.ErrUnavailable, 0},
		{esimtest.FaultErrorBefore, esim.OutcomeUnknown, esim.ErrUnavailable, 0},
	} {
		t.Run(c.kind.String(), func(t *testing.T) {
			m := memory.New()
			m.Inject(esimtest.Fault{Kind: c.kind, Op: "Order", RetryAfter: 3 * time.Second, Code: "E1", Status: 418})
			o, err := m.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Reference: "r-1"})
			require.Nil(t, o)
			e, ok := errors.AsType[*esim.Error](err)
			require.True(t, ok)
			require.Equal(t, c.outcome, e.Outcome)
			require.ErrorIs(t, err, c.is)
			require.Equal(t, "r-1", e.Reference)
			require.Len(t, m.Ledger().Charges(), c.charged)
			if c.kind == esimtest.Fault429 {
				require.Equal(t, 3*time.Second, e.RetryAfter)
			}
			if c.kind == esimtest.FaultErrorBefore {
				require.Equal(t, "E1", e.Code)
				require.Equal(t, 418, e.HTTPStatus)
			}

			m.Heal()
			require.Equal(t, c.charged == 1, order(t, m, "r-1").Replayed)
			require.Len(t, m.Ledger().Charges(), 1)
		})
	}
}

func TestMemoryRefusesForAReason(t *testing.T) {
	m := memory.New()
	m.Refuse("Order", esim.ErrPackageUnavailable)
	_, err := m.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Reference: "r-1"})
	require.ErrorIs(t, err, esim.ErrPackageUnavailable)
	require.False(t, esim.MaybeCharged(err))
	order(t, m, "r-1")
	m.Refuse("Usage", esim.ErrUnauthorized)
	m.Heal()
	_, err = m.Usage(t.Context(), order(t, m, "r-2").ESIMs[0].ICCID)
	require.NoError(t, err)
}

func TestMemoryRefusesConnectionsForAWhile(t *testing.T) {
	m := memory.New()
	m.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse, Delay: time.Hour})
	_, err := m.Balance(t.Context())
	require.ErrorIs(t, err, esim.ErrUnavailable)
	require.Zero(t, m.Requests(""))
	m.Advance(time.Hour)
	_, err = m.Balance(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, m.Requests("Balance"))
}

func TestMemoryDeliversLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := memory.New(memory.WithPending(3*time.Minute, aPackage))
		o := order(t, m, "r-1")
		require.Equal(t, esim.OrderPending, o.Status)
		require.Empty(t, o.ESIMs)
		start := time.Now()
		done, err := esim.WaitOrder(t.Context(), m, o.Ref(), esim.WaitOptions{Interval: 10 * time.Second})
		require.NoError(t, err)
		require.Equal(t, 3*time.Minute, time.Since(start))
		require.Len(t, done.ESIMs, 1)

		other, err := m.Order(t.Context(), esim.OrderRequest{PackageID: "kr-1GB-7d"})
		require.NoError(t, err)
		require.Equal(t, esim.OrderCompleted, other.Status)
	})
}

// A shop that hangs up must learn that it may have bought.
func TestMemoryHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := memory.New(memory.WithTimeout(20 * time.Second))
		m.Inject(esimtest.Fault{Kind: esimtest.FaultHangAfterCommit, Op: "Order"})
		start := time.Now()
		_, err := m.Order(context.Background(), esim.OrderRequest{PackageID: aPackage, Reference: "r-1"}) //nolint:usetesting // t.Context would do as well
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, esim.MaybeCharged(err))
		require.Equal(t, 20*time.Second, time.Since(start))

		m.Inject(esimtest.Fault{Kind: esimtest.FaultDelay, Op: "Order", Delay: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = m.Order(ctx, esim.OrderRequest{PackageID: aPackage, Reference: "r-2"})
		require.True(t, esim.MaybeCharged(err))
		require.Len(t, m.Ledger().Charges(), 2)
	})
}

func TestMemoryScheduleIsTheSameEachTime(t *testing.T) {
	run := func() (failed []int) {
		m := memory.New()
		m.Schedule(esimtest.Schedule{Op: "Order", Rate: 0.3, Kinds: []esimtest.FaultKind{esimtest.FaultCutAfterCommit}})
		for i := range 50 {
			if _, err := m.Order(t.Context(), esim.OrderRequest{PackageID: aPackage}); err != nil {
				failed = append(failed, i)
			}
		}
		require.Len(t, m.Ledger().Charges(), 50)
		return failed
	}
	first := run()
	require.NotEmpty(t, first)
	require.Equal(t, first, run())
}

func TestMemoryCancelsOneESIM(t *testing.T) {
	m := memory.New()
	o, err := m.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Quantity: 3})
	require.NoError(t, err)
	got, err := m.Cancel(t.Context(), esim.CancelRequest{ICCID: o.ESIMs[1].ICCID})
	require.NoError(t, err)
	require.Equal(t, []esim.ICCID{o.ESIMs[1].ICCID}, got.ICCIDs)
	require.Equal(t, "7.20 USD", m.Ledger().Charges()[0].Amount.String())
	require.Equal(t, "2.40 USD", got.Refund.String())

	m.UseData(o.ESIMs[0].ICCID, 1)
	got, err = m.Cancel(t.Context(), esim.CancelRequest{Order: o.Ref()})
	require.NoError(t, err)
	require.Equal(t, 1, got.Cancelled)
	require.Equal(t, 1, got.Failed)

	got, err = m.Cancel(t.Context(), esim.CancelRequest{Order: o.Ref(), ICCID: o.ESIMs[1].ICCID})
	require.NoError(t, err)
	require.Zero(t, got.Cancelled)
	require.Nil(t, got.Refunded)
	require.Len(t, m.Ledger().Charges(), 3)

	e, err := m.GetESIM(t.Context(), o.ESIMs[1].ICCID)
	require.NoError(t, err)
	require.Equal(t, esim.ESIMCancelled, e.Status)
}

func TestMemoryTellsTheLifeOfAnESIM(t *testing.T) {
	m := memory.New()
	iccid := order(t, m, "r-1").ESIMs[0].ICCID
	status := func() esim.ESIMStatus {
		u, err := m.Usage(t.Context(), iccid)
		require.NoError(t, err)
		return u.Status
	}
	require.Equal(t, esim.ESIMNew, status())
	m.UseData(iccid, int64(esim.MiB))
	require.Equal(t, esim.ESIMActive, status())
	m.UseData(iccid, int64(2*esim.GiB))
	require.Equal(t, esim.ESIMDepleted, status())
	u, err := m.Usage(t.Context(), iccid)
	require.NoError(t, err)
	require.Equal(t, u.Total, u.Used)
	require.Zero(t, u.Remaining)

	top, err := m.ListTopUps(t.Context(), iccid)
	require.NoError(t, err)
	require.Len(t, top, 2)
	_, err = m.TopUp(t.Context(), esim.TopUpRequest{ICCID: iccid, PackageID: top[0].ID})
	require.NoError(t, err)
	require.Equal(t, esim.ESIMActive, status())
	m.Advance(30 * 24 * time.Hour)
	require.Equal(t, esim.ESIMExpired, status())

	_, err = m.TopUp(t.Context(), esim.TopUpRequest{ICCID: iccid, PackageID: "kr-1GB-7d"})
	require.ErrorIs(t, err, esim.ErrNotEligible)
	_, err = m.TopUp(t.Context(), esim.TopUpRequest{ICCID: "8999900000000009999", PackageID: aPackage})
	require.ErrorIs(t, err, esim.ErrNotFound)
}

func TestMemoryKeepsItsOwnCatalogue(t *testing.T) {
	price, err := esim.ParseMoney("3", "EUR")
	require.NoError(t, err)
	m := memory.New(
		memory.WithProvider("acme"), memory.WithBalance("10", "EUR"),
		memory.WithPackages(esim.Package{ID: "p-1", Price: price}, esim.Package{ID: "p-2"}),
	)
	require.Equal(t, esim.Provider("acme"), m.Provider())
	_, err = m.Order(t.Context(), esim.OrderRequest{PackageID: "p-2"})
	require.ErrorIs(t, err, esim.ErrPackageUnavailable)
	_, err = m.Order(t.Context(), esim.OrderRequest{PackageID: "p-1", Quantity: 4})
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
	m.SetPrice("p-1", "2.50")
	o, err := m.Order(t.Context(), esim.OrderRequest{PackageID: "p-1", Quantity: 4})
	require.NoError(t, err)
	require.Equal(t, "10.00 EUR", o.Total.String())
	require.Zero(t, m.Ledger().Balance().Sign())

	require.Panics(t, func() { m.SetPrice("p-3", "1") })
	require.Panics(t, func() { m.UseData("8999900000000009999", 1) })
}

func TestMemoryPrintsNothing(t *testing.T) {
	m := memory.New()
	order(t, m, "r-1")
	require.Len(t, m.Secrets(), 1)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		require.Equal(t, "memory.Client", fmt.Sprintf(verb, m))
	}
}
