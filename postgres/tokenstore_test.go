package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/postgres/internal/pgtest"
)

// provider hands out token-1, token-2, … and counts who asks at once.
type provider struct {
	logins, together, most atomic.Int32

	takes, valid time.Duration
	fails        error
}

func (p *provider) login(ctx context.Context) (esim.Secret, time.Duration, error) {
	n := p.logins.Add(1)
	if now := p.together.Add(1); now > p.most.Load() {
		p.most.Store(now)
	}
	defer p.together.Add(-1)
	if err := pause(ctx, p.takes); err != nil {
		return esim.Secret{}, 0, err
	}
	if p.fails != nil {
		return esim.Secret{}, 0, p.fails
	}
	return esim.NewSecret(fmt.Sprint("token-", n)), p.valid, nil
}

const account = "0123abcd"

// wantToken asks for a token and compares it.
func wantToken(t *testing.T, s *TokenStore, p *provider, refused, want string) time.Time {
	t.Helper()
	token, until, err := s.Token(t.Context(), account, esim.NewSecret(refused), p.login)
	require.NoError(t, err)
	require.Equal(t, want, token.Reveal())
	return until
}

func TestReplicasLogInOnce(t *testing.T) {
	url := pgtest.URL(t)
	require.NoError(t, Migrate(t.Context(), pgtest.Connect(t, url)))
	p := &provider{takes: 200 * time.Millisecond, valid: time.Hour}
	stores := make([]*TokenStore, 5)
	for i := range stores {
		stores[i] = NewTokenStore(pgtest.Connect(t, url))
	}
	for round := range 3 { // the first finds nothing, the others a token that was refused
		refused := ""
		if round > 0 {
			refused = fmt.Sprint("token-", round)
		}
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				token, until, err := stores[i%len(stores)].Token(t.Context(), account, esim.NewSecret(refused), p.login)
				assert.NoError(t, err)
				assert.Equal(t, fmt.Sprint("token-", round+1), token.Reveal())
				assert.WithinDuration(t, time.Now().Add(time.Hour), until, 30*time.Second)
			})
		}
		wg.Wait()
		require.Equal(t, int32(round+1), p.logins.Load())
	}
	assert.Equal(t, int32(1), p.most.Load())
}

func TestTokenIsRenewedWhenNearlyOver(t *testing.T) {
	pool := migrated(t)
	s := NewTokenStore(pool)
	p := &provider{valid: time.Hour}
	wantToken(t, s, p, "", "token-1")
	wantToken(t, s, p, "", "token-1")
	wantToken(t, s, p, "one of long ago", "token-1")

	age := func(by string) {
		_, err := pool.Exec(t.Context(), `UPDATE esim_token SET expires_at = expires_at - $1::interval, renew_at = renew_at - $1::interval`, by)
		require.NoError(t, err)
	}
	age("54 minutes")
	until := wantToken(t, s, p, "", "token-1")
	assert.WithinDuration(t, time.Now().Add(6*time.Minute), until, 30*time.Second)
	age("2 minutes")
	wantToken(t, s, p, "", "token-2")

	p.valid = time.Minute // of short lives the second half
	wantToken(t, s, p, "token-2", "token-3")
	age("25 seconds")
	wantToken(t, s, p, "", "token-3")
	age("10 seconds")
	wantToken(t, s, p, "", "token-4")
}

func TestTokensAreThoseOfAnAccount(t *testing.T) {
	s := NewTokenStore(migrated(t))
	p := &provider{valid: time.Hour}
	wantToken(t, s, p, "", "token-1")
	token, _, err := s.Token(t.Context(), "another", esim.Secret{}, p.login)
	require.NoError(t, err)
	assert.Equal(t, "token-2", token.Reveal())
	wantToken(t, s, p, "", "token-1")
}

func TestFailedLoginLetsTheNextOneTry(t *testing.T) {
	s := NewTokenStore(migrated(t))
	bad := &provider{fails: errors.New("wrong key")}
	_, _, err := s.Token(t.Context(), account, esim.Secret{}, bad.login)
	require.Equal(t, bad.fails, err, "as it came")
	began := time.Now()
	wantToken(t, s, &provider{valid: time.Hour}, "", "token-1")
	assert.Less(t, time.Since(began), 5*time.Second, "the lease is given back")
}

