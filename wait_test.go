package esim_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func delivered(n int) []esim.ESIM {
	all := make([]esim.ESIM, n)
	for i := range all {
		all[i].ICCID = "8948010010036785060"
		all[i].Activation = esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "K2"}
	}
	return all
}

func pending() *esim.Order {
	return &esim.Order{ID: "o1", Status: esim.OrderPending, Quantity: 1, ESIMs: []esim.ESIM{{ItemID: "i1"}}}
}

func completed() *esim.Order {
	return &esim.Order{ID: "o1", Status: esim.OrderCompleted, Quantity: 1, ESIMs: delivered(1)}
}

func trouble(kind esim.Kind, wait time.Duration) *esim.Error {
	return &esim.Error{Provider: "fake", Op: "GetOrder", Kind: kind, Outcome: esim.OutcomeRejected, RetryAfter: wait}
}

// look is what one read of the order brings.
type look struct {
	order *esim.Order
	err   error
}

// watched is a client whose order goes through the looks, the last for ever.
func watched(looks ...look) *fakeClient {
	return &fakeClient{
		caps: esim.Capabilities{GetOrder: true},
		order: func(n int, _ esim.OrderRef) (*esim.Order, error) {
			l := looks[min(n, len(looks))-1]
			return l.order, l.err
		},
	}
}

var orderRef = esim.OrderRef{ID: "o1", Reference: "cart-1"}

func TestWaitOrder(t *testing.T) {
	fiveFold := func(status esim.OrderStatus, n int) *esim.Order {
		return &esim.Order{ID: "o1", Status: status, Quantity: 5, ESIMs: delivered(n)}
	}
	for _, c := range []struct {
		name  string
		looks []look
		opts  esim.WaitOptions
		pace  time.Duration
		took  time.Duration
		reads int64
	}{
		{name: "at once", looks: []look{{order: completed()}}, took: 0, reads: 1},
		{name: "pending", looks: []look{{order: pending()}, {order: pending()}, {order: completed()}}, took: 10 * time.Second, reads: 3},
		{name: "unknown status", looks: []look{{order: &esim.Order{}}, {order: completed()}}, took: 5 * time.Second, reads: 2},
		{name: "the provider's pace", looks: []look{{order: pending()}, {order: completed()}}, pace: 30 * time.Second, took: 30 * time.Second, reads: 2},
		{name: "the caller's pace", looks: []look{{order: pending()}, {order: completed()}}, pace: 30 * time.Second, opts: esim.WaitOptions{Interval: time.Second}, took: time.Second, reads: 2},
		{name: "a pace below zero", looks: []look{{order: pending()}, {order: completed()}}, opts: esim.WaitOptions{Interval: -1, Timeout: -1, Quantity: -1}, took: 5 * time.Second, reads: 2},

		{name: "unavailable for a while", looks: []look{{err: trouble(esim.ErrUnavailable, 0)}, {order: completed()}}, took: 5 * time.Second, reads: 2},
		{name: "not known yet", looks: []look{{err: trouble(esim.ErrNotFound, 0)}, {order: pending()}, {order: completed()}}, took: 10 * time.Second, reads: 3},
		{name: "malformed for a while", looks: []look{{order: pending()}, {err: trouble(esim.ErrMalformedResponse, 0)}, {order: completed()}}, took: 10 * time.Second, reads: 3},
		{name: "throttled", looks: []look{{err: trouble(esim.ErrRateLimited, 42*time.Second)}, {order: completed()}}, took: 42 * time.Second, reads: 2},
		{name: "throttled for less than the pace", looks: []look{{err: trouble(esim.ErrRateLimited, time.Second)}, {order: completed()}}, took: 5 * time.Second, reads: 2},
		{name: "a hint holds once", looks: []look{{err: trouble(esim.ErrRateLimited, 42*time.Second)}, {order: pending()}, {order: completed()}}, took: 47 * time.Second, reads: 3},
		{name: "a kind by itself", looks: []look{{err: esim.ErrUnavailable}, {order: completed()}}, took: 5 * time.Second, reads: 2},

		{name: "five of five", looks: []look{{order: fiveFold(esim.OrderPending, 2)}, {order: fiveFold(esim.OrderCompleted, 5)}}, took: 5 * time.Second, reads: 2},
		{name: "as many as asked for", looks: []look{{order: fiveFold(esim.OrderCompleted, 3)}}, opts: esim.WaitOptions{Quantity: 3}, reads: 1},
		{name: "quantity not stated", looks: []look{{order: &esim.Order{Status: esim.OrderCompleted, ESIMs: delivered(2)}}}, reads: 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := watched(c.looks...)
			client.caps.PollInterval = c.pace
			begun := time.Now()
			got, err := esim.WaitOrder(t.Context(), client, orderRef, c.opts)
			require.NoError(t, err, c.name)
			assert.Same(t, c.looks[len(c.looks)-1].order, got, c.name)
			assert.Equal(t, c.took, time.Since(begun), c.name)
			assert.Equal(t, c.reads, client.orders.Load(), c.name)
		})
	}
}

