package adapter

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// sharedStore is a TokenStore for processes that are goroutines.
type sharedStore struct {
	nearly time.Duration // a token with no more than this left is renewed
	before func()        // each call

	held    chan struct{} // a channel, since a bubble's clock stands still for a mutex
	token   esim.Secret
	until   time.Time
	account string
	refused []string
	calls   int
}

func (s *sharedStore) Token(
	ctx context.Context, account string, refused esim.Secret, login func(context.Context) (esim.Secret, time.Duration, error),
) (esim.Secret, time.Time, error) {
	if s.before != nil {
		s.before()
	}
	s.held <- struct{}{}
	defer func() { <-s.held }()
	s.calls++
	s.account = account
	s.refused = append(s.refused, refused.Reveal())
	if !s.token.IsZero() && time.Until(s.until) > s.nearly && !s.token.Equal(refused) {
		return s.token, s.until, nil
	}
	began := time.Now()
	token, valid, err := login(ctx)
	if err != nil {
		return esim.Secret{}, time.Time{}, err
	}
	s.token, s.until = token, began.Add(valid)
	return s.token, s.until, nil
}

func newSharedStore() *sharedStore { return &sharedStore{held: make(chan struct{}, 1)} }

// replicas are processes that share a store and a provider.
func replicas(n int, s *sharedStore, d *loginServer) []*tokens {
	var all []*tokens
	for range n {
		all = append(all, &tokens{Login: d.login, Early: 5 * time.Minute, Store: s, Account: "account-1"})
	}
	return all
}

// rush lets a hundred callers of each ask at once.
func rush(t *testing.T, all []*tokens, want string) {
	t.Helper()
	var wg sync.WaitGroup
	for _, tok := range all {
		for range 100 {
			wg.Go(func() { assertToken(t, tok, want) })
		}
	}
	wg.Wait()
}

func TestReplicasLogInOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := newSharedStore(), newLoginServer()
		s.nearly = 5 * time.Minute
		all := replicas(10, s, d)
		rush(t, all, "token-1")
		assert.Equal(t, int32(1), d.logins.Load())
		assert.Equal(t, 10, s.calls, "once for each process, however many callers it has")
		assert.Equal(t, "account-1", s.account)

		time.Sleep(55 * time.Minute)
		rush(t, all, "token-1")
		time.Sleep(2 * time.Second)
		rush(t, all, "token-2")
		assert.Equal(t, int32(2), d.logins.Load(), "renewed ahead, once")
	})
}

// A token that a process finds with half of its life over ends when the store
// says, not an hour later.
func TestATokenOfTheStoreKeepsItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := newSharedStore(), newLoginServer()
		all := replicas(2, s, d)
		assertToken(t, all[0], "token-1")
		time.Sleep(30 * time.Minute)
		assertToken(t, all[1], "token-1")
		time.Sleep(30 * time.Minute)
		assertToken(t, all[1], "token-2")
	})
}

func TestReplicasReplaceARefusedTokenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := newSharedStore(), newLoginServer()
		all := replicas(5, s, d)
		rush(t, all, "token-1")
		for _, tok := range all {
			tok.Drop(esim.NewSecret("token-1"))
		}
		rush(t, all, "token-2")
		assert.Equal(t, int32(2), d.logins.Load())
		assert.Equal(t, []string{"", "", "", "", "", "token-1", "token-1", "token-1", "token-1", "token-1"}, s.refused)
	})
}

// A renewal that began before the rejection may bring the rejected token from
// the store. It must not come back into use.
func TestARejectionDuringARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := newSharedStore(), newLoginServer()
		tok := replicas(1, s, d)[0]
		assertToken(t, tok, "token-1")
		time.Sleep(55 * time.Minute)
		s.before = func() { time.Sleep(time.Second) }
		assertToken(t, tok, "token-1") // and renews behind
		synctest.Wait()
		tok.Drop(esim.NewSecret("token-1"))
		time.Sleep(time.Millisecond)
		var wg sync.WaitGroup
		wg.Go(func() { assertToken(t, tok, "token-2") })
		time.Sleep(1500 * time.Millisecond) // the renewal has ended, the login has not
		assertToken(t, tok, "token-2")
		wg.Wait()
		time.Sleep(time.Minute)
		assertToken(t, tok, "token-2")
		assert.Equal(t, int32(2), d.logins.Load())
	})
}

func TestAStoreThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := newSharedStore(), newLoginServer()
		tok := replicas(1, s, d)[0]
		d.fails = errors.New("wrong key")
		_, err := tok.Get(t.Context())
		require.ErrorIs(t, err, d.fails)
		d.fails = nil
		time.Sleep(sharedFailure)
		assertToken(t, tok, "token-2")
	})
}

// A caller waits for the store no longer than for a login.
func TestAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := newSharedStore(), newLoginServer()
		s.before = func() { time.Sleep(time.Minute) }
		tok := replicas(1, s, d)[0]
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		begun := time.Now()
		_, err := tok.Get(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 20*time.Millisecond, time.Since(begun))
		time.Sleep(2 * time.Minute)
	})
}
