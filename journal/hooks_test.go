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
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
)

// A hook is called after the commit: whoever reads in it sees what it tells.
func TestHooksComeAfterTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *shop
		calls := 0
		s = openShop(t, configured(func(c *journal.Config) {
			c.OnDelivered = func(ctx context.Context, p *journal.Purchase) error {
				calls++
				kept, err := s.replica().Lookup(ctx, p.Provider, p.Reference)
				require.NoError(t, err)
				assert.Equal(t, journal.Delivered, kept.State)
				assert.Equal(t, p.Order.ESIMs[0].Activation, kept.Order.ESIMs[0].Activation)
				assert.NotEmpty(t, p.Order.ESIMs[0].Activation.LPA())
				return nil
			}
		}))
		_, err := s.buy("cart-1")
		require.NoError(t, err)
		s.enqueue("cart-2")
		s.pass(time.Minute)
		assert.Equal(t, 2, calls)
		s.pass(3 * time.Hour)
		assert.Equal(t, 2, calls, "and once, if it goes well")
	})
}

// At least once: after an error, a panic, and the death of the process.
func TestHooksAreRepeated(t *testing.T) {
	for _, tc := range []struct {
		name string
		hook func(s *shop) error
	}{
		{"after an error", func(*shop) error { return errors.New("the mail server is down") }},
		{"after a panic", func(*shop) error { panic("a bug of the shop") }},
		{"after the process died in it", func(s *shop) error {
			s.store.(*sickStore).writes = journal.ErrClosed //nolint:forcetypeassert // made by keptIn
			return nil
		}},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			var s *shop
			calls := 0
			s = openShop(t, keptIn(sick), configured(func(c *journal.Config) {
				c.OnDelivered = func(context.Context, *journal.Purchase) error {
					if calls++; calls <= 3 {
						return tc.hook(s)
					}
					return nil
				}
			}))
			_, err := s.buy("cart-1")
			require.NoError(t, err)
			for range 30 {
				s.pass(time.Minute)
				s.store.(*sickStore).heal() //nolint:forcetypeassert // made by keptIn
				s.start()
			}
			assert.Equal(t, 4, calls)
			s.wantState("cart-1", journal.Delivered)
		})
	}
}

// OnFailed is for those who were not told by a return value.
func TestOnFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.memory.Refuse("Order", esim.ErrPackageUnavailable)
		_, err := s.buy("told")
		s.wantRefused(err, esim.ErrPackageUnavailable)
		s.pass(time.Minute)
		assert.Empty(t, s.heard())

		s.enqueue("untold")
		s.memory.Refuse("Order", esim.ErrPackageUnavailable)
		s.pass(time.Minute)
		s.wantState("untold", journal.Rejected)
		assert.Equal(t, []string{"failed untold"}, s.heard())

		id := s.enqueue("taken-back")
		_, err = s.Withdraw(t.Context(), id)
		require.NoError(t, err)
		s.pass(time.Minute)
		assert.Empty(t, s.heard(), "whoever withdraws knows")
	})
}

// A caller that died before it was told: a hook tells, once the lease is over.
func TestOnFailedAfterTheCallerDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) { panic("killed") }
		assert.Panics(t, func() { _, _ = s.buy("cart-1") })
		s.wantState("cart-1", journal.Sending)
		s.lender.order = nil
		s.start()
		s.pass(time.Hour)
		s.wantState("cart-1", journal.Delivered)
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
		assert.Equal(t, 1, s.charges("cart-1"))
	})
}

func TestOnLateIsCalledOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, selling(memory.WithPending(10*time.Hour)))
		_, err := s.buy("cart-1")
		require.NoError(t, err)
		s.pass(29 * time.Minute)
		assert.Empty(t, s.heard())
		s.pass(3 * time.Minute)
		assert.Equal(t, []string{"late cart-1"}, s.heard())
		s.pass(5 * time.Hour)
		assert.Empty(t, s.heard())
		s.pass(6 * time.Hour)
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
	})
}

func TestOnLateIsRepeatedAfterAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := openShop(t, selling(memory.WithPending(10*time.Hour)), configured(func(c *journal.Config) {
			c.OnLate = func(context.Context, *journal.Purchase) error {
				if calls++; calls < 3 {
					return errors.New("not now")
				}
				return nil
			}
		}))
		_, err := s.buy("cart-1")
		require.NoError(t, err)
		s.pass(9 * time.Hour)
		assert.Equal(t, 3, calls)
	})
}

func TestOnUnmatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []*esim.Order
		failing := true
		s := openShop(t, configured(func(c *journal.Config) {
			c.OnUnmatched = func(_ context.Context, o *esim.Order) error {
				if failing {
					return errors.New("not now")
				}
				told = append(told, o)
				return nil
			}
		}))
		strange := &esim.Order{Provider: "memory", ID: "mo-999", Reference: "not-ours", ESIMs: []esim.ESIM{{ICCID: "89990000000000000017", ItemID: "i-1"}}}
		for range 3 { // webhooks come more than once
			matched, err := s.Observe(t.Context(), strange)
			require.NoError(t, err)
			assert.False(t, matched)
		}
		s.pass(14 * time.Minute)
		assert.Empty(t, told)
		s.pass(3 * time.Minute)
		failing = false
		s.pass(2 * time.Minute)
		require.Len(t, told, 1)
		assert.Equal(t, strange.ID, told[0].ID)
		assert.Equal(t, strange.Reference, told[0].Reference)
		require.Len(t, told[0].ESIMs, 1)
		assert.Equal(t, strange.ESIMs[0].ICCID, told[0].ESIMs[0].ICCID)
		s.pass(2 * time.Hour)
		assert.Len(t, told, 1, "once, if it goes well")
	})
}

// Evidence that comes before the answer which explains it finds its place.
func TestEarlyEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unmatched := 0
		s := openShop(t, rejecting, configured(func(c *journal.Config) {
			c.OnUnmatched = func(context.Context, *esim.Order) error { unmatched++; return nil }
		}))
		code := esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "M-1"}
		unit := esim.ESIM{ItemID: "topup-1", ICCID: "89990000000000000017", Activation: code}
		s.lender.order = func(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
			matched, err := s.Observe(ctx, &esim.Order{Provider: "memory", ESIMs: []esim.ESIM{unit}})
			require.NoError(t, err)
			assert.False(t, matched, "nobody knows yet whose unit it is")
			return &esim.Order{
				Provider: "memory", ID: "o-1", Reference: r.Reference, Status: esim.OrderPending,
				PackageID: r.PackageID, Quantity: 1, ESIMs: []esim.ESIM{{ItemID: "topup-1"}},
			}, nil
		}
		order, err := s.buy("cart-1")
		require.NoError(t, err)
		assert.Equal(t, esim.OrderPending, order.Status)
		s.pass(time.Minute)
		p := s.wantState("cart-1", journal.Delivered)
		require.Len(t, p.Order.ESIMs, 1)
		assert.Equal(t, code, p.Order.ESIMs[0].Activation)
		s.pass(time.Hour)
		assert.Zero(t, unmatched)
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
	})
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
