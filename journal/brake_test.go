package journal_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
)

func TestBrakeOfCredentials(t *testing.T) {
	for _, kind := range []esim.Kind{esim.ErrUnauthorized, esim.ErrClockSkew} {
		inBubble(t, kind.Error(), func(t *testing.T) {
			s := openShop(t)
			refused := true
			s.lender.order = func(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
				if refused {
					return nil, &esim.Error{Provider: "memory", Op: "Order", Kind: kind, Outcome: esim.OutcomeNotSent}
				}
				return s.memory.Order(ctx, r)
			}
			for i := range 3 {
				_, err := s.buy(fmt.Sprintf("cart-%d", i))
				s.wantRefused(err, kind)
				assert.NotErrorIs(t, err, journal.ErrBraked)
			}
			_, err := s.buy("cart-3")
			s.wantRefused(err, journal.ErrBraked)
			_, err = s.Lookup(t.Context(), "memory", "cart-3")
			require.ErrorIs(t, err, journal.ErrNotFound, "no intent is left behind")
			assert.Len(t, s.lender.sent(), 3)

			time.Sleep(61 * time.Second) // one trial, refused, and held back again
			_, err = s.buy("cart-3")
			assert.NotErrorIs(t, err, journal.ErrBraked)
			_, err = s.buy("cart-4")
			s.wantRefused(err, journal.ErrBraked)
			assert.Len(t, s.lender.sent(), 4)

			refused = false
			s.ReleaseBrake("nobody")
			_, err = s.buy("cart-4")
			s.wantRefused(err, journal.ErrBraked)
			s.ReleaseBrake("memory")
			for i := range 5 {
				_, err = s.buy(fmt.Sprintf("after-%d", i))
				require.NoError(t, err)
			}
		})
	}
}

func TestBrakeOfTheBalance(t *testing.T) {
	s := openShop(t, selling(memory.WithBalance("3.00", "USD")))
	_, err := s.buy("cart-1")
	require.NoError(t, err)
	_, err = s.buy("cart-2")
	s.wantRefused(err, esim.ErrInsufficientBalance)
	assert.NotErrorIs(t, err, journal.ErrBraked, "the provider has said so")

	_, err = s.buy("cart-3")
	s.wantRefused(err, esim.ErrInsufficientBalance, journal.ErrBraked)
	assert.Len(t, s.lender.sent(), 2, "the balance is asked for, and nothing ordered")

	_, err = s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "unpriced"})
	s.wantRefused(err, esim.ErrInsufficientBalance)
	assert.Len(t, s.lender.sent(), 3, "without a price the provider decides")

	s.memory.SetBalance("100")
	_, err = s.buy("cart-4")
	require.NoError(t, err, "a balance that covers it lets it through")
	_, err = s.buy("cart-3")
	require.NoError(t, err)
}

func TestResumeAfterTheBalance(t *testing.T) {
	s := openShop(t)
	s.memory.Refuse("Order", esim.ErrInsufficientBalance)
	s.memory.SetBalance("1.00")
	_, err := s.buy("cart-1")
	s.wantRefused(err, esim.ErrInsufficientBalance)
	_, err = s.buy("cart-2")
	s.wantRefused(err, journal.ErrBraked)
	s.ReleaseBrake("memory")
	_, err = s.buy("cart-2")
	s.wantRefused(err, esim.ErrInsufficientBalance)
	assert.NotErrorIs(t, err, journal.ErrBraked, "the next one asks the provider again")
}

