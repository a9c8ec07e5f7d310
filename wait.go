package esim

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// WaitOptions says how [WaitOrder] waits. The zero value is a good default.
type WaitOptions struct {
	// Interval between two reads; 0 = Capabilities.PollInterval, or 5 seconds.
	Interval time.Duration
	// Timeout of the whole wait; 0 = 10 minutes.
	Timeout time.Duration
	// Quantity is how many eSIMs must have come; 0 = as many as the client says
	// were ordered, and at least one. Set it where a provider does not tell how
	// many an order has, and another process has placed it.
	Quantity int
	// TopUp says that the order is a top-up, with which no activation code comes.
	TopUp bool
	// Notify, if not nil, makes the next read happen at once for each value
	// received: send one when a webhook has reported something of the order. It
	// only saves waiting, so nothing is lost with a value that never comes. A
	// pause that the provider has asked for is kept.
	Notify <-chan struct{}
}

// WaitOrder reads the order until it is completed and its eSIMs are in hand.
// Each then has its ICCID and its activation code, or a RawActivation where the
// code cannot be read: see [ESIM.Unreadable]. It never buys. It rides over
// moments in which the provider is unavailable, throttles, or does not know the
// order yet.
//
// An order that ends as failed or cancelled is an error of kind
// [ErrIncomplete], and so is one that does not end in time; Error.Order then
// holds the last state seen. Money was spent on an order that was seen, so
// these errors have [OutcomeAccepted]; one that was never seen leaves open
// what became of it: [OutcomeUnknown]. Where the provider cannot be asked
// (Capabilities.GetOrder is false) the error matches
// [errors.ErrUnsupported]: its eSIMs arrive by webhook only.
func WaitOrder(ctx context.Context, c Client, ref OrderRef, opts WaitOptions) (*Order, error) {
	w := waiter{client: c, ref: ref, opts: opts}
	if ctx == nil {
		return nil, w.fail(ErrInvalidRequest, "nil context", nil)
	}
	if !c.Capabilities().GetOrder {
		return nil, w.fail(ErrUnsupported, "the provider cannot be asked about an order", nil)
	}
	ctx, cancel := context.WithTimeout(ctx, or(opts.Timeout, 10*time.Minute))
	defer cancel()
	for {
		done, err := w.look(ctx)
		if err != nil {
			return nil, err
		}
		if done {
			return w.last, nil
		}
		if err := w.rest(ctx); err != nil {
			return nil, w.fail(ErrIncomplete, "the order is still not complete", w.unfinished(err))
		}
	}
}

type waiter struct {
	client  Client
	ref     OrderRef
	opts    WaitOptions
	last    *Order        // as last read
	trouble error         // why the latest read failed
	hint    time.Duration // what the provider asked to wait
}

// look reads the order once and reports whether the wait is over.
func (w *waiter) look(ctx context.Context) (done bool, err error) {
	order, err := w.client.GetOrder(ctx, w.ref)
	w.hint, w.trouble = 0, err
	if err != nil && (ctx.Err() != nil || w.passing(err)) {
		return false, nil //nolint:nilerr // kept in w.trouble; the sleep that follows reports the end of ctx
	}
	if err != nil {
		return false, w.fail(ErrIncomplete, "the order cannot be read", err)
	}
	w.last = order
	switch order.Status {
	case OrderFailed, OrderCancelled:
		return false, w.fail(ErrIncomplete, "the order ended as "+order.Status.String(), nil)
	case OrderCompleted:
		want := max(or(w.opts.Quantity, order.Quantity), 1)
		if order.Delivered() < want {
			return false, w.fail(ErrIncomplete, fmt.Sprintf("%d of %d eSIMs came", order.Delivered(), want), nil)
		}
		return w.opts.TopUp || codes(order) >= want, nil // a code may follow its ICCID
	case OrderUnknown, OrderPending:
	}
	return false, nil
}

// codes counts the eSIMs that came with an activation code, readable or not.
func codes(o *Order) int {
	n := 0
	for i := range o.ESIMs {
		if e := &o.ESIMs[i]; e.ICCID != "" && (!e.Activation.IsZero() || e.Unreadable()) {
			n++
		}
	}
	return n
}

// passing reports whether the trouble may go away by itself.
func (w *waiter) passing(err error) bool {
	for _, kind := range []Kind{ErrUnavailable, ErrRateLimited, ErrNotFound, ErrMalformedResponse} {
		if errors.Is(err, kind) {
			if e, ok := errors.AsType[*Error](err); ok {
				w.hint = e.RetryAfter
			}
			return true
		}
	}
	return false
}

// rest lets the time between two reads pass, or less if there is news.
func (w *waiter) rest(ctx context.Context) error {
	interval := or(or(w.opts.Interval, w.client.Capabilities().PollInterval), 5*time.Second)
	timer := time.NewTimer(max(interval, w.hint))
	defer timer.Stop()
	notify := w.opts.Notify
	if w.hint > 0 {
		notify = nil
	}
	select {
	case <-timer.C:
		return nil
	case _, open := <-notify:
		if !open { // no more news, rather than news without end
			w.opts.Notify = nil
			return w.rest(ctx)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fail tells what is known of the order. That nothing was sent to read it
// does not mean that nothing was charged for it.
func (w *waiter) fail(kind Kind, message string, cause error) *Error {
	outcome := OutcomeUnknown
	if w.last != nil {
		outcome = OutcomeAccepted
	}
	return &Error{
		Provider: w.client.Provider(), Op: "WaitOrder", Kind: kind, Outcome: outcome,
		Message: message, Reference: w.ref.Reference, Order: w.last, Err: cause,
	}
}

func (w *waiter) unfinished(end error) error {
	if w.trouble == nil {
		return end
	}
	return unfinished{end: end, trouble: w.trouble}
}

// unfinished is why a wait ended, and why the latest read had failed.
type unfinished struct{ end, trouble error }

func (u unfinished) Error() string   { return u.end.Error() + "; last read: " + causeText(u.trouble) }
func (u unfinished) Unwrap() []error { return []error{u.end, u.trouble} }

// or returns v unless it is zero or less.
func or[T ~int | ~int64](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}
