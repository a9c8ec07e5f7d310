package adapter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// resendRow says, for one end of the first send, how many sends there are in
// all when the second one is accepted.
type resendRow struct {
	name string
	end  end
	// by Safety, from Once to Read
	sends [5]int32
	// what is known if the first send was the only one, Read aside
	outcome esim.Outcome
}

func resendRows(far string) []resendRow {
	return []resendRow{
		{"accepted", accepts, [5]int32{1, 1, 1, 1, 1}, esim.OutcomeAccepted},

		{"not sent, may pass", refused, [5]int32{2, 2, 2, 2, 2}, esim.OutcomeNotSent},
		{"not sent, says the provider", code(403, "CLOSED"), [5]int32{2, 2, 2, 2, 2}, esim.OutcomeNotSent},
		{"not sent, wrong credentials", says(401, `{}`), [5]int32{1, 1, 1, 1, 1}, esim.OutcomeNotSent},
		{"not sent, old token", code(401, "TOKEN"), [5]int32{2, 2, 2, 2, 2}, esim.OutcomeNotSent},
		{"not sent, wrong clock", code(401, "CLOCK", "Date", far), [5]int32{2, 2, 2, 2, 2}, esim.OutcomeNotSent},

		{"refused", code(400, "LOW"), [5]int32{1, 1, 1, 1, 1}, esim.OutcomeRejected},
		{"throttled", code(429, "SLOW"), [5]int32{1, 1, 2, 2, 2}, esim.OutcomeRejected},
		{"throttled, bare", says(429, ``), [5]int32{1, 1, 2, 2, 2}, esim.OutcomeRejected},

		{"unknown, may pass", code(400, "DOWN"), [5]int32{1, 1, 1, 1, 2}, esim.OutcomeUnknown},
		{"unknown, 5xx", says(503, ``), [5]int32{1, 1, 1, 2, 2}, esim.OutcomeUnknown},
		{"unknown, 5xx that says it sent nothing", code(503, "CLOSED"), [5]int32{1, 1, 1, 1, 2}, esim.OutcomeUnknown},
		{"unknown, dropped", dropped, [5]int32{1, 1, 1, 2, 2}, esim.OutcomeUnknown},
		{"unknown, malformed", says(200, `{}`), [5]int32{1, 1, 1, 1, 2}, esim.OutcomeUnknown},
		{"unknown, duplicate", code(409, "DUP"), [5]int32{1, 1, 1, 1, 1}, esim.OutcomeUnknown},
		{"unknown, in progress", code(409, "BUSY"), [5]int32{1, 1, 1, 2, 2}, esim.OutcomeUnknown},
		{"unknown, request id seen before", code(400, "NONCE"), [5]int32{1, 1, 1, 2, 2}, esim.OutcomeUnknown},
		{"unknown, redirect", says(307, ``), [5]int32{1, 1, 1, 1, 1}, esim.OutcomeUnknown},
		{"unknown, no code", says(400, `{}`), [5]int32{1, 1, 1, 1, 1}, esim.OutcomeUnknown},

		{"made, but not whole", code(200, "MADE"), [5]int32{1, 1, 1, 1, 1}, esim.OutcomeAccepted},
	}
}

func TestResendTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
		for _, row := range resendRows(far) {
			for safety := Once; safety <= Read; safety++ {
				s := inTurn(row.end, accepts)
				disowned := 0
				tr := newTransport(t, esim.Settings{Transport: s}, func(spec *Spec) {
					spec.Disown = func(*http.Request) { disowned++ }
				})
				call := order(safety, "k")
				if safety == Read {
					call = read()
				}
				err := tr.Do(t.Context(), call)
				name := fmt.Sprintf("%s, safety %d", row.name, safety)
				assert.Equal(t, row.sends[safety], s.sends.Load(), name)
				if s.sends.Load() == 2 || row.name == "accepted" {
					require.NoError(t, err, name)
					continue
				}
				want := row.outcome
				if safety == Read && want == esim.OutcomeUnknown {
					want = esim.OutcomeRejected
				}
				assertOutcome(t, want, err)
			}
		}
	})
}