// Purchases that have come into doubt lately hold new ones back, but for one a
// minute. Those begun before go on.
func TestBrakeOfDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, unasked, configured(func(c *journal.Config) { c.MaxDoubtful = 2 }))
		for i := range 3 {
			time.Sleep(2 * time.Second) // doubts are counted once a second
			s.lose(esimtest.FaultCutAfterCommit)
			_, err := s.buy(fmt.Sprintf("cart-%d", i))
			require.True(t, esim.MaybeCharged(err))
		}
		time.Sleep(2 * time.Second)
		_, err := s.buy("trial")
		require.NoError(t, err, "one is tried")
		sent := s.memory.Requests("")
		_, err = s.buy("cart-3")
		s.wantRefused(err, journal.ErrBraked)
		id := s.enqueue("later") // may be recorded, and is looked at again before it is sent
		p, err := s.Reconcile(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, journal.Ready, p.State)
		assert.Equal(t, sent, s.memory.Requests(""))
		time.Sleep(time.Minute)
		_, err = s.buy("trial-2")
		require.NoError(t, err, "one a minute")
		_, err = s.buy("cart-3")
		s.wantRefused(err, journal.ErrBraked)

		order, err := s.buy("cart-0") // what was begun goes on
		require.NoError(t, err)
		assert.True(t, order.Replayed)
		time.Sleep(2 * time.Second)
		_, err = s.buy("cart-3")
		require.NoError(t, err, "two are no more than are allowed")
		s.pass(10 * time.Minute)
		s.wantState("later", journal.Delivered)
		for _, ref := range []string{"cart-0", "cart-1", "cart-2", "cart-3", "later", "trial"} {
			assert.Equal(t, 1, s.charges(ref))
		}
	})
}

// The stock on record does not brake for ever: what came into doubt a quarter
// of an hour ago is a matter for a person.
func TestOldDoubtDoesNotBrake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, rejecting, configured(func(c *journal.Config) { c.MaxDoubtful = 2 }))
		for i := range 5 {
			s.lose(esimtest.FaultCutAfterCommit)
			_, err := s.buy(fmt.Sprintf("cart-%d", i))
			require.True(t, esim.MaybeCharged(err))
		}
		s.pass(2 * time.Minute)
		assert.Len(t, reviews(s), 5)
		_, err := s.buy("trial")
		require.NoError(t, err)
		_, err = s.buy("next")
		s.wantRefused(err, journal.ErrBraked)
		time.Sleep(14 * time.Minute)
		for i := range 5 {
			_, err = s.buy(fmt.Sprintf("new-%d", i))
			require.NoError(t, err)
		}
	})
}

// Many at once at a healthy reseller are no trouble: a request that is under
// way is in no doubt.
func TestManyAtOnceAreNotBraked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.lender.order = func(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
			time.Sleep(300 * time.Millisecond)
			return s.memory.Order(ctx, r)
		}
		const sellers, orders = 64, 10
		var refused atomic.Int64
		var all sync.WaitGroup
		for i := range sellers {
			all.Go(func() {
				for n := range orders {
					if _, err := s.buy(fmt.Sprintf("cart-%d-%d", i, n)); err != nil {
						refused.Add(1)
					}
				}
			})
		}
		all.Wait()
		assert.Zero(t, refused.Load(), "of %d", sellers*orders)
		assert.Len(t, s.memory.Ledger().Charges(), sellers*orders)
	})
}

func TestNoBrakeOfDoubt(t *testing.T) {
	s := openShop(t, configured(func(c *journal.Config) { c.MaxDoubtful = -1 }))
	for i := range 30 {
		s.lose(esimtest.FaultCutAfterCommit)
		_, err := s.buy(fmt.Sprintf("cart-%d", i))
		require.NotErrorIs(t, err, journal.ErrBraked)
	}
}

// The one trial a minute under the brake goes to a new purchase, not to a look
// at one that is on record.
func TestTheTrialIsForNewPurchases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, rejecting, configured(func(c *journal.Config) { c.MaxDoubtful = 2 }))
		for i := range 3 {
			s.lose(esimtest.FaultCutAfterCommit)
			_, err := s.buy(fmt.Sprint("lost-", i))
			require.True(t, esim.MaybeCharged(err))
			time.Sleep(2 * time.Second)
		}
		time.Sleep(2 * time.Minute)
		_, err := s.buy("lost-1")
		require.True(t, esim.MaybeCharged(err))
		_, err = s.buy("new-1")
		require.NoError(t, err)
		_, err = s.buy("new-2")
		s.wantRefused(err, journal.ErrBraked)
	})
}
