package adapter

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// priced is a shop whose eSIMs cost 1.50 each, with a watcher.
func priced(t *testing.T, facts Purchase, ends ...end) (*shop, *watcher) {
	t.Helper()
	s, watch := newShop(t, facts, ends...), new(watcher)
	s.observer = watch.observer()
	price, err := esim.ParseMoney("1.50", "USD")
	require.NoError(t, err)
	send := s.facts.Send
	s.facts.Send = func(ctx context.Context, a *Attempt, call Call) error {
		err := send(ctx, a, call)
		if total, failed := price.MulInt(a.Order.Quantity); failed == nil && a.Order.Quantity > 0 {
			a.Order.Total = total
		}
		return err
	}
	return s, watch
}

// TestAnOperationIsBilledForWhatItBought: what is observed of all operations adds up
// to what was charged.
func TestAnOperationIsBilledForWhatItBought(t *testing.T) {
	for name, c := range map[string]struct {
		ends     []end
		quantity int
		outcomes []esim.Outcome
		bought   []bool
		charged  []string
	}{
		"two units": {[]end{oneESIM}, 2, []esim.Outcome{esim.OutcomeAccepted}, []bool{true}, []string{"3.00 USD"}},
		"again": {
			[]end{oneESIM},
			2,
			[]esim.Outcome{esim.OutcomeAccepted, esim.OutcomeAccepted},
			[]bool{true, false},
			[]string{"3.00 USD", ""},
		},
		"refused": {[]end{code(400, "LOW")}, 1, []esim.Outcome{esim.OutcomeRejected}, []bool{false}, []string{""}},
		"a part, then the rest": {
			[]end{oneESIM, code(400, "LOW"), oneESIM},
			2,
			[]esim.Outcome{esim.OutcomeAccepted, esim.OutcomeAccepted},
			[]bool{true, true},
			[]string{"1.50 USD", "1.50 USD"},
		},
		"lost": {[]end{dropped}, 1, []esim.Outcome{esim.OutcomeUnknown}, []bool{false}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, watch := priced(t, singly, c.ends...)
				for range len(c.outcomes) {
					_, _ = s.order(t, "r1", c.quantity) // what is observed matters
				}
				require.Len(t, watch.ends, len(c.outcomes))
				for i, op := range watch.ends {
					assert.Equal(t, "Order P1 r1", op.Name+" "+op.PackageID+" "+op.Reference)
					assert.Equal(t, c.quantity, op.Quantity)
					assert.Equal(t, c.outcomes[i], op.Outcome)
					assert.Equal(t, c.bought[i], op.Bought)
					charged := ""
					if !op.Charged.IsZero() {
						charged = op.Charged.String()
					}
					assert.Equal(t, c.charged[i], charged)
				}
			})
		})
	}
}

// TestAReplayIsBilledWhereItsFirstAnswerWasLost: in one operation an exchange buys and
// its answer is lost, and the next brings that order.
func TestAReplayIsBilledWhereItsFirstAnswerWasLost(t *testing.T) {
	for _, resumed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ends := []end{dropped, oneESIM}
			if resumed {
				ends = []end{dropped, dropped, oneESIM}
			}
			s, watch := priced(t, Purchase{Safety: Replayed, Repeats: Repeats{Lost: esim.RepeatSafe}}, ends...)
			send := s.facts.Send
			s.facts.Send = func(ctx context.Context, a *Attempt, call Call) error {
				err := send(ctx, a, call)
				a.Order.Replayed = err == nil
				return err
			}
			if resumed {
				_, err := s.order(t, "r1", 1)
				assertOutcome(t, esim.OutcomeUnknown, err)
			}
			s.retries = 1
			_, err := s.order(t, "r1", 1)
			require.NoError(t, err)
			assert.Equal(t, !resumed, watch.ends[len(watch.ends)-1].Bought, "resumed: %t", resumed)
		})
	}
}

