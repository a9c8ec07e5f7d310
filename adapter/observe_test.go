package adapter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// watcher writes down what an observer sees, in order.
type watcher struct {
	mu       sync.Mutex
	log      []string
	ends     []esim.Operation
	waits    []esim.Wait
	attempts []esim.Exchange // as they start
	results  []esim.Exchange // as they end
	contexts []context.Context
}

type watchKey struct{}

func (w *watcher) add(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, line)
}

func (w *watcher) observer() esim.Observer {
	return esim.Observer{
		OperationStart: func(ctx context.Context, op esim.Operation) context.Context {
			w.add("operation " + op.Name + " of " + string(op.Provider))
			return context.WithValue(ctx, watchKey{}, "operation")
		},
		OperationEnd: func(_ context.Context, op esim.Operation) {
			text := "ok"
			if op.Err != nil {
				text = "failed"
			}
			w.add("operation ends " + text)
			w.ends = append(w.ends, op)
		},
		WaitStart: func(ctx context.Context, _ esim.Wait) context.Context {
			return context.WithValue(ctx, watchKey{}, "wait")
		},
		WaitEnd: func(_ context.Context, wait esim.Wait) { w.waits = append(w.waits, wait) },
		ExchangeStart: func(ctx context.Context, x esim.Exchange) context.Context {
			w.add("attempt")
			w.attempts = append(w.attempts, x)
			w.contexts = append(w.contexts, ctx)
			return context.WithValue(ctx, watchKey{}, x.Number)
		},
		ExchangeEnd: func(_ context.Context, x esim.Exchange) {
			w.add("attempt ends")
			w.results = append(w.results, x)
		},
	}
}

func operationNamed(name string) operation {
	return operation{Operation: esim.Operation{Provider: "test", Name: name}}
}

func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watch := new(watcher)
		var seen []any
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			seen = append(seen, r.Context().Value(watchKey{}))
			time.Sleep(time.Second)
			return []end{says(503, ``), code(429, "SLOW"), code(400, "LOW")}[n-1](r)
		}}
		tr := newTransport(t, esim.Settings{Transport: s, Observer: watch.observer()})
		ctx, ended := tr.observe(t.Context(), operationNamed("Order"))
		err := tr.Do(ctx, order(Replayed, "k"))
		ended(err)

		assert.Equal(t, []string{
			"operation Order of test",
			"attempt", "attempt ends", "attempt", "attempt ends", "attempt", "attempt ends",
			"operation ends failed",
		}, watch.log)
		assert.Equal(t, []any{1, 2, 3}, seen, "the attempt's context goes to the wire")
		for i, a := range watch.attempts {
			assert.Equal(t, esim.Exchange{
				Operation: esim.Operation{Provider: "test", Name: "Order", Reference: "k"},
				Number:    i + 1, Method: http.MethodPost, Path: "/orders", Effect: true,
				Scheme: "https", Host: "api.example.test", Port: 443, Sent: 16,
			}, a)
			assert.Equal(t, "operation", watch.contexts[i].Value(watchKey{}))
		}
		assert.Equal(t, []bool{true, true, false}, retries(watch.results))
		assert.Equal(t, []esim.Outcome{esim.OutcomeUnknown, esim.OutcomeRejected, esim.OutcomeRejected}, outcomes(watch.results),
			"each attempt by itself")
		for i, r := range watch.results {
			assert.Equal(t, time.Second, r.Duration)
			assert.Equal(t, []int{503, 429, 400}[i], r.HTTPStatus)
			assert.Equal(t, []string{"", "SLOW", "LOW"}[i], r.Code)
			assert.Equal(t, r.Outcome, asError(t, r.Err).Outcome)
		}
		assertOutcome(t, esim.OutcomeUnknown, err)
	})
}

func retries(results []esim.Exchange) (more []bool) {
	for _, r := range results {
		more = append(more, r.WillRetry)
	}
	return more
}

func outcomes(results []esim.Exchange) (all []esim.Outcome) {
	for _, r := range results {
		all = append(all, r.Outcome)
	}
	return all
}

func TestObserverOfSuccess(t *testing.T) {
	watch := new(watcher)
	tr := newTransport(t, esim.Settings{Transport: inTurn(accepts), Observer: watch.observer()})
	ctx, ended := tr.observe(t.Context(), operationNamed("Balance"))
	require.NoError(t, tr.Do(ctx, read()))
	ended(nil)
	assert.Equal(t, []string{"operation Balance of test", "attempt", "attempt ends", "operation ends ok"}, watch.log)
	assert.False(t, watch.attempts[0].Effect)
	r := watch.results[0]
	require.NoError(t, r.Err)
	assert.Equal(t, esim.OutcomeAccepted, r.Outcome)
	assert.Equal(t, 200, r.HTTPStatus)
	assert.False(t, r.WillRetry)
}

// TestObserverOfReads: a read that failed is nothing to fear for.
func TestObserverOfReads(t *testing.T) {
	watch := new(watcher)
	tr := instant(t, esim.Settings{Transport: inTurn(says(503, ``)), Observer: watch.observer()})
	asError(t, tr.Do(t.Context(), read()))
	assert.Equal(t, []esim.Outcome{esim.OutcomeRejected}, outcomes(watch.results))
}