// TestRepeatsAreNewButTheSame: key and body of the first send, and a signature
// and a time of their own. The request id is that of the send in doubt until the
// provider knows it.
func TestRepeatsAreNewButTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inTurn(dropped, code(400, "NONCE"), code(429, "SLOW"), accepts)
		tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: 5})
		call := order(Replayed, "k")
		call.Header = http.Header{"X-Idempotency-Key": {"key-1"}}
		call.Query = map[string][]string{"a": {"1 2&3"}}
		require.NoError(t, tr.Do(t.Context(), call))
		require.Len(t, s.requests, 4)
		ids, times := map[string]bool{}, map[string]bool{}
		for _, r := range s.requests {
			ids[r.Header.Get("RT-RequestID")] = true
			times[r.Header.Get("RT-Timestamp")] = true
			assert.Equal(t, "key-1", r.Header.Get("X-Idempotency-Key"))
			assert.Equal(t, "https://api.example.test/v1/orders?a=1+2%263", r.URL.String())
			assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
			assert.Equal(t, "application/json", r.Header.Get("Accept"))
			assert.Nil(t, r.GetBody)
			body := make([]byte, 100)
			n, _ := r.Body.Read(body)
			assert.Equal(t, `{"package":"P1"}`, string(body[:n]))
		}
		assert.Equal(t, s.requests[0].Header.Get("RT-RequestID"), s.requests[1].Header.Get("RT-RequestID"))
		assert.Len(t, ids, 3)
		assert.Len(t, times, 3, "a fresh request id is sent at once, the others after a pause")
	})
}

func TestReauthAndAdjustClockOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
		further := time.Now().Add(2 * time.Hour).UTC().Format(http.TimeFormat)
		for _, c := range []struct {
			name  string
			ends  []end
			sends int32
			kind  esim.Kind
		}{
			{"token twice", []end{code(401, "TOKEN"), code(401, "TOKEN")}, 2, esim.ErrUnauthorized},
			{"clock twice", []end{code(401, "CLOCK", "Date", far), code(401, "CLOCK", "Date", further)}, 2, esim.ErrClockSkew},
			{"token, clock, token", []end{code(401, "TOKEN"), code(401, "CLOCK", "Date", far), code(401, "TOKEN")}, 3, esim.ErrUnauthorized},
			{"clock without a date", []end{code(401, "CLOCK")}, 1, esim.ErrClockSkew},
		} {
			s := inTurn(c.ends...)
			tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: -1}, func(spec *Spec) {
				spec.Disown = func(*http.Request) {}
			})
			err := tr.Do(t.Context(), order(Once, "k"))
			assertOutcome(t, esim.OutcomeNotSent, err)
			require.ErrorIs(t, err, c.kind, c.name)
			assert.Equal(t, c.sends, s.sends.Load(), c.name)
		}
	})
}

func TestReauthNeedsADisowner(t *testing.T) {
	s := inTurn(code(401, "TOKEN"), accepts)
	tr := newTransport(t, esim.Settings{Transport: s})
	assertOutcome(t, esim.OutcomeNotSent, tr.Do(t.Context(), order(Replayed, "k")))
	assert.Equal(t, int32(1), s.sends.Load())
}

func TestDisownGetsTheRefusedRequest(t *testing.T) {
	s := inTurn(code(401, "TOKEN"), accepts)
	var old string
	tr := newTransport(t, esim.Settings{Transport: s}, func(spec *Spec) {
		spec.Disown = func(r *http.Request) { old = r.Header.Get("RT-RequestID") }
	})
	require.NoError(t, tr.Do(t.Context(), order(Once, "k")))
	assert.Equal(t, s.requests[0].Header.Get("RT-RequestID"), old)
}

func TestMaxRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			setting int
			sends   int32
		}{{-5, 1}, {-1, 1}, {0, 3}, {1, 2}, {2, 3}, {7, 8}} {
			for name, one := range map[string]end{
				"transient": dropped, "not sent": refused, "throttled": code(429, "SLOW"),
				"request id": code(400, "NONCE"), "malformed": says(200, `<html>`),
			} {
				for _, call := range []Call{read(), order(Replayed, "")} {
					s := inTurn(one)
					tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: c.setting})
					asError(t, tr.Do(t.Context(), call))
					assert.Equal(t, c.sends, s.sends.Load(), "%s, MaxRetries %d", name, c.setting)
				}
			}
		}
	})
}