func TestDeadLoginIsWaitedForNoLongerThanItsLease(t *testing.T) {
	s := NewTokenStore(migrated(t))
	s.lease = 300 * time.Millisecond
	mine, err := s.take(t.Context(), account, "who died", tokenRow{})
	require.NoError(t, err)
	require.True(t, mine)
	began := time.Now()
	wantToken(t, s, &provider{valid: time.Hour}, "", "token-1")
	assert.GreaterOrEqual(t, time.Since(began), 250*time.Millisecond)

	// And who was only frozen neither overwrites the newer token nor uses its own.
	late := &provider{valid: time.Hour}
	_, _, kept, err := s.login(t.Context(), account, "who died", late.login)
	require.NoError(t, err)
	assert.False(t, kept)
	wantToken(t, s, late, "", "token-1")
	assert.Equal(t, int32(1), late.logins.Load())
}

func TestTokenWaitersObeyTheirContexts(t *testing.T) {
	s := NewTokenStore(migrated(t))
	mine, err := s.take(t.Context(), account, "who takes long", tokenRow{})
	require.NoError(t, err)
	require.True(t, mine)

	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, _, err := s.Token(ctx, account, esim.Secret{}, (&provider{}).login)
		left <- err
	}()
	require.NoError(t, pause(t.Context(), 100*time.Millisecond)) // let it wait
	began := time.Now()
	cancel()
	require.ErrorIs(t, <-left, context.Canceled)
	assert.Less(t, time.Since(began), 500*time.Millisecond, "on a busy machine")
}

func TestTokenOfOneWhoLeftDuringTheLogin(t *testing.T) {
	s := NewTokenStore(migrated(t))
	ctx, cancel := context.WithCancel(t.Context())
	p := &provider{takes: time.Hour}
	time.AfterFunc(50*time.Millisecond, cancel)
	_, _, err := s.Token(ctx, account, esim.Secret{}, p.login)
	require.ErrorIs(t, err, context.Canceled)
	began := time.Now()
	wantToken(t, s, &provider{valid: time.Hour}, "", "token-1")
	assert.Less(t, time.Since(began), 5*time.Second, "the lease is given back")
}

func stored(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	var token []byte
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT token FROM esim_token`).Scan(&token))
	return string(token)
}

func TestSealedTokens(t *testing.T) {
	pool := migrated(t)
	oldKey, newKey := esim.NewSecret(strings.Repeat("old ", 8)), esim.NewSecret(strings.Repeat("new ", 8))
	p := &provider{valid: time.Hour}

	plain := NewTokenStore(pool)
	wantToken(t, plain, p, "", "token-1")
	assert.Equal(t, "token-1", stored(t, pool))

	sealing := NewTokenStore(pool, WithTokenKey(oldKey))
	wantToken(t, sealing, p, "", "token-2") // the open one is replaced
	wantToken(t, sealing, p, "", "token-2")
	assert.NotContains(t, stored(t, pool), "token")

	_, _, err := plain.Token(t.Context(), account, esim.Secret{}, p.login)
	require.ErrorIs(t, err, errSealed, "nobody opens it again by mistake")

	wantToken(t, NewTokenStore(pool, WithTokenKey(newKey, oldKey)), p, "", "token-2")
	wantToken(t, NewTokenStore(pool, WithTokenKey(newKey)), p, "", "token-3")

	// A sealed token does not serve another account.
	_, err = pool.Exec(t.Context(), `UPDATE esim_token SET account = 'another'`)
	require.NoError(t, err)
	token, _, err := NewTokenStore(pool, WithTokenKey(newKey)).Token(t.Context(), "another", esim.Secret{}, p.login)
	require.NoError(t, err)
	assert.Equal(t, "token-4", token.Reveal())

	short := NewTokenStore(pool, WithTokenKey(esim.NewSecret("hunter2")))
	_, _, err = short.Token(t.Context(), account, esim.Secret{}, p.login)
	require.ErrorIs(t, err, errTokenKey)
	assert.NotContains(t, err.Error(), "hunter2")
	assert.Equal(t, int32(4), p.logins.Load())
}

func TestTokenWithoutDatabase(t *testing.T) {
	pool := migrated(t)
	s := NewTokenStore(pool)
	pool.Close()
	p := &provider{valid: time.Hour}
	_, _, err := s.Token(t.Context(), account, esim.Secret{}, p.login)
	require.Error(t, err)
	assert.Zero(t, p.logins.Load())
	_, _, err = NewTokenStore(pgtest.Pool(t)).Token(t.Context(), account, esim.Secret{}, p.login)
	require.ErrorContains(t, err, "postgres.Migrate")
}