// TestWillRetryIsTrue of every attempt that another follows, and of no other.
func TestWillRetryIsTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
		for _, row := range resendRows(far) {
			for safety := Once; safety <= Read; safety++ {
				watch := new(watcher)
				s := inTurn(row.end)
				tr := newTransport(t, esim.Settings{Transport: s, Observer: watch.observer()}, func(spec *Spec) {
					spec.Disown = func(*http.Request) {}
				})
				call := order(safety, "k")
				_ = tr.Do(t.Context(), call) // the observer is what matters
				require.Len(t, watch.results, int(s.sends.Load()), row.name)
				for i, more := range retries(watch.results) {
					assert.Equal(t, i < len(watch.results)-1, more, "%s, safety %d, attempt %d", row.name, safety, i+1)
				}
			}
		}
	})
}

func TestNoAttemptWithoutLeave(t *testing.T) {
	watch := new(watcher)
	tr := newTransport(t, esim.Settings{Observer: watch.observer(), Limiter: limiterFunc(func(context.Context) error { return errors.New("full") })})
	assertOutcome(t, esim.OutcomeNotSent, tr.Do(t.Context(), order(Once, "k")))
	assert.Empty(t, watch.log)
}

func TestNoObserver(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	ctx, ended := tr.observe(t.Context(), operationNamed("Order"))
	assert.Equal(t, t.Context(), ctx)
	ended(errors.New("nobody listens"))

	watch := new(watcher)
	tr = newTransport(t, esim.Settings{Observer: watch.observer()})
	ctx, ended = tr.observe(nil, operationNamed("Order")) //nolint:staticcheck // Check finds it, a moment later
	assert.Nil(t, ctx)
	ended(nil)
	assert.Empty(t, watch.log)
}

func records(t *testing.T, log *bytes.Buffer) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(log.String()) {
		record := make(map[string]any)
		require.NoError(t, json.Unmarshal([]byte(line), &record))
		all = append(all, record)
	}
	return all
}

func TestLog(t *testing.T) {
	const lpa = "LPA:1$smdp.example.test$CANARY-MATCHING-ID"
	signature := strings.Repeat("C0FFEE", 11)
	for _, c := range []struct {
		name    string
		end     end
		call    Call
		level   string
		outcome string
	}{
		{"read", accepts, read(), "DEBUG", "accepted"},
		{"purchase", says(200, `{"ok":true,"id":"`+lpa+`"}`), order(Guarded, "k"), "INFO", "accepted"},
		{"refused read", code(404, "X"), read(), "WARN", "rejected"},
		{"read in trouble", says(503, ``), read(), "WARN", "rejected"},
		{"refused purchase", code(400, "LOW"), order(Guarded, "k"), "WARN", "rejected"},
		{"unsent purchase", refused, order(Guarded, "k"), "WARN", "not sent"},
		{"purchase in doubt", dropped, order(Guarded, "k"), "ERROR", "unknown"},
		{"secrets", says(400, `{"code":"LOW","message":"`+accessCode+" "+secretKey+` `+lpa+` `+signature+`\n\u001b[31mred"}`), order(Guarded, "k"), "WARN", "rejected"},
		{"secrets in the cause", breaks(errors.New("Post https://u:pw-CANARY@h/?s=" + signature + ": " + secretKey)), order(Guarded, "k"), "ERROR", "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text bytes.Buffer
			logger := slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
			tr := instant(t, esim.Settings{Transport: inTurn(c.end), Logger: logger})
			_ = tr.Do(t.Context(), c.call) // the log is what matters
			assertSilent(t, text.String())
			assert.NotContains(t, text.String(), "C0FFEE")
			assert.NotContains(t, text.String(), `\u001b`)
			all := records(t, &text)
			require.Len(t, all, 1, "one record an attempt")
			got := all[0]
			assert.Equal(t, c.level, got["level"])
			assert.Equal(t, c.outcome, got["outcome"])
			assert.Equal(t, "test", got["provider"])
			assert.Equal(t, c.call.op, got["op"])
			assert.Equal(t, c.call.Path, got["path"])
			assert.InDelta(t, 1, got["attempt"], 0)
		})
	}
}

func TestLogOfEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&text, nil))
		tr := newTransport(t, esim.Settings{Transport: inTurn(refused, code(429, "SLOW"), accepts), Logger: logger})
		require.NoError(t, tr.Do(t.Context(), order(Keyed, "cart-1")))
		all := records(t, &text)
		require.Len(t, all, 3)
		for i, got := range all {
			assert.InDelta(t, i+1, got["attempt"], 0)
			assert.Equal(t, "cart-1", got["reference"])
		}
		assert.Contains(t, all[0]["cause"], "connection refused")
		assert.Equal(t, "SLOW", all[1]["code"])
		assert.Equal(t, "as told", all[1]["message"])
		assert.InDelta(t, 429, all[1]["http_status"], 0)
		assert.NotEqual(t, all[1]["request_id"], all[2]["request_id"])
	})
}

func TestLogThatNobodyReads(t *testing.T) {
	var text bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.LevelError}))
	tr := instant(t, esim.Settings{Transport: inTurn(code(400, "LOW")), Logger: logger})
	asError(t, tr.Do(t.Context(), order(Guarded, "k")))
	assert.Empty(t, text.String())
}