// An eSIM without a code cannot be installed, and its code may follow; with a
// code that nobody can read there is nothing to wait for.
func TestWaitOrderWaitsForCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bare := &esim.Order{ID: "o1", Status: esim.OrderCompleted, Quantity: 1, ESIMs: []esim.ESIM{{ICCID: "8948010010036785060"}}}
		got, err := esim.WaitOrder(t.Context(), watched(look{order: bare}, look{order: completed()}), orderRef, esim.WaitOptions{})
		require.NoError(t, err)
		assert.False(t, got.ESIMs[0].Activation.IsZero())

		_, err = esim.WaitOrder(t.Context(), watched(look{order: bare}), orderRef, esim.WaitOptions{Timeout: time.Minute})
		require.ErrorIs(t, err, esim.ErrIncomplete)
		assert.Equal(t, esim.OutcomeAccepted, esim.OutcomeOf(err))

		got, err = esim.WaitOrder(t.Context(), watched(look{order: bare}), orderRef, esim.WaitOptions{TopUp: true})
		require.NoError(t, err)
		assert.Same(t, bare, got)

		odd := completed()
		odd.ESIMs[0].Activation, odd.ESIMs[0].RawActivation = esim.ActivationCode{}, esim.NewSecret("odd")
		begun := time.Now()
		got, err = esim.WaitOrder(t.Context(), watched(look{order: odd}), orderRef, esim.WaitOptions{})
		require.NoError(t, err)
		assert.True(t, got.ESIMs[0].Unreadable())
		assert.Zero(t, time.Since(begun))
	})
}

// TestWaitOrderQuantity: where the provider does not say how many were ordered,
// whoever waits does.
func TestWaitOrderQuantity(t *testing.T) {
	made := esim.Order{ID: "o1", Reference: "cart-1", Quantity: 2}
	short := &esim.Order{ID: "o1", Status: esim.OrderCompleted, ESIMs: delivered(1)}
	_, err := esim.WaitOrder(t.Context(), watched(look{order: short}), made.Ref(), esim.WaitOptions{Quantity: made.Quantity})
	require.ErrorIs(t, err, esim.ErrIncomplete)
	assert.Contains(t, err.Error(), "1 of 2 eSIMs came")
	counted := *short
	counted.Quantity = 2
	_, err = esim.WaitOrder(t.Context(), watched(look{order: &counted}), made.Ref(), esim.WaitOptions{Quantity: 1})
	require.NoError(t, err, "the option wins")
	whole := &esim.Order{ID: "o1", Status: esim.OrderCompleted, ESIMs: delivered(2)}
	_, err = esim.WaitOrder(t.Context(), watched(look{order: whole}), made.Ref(), esim.WaitOptions{Quantity: made.Quantity})
	require.NoError(t, err)
}

