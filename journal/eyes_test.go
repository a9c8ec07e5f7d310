package journal_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/journal"
)

// A person's word ends a reference, whatever was in doubt.
func TestADecisionEndsTheReference(t *testing.T) {
	s := openShop(t)
	s.lender.order = func(_ context.Context, r esim.OrderRequest) (*esim.Order, error) {
		return &esim.Order{Provider: "memory", ID: "o-1", Reference: r.Reference, Status: esim.OrderFailed, PackageID: r.PackageID, Quantity: 1}, nil
	}
	_, err := s.buy("cart-1")
	require.Error(t, err)
	s.lender.order = nil
	p := s.wantState("cart-1", journal.Review)
	require.Zero(t, p.Doubt)
	decide(s, journal.NotExecuted)
	_, err = s.buy("cart-1")
	s.wantRefused(err, journal.ErrDecided)
	assert.Len(t, s.lender.sent(), 1)
	assert.Zero(t, s.charges("cart-1"))
}

// A hook that takes its time is one call, however many workers there are.
func TestASlowHookIsOneCall(t *testing.T) {
	for _, what := range []string{"delivered", "failed", "review"} {
		inBubble(t, what, func(t *testing.T) {
			var calls atomic.Int64
			slow := func(context.Context, *journal.Purchase) error { calls.Add(1); time.Sleep(20 * time.Second); return nil }
			s := openShop(t, rejecting, configured(func(c *journal.Config) {
				c.OnDelivered, c.OnFailed = slow, slow
				c.OnReview = func(ctx context.Context, l []*journal.Purchase) error { return slow(ctx, l[0]) }
			}))
			switch what {
			case "failed":
				s.memory.Refuse("Order", esim.ErrPackageUnavailable)
			case "review":
				s.lose(esimtest.FaultCutAfterCommit)
			}
			s.enqueue("cart-1")
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{}, 2)
			for range 2 {
				other := s.replica()
				go func() { _ = other.Journal.Run(ctx); done <- struct{}{} }()
			}
			time.Sleep(time.Hour)
			cancel()
			<-done
			<-done
			assert.EqualValues(t, 1, calls.Load())
		})
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

// While the store is down, "on record" is said of nothing that no hook will
// tell of.
func TestARefusedPurchaseIsNotPromisedAHook(t *testing.T) {
	down := errors.New("no route to the database")
	for _, tc := range []struct {
		name  string
		falls func(s *sickStore)
	}{
		{"the clock", func(s *sickStore) { s.clock = down }},
		{"writes", func(s *sickStore) { s.writes = down }},
		{"reads", func(s *sickStore) { s.reads = down }},
		{"all", func(s *sickStore) { s.clock, s.writes, s.reads = down, down, down }},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			s := openShop(t, keptIn(sick))
			s.memory.Refuse("Order", esim.ErrPackageUnavailable)
			_, err := s.buy("cart-1")
			s.wantRefused(err)
			tc.falls(s.store.(*sickStore)) //nolint:forcetypeassert // made by keptIn
			_, err = s.buy("cart-1")
			s.store.(*sickStore).heal() //nolint:forcetypeassert // made by keptIn
			if esim.MaybeCharged(err) && !errors.Is(err, journal.ErrNotOnRecord) {
				s.pass(2 * time.Hour)
				assert.NotEmpty(t, s.heard(), "a hook was promised: %v", err)
			}
		})
	}
}

// Each review of a cause is a few writes, however many wait for the end of the
// hour.
func TestReviewsThatWaitCostNothing(t *testing.T) {
	writes := func(n int) int64 {
		var saves atomic.Int64
		synctest.Test(t, func(t *testing.T) {
			s := openShop(t, rejecting, keptIn(func(st journal.Store) journal.Store { return &countedSaves{Store: st, saves: &saves} }),
				configured(func(c *journal.Config) { c.MaxDoubtful = -1 }))
			for i := range n {
				s.lose(esimtest.FaultCutAfterCommit)
				_, err := s.buy(fmt.Sprintf("cart-%03d", i))
				require.True(t, esim.MaybeCharged(err))
				time.Sleep(10 * time.Second)
				s.work()
			}
			s.pass(2 * time.Hour)
			assert.Len(t, s.heard(), n)
		})
		return saves.Load()
	}
	few, many := writes(30), writes(120)
	t.Log(few, many)
	assert.Less(t, many, 6*few)
}

type countedSaves struct {
	journal.Store
	saves *atomic.Int64
}

func (c *countedSaves) Save(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	c.saves.Add(1)
	return c.Store.Save(ctx, e)
}
