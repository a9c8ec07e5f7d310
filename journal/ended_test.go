package journal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/journal"
)

// A failure that is handed to OnFailed closes the reference, before the hook
// runs: whoever refunds in it is sure that nothing is bought afterwards.
func TestOnFailedClosesTheReference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		s.memory.Refuse("Order", esim.ErrPackageUnavailable)
		var during error
		s.config.OnFailed = func(ctx context.Context, p *journal.Purchase) error {
			_, during = s.client.Order(ctx, esim.OrderRequest{PackageID: small.ID, Reference: p.Reference})
			return nil
		}
		s.start()
		s.enqueue("cart-1")
		s.work()
		s.wantState("cart-1", journal.Rejected)
		s.wantRefused(during, journal.ErrReferenceEnded)
		assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(during))

		_, err := s.buy("cart-1")
		s.wantRefused(err, journal.ErrReferenceEnded)
		_, err = s.EnqueueOrder(t.Context(), nil, "memory", esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		s.wantRefused(err, journal.ErrReferenceEnded)
		assert.Len(t, s.lender.sent(), 1)
		assert.Zero(t, s.charges("cart-1"))
	})
}

// A failure is told once: by the return value if a caller was waiting. After
// that the same reference may be ordered again, four times in all.
func TestAReturnValueClosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		for range 4 {
			s.memory.Refuse("Order", esim.ErrPackageUnavailable)
			_, err := s.buy("cart-1")
			s.wantRefused(err, esim.ErrPackageUnavailable)
			s.pass(5 * time.Minute)
		}
		assert.Empty(t, s.heard())
		_, err := s.buy("cart-1")
		s.wantRefused(err, journal.ErrReferenceEnded)
		assert.Len(t, s.lender.sent(), 4, "no key is sent more often")
	})
}

// A conflict has the outcome of the sale that holds the reference.
func TestConflictTellsOfTheSaleThatHoldsTheReference(t *testing.T) {
	for state, want := range map[journal.State]esim.Outcome{
		journal.Ready: esim.OutcomeUnknown, journal.Sending: esim.OutcomeUnknown, journal.Unknown: esim.OutcomeUnknown,
		journal.Provisioning: esim.OutcomeAccepted, journal.Delivered: esim.OutcomeAccepted, journal.Refunded: esim.OutcomeAccepted,
		journal.Rejected: esim.OutcomeRejected, journal.NotExecuted: esim.OutcomeRejected, journal.Review: esim.OutcomeUnknown,
	} {
		t.Run(state.String(), func(t *testing.T) {
			s := openShop(t, rejecting)
			bring(s, state)
			sent := len(s.lender.sent())
			_, err := s.client.Order(t.Context(), esim.OrderRequest{PackageID: large.ID, Reference: "cart-1"})
			require.ErrorIs(t, err, esim.ErrReferenceConflict)
			assert.Equal(t, want, esim.OutcomeOf(err))
			failed, ok := errors.AsType[*esim.Error](err)
			require.True(t, ok)
			assert.Contains(t, failed.Message, "nothing was sent for this one")
			assert.Equal(t, state == journal.Delivered || state == journal.Provisioning, failed.Order != nil)
			assert.Len(t, s.lender.sent(), sent)
		})
	}
}

