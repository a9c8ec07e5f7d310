package adapter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// loginServer counts the logins, which take a second and give an hour.
type loginServer struct {
	logins, together, most atomic.Int32

	takes time.Duration
	valid time.Duration
	fails error
}

func (d *loginServer) login(ctx context.Context) (esim.Secret, time.Duration, error) {
	n := d.logins.Add(1)
	d.most.Store(max(d.most.Load(), d.together.Add(1)))
	defer d.together.Add(-1)
	select {
	case <-time.After(d.takes):
	case <-ctx.Done():
		return esim.Secret{}, 0, ctx.Err()
	}
	if d.fails != nil {
		return esim.Secret{}, 0, d.fails
	}
	return esim.NewSecret(fmt.Sprint("token-", n)), d.valid, nil
}

func newLoginServer() *loginServer { return &loginServer{takes: time.Second, valid: time.Hour} }

// assertToken checks which login's token a caller gets.
func assertToken(t *testing.T, tok *tokens, want string) {
	t.Helper()
	got, err := tok.Get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, want, got.Reveal())
}

func TestThousandColdCallersOneLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newLoginServer()
		tok := &tokens{Login: d.login, Early: time.Minute}
		begun := time.Now()
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				got, err := tok.Get(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, "token-1", got.Reveal())
			})
		}
		wg.Wait()
		assert.Equal(t, int32(1), d.logins.Load())
		assert.Equal(t, time.Second, time.Since(begun))
	})
}

func TestWaitersKeepTheirDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newLoginServer()
		d.takes = 40 * time.Second
		tok := &tokens{Login: d.login}
		var wg sync.WaitGroup
		for n := range 100 {
			wg.Go(func() {
				patience := time.Duration(n+1) * 20 * time.Millisecond
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				begun := time.Now()
				_, err := tok.Get(ctx)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, patience, time.Since(begun))
			})
		}
		wg.Wait()
		assertToken(t, tok, "token-1")
		assert.Equal(t, int32(1), d.logins.Load(), "the login goes on for those who wait longer")
	})
}

func TestLeaderMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newLoginServer()
		tok := &tokens{Login: d.login}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := tok.Get(ctx)
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		for range 10 {
			wg.Go(func() { assertToken(t, tok, "token-1") })
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		assert.Equal(t, int32(1), d.logins.Load())
	})
}

// TestLoginInheritsValuesOnly: it has a deadline of its own.
func TestLoginInheritsValuesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ends time.Time
		tok := &tokens{Login: func(ctx context.Context) (esim.Secret, time.Duration, error) {
			ends, _ = ctx.Deadline()
			assert.Equal(t, "trace", ctx.Value(watchKey{}))
			<-ctx.Done()
			return esim.Secret{}, 0, ctx.Err()
		}}
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), watchKey{}, "trace"), time.Second)
		defer cancel()
		begun := time.Now()
		_, err := tok.Get(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, loginTimeout, ends.Sub(begun))
		time.Sleep(loginTimeout) // a login that hangs ends by itself
	})
}

func TestEarlyRenewalStallsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newLoginServer()
		tok := &tokens{Login: d.login, Early: 5 * time.Minute}
		assertToken(t, tok, "token-1")
		begun := time.Now()
		time.Sleep(54*time.Minute + 58*time.Second)
		assertToken(t, tok, "token-1")
		synctest.Wait()
		assert.Equal(t, int32(1), d.logins.Load(), "not before its time")

		time.Sleep(time.Second)
		asked := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { assertToken(t, tok, "token-1") })
		}
		wg.Wait()
		assert.Zero(t, time.Since(asked), "nobody waits for the renewal")
		time.Sleep(2 * time.Second)
		assertToken(t, tok, "token-2")
		assert.Equal(t, int32(2), d.logins.Load(), "one renewal")
		assert.Less(t, time.Since(begun), time.Hour)
	})
}

