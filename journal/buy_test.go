package journal_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/journal"
)

func TestOrderIsBoughtOnce(t *testing.T) {
	s := openShop(t)
	order, err := s.buy("cart-1")
	require.NoError(t, err)
	assert.Equal(t, esim.OrderCompleted, order.Status)
	assert.Equal(t, "cart-1", order.Reference)
	assert.False(t, order.Replayed)
	require.Len(t, order.ESIMs, 1)
	require.NotEmpty(t, order.ESIMs[0].Activation.LPA())

	again, err := s.buy("cart-1")
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, order.ID, again.ID)
	assert.Equal(t, order.ESIMs[0].Activation, again.ESIMs[0].Activation, "the code survives in the journal")
	assert.Equal(t, 1, s.charges("cart-1"))
	assert.Len(t, s.lender.sent(), 1, "the second answer comes from the record")

	p := s.wantState("cart-1", journal.Delivered)
	assert.Equal(t, journal.OrderKind, p.Kind)
	assert.Equal(t, usd("2.50"), p.Cost)
	assert.Zero(t, p.Doubt)
	require.Len(t, p.Attempts, 1)
	assert.Equal(t, esim.OutcomeAccepted.String(), p.Attempts[0].Outcome)
	assert.Empty(t, s.heard(), "hooks are not called by a call that buys")
	s.work()
	assert.Equal(t, []string{"delivered cart-1"}, s.heard())
}

func TestTopUpIsBoughtOnce(t *testing.T) {
	s := openShop(t)
	order, err := s.buy("cart-1")
	require.NoError(t, err)
	req := esim.TopUpRequest{ICCID: order.ESIMs[0].ICCID, PackageID: large.ID, Reference: "more-1"}
	for i := range 3 {
		topUp, err := s.client.TopUp(t.Context(), req)
		require.NoError(t, err)
		assert.Equal(t, i > 0, topUp.Replayed)
	}
	assert.Equal(t, 1, s.charges("more-1"))
	p := s.wantState("more-1", journal.Delivered)
	assert.Equal(t, journal.TopUpKind, p.Kind)
	assert.Equal(t, order.ESIMs[0].ICCID, p.ICCID)
	assert.Equal(t, usd("7.00"), p.Cost)
}

func TestQuantity(t *testing.T) {
	s := openShop(t)
	order, err := s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Quantity: 3, Reference: "cart-1", Quote: &small})
	require.NoError(t, err)
	assert.Len(t, order.ESIMs, 3)
	p := s.wantState("cart-1", journal.Delivered)
	assert.Equal(t, 3, p.Quantity)
	assert.Equal(t, usd("7.50"), p.Cost)
	assert.Len(t, p.Order.ESIMs, 3)
}

// An answer that is lost after the charge: the journal asks, and nothing is
// charged again.
func TestLostAnswer(t *testing.T) {
	for _, tc := range []struct {
		name string
		opts []shopOption
		want journal.State
	}{
		{"a provider that replays", nil, journal.Delivered},
		{"a provider that can be asked", []shopOption{selling(memory.WithIdempotency(esim.IdempotencyRejects))}, journal.Delivered},
		{"a provider that only refuses", []shopOption{rejecting}, journal.Review},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			s := openShop(t, tc.opts...)
			s.lose(esimtest.FaultCutAfterCommit)
			_, err := s.buy("cart-1")
			require.Error(t, err)
			assert.True(t, esim.MaybeCharged(err))
			s.wantState("cart-1", journal.Unknown)
			s.pass(80 * time.Hour)
			p := s.wantState("cart-1", tc.want)
			assert.Equal(t, 1, s.charges("cart-1"))
			if tc.want == journal.Delivered {
				require.Len(t, p.Order.ESIMs, 1)
				assert.Equal(t, []string{"delivered cart-1"}, s.heard())
				return
			}
			assert.Len(t, s.lender.sent(), 1, "nobody knows what a repeat would do")
			assert.Equal(t, []string{"review cart-1"}, s.heard())
			assert.Equal(t, []string{"cart-1"}, reviews(s))
		})
	}
}

