package adapter

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// Bearer states how a provider gives out access tokens. One token serves all
// callers of a client, and with Store those of other processes. Many callers
// make one login, and each waits no longer than its own context. A token is
// renewed ahead of its end. A refused token is dropped, unless there is a newer
// one. Spec.Authorize is not needed beside it.
type Bearer struct {
	// Login asks for a token. Its calls go through login, which authorizes
	// nothing; it is an operation of its own, "Login". The token is valid for
	// so long, counted from the moment Login was called.
	Login func(ctx context.Context, login *API) (token string, valid time.Duration, err error)
	// Refuse classifies the answer to a login; nil = Spec.Refuse.
	Refuse func(Answer) Verdict
	// Scheme stands before the token in the Authorization header, with its
	// space: "Bearer ". "" sends the token alone.
	Scheme string
	// Early is how long before its end a token is renewed, though not before
	// half of its life is over.
	Early time.Duration
	// KeyID names the account in Store, see [API.Account].
	KeyID string
	// Store shares the token with other processes: the Tokens of the adapter's
	// Config. nil = this process logs in for itself.
	Store esim.TokenStore
}

// newLogin returns the client of the logins. It waits for no limiter: behind
// the calls that wait for the token it would stand in a queue that it is to
// end. There is one login at a time, and a failed one is repeated at most once.
func newLogin(spec Spec, s esim.Settings) (*API, error) {
	if spec.Bearer.Refuse != nil {
		spec.Refuse = spec.Bearer.Refuse
	}
	spec.Bearer, spec.Spends, spec.Purchases, spec.Errors, spec.Can = nil, nil, nil, nil, esim.Capabilities{}
	spec.Authorize = func(context.Context, *http.Request, []byte, time.Time) (string, error) { return "", nil }
	if s.MaxRetries >= 0 {
		s.MaxRetries = 1
	}
	login, err := New(spec, s)
	if err == nil {
		login.limiter = nil
	}
	return login, err
}

// bear makes the calls of t carry a token.
func (t *API) bear(s esim.Settings) (err error) {
	b := t.spec.Bearer
	if t.login, err = newLogin(t.spec, s); err != nil {
		return err
	}
	token := &tokens{Early: b.Early, Now: s.Now, Account: t.Account(b.KeyID).Fingerprint}
	token.Login = func(ctx context.Context) (esim.Secret, time.Duration, error) { return t.login.logIn(ctx, b) }
	if b.Store != nil {
		token.Store = &sharedTokens{b.Store, t.login}
	}
	t.spec.Authorize = func(ctx context.Context, r *http.Request, _ []byte, _ time.Time) (string, error) {
		secret, err := token.Get(ctx)
		if err == nil {
			r.Header.Set("Authorization", b.Scheme+secret.Reveal())
		}
		return "", err
	}
	t.spec.Disown = func(r *http.Request) {
		token.Drop(esim.NewSecret(strings.TrimPrefix(r.Header.Get("Authorization"), b.Scheme)))
	}
	return nil
}

// opLogin is the operation that a login is.
const opLogin = "Login"

func (t *API) logIn(ctx context.Context, b *Bearer) (_ esim.Secret, _ time.Duration, err error) {
	ctx, end := t.begin(ctx, t.about(opLogin, nil))
	defer func() { end(err) }()
	token, valid, err := b.Login(ctx, t)
	if err != nil {
		return esim.Secret{}, 0, err
	}
	if why := Header(token); why != nil {
		return esim.Secret{}, 0, t.Fail(ctx, esim.ErrMalformedResponse, esim.OutcomeNotSent, "access_token "+why.Error())
	}
	return esim.NewSecret(token), valid, nil
}

// sharedTokens is a store of other processes. A token that would break a request
// is refused, and the store's own trouble is not mistaken for wrong credentials.
type sharedTokens struct {
	esim.TokenStore
	login *API
}

// Token passes on what the shared store says.
func (s *sharedTokens) Token(
	ctx context.Context, account string, refused esim.Secret, login func(context.Context) (esim.Secret, time.Duration, error),
) (esim.Secret, time.Time, error) {
	token, until, err := s.TokenStore.Token(ctx, account, refused, login)
	if err != nil {
		return esim.Secret{}, time.Time{}, s.failure(err)
	}
	if why := Header(token.Reveal()); why != nil {
		return esim.Secret{}, time.Time{}, s.login.failIn(opLogin, esim.ErrUnavailable, esim.OutcomeNotSent, "the token in Config.Tokens "+why.Error())
	}
	return token, until, nil
}

// failure keeps the error of a login as it is.
func (s *sharedTokens) failure(err error) error {
	if _, ok := errors.AsType[*esim.Error](err); ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := s.login.failIn(opLogin, esim.ErrUnavailable, esim.OutcomeNotSent, "Config.Tokens fails")
	e.Err = err
	return e
}