// After its time no request of a purchase is begun, first or repeated.
func TestNothingIsSentAfterItsTime(t *testing.T) {
	t.Run("enqueued, and the provider is away", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := openShop(t)
			s.memory.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
			s.enqueue("cart-1")
			s.pass(23 * time.Hour)
			s.wantState("cart-1", journal.Ready)
			s.pass(2 * time.Hour)
			s.wantState("cart-1", journal.NotExecuted)
			assert.Equal(t, []string{"failed cart-1"}, s.heard())
			s.memory.Heal()
			sent := len(s.lender.sent())
			s.pass(24 * time.Hour)
			assert.Len(t, s.lender.sent(), sent)
			assert.Zero(t, s.charges("cart-1"))
		})
	})
	t.Run("enqueued, and the provider is away for longer than a review waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := openShop(t, unasked, configured(func(c *journal.Config) { c.ReviewAfter = time.Hour }))
			s.memory.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
			s.enqueue("cart-1")
			s.pass(3 * time.Hour)
			s.wantState("cart-1", journal.Ready)
			s.memory.Heal()
			s.lose(esimtest.FaultCutAfterCommit) // and is asked again
			s.pass(2 * time.Hour)
			s.wantState("cart-1", journal.Delivered)
			assert.Equal(t, 1, s.charges("cart-1"))
		})
	})
	t.Run("a time of its own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := openShop(t)
			_, err := s.EnqueueOrder(t.Context(), nil, "memory", esim.OrderRequest{
				PackageID: small.ID, Reference: "cart-1", Until: time.Now().Add(time.Minute),
			})
			require.NoError(t, err)
			time.Sleep(2 * time.Minute)
			s.work()
			s.wantState("cart-1", journal.NotExecuted)
			assert.Empty(t, s.lender.sent())
			assert.Equal(t, []string{"failed cart-1"}, s.heard())
		})
	})
	t.Run("in doubt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := openShop(t, unasked)
			s.lose(esimtest.FaultCutBeforeCommit)
			_, err := s.buy("cart-1")
			require.True(t, esim.MaybeCharged(err))
			time.Sleep(16 * time.Minute)
			s.work()
			p := s.wantState("cart-1", journal.Review)
			assert.Contains(t, p.Review, "its time is over")
			assert.Len(t, s.lender.sent(), 1)
		})
	})
	t.Run("over already", func(t *testing.T) {
		s := openShop(t)
		_, err := s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1", Until: time.Now().Add(-time.Second)})
		s.wantRefused(err)
		assert.Empty(t, s.lender.sent())
		s.work()
		assert.Empty(t, s.heard(), "the return value has said it")
	})
}

