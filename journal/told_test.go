package journal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/journal"
)

// dying confirms a number of Saves, and then its process is dead.
type dying struct {
	journal.Store

	saves int
}

var errDead = fmt.Errorf("%w: the process is dead", journal.ErrClosed)

func (d *dying) Save(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	if d.saves--; d.saves < 0 {
		return e, errDead
	}
	return d.Store.Save(ctx, e)
}

// A caller who is told by the error needs no hook; one who has died was told
// nothing, so the hook is.
func TestRefusedAndDead(t *testing.T) {
	for _, tc := range []struct {
		name  string
		saves int
		want  []string
	}{
		{"the caller lives", 2, nil},
		{"the process dies before the caller is told", 1, []string{"failed cart-1"}},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			var durable journal.Store
			s := openShop(t, keptIn(func(kept journal.Store) journal.Store {
				durable = kept
				return &dying{kept, tc.saves}
			}))
			s.memory.Refuse("Order", esim.ErrPackageUnavailable)
			_, err := s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
			assert.Equal(t, esim.OutcomeRejected, esim.OutcomeOf(err))

			s.store = durable
			s.start()
			time.Sleep(10 * time.Minute)
			_, err = s.Step(t.Context(), 10)
			require.NoError(t, err)
			assert.Equal(t, tc.want, s.told)
			s.wantState("cart-1", journal.Rejected)
		})
	}
}

// Resumed says that the record may be behind: what is on it as not charged is
// then in doubt.
func TestResumedIsBelievedMoreThanTheRecord(t *testing.T) {
	inBubble(t, "rejected", func(t *testing.T) {
		s := openShop(t, rejecting)
		s.memory.Refuse("Order", esim.ErrPackageUnavailable)
		_, err := s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		require.Equal(t, esim.OutcomeRejected, esim.OutcomeOf(err))
		_, err = s.memory.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"}) // after the backup
		require.NoError(t, err)

		_, err = s.Resume(t.Context(), s.memory.Provider(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
		s.wantState("cart-1", journal.Review)
		assert.Equal(t, 1, s.charges("cart-1"))
	})
	inBubble(t, "ready", func(t *testing.T) {
		s := openShop(t, rejecting)
		_, err := s.EnqueueOrder(t.Context(), nil, s.memory.Provider(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		require.NoError(t, err)
		_, err = s.memory.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		require.NoError(t, err)

		_, err = s.Resume(t.Context(), s.memory.Provider(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		assert.True(t, esim.MaybeCharged(err))
		s.wantState("cart-1", journal.Review)
		assert.Equal(t, 1, s.charges("cart-1"))
	})
}

func TestPurchasePrintsNoSecret(t *testing.T) {
	s := openShop(t)
	_, err := s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
	require.NoError(t, err)
	p, err := s.Lookup(t.Context(), s.memory.Provider(), "cart-1")
	require.NoError(t, err)
	require.NotEmpty(t, p.Order.ESIMs[0].Activation.MatchingID)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t"} {
		for _, value := range []any{p, *p} {
			assert.NotContains(t, fmt.Sprintf(verb, value), p.Order.ESIMs[0].Activation.MatchingID, verb)
		}
	}
}

// A reseller that delivers by webhook never calls an order completed. The
// purchase does.
func TestDeliveredByWebhookIsCompleted(t *testing.T) {
	s := openShop(t, rejecting)
	_, err := s.memory.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
	require.NoError(t, err)
	_, err = s.Resume(t.Context(), s.memory.Provider(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
	require.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
	told := whole("cart-1")
	told.Status = esim.OrderPending
	_, err = s.Observe(t.Context(), told)
	require.NoError(t, err)
	p := s.wantState("cart-1", journal.Delivered)
	assert.Equal(t, esim.OrderCompleted, p.Order.Status)
}

// What has ended is not put on record again in silence.
func TestEnqueueOfWhatHasEnded(t *testing.T) {
	s := openShop(t)
	s.memory.Refuse("Order", esim.ErrPackageUnavailable)
	_, err := s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
	require.Equal(t, esim.OutcomeRejected, esim.OutcomeOf(err))
	_, err = s.EnqueueOrder(t.Context(), nil, s.memory.Provider(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
	assert.ErrorIs(t, err, journal.ErrState)
	assert.False(t, esim.MaybeCharged(err))
	s.wantState("cart-1", journal.Rejected)
}

// A resumed call says that something may have been sent which is not on record. What
// holds such a call back proves nothing about that.
func TestResumedAndHeldBackIsInDoubt(t *testing.T) {
	deaf := selling(memory.WithCapabilities(func(c *esim.Capabilities) { c.Fulfilment = esim.FulfilmentWebhook }))
	for _, resumed := range []bool{false, true} {
		want := map[bool]esim.Outcome{false: esim.OutcomeNotSent, true: esim.OutcomeUnknown}[resumed]
		request, ctx := esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"}, evidence.WithSend(t.Context(), evidence.Send{Resumed: resumed})

		s := openShop(t, deaf)
		_, err := s.client.Order(ctx, request)
		assert.ErrorIs(t, err, journal.ErrNoReceiver)
		assert.Equal(t, want, esim.OutcomeOf(err), "never on record")
		_, err = s.EnqueueOrder(ctx, nil, s.memory.Provider(), request)
		assert.Equal(t, want, esim.OutcomeOf(err), "to be enqueued")

		s = openShop(t)
		s.memory.Refuse("Order", esim.ErrPackageUnavailable)
		_, err = s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		require.Equal(t, esim.OutcomeRejected, esim.OutcomeOf(err))
		s.lender.account = esim.Account{Fingerprint: "another"}
		s.start()
		_, err = s.client.Order(ctx, request)
		assert.ErrorIs(t, err, journal.ErrAccountChanged)
		assert.Equal(t, want, esim.OutcomeOf(err), "on record as rejected")
		require.NoError(t, s.Close(t.Context()))
		_, err = s.client.Order(ctx, request)
		assert.ErrorIs(t, err, journal.ErrClosed)
		assert.Equal(t, want, esim.OutcomeOf(err), "closed")
		assert.Empty(t, s.memory.Ledger().Charges())
	}
}

// A caller who is told that an earlier call's purchase has ended is told in
// place of the hook.
func TestWhoComesAfterADeathIsToldOnce(t *testing.T) {
	inBubble(t, "by a call", func(t *testing.T) {
		var d *dying
		s := openShop(t, keptIn(func(store journal.Store) journal.Store {
			d = &dying{Store: store, saves: 1}
			return d
		}))
		s.memory.SetBalance("0")
		order := func() error {
			_, err := s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1", Quote: &small})
			return err
		}
		s.wantRefused(order(), esim.ErrInsufficientBalance) // that it was told is not written down
		d.saves = 100
		s.wantRefused(order(), journal.ErrBraked)
		assert.Len(t, s.lender.sent(), 1)
		s.pass(10 * time.Minute)
		assert.Empty(t, s.heard(), "the return value has said it")
	})
}
