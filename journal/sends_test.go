package journal_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

// reseller answers each purchase the same way, and everything else with an
// empty list. It has sold each time.
type reseller struct {
	status int
	body   string
	cut    bool // no answer comes

	posts atomic.Int64
}

// RoundTrip implements [http.RoundTripper].
func (s *reseller) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, `{"success":true,"data":{"orders":[],"pagination":{"page":1,"limit":100,"total":0,"total_pages":1}}}`
	if r.Method == http.MethodPost && strings.Contains(r.URL.Path, "order") {
		s.posts.Add(1)

		if s.cut {
			return nil, io.ErrUnexpectedEOF
		}
		status, body = s.status, s.body
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

func (s *reseller) settings() esim.Settings {
	return esim.Settings{Transport: s}
}

// shopIsPaged counts the purchases that a person was told of.
func shopIsPaged(paged *int) func(context.Context, []*journal.Purchase) error {
	return func(_ context.Context, list []*journal.Purchase) error {
		*paged += len(list)
		return nil
	}
}

// A purchase that may have bought is one POST in all, wherever nobody knows
// that a repeat would be safe, and a person is told in time.
func TestOnePostAfterAnAnswerThatMayHaveBought(t *testing.T) {
	story := func(t *testing.T, s *reseller) esim.Client {
		settings := s.settings()
		settings.BaseURL = "https://story.invalid/api"
		c, err := esimstory.New(esimstory.Config{Settings: settings, AccessKey: "ak", SecretKey: esim.NewSecret("c2VjcmV0c2VjcmV0")})
		require.NoError(t, err)
		return c
	}
	fly := func(verified bool) func(*testing.T, *reseller) esim.Client {
		return func(t *testing.T, s *reseller) esim.Client {
			settings := s.settings()
			settings.BaseURL = "https://fly.invalid"
			c, err := esimfly.New(esimfly.Config{Settings: settings, AccessCode: "ac", SecretKey: esim.NewSecret("secret"), ReplaysVerified: verified})
			require.NoError(t, err)
			return c
		}
	}
	const processing = `{"success":false,"message":"Failed to process order","code":"ORDER_PROCESSING_ERROR"}`
	for _, tc := range []struct {
		name   string
		client func(*testing.T, *reseller) esim.Client
		answer *reseller
		within time.Duration // a person is paged
	}{
		{"eSIM Story, 422 of the supplier's interface", story, &reseller{status: 422, body: `{"errors":["API connection error (Order ID: 52731)"]}`}, 31 * time.Minute},
		{"eSIM Story, 422 of the supplier", story, &reseller{status: 422, body: `{"errors":["eSIM Request failed (Order ID: 52731)"]}`}, 31 * time.Minute},
		{"eSIM Story, 500", story, &reseller{status: 500, body: `{"errors":["Internal Server Error"]}`}, 31 * time.Minute},
		{"eSIM Story, no answer", story, &reseller{cut: true}, 31 * time.Minute},
		{"eSIMfly, unverified, ORDER_PROCESSING_ERROR", fly(false), &reseller{status: 500, body: processing}, 31 * time.Minute},
		{"eSIMfly, verified, ORDER_PROCESSING_ERROR", fly(true), &reseller{status: 500, body: processing}, 31 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := tc.answer
				paged := 0
				c := tc.client(t, s)
				j, err := journal.New(journal.NewVolatile(), journal.Config{
					Clients: []esim.Client{c}, AllowVolatile: true, ReceivesElsewhere: []esim.Provider{c.Provider()},
					OnReview: shopIsPaged(&paged),
				})
				require.NoError(t, err)
				_, err = j.Client(c.Provider()).Order(t.Context(), esim.OrderRequest{
					PackageID: "a1b2c3d4-e5f6-7890-abcd-ef1234567890", Reference: "cart-1",
				})
				require.True(t, esim.MaybeCharged(err), "%v", err)
				for began := time.Now(); time.Since(began) < tc.within; time.Sleep(5 * time.Second) {
					_, err = j.Step(t.Context(), 10)
					require.NoError(t, err)
				}
				p, err := j.Lookup(t.Context(), c.Provider(), "cart-1")
				require.NoError(t, err)
				assert.EqualValues(t, 1, s.posts.Load(), "purchases sent")
				assert.Equal(t, journal.Review, p.State, "%s", p.State)
				assert.Equal(t, 1, paged)
				t.Log(p.Review)
			})
		})
	}
}

// The pauses between the sends of one purchase grow, and there are four sends
// at most.
func TestPausesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, unasked)
		var at []time.Time
		s.lender.order = func(_ context.Context, _ esim.OrderRequest) (*esim.Order, error) {
			at = append(at, time.Now())
			return nil, &esim.Error{Provider: "memory", Op: "Order", Kind: esim.ErrUnavailable, Repeat: esim.RepeatSafe, Err: errors.New("no answer")}
		}
		_, err := s.buy("cart-1")
		require.True(t, esim.MaybeCharged(err))
		for range 15 * 60 {
			time.Sleep(time.Second)
			s.work()
		}
		require.Len(t, at, 4)
		for i := 2; i < len(at); i++ {
			assert.Greater(t, at[i].Sub(at[i-1]), at[i-1].Sub(at[i-2]))
		}
		assert.Greater(t, at[3].Sub(at[0]), 20*time.Second)
		s.wantState("cart-1", journal.Review)
		assert.Equal(t, []string{"review cart-1"}, s.heard())
	})
}

// eSIMfx with an empty balance and untaught codes: a refusal looks like anything
// else, so it is sent once and a person is told, not twice in four seconds for
// three days.
func TestFXWithoutMoneyIsNoFlood(t *testing.T) {
	m := &market{T: t}
	paged := 0
	m.open(m, []simulator.Option{simulator.WithBalance("1")}, func(c *journal.Config) { c.OnReview = shopIsPaged(&paged) })
	_, err := m.j.Client(esimfx.Provider).Order(t.Context(), esim.OrderRequest{PackageID: "esimfx_10G_7D_JP", Reference: "cart-1"})
	require.Error(t, err)
	for range 60 * 6 {
		m.sim.Advance(10 * time.Second)
		_, err = m.j.Step(t.Context(), 100)
		require.NoError(t, err)
	}
	p, err := m.j.Lookup(t.Context(), esimfx.Provider, "cart-1")
	require.NoError(t, err)
	assert.LessOrEqual(t, len(p.Attempts), 2, "sends in an hour")
	assert.False(t, p.State.Open(), "it is %s", p.State)
	assert.Empty(t, m.sim.ESIMFX.Ledger().Charges())
	if p.State == journal.Review {
		assert.Equal(t, 1, paged)
	}
}