// TestInFlightPace: the same key is asked for again after five seconds or as
// told, with growing pauses and maxSends times in all. MaxRetries does not count
// these, which are no retries of a failure but the way to the answer; none at all
// means none.
func TestInFlightPace(t *testing.T) {
	for _, c := range []struct {
		name   string
		hint   []string
		pauses []time.Duration
	}{
		{"five seconds", nil, []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second}},
		{"shorter hint", []string{"Retry-After", "1"}, []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second}},
		{"longer hint", []string{"Retry-After", "35"}, []time.Duration{35 * time.Second, 40 * time.Second}},
		{"too long a hint", []string{"Retry-After", "121"}, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			var at []time.Time
			s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
				at = append(at, time.Now())
				return code(409, "BUSY", c.hint...)(r)
			}}
			tr := newTransport(t, esim.Settings{Transport: s})
			err := tr.Do(t.Context(), order(Replayed, "k"))
			assertOutcome(t, esim.OutcomeUnknown, err)
			require.Len(t, at, len(c.pauses)+1, c.name)
			for i, pause := range c.pauses {
				assert.GreaterOrEqual(t, at[i+1].Sub(at[i]), pause, c.name)
				assert.Less(t, at[i+1].Sub(at[i]), pause*11/10+2*time.Millisecond, c.name)
			}
		})
	}
}

func TestThrottledWaits(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when a bubble begins
	iso := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	unix := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	for _, c := range []struct {
		name    string
		headers []string
		wait    time.Duration // 0 = none is asked for: backoff
		repeats bool
	}{
		{"no hint", nil, 0, true},
		{"seconds", []string{"Retry-After", "7"}, 7 * time.Second, true},
		{"spaces", []string{"Retry-After", " 7 "}, 7 * time.Second, true},
		{"zero", []string{"Retry-After", "0"}, 0, true},
		{"negative", []string{"Retry-After", "-7"}, 0, true},
		{"very negative", []string{"Retry-After", "-99999999999999999999"}, 0, true},
		{"garbage", []string{"Retry-After", "soon"}, 0, true},
		{"fraction", []string{"Retry-After", "1.5"}, 0, true},
		{"a minute", []string{"Retry-After", "60"}, time.Minute, true},
		{"more than a minute", []string{"Retry-After", "61"}, 61 * time.Second, false},
		{"a year", []string{"Retry-After", "31536000"}, 24 * time.Hour, false},
		{"huge", []string{"Retry-After", "9223372036854775807"}, 24 * time.Hour, false},
		{"too large for 64 bits", []string{"Retry-After", "99999999999999999999"}, 24 * time.Hour, false},
		{"date", []string{"Retry-After", now.Add(9 * time.Second).Format(http.TimeFormat)}, 9 * time.Second, true},
		{"date gone by", []string{"Retry-After", now.Add(-time.Hour).Format(http.TimeFormat)}, 0, true},
		{"date far away", []string{"Retry-After", now.AddDate(5, 0, 0).Format(http.TimeFormat)}, 24 * time.Hour, false},
		{"date of year 9999", []string{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}, 24 * time.Hour, false},
		{"reset ISO", []string{"X-RateLimit-Reset", iso(8 * time.Second)}, 8 * time.Second, true},
		{"reset ISO with an offset", []string{"X-RateLimit-Reset", now.Add(8 * time.Second).In(time.FixedZone("", 7200)).Format(time.RFC3339Nano)}, 8 * time.Second, true},
		{"reset seconds", []string{"X-RateLimit-Reset", unix(8 * time.Second)}, 8 * time.Second, true},
		{"reset milliseconds", []string{"X-RateLimit-Reset", unix(8*time.Second) + "250"}, 8250 * time.Millisecond, true},
		{"reset delta", []string{"X-RateLimit-Reset", "8"}, 8 * time.Second, true},
		{"reset gone by", []string{"X-RateLimit-Reset", unix(-time.Hour)}, 0, true},
		{"reset negative", []string{"X-RateLimit-Reset", "-8"}, 0, true},
		{"reset garbage", []string{"X-RateLimit-Reset", "tomorrow"}, 0, true},
		{"reset huge", []string{"X-RateLimit-Reset", "9223372036854775807"}, 24 * time.Hour, false},
		{"reset beyond 64 bits", []string{"X-RateLimit-Reset", "99999999999999999999"}, 24 * time.Hour, false},
		{"reset with none left", []string{"X-RateLimit-Reset", "8", "X-RateLimit-Remaining", "0"}, 8 * time.Second, true},
		{"reset with some left", []string{"X-RateLimit-Reset", "8", "X-RateLimit-Remaining", "3"}, 0, true},
		{"both", []string{"Retry-After", "3", "X-RateLimit-Reset", "8"}, 3 * time.Second, true},
		{"zero and reset", []string{"Retry-After", "0", "X-RateLimit-Reset", "8"}, 8 * time.Second, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := inTurn(code(429, "SLOW", c.headers...), accepts)
			tr := newTransport(t, esim.Settings{Transport: s})
			begun := time.Now()
			err := tr.Do(t.Context(), order(Keyed, "k"))
			took := time.Since(begun)
			if !c.repeats {
				e := assertOutcome(t, esim.OutcomeRejected, err)
				assert.Equal(t, c.wait, e.RetryAfter, c.name)
				assert.Zero(t, took, "%s: a wait that long is the caller's to decide", c.name)
				assert.Equal(t, int32(1), s.sends.Load(), c.name)
				return
			}
			require.NoError(t, err, c.name)
			if c.wait == 0 {
				assert.LessOrEqual(t, took, backoffBase+time.Millisecond, c.name)
				return
			}
			assert.GreaterOrEqual(t, took, c.wait, c.name)
			assert.LessOrEqual(t, took, c.wait*11/10+time.Millisecond, c.name)
		})
	}
}