func TestWaitOrderFails(t *testing.T) {
	failed := &esim.Order{ID: "o1", Status: esim.OrderFailed, Quantity: 1}
	cancelled := &esim.Order{ID: "o1", Status: esim.OrderCancelled, Quantity: 1}
	short := &esim.Order{ID: "o1", Status: esim.OrderCompleted, Quantity: 5, ESIMs: delivered(3)}
	empty := &esim.Order{ID: "o1", Status: esim.OrderCompleted}
	half := pending()
	refused := trouble(esim.ErrUnauthorized, 0)
	for _, c := range []struct {
		name    string
		looks   []look
		opts    esim.WaitOptions
		took    time.Duration
		outcome esim.Outcome
		order   *esim.Order
		is      []error
		text    string
	}{
		{name: "failed", looks: []look{{order: failed}}, outcome: esim.OutcomeAccepted, order: failed, text: "ended as failed"},
		{name: "cancelled", looks: []look{{order: half}, {order: cancelled}}, took: 5 * time.Second, outcome: esim.OutcomeAccepted, order: cancelled, text: "ended as cancelled"},
		{name: "three of five", looks: []look{{order: short}}, outcome: esim.OutcomeAccepted, order: short, text: "3 of 5 eSIMs came"},
		{name: "fewer than asked for", looks: []look{{order: completed()}}, opts: esim.WaitOptions{Quantity: 2}, outcome: esim.OutcomeAccepted, order: completed(), text: "1 of 2 eSIMs came"},
		{name: "completed with nothing", looks: []look{{order: empty}}, outcome: esim.OutcomeAccepted, order: empty, text: "0 of 1 eSIMs came"},

		{name: "out of time", looks: []look{{order: half}}, took: 10 * time.Minute, outcome: esim.OutcomeAccepted, order: half, is: []error{context.DeadlineExceeded}},
		{name: "out of the caller's time", looks: []look{{order: half}}, opts: esim.WaitOptions{Timeout: 12 * time.Second}, took: 12 * time.Second, outcome: esim.OutcomeAccepted, order: half, is: []error{context.DeadlineExceeded}},
		{name: "in trouble at the end", looks: []look{{order: half}, {err: trouble(esim.ErrUnavailable, 0)}}, opts: esim.WaitOptions{Timeout: 12 * time.Second}, took: 12 * time.Second, outcome: esim.OutcomeAccepted, order: half, is: []error{context.DeadlineExceeded, esim.ErrUnavailable}, text: "last read: fake GetOrder: unavailable"},
		{name: "never read", looks: []look{{err: trouble(esim.ErrNotFound, 0)}}, opts: esim.WaitOptions{Timeout: time.Minute}, took: time.Minute, outcome: esim.OutcomeUnknown, is: []error{context.DeadlineExceeded, esim.ErrNotFound}},
		{name: "throttled beyond the end", looks: []look{{err: trouble(esim.ErrRateLimited, time.Hour)}}, opts: esim.WaitOptions{Timeout: time.Minute}, took: time.Minute, outcome: esim.OutcomeUnknown, is: []error{context.DeadlineExceeded}},

		{name: "not allowed to read", looks: []look{{err: refused}}, outcome: esim.OutcomeUnknown, is: []error{esim.ErrUnauthorized}, text: "cannot be read"},
		{name: "not allowed any more", looks: []look{{order: half}, {err: refused}}, took: 5 * time.Second, outcome: esim.OutcomeAccepted, order: half, is: []error{esim.ErrUnauthorized}},
		{name: "a foreign error", looks: []look{{err: errors.New("x")}}, outcome: esim.OutcomeUnknown, text: "x"},
		{name: "not by this name", looks: []look{{err: trouble(esim.ErrUnsupported, 0)}}, outcome: esim.OutcomeUnknown, is: []error{errors.ErrUnsupported}},
	} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			got, err := esim.WaitOrder(t.Context(), watched(c.looks...), orderRef, c.opts)
			assert.Nil(t, got, c.name)
			e, ok := errors.AsType[*esim.Error](err)
			require.True(t, ok, c.name)
			assert.Equal(t, c.took, time.Since(begun), c.name)
			require.ErrorIs(t, err, esim.ErrIncomplete, c.name)
			for _, is := range c.is {
				require.ErrorIs(t, err, is, c.name)
			}
			assert.Equal(t, c.outcome, e.Outcome, c.name)
			assert.True(t, esim.MaybeCharged(err), "%s: money was spent, or may have been", c.name)
			assert.Equal(t, c.order, e.Order, c.name)
			assert.Equal(t, "cart-1", e.Reference, c.name)
			assert.Equal(t, esim.Provider("fake"), e.Provider, c.name)
			assert.Contains(t, err.Error(), c.text, c.name)
			assert.NotContains(t, err.Error(), "\n", c.name)
			assert.NotContains(t, err.Error(), "nothing was charged", "%s: the advice of the read that failed is not about the order", c.name)
		})
	}
}

// TestWaitOrderUnsupported: that the order cannot be asked about does not mean
// that it was not paid.
func TestWaitOrderUnsupported(t *testing.T) {
	client := &fakeClient{}
	_, err := esim.WaitOrder(t.Context(), client, orderRef, esim.WaitOptions{})
	require.ErrorIs(t, err, errors.ErrUnsupported)
	assert.True(t, esim.MaybeCharged(err))
	assert.Zero(t, client.orders.Load())

	var none context.Context
	_, err = esim.WaitOrder(none, watched(look{order: completed()}), orderRef, esim.WaitOptions{})
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.True(t, esim.MaybeCharged(err))
}