// A request that was lost before it was carried out is sent again where the
// provider can tell, and never where it cannot.
func TestLostRequest(t *testing.T) {
	for _, tc := range []struct {
		name string
		opts []shopOption
		want journal.State
		sent int
	}{
		{"a provider that replays", nil, journal.Delivered, 2},
		{"a provider that refuses the second", []shopOption{rejecting}, journal.Review, 1},
		{"a provider without a key", []shopOption{selling(
			memory.WithIdempotency(esim.IdempotencyNone),
			memory.WithCapabilities(func(c *esim.Capabilities) { c.GetOrder, c.LookupByReference = false, false }),
		)}, journal.Review, 1},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			s := openShop(t, tc.opts...)
			s.lose(esimtest.FaultCutBeforeCommit)
			_, err := s.buy("cart-1")
			require.True(t, esim.MaybeCharged(err))
			s.pass(80 * time.Hour)
			s.wantState("cart-1", tc.want)
			assert.Len(t, s.lender.sent(), tc.sent)
			assert.LessOrEqual(t, s.charges("cart-1"), 1)
			for i, r := range s.lender.sent() {
				assert.Equal(t, "cart-1", r.Reference, "one key for life")
				assert.Equal(t, i > 0, r.Resumed)
			}
		})
	}
}

// The shop repeats a call whose answer was lost, before the journal has looked.
func TestRepeatAfterLostAnswer(t *testing.T) {
	s := openShop(t)
	s.lose(esimtest.FaultCutAfterCommit)
	_, err := s.buy("cart-1")
	require.True(t, esim.MaybeCharged(err))
	order, err := s.buy("cart-1")
	require.NoError(t, err)
	assert.Len(t, order.ESIMs, 1)
	assert.Equal(t, 1, s.charges("cart-1"))
}

func TestPendingOrderIsFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, selling(memory.WithPending(10*time.Minute)))
		order, err := s.buy("cart-1")
		require.NoError(t, err)
		assert.Equal(t, esim.OrderPending, order.Status)
		s.wantState("cart-1", journal.Provisioning)
		again, err := s.buy("cart-1")
		require.NoError(t, err)
		assert.Equal(t, esim.OrderPending, again.Status)
		assert.Empty(t, s.heard())
		s.pass(time.Hour)
		p := s.wantState("cart-1", journal.Delivered)
		require.Len(t, p.Order.ESIMs, 1)
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
		assert.Equal(t, 1, s.charges("cart-1"))
	})
}

// What was refused may be ordered again under its reference.
func TestRefusedOrderCanBeRepeated(t *testing.T) {
	s := openShop(t)
	for _, kind := range []esim.Kind{esim.ErrPackageUnavailable, esim.ErrInsufficientBalance} {
		s.memory.Refuse("Order", kind)
		_, err := s.buy("cart-1")
		s.wantRefused(err, kind)
		s.wantState("cart-1", journal.Rejected)
	}
	order, err := s.buy("cart-1")
	require.NoError(t, err)
	assert.False(t, order.Replayed)
	assert.Len(t, s.wantState("cart-1", journal.Delivered).Attempts, 3)
	assert.Equal(t, 1, s.charges("cart-1"))
	s.work()
	assert.Equal(t, []string{"delivered cart-1"}, s.heard(), "the refusals were told by the errors")
}

// An order that never left the process is over: it is not sent later behind
// the back of a shop that has told its customer.
func TestUnsentOrderStaysUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.memory.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
		_, err := s.buy("cart-1")
		s.wantRefused(err, esim.ErrUnavailable)
		s.wantState("cart-1", journal.NotExecuted)
		s.memory.Heal()
		s.pass(2 * time.Hour)
		s.wantState("cart-1", journal.NotExecuted)
		assert.Zero(t, s.charges("cart-1"))
		_, err = s.buy("cart-1")
		require.NoError(t, err, "and can be ordered again")
	})
}

