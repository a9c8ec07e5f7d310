package adapter

import (
	"context"
	"log/slog"
	"time"

	"github.com/esimkit/esim"
)

// observe notifies the observer that a Client method begins, and returns the
// function that notifies it of the end.
func (t *API) observe(ctx context.Context, name string) (context.Context, func(error)) {
	if t.observer == nil || ctx == nil {
		return ctx, func(error) {}
	}
	return t.observer.StartOperation(ctx, esim.Operation{Provider: t.spec.Provider, Name: name})
}

func (t *API) startAttempt(ctx context.Context, c *Call, n int) (context.Context, func(r result, took time.Duration, more bool)) {
	if t.observer == nil {
		return ctx, func(result, time.Duration, bool) {}
	}
	ctx, end := t.observer.StartAttempt(ctx, esim.Attempt{
		Operation: esim.Operation{Provider: t.spec.Provider, Name: c.op},
		Number:    n, Method: c.Method, Path: c.Path, Effect: c.Safety != Read,
	})
	return ctx, func(r result, took time.Duration, more bool) {
		f := exchange{t: t, c: c}
		ar := esim.AttemptResult{
			HTTPStatus: r.status, Code: r.Code, Outcome: f.outcome(r),
			Duration: took, WillRetry: more,
		}
		if !r.accepted {
			ar.Err = f.fail(r)
		}
		end(ar)
	}
}

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