func TestBackoffGrowsAndIsCapped(t *testing.T) {
	ceilings := map[int]time.Duration{
		1: 200 * time.Millisecond, 2: 400 * time.Millisecond, 3: 800 * time.Millisecond,
		6: 6400 * time.Millisecond, 7: backoffCap, 17: backoffCap, 64: backoffCap, 1 << 30: backoffCap,
	}
	for n, ceiling := range ceilings {
		var most time.Duration
		for range 2000 {
			d := backoff(n)
			require.Positive(t, d)
			require.LessOrEqual(t, d, ceiling+time.Millisecond)
			most = max(most, d)
		}
		assert.Greater(t, most, ceiling*9/10, "the whole width is used")
	}
}

func TestRetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inTurn(dropped)
		tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: 1_000_000})
		asError(t, tr.Do(t.Context(), read()))
		assert.Equal(t, int32(1+budgetSize/budgetCost), s.sends.Load(), "500 tokens, 5 a repeat")

		asError(t, tr.Do(t.Context(), read()))
		assert.Equal(t, int32(2+budgetSize/budgetCost), s.sends.Load(), "none are left for others either")

		// Successes earn tokens, up to the size of the bucket.
		tr.reads.Transport = inTurn(accepts)
		for range budgetCost {
			require.NoError(t, tr.Do(t.Context(), read()))
		}
		again := inTurn(dropped)
		tr.reads.Transport = again
		asError(t, tr.Do(t.Context(), read()))
		assert.Equal(t, int32(2), again.sends.Load(), "five successes, one repeat")

		for range 2 * budgetSize {
			tr.budget.earn()
		}
		assert.Equal(t, budgetSize, tr.budget.tokens)
	})
}

// TestDeadlineShorterThanTheWait returns at once, and says how long to wait.
func TestDeadlineShorterThanTheWait(t *testing.T) {
	for name, first := range map[string]end{
		"throttled":   code(429, "SLOW", "Retry-After", "30"),
		"in trouble":  says(503, `<html>`, "Retry-After", "30"),
		"in progress": code(409, "BUSY", "Retry-After", "30"),
	} {
		synctest.Test(t, func(t *testing.T) {
			watch := new(watcher)
			s := inTurn(first, accepts)
			tr := newTransport(t, esim.Settings{Transport: s, Observer: watch.observer()})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			begun := time.Now()
			err := tr.Do(ctx, order(Replayed, "k"))
			e := asError(t, err)
			assert.Zero(t, time.Since(begun), name)
			assert.Equal(t, 30*time.Second, e.RetryAfter, name)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.Equal(t, int32(1), s.sends.Load(), name)
			require.Len(t, watch.results, 1)
			assert.False(t, watch.results[0].WillRetry, name)
		})
	}
}

