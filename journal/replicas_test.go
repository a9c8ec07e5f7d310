package journal_test

import (
	"context"
	"errors"
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
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/journal"
)

// slow lets the next order take so long, with the answer behind it.
func (s *shop) slow(d time.Duration) {
	s.memory.Inject(esimtest.Fault{Kind: esimtest.FaultDelay, Op: "Order", Delay: d})
}

// A second process waits for the first, and tells what that has bought.
func TestSecondProcessWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := openShop(t)
		b := a.replica()
		a.slow(20 * time.Second)
		var first *esim.Order
		var both sync.WaitGroup
		both.Go(func() {
			var err error
			first, err = a.buy("cart-1")
			assert.NoError(t, err)
		})
		time.Sleep(time.Second)
		a.wantState("cart-1", journal.Sending)
		began := time.Now()
		second, err := b.buy("cart-1")
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(began), 18*time.Second)
		both.Wait()
		assert.Equal(t, first.ID, second.ID)
		assert.True(t, second.Replayed)
		assert.Equal(t, 1, a.charges("cart-1"))
		assert.Len(t, a.lender.sent(), 1)
	})
}

func TestSecondProcessDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := openShop(t)
		b := a.replica()
		b.config.BusyWait = -1
		b.start()
		a.slow(20 * time.Second)
		var all sync.WaitGroup
		all.Go(func() {
			_, err := a.buy("cart-1")
			assert.NoError(t, err)
		})
		time.Sleep(time.Second)
		_, err := b.buy("cart-1")
		require.ErrorIs(t, err, journal.ErrInHand)
		assert.True(t, esim.MaybeCharged(err))
		_, err = b.Reconcile(t.Context(), journal.IDOf("memory", "cart-1"))
		require.ErrorIs(t, err, journal.ErrInHand)
		b.work()

		ctx, cancel := context.WithTimeout(t.Context(), 2050*time.Millisecond) // between two looks
		defer cancel()
		b.config.BusyWait = 0
		b.start()
		_, err = b.client.Order(ctx, esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		require.ErrorIs(t, err, journal.ErrInHand)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, esim.MaybeCharged(err))

		b.config.BusyWait = 3 * time.Second
		b.start()
		began := time.Now()
		_, err = b.buy("cart-1")
		require.ErrorIs(t, err, journal.ErrInHand)
		assert.Less(t, time.Since(began), 4*time.Second)
		all.Wait()
		assert.Len(t, a.lender.sent(), 1)
	})
}

// Within one process the second call waits for the first, and leaves when its
// context ends.
func TestSecondCallWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.slow(20 * time.Second)
		var all sync.WaitGroup
		all.Go(func() {
			_, err := s.buy("cart-1")
			assert.NoError(t, err)
		})
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.client.Order(ctx, esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, esim.MaybeCharged(err), "the other call may be spending the money")
		again, err := s.buy("cart-1")
		require.NoError(t, err)
		assert.True(t, again.Replayed)
		all.Wait()
		assert.Len(t, s.lender.sent(), 1)
	})
}

// A worker that wakes up after its lease: what it brings still counts, and the
// other's request was told to be a repeat.
func TestWorkerThatWakesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := openShop(t, selling(memory.WithTimeout(time.Hour)))
		b := a.replica()
		frozen := make(chan struct{})
		a.lender.order = func(ctx context.Context, r esim.OrderRequest) (order *esim.Order, err error) {
			order, err = a.memory.Order(ctx, r)
			if !evidence.SendOf(ctx).Resumed {
				<-frozen
			}
			return order, err
		}
		var all sync.WaitGroup
		all.Go(func() {
			order, err := a.buy("cart-1")
			assert.NoError(t, err)
			assert.Len(t, order.ESIMs, 1)
		})
		time.Sleep(91 * time.Second)
		b.work()
		p := b.wantState("cart-1", journal.Delivered)
		require.Len(t, p.Attempts, 2)
		close(frozen)
		all.Wait()
		p = b.wantState("cart-1", journal.Delivered)
		assert.Equal(t, esim.OutcomeAccepted.String(), p.Attempts[0].Outcome)
		assert.Equal(t, 1, a.charges("cart-1"))
		sent := a.lender.sent()
		require.Len(t, sent, 2)
		assert.True(t, sent[1].Resumed)
	})
}

// A thousand callers with one reference are one order and one charge.
func TestThousandCallersOneOrder(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 5
	}
	const callers = 1000
	s := openShop(t, configured(func(c *journal.Config) { c.OnDelivered = nil }), selling(memory.WithBalance("1000000", "USD")))
	for round := range rounds {
		ref := fmt.Sprintf("cart-%d", round)
		if round%3 == 1 {
			s.lose(esimtest.FaultCutAfterCommit)
		}
		var fresh, replayed, doubtful atomic.Int32
		ids := make([]string, callers)
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range callers {
			all.Go(func() {
				<-start
				order, err := s.client.Order(s.Context(), esim.OrderRequest{PackageID: small.ID, Reference: ref})
				switch {
				case err != nil && esim.MaybeCharged(err):
					doubtful.Add(1)
					return
				case err != nil:
					t.Errorf("round %d: %v", round, err)
					return
				case order.Replayed:
					replayed.Add(1)
				default:
					fresh.Add(1)
				}
				ids[i] = order.ID
			})
		}
		close(start)
		all.Wait()
		if round%3 == 1 {
			require.EqualValues(t, 1, doubtful.Load(), "the one whose answer was lost")
			require.Zero(t, fresh.Load())
		} else {
			require.EqualValues(t, 1, fresh.Load(), "round %d", round)
			require.Zero(t, doubtful.Load())
		}
		require.EqualValues(t, callers-1, replayed.Load())
		require.Equal(t, 1, s.charges(ref), "round %d", round)
		want := s.purchase(ref).Order.ID
		for _, id := range ids {
			require.Contains(t, []string{want, ""}, id)
		}
	}
	assert.Len(t, s.memory.Ledger().Charges(), rounds)
}