// TestRenewalThatFails leaves the old token in use until it ends.
func TestRenewalThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newLoginServer()
		tok := &tokens{Login: d.login, Early: 5 * time.Minute}
		assertToken(t, tok, "token-1")
		d.fails = errors.New("down")
		time.Sleep(55*time.Minute + 10*time.Second)
		for range 3 {
			assertToken(t, tok, "token-1")
			time.Sleep(time.Second + sharedFailure)
		}
		assert.Equal(t, int32(4), d.logins.Load(), "it is tried again and again")
		time.Sleep(5 * time.Minute)
		_, err := tok.Get(t.Context())
		require.ErrorIs(t, err, d.fails)
		d.fails = nil
		time.Sleep(sharedFailure)
		assertToken(t, tok, "token-6")
	})
}

// TestShortLives: a token that lives no longer than Early is not renewed all
// the time.
func TestShortLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newLoginServer()
		d.valid, d.takes = 2*time.Minute, 0
		tok := &tokens{Login: d.login, Early: 5 * time.Minute}
		for range 600 { // ten minutes
			_, err := tok.Get(t.Context())
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, d.logins.Load(), int32(11), "once in half a life")
		assert.GreaterOrEqual(t, d.logins.Load(), int32(9))
	})
}

// TestUselessLives: one that is over when it comes serves those who waited.
func TestUselessLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newLoginServer()
		d.valid = 0
		tok := &tokens{Login: d.login, Early: time.Minute}
		assertToken(t, tok, "token-1")
		assertToken(t, tok, "token-2")
	})
}

func TestFailureIsShared(t *testing.T) {
	for name, now := range map[string]func() time.Time{
		"by the real clock":         nil,
		"of a clock standing still": func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newLoginServer()
			d.fails = errors.New("wrong key")
			tok := &tokens{Login: d.login, Now: now}
			_, err := tok.Get(t.Context())
			require.ErrorIs(t, err, d.fails)
			for range 1000 {
				_, err = tok.Get(t.Context())
				require.ErrorIs(t, err, d.fails)
			}
			assert.Equal(t, int32(1), d.logins.Load(), name)
			time.Sleep(sharedFailure)
			_, err = tok.Get(t.Context())
			require.ErrorIs(t, err, d.fails)
			assert.Equal(t, int32(2), d.logins.Load(), "%s: and then it is tried again", name)
		})
	}
}

func TestDropOnlyTheRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newLoginServer()
		tok := &tokens{Login: d.login}
		assertToken(t, tok, "token-1")
		tok.Drop(esim.NewSecret("token-0"))
		tok.Drop(esim.Secret{})
		assertToken(t, tok, "token-1")

		// A hundred calls are refused with the same token.
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				tok.Drop(esim.NewSecret("token-1"))
				assertToken(t, tok, "token-2")
			})
		}
		wg.Wait()
		tok.Drop(esim.NewSecret("token-1")) // a late one
		assertToken(t, tok, "token-2")
		assert.Equal(t, int32(2), d.logins.Load())
		assert.Equal(t, int32(1), d.most.Load())
	})
}

func TestExpiryByTheInjectedClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		d := newLoginServer()
		tok := &tokens{Login: d.login, Now: func() time.Time { return now }}
		assertToken(t, tok, "token-1")
		time.Sleep(48 * time.Hour) // real time does not count
		assertToken(t, tok, "token-1")
		now = now.Add(time.Hour - time.Nanosecond)
		assertToken(t, tok, "token-1")
		now = now.Add(time.Nanosecond)
		assertToken(t, tok, "token-2")
	})
}

// TestLifeCountsFromTheStartOfTheLogin, since nobody knows when within it the
// provider began to count.
func TestLifeCountsFromTheStartOfTheLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newLoginServer()
		d.takes = 10 * time.Minute
		tok := &tokens{Login: func(ctx context.Context) (esim.Secret, time.Duration, error) {
			return d.login(context.WithoutCancel(ctx))
		}}
		assertToken(t, tok, "token-1")
		time.Sleep(50*time.Minute - time.Second)
		assertToken(t, tok, "token-1")
		time.Sleep(time.Second)
		assertToken(t, tok, "token-2")
	})
}