// The price that the provider asks now is its business; the reference stays.
func TestRepeatWithAFreshQuote(t *testing.T) {
	s := openShop(t)
	s.memory.SetPrice(small.ID, "2.75")
	_, err := s.buy("cart-1")
	s.wantRefused(err, esim.ErrPriceChanged)
	dearer := small
	dearer.Price = usd("2.75")
	_, err = s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1", Quote: &dearer})
	require.NoError(t, err)
	assert.Equal(t, usd("2.75"), s.purchase("cart-1").Cost)
}

func TestGetOrder(t *testing.T) {
	for _, tc := range []struct {
		name string
		opts []shopOption
	}{{"where the provider can be asked", nil}, {"where it cannot", []shopOption{rejecting}}} {
		t.Run(tc.name, func(t *testing.T) {
			s := openShop(t, tc.opts...)
			caps := s.client.Capabilities()
			assert.True(t, caps.GetOrder && caps.LookupByReference)
			_, err := s.client.GetOrder(t.Context(), esim.OrderRef{Reference: "cart-1"})
			assert.ErrorIs(t, err, esim.ErrNotFound)
			assert.False(t, esim.MaybeCharged(err))

			order, err := s.buy("cart-1")
			require.NoError(t, err)
			for _, ref := range []esim.OrderRef{{Reference: "cart-1"}, {ID: order.ID}, order.Ref()} {
				got, failed := s.client.GetOrder(t.Context(), ref)
				require.NoError(t, failed)
				assert.Equal(t, order.ID, got.ID)
				require.Len(t, got.ESIMs, 1)
				assert.Equal(t, order.ESIMs[0].Activation, got.ESIMs[0].Activation)
			}
			_, err = s.client.GetOrder(t.Context(), esim.OrderRef{})
			assert.ErrorIs(t, err, esim.ErrInvalidRequest)
			_, err = s.client.GetOrder(nil, order.Ref()) //nolint:staticcheck // what a caller may do by mistake
			assert.ErrorIs(t, err, esim.ErrInvalidRequest)
		})
	}
}

// GetOrder of a purchase in doubt says that it is in doubt.
func TestGetOrderInDoubt(t *testing.T) {
	s := openShop(t, rejecting)
	s.lose(esimtest.FaultCutAfterCommit)
	_, err := s.buy("cart-1")
	require.True(t, esim.MaybeCharged(err))
	_, err = s.client.GetOrder(t.Context(), esim.OrderRef{Reference: "cart-1"})
	require.Error(t, err)
	failed, ok := errors.AsType[*esim.Error](err)
	require.True(t, ok)
	assert.Equal(t, "GetOrder", failed.Op)
	assert.Equal(t, esim.OutcomeUnknown, failed.Outcome)
}

// reviews are the references of what a person must look at.
func reviews(s *shop) []string {
	s.Helper()
	var all []string
	for p, err := range s.Reviews(s.Context()) {
		require.NoError(s, err)
		all = append(all, p.Reference)
	}
	return all
}

// A reference that may have been sent before the journal knew it, as after a
// backup was restored.
func TestResumedReference(t *testing.T) {
	for _, tc := range []struct {
		name    string
		opts    []shopOption
		resumed bool
		want    journal.State
		arrived bool
	}{
		{"at a provider that replays", nil, true, journal.Delivered, false},
		{"at one that refuses", []shopOption{rejecting}, true, journal.Review, false},
		{"not told of, at one that refuses", []shopOption{rejecting}, false, journal.Review, false},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			s := openShop(t, tc.opts...)
			_, err := s.memory.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
			require.NoError(t, err)
			_, err = s.client.Order(evidence.WithSend(t.Context(), evidence.Send{Resumed: tc.resumed}), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
			assert.True(t, tc.want == journal.Delivered && err == nil || esim.MaybeCharged(err))
			p := s.wantState("cart-1", tc.want)
			assert.Equal(t, tc.arrived, p.Arrived)
			assert.Equal(t, 1, s.charges("cart-1"))
			_, err = s.Observe(t.Context(), whole("cart-1"))
			if tc.want == journal.Unknown || tc.want == journal.Review {
				require.NoError(t, err)
				s.wantState("cart-1", journal.Delivered)
			}
		})
	}
}