// A caller waits for a provider that asks to wait, within the time that the
// context has; then a hook tells.
func TestACallWaitsForAThrottledProvider(t *testing.T) {
	throttled := func(t *testing.T, n int) *shop {
		s := openShop(t)
		for range n {
			s.memory.Inject(esimtest.Fault{Kind: esimtest.Fault429, Op: "Order", RetryAfter: 30 * time.Second})
		}
		return s
	}
	inBubble(t, "within its time", func(t *testing.T) {
		s := throttled(t, 2)
		began := time.Now()
		_, err := s.buy("cart-1")
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(began), time.Minute)
		assert.Len(t, s.lender.sent(), 3)
		assert.Equal(t, 1, s.charges("cart-1"))
	})
	inBubble(t, "and is gone before", func(t *testing.T) {
		s := throttled(t, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := s.client.Order(ctx, esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		require.True(t, esim.MaybeCharged(err), "it will be sent")
		assert.NotErrorIs(t, err, journal.ErrNotOnRecord)
		s.pass(2 * time.Minute)
		s.wantState("cart-1", journal.Delivered)
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
	})
	inBubble(t, "four sends outlast a limit by the hour, where nobody waits", func(t *testing.T) {
		s := openShop(t)
		limited := time.Now().Add(12 * time.Minute)
		s.lender.order = func(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
			if time.Now().Before(limited) {
				return nil, &esim.Error{Provider: "memory", Op: "Order", Kind: esim.ErrRateLimited, HTTPStatus: 429, Outcome: esim.OutcomeRejected}
			}
			return s.memory.Order(ctx, r)
		}
		s.enqueue("cart-1")
		for range 3600 {
			time.Sleep(time.Second)
			s.work()
		}
		s.wantState("cart-1", journal.Delivered)
		assert.LessOrEqual(t, len(s.lender.sent()), 4)
		assert.Equal(t, 1, s.charges("cart-1"))
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
	})
	inBubble(t, "four times, and then it has ended", func(t *testing.T) {
		s := throttled(t, 10)
		_, err := s.buy("cart-1")
		s.wantRefused(err, esim.ErrRateLimited)
		assert.Len(t, s.lender.sent(), 4)
		s.pass(10 * time.Minute)
		assert.Empty(t, s.heard(), "the return value has said it")
	})
}

// leftEarly is a store whose caller leaves while doubts are counted.
type leftEarly struct {
	journal.Store

	leave func()
}

func (s *leftEarly) Doubtful(ctx context.Context, account string, since time.Time) (int, error) {
	n, err := s.Store.Doubtful(ctx, account, since)
	s.leave()
	return n, err
}

// A caller who has left before anything was written is told that nothing was
// charged, for nothing is on record and no hook would tell.
func TestCallerWhoLeavesBeforeTheRecord(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := openShop(t, keptIn(func(store journal.Store) journal.Store { return &leftEarly{store, cancel} }))
	_, err := s.client.Order(ctx, esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
	assert.Empty(t, s.lender.sent())
	_, err = s.store.Get(t.Context(), journal.IDOf(s.client.Provider(), "cart-1"))
	require.ErrorIs(t, err, journal.ErrNotFound)
}

// While the store is down a caller can tell a purchase that is on record, of
// which a hook will tell, from one that is not.
func TestOnRecordOrNot(t *testing.T) {
	s := openShop(t, keptIn(sick))
	poisoned := s.store.(*sickStore) //nolint:forcetypeassert // made by keptIn
	s.lose(esimtest.FaultCutAfterCommit)
	_, err := s.buy("cart-1")
	require.True(t, esim.MaybeCharged(err))
	assert.NotErrorIs(t, err, journal.ErrNotOnRecord, "a hook will tell")

	down := errors.New("no route to the database")
	poisoned.writes, poisoned.reads, poisoned.clock = down, down, down
	_, err = s.buy("cart-2")
	require.True(t, esim.MaybeCharged(err))
	require.ErrorIs(t, err, journal.ErrNotOnRecord)
	assert.Len(t, s.lender.sent(), 1)

	poisoned.heal()
	_, err = s.buy("cart-2") // which asks the record first
	require.NoError(t, err)
	assert.Equal(t, 1, s.charges("cart-2"))
}

// Reviews of one cause are one call: the first is told of at once, what follows
// in its hour at the end of that hour, and an alarm never waits.
func TestReviewsOfOneCauseAreOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, rejecting, configured(func(c *journal.Config) { c.MaxDoubtful = -1 }))
		var calls [][]string
		s.config.OnReview = func(_ context.Context, list []*journal.Purchase) error {
			var names []string
			for _, p := range list {
				names = append(names, p.Reference)
			}
			calls = append(calls, names)
			return nil
		}
		s.start()
		lose := func(from, to int) {
			for i := from; i < to; i++ {
				s.lose(esimtest.FaultCutAfterCommit)
				_, err := s.buy(fmt.Sprintf("cart-%03d", i))
				require.True(t, esim.MaybeCharged(err))
			}
		}
		time.Sleep(time.Until(time.Now().Truncate(time.Hour).Add(time.Hour)))
		lose(0, 30)
		s.pass(2 * time.Minute)
		lose(30, 60)
		s.pass(2 * time.Minute)
		require.NotEmpty(t, calls)
		first := len(calls[0])
		assert.Len(t, calls, 1, "the first at once")
		assert.Len(t, reviews(s), 60)
		s.pass(time.Hour)
		require.Len(t, calls, 2, "the rest together")
		assert.Equal(t, 60, first+len(calls[1]))
	})
}