// The same from several processes at once, each with a journal of its own.
func TestManyProcessesOneOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		processes := []*shop{s, s.replica(), s.replica(), s.replica()}
		for round := range 20 {
			ref := fmt.Sprintf("cart-%d", round)
			var all sync.WaitGroup
			for i := range 64 {
				all.Go(func() {
					order, err := processes[i%len(processes)].buy(ref)
					if assert.NoError(t, err) {
						assert.Len(t, order.ESIMs, 1)
					}
				})
			}
			all.Wait()
			require.Equal(t, 1, s.charges(ref))
		}
		assert.Len(t, s.lender.sent(), 20)
	})
}

// Top-ups that carry no key are one at a time for an eSIM.
func TestOneTopUpAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, selling(memory.WithCapabilities(func(c *esim.Capabilities) {
			c.TopUpIdempotency = esim.IdempotencyNone
			c.GetOrder, c.LookupByReference = false, false
		})))
		order, err := s.buy("cart-1")
		require.NoError(t, err)
		other, err := s.buy("cart-2")
		require.NoError(t, err)
		topUp := func(ref string, iccid esim.ICCID) error {
			_, failed := s.client.TopUp(t.Context(), esim.TopUpRequest{ICCID: iccid, PackageID: large.ID, Reference: ref, Quote: &large})
			return failed
		}
		iccid := order.ESIMs[0].ICCID
		require.NoError(t, topUp("top-1", iccid))
		require.NoError(t, topUp("top-2", iccid), "a settled one frees the eSIM")

		s.memory.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "TopUp"})
		require.True(t, esim.MaybeCharged(topUp("top-3", iccid)))
		sent := s.memory.Requests("TopUp")
		err = topUp("top-4", iccid)
		s.wantRefused(err, journal.ErrTaken, esim.ErrNotEligible)
		_, err = s.Lookup(t.Context(), "memory", "top-4")
		require.ErrorIs(t, err, journal.ErrNotFound)
		require.NoError(t, topUp("top-5", other.ESIMs[0].ICCID), "another eSIM is free")

		s.pass(30 * time.Hour)
		assert.Equal(t, sent+1, s.memory.Requests("TopUp"), "what is in doubt is never sent again")
		s.wantState("top-3", journal.Review)
		s.wantRefused(topUp("top-4", iccid), journal.ErrTaken)
		_, err = s.Decide(t.Context(), journal.IDOf("memory", "top-3"), journal.Decision{Verdict: journal.Delivered, By: "Nimal", Why: "the app shows 5 GB more"})
		require.NoError(t, err)
		require.NoError(t, topUp("top-4", iccid))
	})
}

// Close lets nothing begin, waits for what is under way, and gives up when its
// context ends.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.slow(20 * time.Second)
		var all sync.WaitGroup
		all.Go(func() {
			_, err := s.buy("cart-1")
			assert.NoError(t, err)
		})
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		require.ErrorIs(t, s.Close(ctx), context.DeadlineExceeded)
		began := time.Now()
		require.NoError(t, s.Close(t.Context()))
		assert.Greater(t, time.Since(began), 10*time.Second)
		s.wantState("cart-1", journal.Delivered)
		all.Wait()

		id := journal.IDOf("memory", "cart-1")
		sent := s.memory.Requests("")
		for name, call := range map[string]func() error{
			"Order":   func() error { _, err := s.buy("cart-2"); return err },
			"Step":    func() error { _, err := s.Step(t.Context(), 1); return err },
			"Run":     func() error { return s.Journal.Run(t.Context()) },
			"Decide":  func() error { _, err := s.Escalate(t.Context(), id, "x"); return err },
			"Observe": func() error { _, err := s.Observe(t.Context(), whole("cart-1")); return err },
			"Reconcile": func() error {
				_, err := s.Reconcile(t.Context(), id)
				return err
			},
		} {
			assert.ErrorIs(t, call(), journal.ErrClosed, name)
		}
		assert.Equal(t, sent, s.memory.Requests(""))
		require.NoError(t, s.Close(t.Context()), "again is no harm")
		_, err := s.Lookup(t.Context(), "memory", "cart-1")
		require.NoError(t, err, "reading goes on")
	})
}

// A caller who leaves does not keep the end of his request from being recorded.
func TestCallerWhoLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		ctx, cancel := context.WithCancel(t.Context())
		s.lender.order = func(_ context.Context, r esim.OrderRequest) (*esim.Order, error) {
			order, err := s.memory.Order(t.Context(), r) //nolint:contextcheck // the answer comes as the caller leaves
			cancel()
			return order, err
		}
		_, err := s.client.Order(ctx, esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		assert.True(t, err == nil || errors.Is(err, context.Canceled))
		s.wantState("cart-1", journal.Delivered)
	})
}