func TestATopUpThatShowsIsBilled(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	watch := new(watcher)
	var total *esim.DataSize
	s, seen := keyless(t, &now, func(r *http.Request) (*http.Response, error) {
		*total += esim.GiB
		return dropped(r)
	})
	total, s.observer = seen, watch.observer()
	_, err := s.topUp(t.Context(), "r1")
	require.NoError(t, err)
	again, err := s.topUp(t.Context(), "r1")
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Len(t, watch.ends, 2)
	assert.True(t, watch.ends[0].Bought)
	assert.False(t, watch.ends[1].Bought)
	assert.Equal(t, profile, watch.ends[1].ICCID)
}

// TestWaitsAreSpansOfTheirOwn, with the context of the observer, and logins have none.
func TestWaitsAreSpansOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watch := new(watcher)
		var seen []any
		limiter := limiterFunc(func(ctx context.Context) error {
			seen = append(seen, ctx.Value(watchKey{}))
			time.Sleep(time.Second)
			if len(seen) > 1 {
				return fmt.Errorf("full, says %s", secretKey)
			}
			return nil
		})
		s := inTurn(accepts)
		tr := newTransport(t, esim.Settings{Transport: s, Observer: watch.observer(), Limiter: limiter}, withLogin())
		balance := func() error {
			_, err := Operate(t.Context(), tr, "Balance", None{}, func(ctx context.Context, _ None) (*reply, error) {
				return Fetch[reply](ctx, tr, Get("/balance"))
			})
			return err
		}
		require.NoError(t, balance())
		require.Error(t, balance())
		assert.Equal(t, []any{"wait", "wait"}, seen)
		require.Len(t, watch.waits, 2)
		assert.Equal(t, "Balance", watch.waits[0].Operation.Name)
		assert.Equal(t, time.Second, watch.waits[0].Duration)
		require.NoError(t, watch.waits[0].Err)
		require.Error(t, watch.waits[1].Err)
		assertSilent(t, fmt.Sprint(watch.waits))
		assert.Equal(t, []string{"Balance", "Login"}, []string{watch.attempts[0].Operation.Name, watch.attempts[1].Operation.Name})
	})
}

// TestNothingSecretReachesAnObserver, and no path with what it names.
func TestNothingSecretReachesAnObserver(t *testing.T) {
	const lpa = "LPA:1$smdp.example.test$CANARY-MATCHING-ID"
	watch := new(watcher)
	tr := newTransport(t, esim.Settings{Observer: watch.observer(), MaxRetries: -1, Transport: inTurn(
		says(400, `{"code":"LOW","message":"`+accessCode+" "+secretKey+" "+lpa+`"}`, "X-Request-Id", secretKey))})
	_, err := Operate(t.Context(), tr, "GetESIM", profile, func(ctx context.Context, iccid esim.ICCID) (*reply, error) {
		return Fetch[reply](ctx, tr, Get("/esims/{iccid}/{code}", "iccid", string(iccid), "code", "CANARY-code"))
	})
	require.Error(t, err)
	for _, id := range []string{lpa, secretKey, "two\nlines"} {
		assert.Empty(t, tr.about("TopUp", &Attempt{Terms: Terms{PackageID: id}, Reference: id, ICCID: esim.ICCID(id)}).Operation.PackageID)
	}
	text := fmt.Sprintf("%+v %+v %+v", watch.ends, watch.attempts, watch.results)
	assertSilent(t, text)
	assert.NotContains(t, text, "CANARY")
	assert.Equal(t, "/esims/{iccid}/{code}", watch.results[0].Path)
	assert.Equal(t, profile, watch.ends[0].ICCID)
	assert.Equal(t, esim.ErrInsufficientBalance, watch.results[0].Kind)
	assert.Equal(t, "HTTP/1.1", watch.results[0].Protocol)
	assert.Positive(t, watch.results[0].Received)
}