// The probe of a provider that takes a request id once: the id of the send in
// doubt, once, within seconds, where the send had no answer at all.
func TestProbe(t *testing.T) {
	once := selling(memory.WithIdempotency(esim.IdempotencyRejects), memory.WithCapabilities(func(c *esim.Capabilities) {
		c.OnceRequestID, c.GetOrder, c.LookupByReference = true, false, false
	}))
	fail := func(kind esim.Kind, change func(*esim.Error)) error {
		e := &esim.Error{Provider: "memory", Op: "Order", Kind: kind}
		change(e)
		return e
	}
	silence := fail(esim.ErrUnavailable, func(*esim.Error) {})
	for _, tc := range []struct {
		name    string
		answers []error // nil = sold
		want    journal.State
		sent    int
	}{
		{"it never arrived", []error{silence, nil}, journal.Delivered, 2},
		{"it has arrived", []error{silence, fail(esim.ErrDuplicate, func(e *esim.Error) { e.HTTPStatus = 400 })}, journal.Review, 2},
		{"a gateway's 502", []error{fail(esim.ErrUnavailable, func(e *esim.Error) { e.HTTPStatus = 502 }), nil}, journal.Delivered, 2},
		{"silence again", []error{silence, silence}, journal.Review, 2},
		{"a failure code", []error{fail(esim.ErrUnavailable, func(e *esim.Error) {
			e.HTTPStatus, e.Code, e.Repeat = 500, "ORDER_PROCESSING_ERROR", esim.RepeatBuys
		})}, journal.Review, 1},
		{"an answer that nobody knows", []error{fail(esim.ErrUnavailable, func(e *esim.Error) { e.HTTPStatus, e.Code = 500, "ODD" })}, journal.Review, 1},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			s := openShop(t, once)
			var ids []string
			var at []time.Time
			s.lender.order = func(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
				n := len(ids)
				ids, at = append(ids, evidence.SendOf(ctx).RequestID), append(at, time.Now())
				if n < len(tc.answers) && tc.answers[n] != nil {
					return nil, tc.answers[n]
				}
				return s.memory.Order(evidence.WithSend(ctx, evidence.Send{}), r)
			}
			_, err := s.buy("cart-1")
			require.True(t, esim.MaybeCharged(err))
			s.pass(time.Hour)
			s.wantState("cart-1", tc.want)
			require.Len(t, ids, tc.sent)
			if tc.sent == 2 {
				assert.Equal(t, ids[0], ids[1], "the id of the send in doubt")
				assert.LessOrEqual(t, at[1].Sub(at[0]), time.Minute+time.Second)
			}
			assert.LessOrEqual(t, s.charges("cart-1"), 1)
		})
	}
}

// GetOrder keeps the currency that Order knew.
func TestGetOrderKeepsTheCurrency(t *testing.T) {
	m := openMarket(t)
	client := m.j.Client(esimfly.Provider)
	item := m.pick(client)
	order, err := client.Order(t.Context(), esim.OrderRequest{PackageID: item.ID, Reference: "cart-1", Quote: &item})
	require.NoError(t, err)
	require.NotEmpty(t, order.Total.Currency())
	for _, ref := range []esim.OrderRef{{Reference: "cart-1"}, order.Ref()} {
		found, err := client.GetOrder(t.Context(), ref)
		require.NoError(t, err)
		assert.Equal(t, order.Total, found.Total)
	}
}

// A request that is not on record had a request id that nobody knows, so there
// is nothing to probe with.
func TestResumedIsNotProbed(t *testing.T) {
	inBubble(t, "after one that was not sent", func(t *testing.T) {
		s := openShop(t, selling(memory.WithIdempotency(esim.IdempotencyRejects), memory.WithCapabilities(func(c *esim.Capabilities) {
			c.OnceRequestID, c.GetOrder, c.LookupByReference = true, false, false
		})))
		s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) {
			return nil, &esim.Error{Provider: "memory", Op: "Order", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeNotSent}
		}
		_, err := s.buy("cart-1")
		s.wantRefused(err)
		_, err = s.Resume(t.Context(), s.memory.Provider(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1", Quote: &small})
		require.True(t, esim.MaybeCharged(err))
		s.pass(time.Hour)
		s.wantState("cart-1", journal.Review)
		assert.Len(t, s.lender.sent(), 1)
	})
}

// A provider that refuses what it knows is asked once: that it knows the
// purchase is all that it will say.
func TestKnownIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, selling(memory.WithIdempotency(esim.IdempotencyRejects), memory.WithCapabilities(func(c *esim.Capabilities) {
			c.OrderRepeat, c.GetOrder, c.LookupByReference = esim.RepeatSafe, false, false
		})))
		s.lender.order = func(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
			if len(s.lender.sent()) > 1 {
				return nil, &esim.Error{Provider: "memory", Op: "Order", Kind: esim.ErrDuplicate, HTTPStatus: 422}
			}
			return nil, &esim.Error{Provider: "memory", Op: "Order", Kind: esim.ErrUnavailable, Repeat: esim.RepeatSafe}
		}
		_, err := s.buy("cart-1")
		require.True(t, esim.MaybeCharged(err))
		s.pass(time.Hour)
		p := s.wantState("cart-1", journal.Review)
		assert.True(t, p.Arrived)
		assert.Len(t, s.lender.sent(), 2)
	})
}

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
