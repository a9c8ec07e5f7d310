package esimfx

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
)

// tokenServer hands out tokens at-1, at-2, … and accepts those that were not
// revoked. It is a RoundTripper, so that it works inside a synctest bubble.
type tokenServer struct {
	delay   time.Duration // of a login
	life    int           // expires_in; 0 = not stated
	mu      sync.Mutex
	logins  int
	revoked map[string]bool
	refused int
}

func (s *tokenServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close() //nolint:errcheck // nothing is written
	}
	if strings.HasSuffix(r.URL.Path, "/auth") {
		select {
		case <-time.After(s.delay):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	status, body := 200, `{"code":0,"data":{"balance":5}}`
	switch token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); {
	case strings.HasSuffix(r.URL.Path, "/auth"):
		s.logins++
		body = fmt.Sprintf(`{"code":0,"data":{"access_token":"at-%d"}}`, s.logins)
		if s.life != 0 {
			body = fmt.Sprintf(`{"code":0,"data":{"access_token":"at-%d","expires_in":%d}}`, s.logins, s.life)
		}
	case token == "" || s.revoked[token]:
		s.refused++
		status, body = 401, `{"code":40101,"message":"Access token is invalid or expired"}`
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}

func (s *tokenServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

func (s *tokenServer) client(t *testing.T, now func() time.Time) *Client {
	cfg := testConfig(s)
	if now != nil {
		cfg.Now = now
	}
	return newTestClient(t, cfg)
}

func TestOneLoginForAThousandColdCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{delay: time.Second}
		c := s.client(t, nil)
		var all sync.WaitGroup
		var failed atomic.Int32
		for range 1000 {
			all.Go(func() {
				if _, err := c.Balance(t.Context()); err != nil {
					failed.Add(1)
				}
			})
		}
		all.Wait()
		assert.Zero(t, failed.Load())
		assert.Equal(t, 1, s.count())
	})
}

func TestAWaiterKeepsItsOwnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{delay: 10 * time.Second}
		c := s.client(t, nil)
		var first error
		var all sync.WaitGroup
		all.Go(func() { _, first = c.Balance(t.Context()) })
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := order(ctx, c, "ref-1")
		assert.Equal(t, 20*time.Millisecond, time.Since(began))
		e := asError(t, err)
		require.ErrorIs(t, e, context.DeadlineExceeded)
		assert.Equal(t, esim.OutcomeNotSent, e.Outcome)

		all.Wait()
		require.NoError(t, first, "the one who started the login still gets its token")
		assert.Equal(t, 1, s.count())
	})
}

func TestTheFirstCallersCancellationFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{delay: time.Second}
		c := s.client(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var first, second error
		var all sync.WaitGroup
		all.Go(func() { _, first = c.Balance(ctx) })
		synctest.Wait()
		all.Go(func() { _, second = c.Balance(t.Context()) })
		synctest.Wait()
		cancel()
		all.Wait()
		require.ErrorIs(t, first, context.Canceled)
		require.NoError(t, second)
		assert.Equal(t, 1, s.count())
	})
}

// TestTheLoginDoesNotQueue: it would stand behind those who wait for it.
func TestTheLoginDoesNotQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{delay: time.Second}
		cfg := testConfig(s)
		cfg.Limiter = rate.NewLimiter(rate.Every(10*time.Second), 1)
		c := newTestClient(t, cfg)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				_, err := c.Balance(t.Context())
				assert.NoError(t, err)
			})
		}
		<-time.After(2 * time.Second)
		assert.Equal(t, 1, s.count())
		all.Wait()
		assert.Equal(t, 1, s.count())
	})
}

