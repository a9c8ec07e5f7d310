package adapter

import (
	"context"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

// tokens shares one bearer token among all callers of a client: one login for
// any number of cold callers, each of which waits no longer than its own
// context; renewal ahead of expiry while the old token still serves; and a
// failed login shared for a moment, so that many callers make one login request.
type tokens struct {
	// Login fetches a token and says how long it is valid, counted from the
	// moment Login was called. It outlives the caller that started it.
	Login func(ctx context.Context) (token esim.Secret, valid time.Duration, err error)
	// Early is how long before its end a token is renewed, but not before
	// half of its life is over.
	Early time.Duration
	// Now is the clock, nil = time.Now.
	Now func() time.Time
	// Store shares the token with other processes, under the name Account.
	// nil = this process logs in for itself.
	Store   esim.TokenStore
	Account string

	mu      sync.Mutex
	token   esim.Secret
	refused esim.Secret // the latest that was rejected
	renew   time.Time   // from then on it is renewed
	expiry  time.Time
	pending *login
	failed  *login
	until   time.Time // the failure is shared until then; of the real clock, since Now may stand still
}

// login is one under way; done is closed when token and err are set.
type login struct {
	done  chan struct{}
	token esim.Secret
	err   error
}

const (
	loginTimeout  = 60 * time.Second
	sharedFailure = 100 * time.Millisecond
)

// Get returns the current token, logging in first if there is none.
func (t *tokens) Get(ctx context.Context) (esim.Secret, error) {
	t.mu.Lock()
	now := t.clock()
	if !t.token.IsZero() && now.Before(t.expiry) {
		token := t.token
		if !now.Before(t.renew) {
			t.start(ctx, now)
		}
		t.mu.Unlock()
		return token, nil
	}
	pending := t.start(ctx, now)
	t.mu.Unlock()

	select {
	case <-pending.done:
		return pending.token, pending.err
	case <-ctx.Done():
		return esim.Secret{}, ctx.Err()
	}
}

// Drop forgets the token if it is still the one that was rejected: whoever
// comes second finds a newer one and leaves it alone. A renewal under way does
// not know of the rejection, and from a store it may bring the same token once
// more: nobody waits for it.
func (t *tokens) Drop(rejected esim.Secret) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token.Equal(rejected) {
		t.token, t.refused = esim.Secret{}, rejected
		if t.Store != nil {
			t.pending = nil
		}
	}
}

// start begins a login unless one is under way. The lock is held.
func (t *tokens) start(ctx context.Context, began time.Time) *login {
	if t.pending != nil {
		return t.pending
	}
	if t.failed != nil && time.Now().Before(t.until) {
		return t.failed
	}
	f := &login{done: make(chan struct{})}
	t.pending = f
	refused := t.refused
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginTimeout)
	go func() {
		defer cancel()
		token, until, err := t.obtain(ctx, refused, began)
		t.finish(f, token, began, until, err)
	}()
	return f
}

// obtain gets a token that is not the refused one, by logging in or from the
// store.
func (t *tokens) obtain(ctx context.Context, refused esim.Secret, began time.Time) (token esim.Secret, until time.Time, err error) {
	if t.Store != nil {
		return t.Store.Token(ctx, t.Account, refused, t.Login)
	}
	token, valid, err := t.Login(ctx)
	return token, began.Add(valid), err
}

func (t *tokens) finish(f *login, token esim.Secret, began, until time.Time, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.token, f.err = token, err
	close(f.done)
	if t.pending == f {
		t.pending = nil
	}
	switch t.failed = nil; {
	case err != nil:
		t.failed, t.until = f, time.Now().Add(sharedFailure)
	case t.Store != nil && token.Equal(t.refused): // while it was under way
	default:
		t.token, t.expiry = token, until
		t.renew = until.Add(-min(t.Early, until.Sub(began)/2))
	}
}

func (t *tokens) clock() time.Time {
	if t.Now != nil {
		return t.Now()
	}
	return time.Now()
}
