package adapter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
)

// took is how long f takes, in simulated time.
func took(f func()) time.Duration {
	begun := time.Now()
	f()
	return time.Since(begun)
}

// readers have n reads wait in the limiter for as long as the test runs.
func readers(t *testing.T, l *reserving, n int) {
	t.Helper()
	for range n {
		go l.Wait(t.Context()) //nolint:errcheck // ends with the test
	}
	synctest.Wait()
}

// TestPurchasesGoBeforeReads: a purchase waits for one interval of the pace at
// most, whatever the number of reads before it.
func TestPurchasesGoBeforeReads(t *testing.T) {
	for _, burst := range []int{1, 2, 3, 5, 20} {
		for _, n := range []int{1, 30, 1000} {
			t.Run(fmt.Sprint(burst, "/", n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newReserving(10, burst)
					readers(t, l, n)
					time.Sleep(50 * time.Millisecond)
					assert.LessOrEqual(t, took(func() { require.NoError(t, l.WaitPurchase(t.Context())) }), l.interval)
				})
			})
		}
	}
}

// TestReadsLeaveAQuarterOfTheBurst: so many purchases at once wait for nothing.
func TestReadsLeaveAQuarterOfTheBurst(t *testing.T) {
	for burst, reserved := range map[int]int{1: 0, 3: 0, 4: 1, 5: 1, 20: 5} {
		synctest.Test(t, func(t *testing.T) {
			l := newReserving(1, burst)
			readers(t, l, 100)
			assert.Equal(t, 100-(burst-reserved), l.waiting[reads].Len(), "reads let through at once")
			assert.Zero(t, took(func() {
				for range reserved {
					require.NoError(t, l.WaitPurchase(t.Context()))
				}
			}))
			assert.Positive(t, took(func() { require.NoError(t, l.WaitPurchase(t.Context())) }), "the burst is used up")
		})
	}
}

// TestPaceIsKept by both classes together, and nothing of it is lost.
func TestPaceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const burst, n = 5, 105
		l := newReserving(10, burst)
		var calls sync.WaitGroup
		time.Sleep(time.Hour) // a full bucket, and no fuller
		total := took(func() {
			for i := range n {
				wait := l.Wait
				if i%2 == 0 {
					wait = l.WaitPurchase
				}
				calls.Go(func() { assert.NoError(t, wait(t.Context())) })
			}
			calls.Wait()
		})
		// The last are reads, which leave one token.
		assert.Equal(t, (n-burst+1)*l.interval, total)
		assert.Nil(t, l.timer)
	})
}

// TestTurnsAreInOrder of arrival within a class.
func TestTurnsAreInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newReserving(10, 1)
		require.NoError(t, l.Wait(t.Context()))
		var mu sync.Mutex
		var order []string
		var calls sync.WaitGroup
		for i := range 3 {
			for name, wait := range map[string]func(context.Context) error{"read": l.Wait, "purchase": l.WaitPurchase} {
				calls.Go(func() {
					assert.NoError(t, wait(t.Context()))
					mu.Lock()
					defer mu.Unlock()
					order = append(order, fmt.Sprint(name, i))
				})
			}
			synctest.Wait()
		}
		calls.Wait()
		assert.Equal(t, []string{"purchase0", "purchase1", "purchase2", "read0", "read1", "read2"}, order)
	})
}

// TestContextEndsTheWaitAtOnce, and what it leaves is for the others.
func TestContextEndsTheWaitAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newReserving(1, 1)
		require.NoError(t, l.Wait(t.Context()))
		gone, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		for _, wait := range []func(context.Context) error{l.Wait, l.WaitPurchase} {
			calls.Go(func() {
				assert.Zero(t, took(func() { assert.ErrorIs(t, wait(gone), context.Canceled) }))
			})
		}
		synctest.Wait()
		cancel()
		calls.Wait()
		assert.Zero(t, l.waiting[reads].Len()+l.waiting[purchases].Len())
		assert.Nil(t, l.timer)
		assert.Equal(t, l.interval, took(func() { require.NoError(t, l.Wait(t.Context())) }), "nobody has taken the token")
		require.ErrorIs(t, l.Wait(gone), context.Canceled)
	})
}

// TestTokenOfOneWhoLeavesInThatMoment is given to the next.
func TestTokenOfOneWhoLeavesInThatMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newReserving(1, 1)
		require.NoError(t, l.Wait(t.Context()))
		turn, err := l.enqueue(t.Context(), purchases)
		require.NoError(t, err)
		readers(t, l, 1)
		time.Sleep(l.interval)
		synctest.Wait()
		assert.Equal(t, 1, l.waiting[reads].Len())
		l.leave(turn, purchases)
		assert.Zero(t, l.waiting[reads].Len())
	})
}

// TestHopelessWaitEndsAtOnce: a deadline before the turn is an error now, and
// the reads that wait do not count for a purchase.
func TestHopelessWaitEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newReserving(1, 1)
		readers(t, l, 31)
		soon, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		assert.Zero(t, took(func() {
			err := l.Wait(soon)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "31s")
		}))
		require.NoError(t, l.WaitPurchase(soon))
	})
}

// TestPurchasesComeFirstInTheTransport: effects, and the reads that a purchase
// waits for, each attempt anew.
func TestPurchasesComeFirstInTheTransport(t *testing.T) {
	check := func(op string) Call {
		c := read()
		c.op = op
		return c
	}
	for name, c := range map[string]struct {
		call  Call
		first bool
	}{
		"order":             {order(Once, "k"), true},
		"repeatable order":  {order(Replayed, "k"), true},
		"read of an order":  {check("Order"), true},
		"read of a top-up":  {check("TopUp"), true},
		"before-image":      {check("BeforeTopUp"), true},
		"balance":           {read(), false},
		"poll":              {check("GetOrder"), false},
		"look for a top-up": {check("TopUpEffect"), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := newTransport(t, esim.Settings{Transport: inTurn(accepts)}, func(spec *Spec) { spec.Pace, spec.Burst = rate.Every(time.Minute), 1 })
				readers(t, tr.limiter.(*reserving), 10) //nolint:forcetypeassert // the default
				wait := took(func() { require.NoError(t, tr.Do(t.Context(), c.call)) })
				assert.Equal(t, c.first, wait <= time.Minute, "waited %v", wait)
			})
		})
	}
}

// lent is a caller's limiter that lets purchases go first.
type lent struct{ plain, first int }

func (l *lent) Wait(context.Context) error { l.plain++; return nil }

func (l *lent) WaitPurchase(context.Context) error {
	if l.first++; l.first > 2 {
		return errors.New("full")
	}
	return nil
}

// TestLentLimiterMayLetPurchasesGoFirst: it is asked by the class of the call.
func TestLentLimiterMayLetPurchasesGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := new(lent), inTurn(accepts, code(429, "SLOW"))
		tr := newTransport(t, esim.Settings{Transport: s, Limiter: l})
		require.NoError(t, tr.Do(t.Context(), read()))
		assert.Equal(t, lent{plain: 1}, *l)
		err := tr.Do(t.Context(), order(Keyed, "k"))
		assertOutcome(t, esim.OutcomeNotSent, err)
		require.ErrorIs(t, err, esim.ErrRateLimited)
		assert.Equal(t, lent{plain: 1, first: 3}, *l)
		assert.Equal(t, int32(3), s.sends.Load())
	})
}
