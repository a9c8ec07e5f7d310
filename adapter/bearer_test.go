package adapter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// withLogin makes a spec of one whose calls need a token: T1, T2 and so on.
func withLogin(change ...func(*Bearer)) func(*Spec) {
	var logins atomic.Int32
	b := &Bearer{
		Scheme: "Bearer ", Early: time.Minute, KeyID: "key-1",
		Login: func(ctx context.Context, login *API) (string, time.Duration, error) {
			_, err := Fetch[reply](ctx, login, Post("/auth", Read, map[string]string{"key": "key-1"}))
			return fmt.Sprint("T", logins.Add(1)), time.Hour, err
		},
	}
	for _, f := range change {
		f(b)
	}
	return func(s *Spec) { s.Authorize, s.Disown, s.RequestIDHeader, s.Bearer = nil, nil, "", b }
}

// sent are the paths and tokens of the requests, in turn.
func (s *script) sent() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		all = append(all, strings.TrimPrefix(r.URL.Path, "/v1")+" "+r.Header.Get("Authorization"))
	}
	return all
}

func TestCallsCarryTheTokenOfOneLogin(t *testing.T) {
	watch := new(watcher)
	s := inTurn(accepts)
	tr := newTransport(t, esim.Settings{Transport: s, Observer: watch.observer()}, withLogin())
	for range 2 {
		_, err := Operate(t.Context(), tr, "Balance", None{}, func(ctx context.Context, _ None) (*reply, error) {
			return Fetch[reply](ctx, tr, Get("/balance"))
		})
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"/auth ", "/balance Bearer T1", "/balance Bearer T1"}, s.sent())
	assert.Contains(t, watch.log, "operation Login of test", "a login is an operation of its own")
}

func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	s := inTurn(accepts, code(401, "TOKEN"), accepts, code(401, "TOKEN"))
	tr := newTransport(t, esim.Settings{Transport: s}, withLogin())
	_, err := Fetch[reply](t.Context(), tr, Get("/balance"))
	require.ErrorIs(t, err, esim.ErrUnauthorized)
	assert.Equal(t, []string{"/auth ", "/balance Bearer T1", "/auth ", "/balance Bearer T2"}, s.sent())
}

func TestAFailedLoginIsNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		end   end
		token string
		kind  esim.Kind
	}{
		"refused": {code(400, "LOW"), "", esim.ErrInsufficientBalance}, // by the kind that the login's own table gives
		"odd":     {accepts, "a\nb", esim.ErrMalformedResponse},
	} {
		s := inTurn(c.end)
		tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: -1}, withLogin(func(b *Bearer) {
			login := b.Login
			b.Login = func(ctx context.Context, api *API) (string, time.Duration, error) {
				_, valid, err := login(ctx, api)
				return c.token, valid, err
			}
		}))
		_, err := Fetch[reply](t.Context(), tr, Post("/cancel", Guarded, "x"))
		assertOutcome(t, esim.OutcomeNotSent, err)
		require.ErrorIs(t, err, c.kind, name)
		assert.Contains(t, err.Error(), "login: ")
		assert.Equal(t, []string{"/auth "}, s.sent())
	}
}

// lending is a token store that lends what it has.
type lending struct {
	token string
	err   error
}

func (l lending) Token(
	context.Context, string, esim.Secret, func(context.Context) (esim.Secret, time.Duration, error),
) (esim.Secret, time.Time, error) {
	return esim.NewSecret(l.token), time.Now().Add(time.Hour), l.err
}

func TestATokenOfAStoreIsNotTrusted(t *testing.T) {
	for name, c := range map[string]struct {
		store lending
		kind  esim.Kind
	}{
		"good": {lending{token: "shared"}, ""}, "odd": {lending{token: "a b"}, esim.ErrUnavailable},
		"trouble": {lending{err: errors.New("disk full")}, esim.ErrUnavailable}, "left": {lending{err: context.Canceled}, esim.ErrUnavailable},
	} {
		s := inTurn(accepts)
		tr := newTransport(t, esim.Settings{Transport: s}, withLogin(func(b *Bearer) { b.Store = c.store }))
		_, err := Fetch[reply](t.Context(), tr, Get("/balance"))
		if c.kind == "" {
			require.NoError(t, err, name)
			assert.Equal(t, []string{"/balance Bearer shared"}, s.sent())
			continue
		}
		require.ErrorIs(t, err, c.kind, name)
		assert.NotErrorIs(t, err, esim.ErrUnauthorized, "the credentials are not to blame")
		assert.Empty(t, s.sent())
	}
}

// TestAnEndpointThatRefusesEveryTokenCostsOneLogin for each token that others
// take. What else the token is refused for still brings a new one, and a purchase
// always asks for one.
func TestAnEndpointThatRefusesEveryTokenCostsOneLogin(t *testing.T) {
	no := code(401, "TOKEN")
	s := inTurn(
		accepts, no, accepts, no, // T1 and, after a login, T2 at the balance
		no, accepts, no, // nobody has taken T2, so it may be the token: T3
		accepts, // T3 is good
		no, no,  // and no longer asked for anew
		no, accepts, accepts, // T3 has been ended: T4
		no, accepts, no, // T4 was not new when the balance refused it: T5
	)
	tr := newTransport(t, esim.Settings{Transport: s}, withLogin())
	ask := func(path string) error {
		_, err := Fetch[reply](t.Context(), tr, Get(path))
		return err
	}
	for range 2 {
		require.ErrorIs(t, ask("/balance"), esim.ErrUnauthorized)
	}
	require.NoError(t, ask("/packages"))
	for range 2 {
		require.ErrorIs(t, ask("/balance"), esim.ErrUnauthorized)
	}
	require.NoError(t, ask("/packages"))
	require.ErrorIs(t, ask("/balance"), esim.ErrUnauthorized)
	assert.Equal(t, []string{
		"/auth ", "/balance Bearer T1", "/auth ", "/balance Bearer T2",
		"/balance Bearer T2", "/auth ", "/balance Bearer T3",
		"/packages Bearer T3",
		"/balance Bearer T3", "/balance Bearer T3",
		"/packages Bearer T3", "/auth ", "/packages Bearer T4",
		"/balance Bearer T4", "/auth ", "/balance Bearer T5",
	}, s.sent())

	vain, request := vainTokens{paths: map[string]vainToken{"/x": {good: true}}}, new(http.Request)
	assert.True(t, vain.know(&Call{Path: "/x", Safety: Read}, request))
	assert.False(t, vain.know(&Call{Path: "/x", Safety: Keyed}, request))
	vain.accepted(&Call{Path: "/x", Safety: Read}, request)
	assert.False(t, vain.know(&Call{Path: "/x", Safety: Read}, request), "it has taken one")
}