func TestTheTokenIsRenewedAheadOfTheHour(t *testing.T) {
	for _, row := range []struct {
		name         string
		life         int // expires_in
		age          time.Duration
		logins       int // after one more call at that age
		renewsBehind bool
	}{
		{"fresh", 0, 0, 1, false},
		{"54 minutes", 0, 54 * time.Minute, 1, false},
		{"56 minutes", 0, 56 * time.Minute, 2, true},
		{"61 minutes", 0, 61 * time.Minute, 2, false},
		{"a shorter life", 1200, 19 * time.Minute, 2, true},
		{"a shorter life over", 1200, 20 * time.Minute, 2, false},
		{"a longer life is not believed", 86400, 61 * time.Minute, 2, false},
		{"no life is not believed", -5, 50 * time.Minute, 1, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
				var ahead atomic.Int64
				s := &tokenServer{delay: time.Second, life: row.life}
				c := s.client(t, func() time.Time { return clock.Add(time.Duration(ahead.Load())) })
				_, err := c.Balance(t.Context())
				require.NoError(t, err)

				ahead.Store(int64(row.age))
				began := time.Now()
				_, err = c.Balance(t.Context())
				require.NoError(t, err)
				stalled := time.Since(began) >= s.delay
				<-time.After(2 * s.delay) // whatever renews in the background ends
				assert.Equal(t, row.logins, s.count())
				assert.Equal(t, row.logins > 1 && !row.renewsBehind, stalled)
			})
		})
	}
}

// TestOneLoginForManyRejected: all callers were refused with the same token,
// and those who come late find a newer one and leave it alone.
func TestOneLoginForManyRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{delay: time.Second, revoked: map[string]bool{}}
		c := s.client(t, nil)
		_, err := c.Balance(t.Context())
		require.NoError(t, err)
		s.mu.Lock()
		s.revoked["at-1"] = true
		s.mu.Unlock()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				_, failed := c.Balance(t.Context())
				assert.NoError(t, failed)
			})
		}
		all.Wait()
		assert.Equal(t, 2, s.count())
	})
}

func TestASecondRejectionIsFinal(t *testing.T) {
	s := &tokenServer{revoked: map[string]bool{"at-1": true, "at-2": true, "at-3": true}}
	cfg := testConfig(s)
	cfg.MaxRetries, cfg.Postpaid = 5, true // one read before the purchase
	_, err := order(t.Context(), newTestClient(t, cfg), "ref-1")
	e := asError(t, err)
	require.ErrorIs(t, e, esim.ErrUnauthorized)
	assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
	assert.Equal(t, 2, s.count())
	assert.Equal(t, 2, s.refused)
}

// TestAFailedLoginIsNotRepeatedInALoop: once more if the trouble may pass,
// never if the credentials were refused.
func TestAFailedLoginIsNotRepeatedInALoop(t *testing.T) {
	for _, row := range []struct {
		name    string
		retries int // setting
		status  int
		body    string
		sent    int
	}{
		{"refused", 0, 401, `{"code":1,"message":"no"}`, 1},
		{"refused by a code", 5, 200, `{"code":1,"message":"no"}`, 1},
		{"in trouble", 0, 503, ``, 2},
		{"in trouble, many retries", 5, 503, ``, 2},
		{"in trouble, no retries", -1, 503, ``, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.mock.Reset()
			w.on("/account/api/v1/auth", row.status, row.body)
			cfg := w.config()
			cfg.MaxRetries = row.retries
			_, err := order(t.Context(), newTestClient(t, cfg), "ref-1")
			assert.Equal(t, esim.OutcomeNotSent, asError(t, err).Outcome)
			assert.Equal(t, row.sent, w.sent)
		})
	}
}

// TestABalanceThatIsRefusedCostsOneLogin, and not one for each purchase: its path
// is in no document, and an account may not be allowed to read it.
func TestABalanceThatIsRefusedCostsOneLogin(t *testing.T) {
	w := newWorld(t)
	w.till(sell)
	var logins, balances atomic.Int32
	answers := func(r *http.Request) (*http.Response, error) {
		resp := httpmock.NewStringResponse(401, "")
		switch r.URL.Path {
		case profilePath:
			balances.Add(1)
		case "/account/api/v1/auth":
			resp = httpmock.NewStringResponse(200, fmt.Sprintf(`{"code":0,"data":{"access_token":"at-%d"}}`, logins.Add(1)))
			resp.Header.Set("Content-Type", "application/json")
		default:
			return w.mock.RoundTrip(r)
		}
		return resp, nil
	}
	c := newTestClient(t, testConfig(roundTrip(answers)))
	for _, reference := range []string{"ref-1", "ref-2", "ref-3", "ref-4"} {
		_, err := order(t.Context(), c, reference)
		require.NoError(t, err, reference)
	}
	assert.EqualValues(t, 2, logins.Load(), "the first, and one more because of the balance")
	assert.EqualValues(t, 2+3, balances.Load())
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