func TestWaitOrderObeysItsContext(t *testing.T) {
	for _, ending := range []error{context.Canceled, context.DeadlineExceeded} {
		synctest.Test(t, func(t *testing.T) {
			client := watched(look{order: pending()})
			ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
			defer cancel()
			if errors.Is(ending, context.Canceled) {
				time.AfterFunc(7*time.Second-1, cancel)
			}
			begun := time.Now()
			_, err := esim.WaitOrder(ctx, client, orderRef, esim.WaitOptions{})
			require.ErrorIs(t, err, ending)
			assert.Equal(t, 7*time.Second, time.Since(begun).Round(time.Millisecond))
			assert.Equal(t, int64(2), client.orders.Load())
		})
	}
	// One that ends during a read.
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client := watched()
		client.order = func(int, esim.OrderRef) (*esim.Order, error) {
			cancel()
			return nil, &esim.Error{Op: "GetOrder", Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeNotSent, Err: ctx.Err()}
		}
		_, err := esim.WaitOrder(ctx, client, orderRef, esim.WaitOptions{})
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, int64(1), client.orders.Load())
	})
}

func TestOrder(t *testing.T) {
	o := esim.Order{ID: "o1", Reference: "cart-1", ESIMs: []esim.ESIM{{ICCID: "8948010010036785060"}, {ItemID: "i2"}, {ICCID: "8948010010036785061"}}}
	assert.Equal(t, orderRef, o.Ref())
	assert.Equal(t, 2, o.Delivered())
	for status, final := range map[esim.OrderStatus]bool{
		esim.OrderUnknown: false, esim.OrderPending: false, esim.OrderCompleted: true, esim.OrderFailed: true, esim.OrderCancelled: true, 99: false,
	} {
		assert.Equal(t, final, status.Final(), status)
	}
}

// News makes the next read happen at once, and nothing else.
func TestWaitOrderNotify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		notify := make(chan struct{}, 1)
		time.AfterFunc(2*time.Second, func() { notify <- struct{}{} })
		client := watched(look{order: pending()}, look{order: completed()})
		begun := time.Now()
		_, err := esim.WaitOrder(t.Context(), client, orderRef, esim.WaitOptions{Notify: notify})
		require.NoError(t, err)
		assert.Equal(t, 2*time.Second, time.Since(begun))
		assert.EqualValues(t, 2, client.orders.Load())
	})
	synctest.Test(t, func(t *testing.T) { // news that was there before
		notify := make(chan struct{}, 1)
		notify <- struct{}{}
		client := watched(look{order: pending()}, look{order: pending()}, look{order: completed()})
		begun := time.Now()
		_, err := esim.WaitOrder(t.Context(), client, orderRef, esim.WaitOptions{Notify: notify})
		require.NoError(t, err)
		assert.Equal(t, 5*time.Second, time.Since(begun))
		assert.EqualValues(t, 3, client.orders.Load())
	})
	synctest.Test(t, func(t *testing.T) { // a channel that is closed is no news without end
		notify := make(chan struct{})
		close(notify)
		client := watched(look{order: pending()}, look{order: pending()}, look{order: completed()})
		begun := time.Now()
		_, err := esim.WaitOrder(t.Context(), client, orderRef, esim.WaitOptions{Notify: notify})
		require.NoError(t, err)
		assert.Equal(t, 10*time.Second, time.Since(begun))
		assert.EqualValues(t, 3, client.orders.Load())
	})
	synctest.Test(t, func(t *testing.T) { // what the provider asks for is kept
		notify := make(chan struct{}, 1)
		notify <- struct{}{}
		client := watched(look{err: trouble(esim.ErrRateLimited, 42*time.Second)}, look{order: completed()})
		begun := time.Now()
		_, err := esim.WaitOrder(t.Context(), client, orderRef, esim.WaitOptions{Notify: notify})
		require.NoError(t, err)
		assert.Equal(t, 42*time.Second, time.Since(begun))
	})
	synctest.Test(t, func(t *testing.T) { // nor does it outlive the wait
		notify := make(chan struct{}, 1)
		client := watched(look{order: pending()})
		begun := time.Now()
		_, err := esim.WaitOrder(t.Context(), client, orderRef, esim.WaitOptions{Notify: notify, Timeout: time.Minute})
		require.ErrorIs(t, err, esim.ErrIncomplete)
		assert.Equal(t, time.Minute, time.Since(begun))
	})
}
