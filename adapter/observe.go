package adapter

import (
	"context"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"github.com/esimkit/esim"
)

// watched notifies an observer of the start of something, and returns the
// function that notifies it of the end.
func watched[T any](ctx context.Context, start func(context.Context, T) context.Context, end func(context.Context, T), what T) (context.Context, func(T)) {
	if start != nil {
		if begun := start(ctx, what); begun != nil {
			ctx = begun
		}
	}
	if end == nil {
		return ctx, func(T) {}
	}
	return ctx, func(what T) { end(ctx, what) }
}

// observe shows an operation to the observer.
func (t *API) observe(ctx context.Context, op operation) (context.Context, func(error)) {
	if ctx == nil {
		return nil, func(error) {}
	}
	begun := time.Now()
	ctx, ended := watched(ctx, t.observer.OperationStart, t.observer.OperationEnd, op.Operation)
	return ctx, func(err error) {
		seen := op.Operation
		seen.Duration, seen.Err, seen.Outcome = time.Since(begun), err, outcomeOf(err)
		if op.purchase != nil {
			seen.Bought, seen.Charged = op.purchase.bought, op.purchase.charged
		}
		ended(seen)
	}
}

// seen is the operation of a call, as observers see it.
func (t *API) seen(ctx context.Context, c *Call) esim.Operation {
	op := operationOf(ctx).Operation
	op.Provider, op.Name, op.Reference = t.spec.Provider, c.op, c.reference
	return op
}

// turn waits until the call may be sent, and shows that to the observer.
func (t *API) turn(ctx context.Context, c *Call) error {
	if t.limiter == nil {
		return nil
	}
	begun, w := time.Now(), esim.Wait{Operation: t.seen(ctx, c)}
	ctx, ended := watched(ctx, t.observer.WaitStart, t.observer.WaitEnd, w)
	err := t.pace(ctx, c)
	if w.Duration = time.Since(begun); err != nil {
		w.Err = t.cause(err)
	}
	ended(w)
	return err
}

// startExchange shows the n-th exchange of a call to the observer.
func (t *API) startExchange(ctx context.Context, c *Call, n int) (context.Context, func(r result, took time.Duration, more bool)) {
	x := t.target
	x.Operation, x.Number, x.Method, x.Path = t.seen(ctx, c), n, c.Method, c.Path
	x.Effect, x.Sent = c.Safety != Read, len(c.Body)
	ctx, ended := watched(ctx, t.observer.ExchangeStart, t.observer.ExchangeEnd, x)
	return ctx, func(r result, took time.Duration, more bool) {
		f := exchange{t: t, c: c}
		x.Protocol, x.RequestID, x.HTTPStatus, x.Code, x.Received = r.protocol, r.requestID, r.status, r.Code, r.received
		x.Outcome, x.Duration, x.WillRetry = f.outcome(r), took, more
		if !r.accepted {
			x.Kind, x.Err = r.Kind, f.fail(r)
		}
		ended(x)
	}
}

// target is what each exchange with base has in common.
func target(base *url.URL) esim.Exchange {
	port, err := strconv.Atoi(base.Port())
	if err != nil {
		port = standardPorts[base.Scheme]
	}
	return esim.Exchange{Scheme: base.Scheme, Host: base.Hostname(), Port: port}
}

var standardPorts = map[string]int{"http": 80, "https": 443}

// level of the record of an attempt: a purchase that worked is worth a line,
// and one of unknown outcome worth waking somebody.
func (f *exchange) level(r result) slog.Level {
	switch {
	case r.outcome == esim.OutcomeAccepted && r.odd.Any():
		return slog.LevelWarn
	case r.outcome == esim.OutcomeAccepted && f.c.Safety == Read:
		return slog.LevelDebug
	case r.outcome == esim.OutcomeAccepted:
		return slog.LevelInfo
	case r.outcome == esim.OutcomeUnknown && f.c.Safety != Read:
		return slog.LevelError
	}
	return slog.LevelWarn
}

func (f *exchange) log(ctx context.Context, n int, r result, took time.Duration) {
	t, c, level := f.t, f.c, f.level(r)
	alone := exchange{t: t, c: c} // this attempt, without what is known of earlier ones
	if !t.logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("provider", string(t.spec.Provider)),
		slog.String("op", c.op),
		slog.String("method", c.Method),
		slog.String("path", c.Path),
		slog.Int("attempt", n),
		slog.String("outcome", alone.outcome(r).String()),
		slog.Duration("took", took),
	}
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	if r.status != 0 {
		attrs = append(attrs, slog.Int("http_status", r.status))
	}
	text("code", r.Code)
	text("message", r.Message)
	text("request_id", r.requestID)
	text("reference", c.reference)
	if r.cause != nil {
		text("cause", t.clean(r.cause.Error()))
	}
	if r.odd.Any() {
		attrs = append(attrs, slog.Int("odd_cells", r.odd.Cells), slog.Int("odd_rows", r.odd.Rows), slog.String("first_odd", r.odd.First))
	}
	t.logger.LogAttrs(ctx, level, "esim request", attrs...)
}
