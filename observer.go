package esim

import (
	"context"
	"time"
)

// Observer sees a client at work: the one seam for traces, metrics and audit. Set
// the functions that you want; nil ones are skipped.
//
// A function of a start returns the context for what begins there, so that a
// tracer can nest its spans; nil stands for the one it was given. The function
// of the end is given that context, and is called once for each start. All are
// called from the goroutine of the call, so they must be quick and safe for
// concurrent use.
//
// No function is given a credential, a signature, a body or the path of a
// request. Operation.Err is the error that your code gets: what it prints holds
// no secret, but its Order may have the eSIMs in hand.
type Observer struct {
	// OperationStart and OperationEnd: a call of a [Client] method, or a login
	// ("Login"), which is an operation inside the one that needs the token.
	OperationStart func(context.Context, Operation) context.Context
	OperationEnd   func(context.Context, Operation)
	// WaitStart and WaitEnd: waiting for [Settings].Limiter, before each exchange.
	// A login waits for none.
	WaitStart func(context.Context, Wait) context.Context
	WaitEnd   func(context.Context, Wait)
	// ExchangeStart and ExchangeEnd: one HTTP request and its answer.
	ExchangeStart func(context.Context, Exchange) context.Context
	ExchangeEnd   func(context.Context, Exchange)
}

// Operation is one call of a [Client] method.
type Operation struct {
	Provider Provider
	Name     string // "Order", "ListPackages", "Login", …

	// What the call names, where it is fit to be shown.

	Reference string
	PackageID string
	ICCID     ICCID
	Quantity  int // of a purchase

	// At the end.

	Duration time.Duration
	Err      error   // what the caller gets
	Outcome  Outcome // by Err; OutcomeAccepted without one
	// Bought: this call has spent money. A purchase that an earlier call had made
	// is accepted, and not bought again.
	Bought  bool
	Charged Money // what it spent; not stated where the provider does not say
}

// Wait is the time that an exchange waits for its turn.
type Wait struct {
	Operation Operation

	// At the end.

	Duration time.Duration
	Err      error // why nothing is sent; nil = it is the exchange's turn
}

// Exchange is one HTTP request made for an operation, and its answer.
type Exchange struct {
	Operation Operation
	Number    int // 1 for the first send of a request
	Method    string
	Scheme    string
	Host      string
	Port      int
	Path      string // the template below the base URL: "/esims/{iccid}"
	Effect    bool   // the request may spend money or change something
	Sent      int    // bytes of the request's body

	// At the end.

	Protocol   string // "HTTP/1.1"; "" = no answer
	RequestID  string
	HTTPStatus int    // 0 = no answer
	Code       string // the provider's error code
	Received   int    // bytes of the answer's body, decoded
	Outcome    Outcome
	Kind       Kind  // of Err
	Err        error // nil = accepted
	Duration   time.Duration
	WillRetry  bool // another exchange follows, unless the context ends before it
}

// Observers is an observer that passes everything on to each of several: starts
// in their order, each with the context of the one before; ends in the opposite
// order.
func Observers(all ...Observer) Observer {
	var sum Observer
	for _, o := range all {
		sum.OperationStart = startBoth(sum.OperationStart, o.OperationStart)
		sum.OperationEnd = endBoth(o.OperationEnd, sum.OperationEnd)
		sum.WaitStart = startBoth(sum.WaitStart, o.WaitStart)
		sum.WaitEnd = endBoth(o.WaitEnd, sum.WaitEnd)
		sum.ExchangeStart = startBoth(sum.ExchangeStart, o.ExchangeStart)
		sum.ExchangeEnd = endBoth(o.ExchangeEnd, sum.ExchangeEnd)
	}
	return sum
}

func startBoth[T any](a, b func(context.Context, T) context.Context) func(context.Context, T) context.Context {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(ctx context.Context, what T) context.Context {
		if begun := a(ctx, what); begun != nil {
			ctx = begun
		}
		if begun := b(ctx, what); begun != nil {
			ctx = begun
		}
		return ctx
	}
}

func endBoth[T any](a, b func(context.Context, T)) func(context.Context, T) {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(ctx context.Context, what T) {
		a(ctx, what)
		b(ctx, what)
	}
}