// TestContextIsObeyed wherever a call may wait.
func TestContextIsObeyed(t *testing.T) {
	forever := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for name, c := range map[string]struct {
		settings esim.Settings
		change   func(*Spec)
		end      end
		outcome  esim.Outcome
	}{
		"sleeping":               {end: code(429, "SLOW", "Retry-After", "60"), outcome: esim.OutcomeRejected},
		"sleeping after a doubt": {end: says(503, ``, "Retry-After", "60"), outcome: esim.OutcomeUnknown},
		"backing off":            {end: code(409, "BUSY"), outcome: esim.OutcomeUnknown},
		"limited":                {settings: esim.Settings{Limiter: limiterFunc(forever)}, end: accepts, outcome: esim.OutcomeNotSent},
		"logging in": {end: accepts, outcome: esim.OutcomeNotSent, change: func(s *Spec) {
			s.Authorize = func(ctx context.Context, _ *http.Request, _ []byte, _ time.Time) (string, error) {
				return "", forever(ctx)
			}
		}},
		"limited by its own pace": {end: accepts, outcome: esim.OutcomeNotSent, change: func(s *Spec) { s.Pace, s.Burst = 1e-9, 0 }},
		"in progress":             {end: hangs, outcome: esim.OutcomeUnknown},
	} {
		for _, way := range []string{"cancelled", "deadline"} {
			synctest.Test(t, func(t *testing.T) {
				s := inTurn(c.end)
				c.settings.Transport = s
				changes := []func(*Spec){}
				if c.change != nil {
					changes = append(changes, c.change)
				}
				tr := newTransport(t, c.settings, changes...)
				ctx, cancel := context.WithCancel(t.Context())
				if way == "deadline" {
					ctx, cancel = context.WithTimeout(t.Context(), 3*time.Second)
				} else {
					time.AfterFunc(3*time.Second, cancel)
				}
				defer cancel()
				begun := time.Now()
				err := tr.Do(ctx, order(Replayed, "k"))
				assertOutcome(t, c.outcome, err)
				assert.LessOrEqual(t, time.Since(begun), 3*time.Second, "%s, %s", name, way)
				assert.LessOrEqual(t, s.sends.Load(), int32(1), "%s, %s", name, way)
			})
		}
	}
}

// TestCauseSurvivesTheCaller: of a call given up between two sends, both the
// trouble and the end of the context can be asked for.
func TestCauseSurvivesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trouble := errors.New("reset by peer")
		s := inTurn(breaks(trouble))
		tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: 1000})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second+time.Microsecond, cancel)
		err := tr.Do(ctx, order(Replayed, "")) // a purchase would not be sent that often
		assertOutcome(t, esim.OutcomeUnknown, err)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, trouble)
	})
}

type limiterFunc func(context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }

// TestLimiterIsAskedBeforeEachAttempt, and what it refuses is not sent.
func TestLimiterIsAskedBeforeEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		s := inTurn(code(429, "SLOW"), refused, accepts)
		tr := newTransport(t, esim.Settings{Transport: s, Limiter: limiterFunc(func(context.Context) error {
			asked++
			return nil
		})})
		require.NoError(t, tr.Do(t.Context(), order(Keyed, "k")))
		assert.Equal(t, 3, asked)

		full := errors.New("full")
		s = inTurn(accepts)
		tr = newTransport(t, esim.Settings{Transport: s, Limiter: limiterFunc(func(context.Context) error { return full })})
		err := tr.Do(t.Context(), order(Once, "k"))
		assertOutcome(t, esim.OutcomeNotSent, err)
		require.ErrorIs(t, err, esim.ErrRateLimited)
		require.ErrorIs(t, err, full)
		assert.Zero(t, s.sends.Load())
		assert.Empty(t, tr.memory.entries)
	})
}

// TestDefaultLimiterKeepsThePace of the provider's documents.
func TestDefaultLimiterKeepsThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inTurn(accepts)
		tr := newTransport(t, esim.Settings{Transport: s}, func(spec *Spec) { spec.Pace, spec.Burst = 2, 3 })
		begun := time.Now()
		for range 9 {
			require.NoError(t, tr.Do(t.Context(), read()))
		}
		assert.Equal(t, 3*time.Second, time.Since(begun).Round(time.Millisecond), "3 at once, 6 at two a second")
	})
}

// TestAnswerStartsBlank: nothing of an earlier attempt's answer completes a
// later one.
func TestAnswerStartsBlank(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		half := says(200, `{"id":"OLD","items":["a","b"],"total":"9","ok":true,"x"`)
		for _, c := range []struct {
			second string
			want   *reply
		}{
			{`{"ok":true}`, nil},
			{`{"ok":true,"id":"NEW"}`, &reply{OK: new(true), ID: "NEW"}},
		} {
			s := inTurn(half, says(200, c.second))
			tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: 1})
			call, out := order(Replayed, ""), new(reply)
			call.Out = out
			err := tr.Do(t.Context(), call)
			if c.want == nil {
				assertOutcome(t, esim.OutcomeUnknown, err)
				require.ErrorIs(t, err, esim.ErrMalformedResponse)
				continue
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, out)
		}
	})
}
