package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim"
)

var _ esim.TokenStore = (*TokenStore)(nil)

// TokenStore is an [esim.TokenStore] that all replicas share: one of them logs
// in, the others wait for its token.
//
// Who logs in holds a lease in the row of the account, not a lock: no
// transaction and no connection is taken up meanwhile, it works through a
// connection pooler, and a process that dies is waited for no longer than its
// lease. The others look at the row again and again, at most every half
// second.
//
// Without [WithTokenKey] tokens are stored as they are. Give it a key, or see
// to it that nobody reads the table esim_token and its backups.
type TokenStore struct {
	pool                       *pgxpool.Pool
	sealer                     sealer
	invalid                    error
	read, begin, save, abandon string
	lease                      time.Duration
}

const (
	// loginPatience bounds a login, loginLease how long the others wait for
	// it: a login is over, one way or another, before the next one begins.
	loginPatience = 60 * time.Second
	loginLease    = loginPatience + 15*time.Second
	// tokenPatience bounds a statement that the caller's context does not.
	tokenPatience = 5 * time.Second

	firstLook = 20 * time.Millisecond
	lastLook  = 500 * time.Millisecond

	// nearlyOver is how long before its end a token is renewed, but not before
	// half of its life is over.
	nearlyOver = 5 * time.Minute
)

// NewTokenStore returns the token store of the database. A key that is too
// short is told by Token.
func NewTokenStore(pool *pgxpool.Pool, opts ...Option) *TokenStore {
	s := settingsOf(opts)
	t := &TokenStore{
		pool:    pool,
		read:    s.place.in(loginRead),
		begin:   s.place.in(loginBegin),
		save:    s.place.in(loginSave),
		abandon: s.place.in(`UPDATE esim_token SET login_by = NULL, login_until = NULL WHERE account = $1 AND login_by = $2`),
		lease:   loginLease,
	}
	t.sealer, t.invalid = newSealer(s.keys)
	return t
}

const loginRead = `
SELECT logins, token, sealed, coalesce(renew_at > clock_timestamp(), false),
	coalesce((extract(epoch FROM expires_at - clock_timestamp()) * 1000000)::bigint, 0),
	coalesce(login_until > clock_timestamp(), false)
FROM esim_token WHERE account = $1`

// loginBegin takes the lease, if nobody has it and nobody has begun a login
// since the row was read.
const loginBegin = `
INSERT INTO esim_token AS t (account, logins, login_by, login_at, login_until)
VALUES ($1, 1, $2, clock_timestamp(), clock_timestamp() + $3::bigint * interval '1 microsecond')
ON CONFLICT (account) DO UPDATE
SET logins = t.logins + 1, login_by = excluded.login_by, login_at = excluded.login_at, login_until = excluded.login_until
WHERE t.logins = $4 AND (t.login_until IS NULL OR t.login_until <= clock_timestamp())`

// loginSave ends the login, if the lease is still that of the caller. The life
// of the token counts from when the login began.
const loginSave = `
UPDATE esim_token
SET token = $3, sealed = $4, login_by = NULL, login_until = NULL,
	expires_at = login_at + $5::bigint * interval '1 microsecond',
	renew_at = login_at + $6::bigint * interval '1 microsecond'
WHERE account = $1 AND login_by = $2`

// Token implements [esim.TokenStore]. A token that came but could not be
// stored is returned all the same: it is good, and the others log in for
// themselves when the lease is over.
func (t *TokenStore) Token(ctx context.Context, account string, refused esim.Secret,
	login func(context.Context) (esim.Secret, time.Duration, error),
) (esim.Secret, time.Time, error) {
	if t.invalid != nil {
		return esim.Secret{}, time.Time{}, t.invalid
	}
	me := rand.Text()
	for look := firstLook; ; look = min(2*look, lastLook) {
		row, err := t.look(ctx, account)
		if err != nil {
			return esim.Secret{}, time.Time{}, fmt.Errorf("postgres: token: %w", named(err))
		}
		if row.usable && !row.token.IsZero() && !row.token.Equal(refused) {
			return row.token, row.until, nil
		}
		mine, err := t.take(ctx, account, me, row)
		if err != nil {
			return esim.Secret{}, time.Time{}, fmt.Errorf("postgres: token: %w", named(err))
		}
		if mine {
			token, until, kept, err := t.login(ctx, account, me, login)
			if kept || err != nil {
				return token, until, err
			}
			continue // frozen past the lease: somebody else has a newer token
		}
		if err := pause(ctx, look); err != nil {
			return esim.Secret{}, time.Time{}, err
		}
	}
}

// tokenRow is what the row of an account says.
type tokenRow struct {
	logins int64
	token  esim.Secret
	usable bool      // neither over nor nearly so
	until  time.Time // by the clock of this process
	busy   bool      // somebody is logging in
}

func (t *TokenStore) look(ctx context.Context, account string) (tokenRow, error) {
	var row tokenRow
	var stored []byte
	var sealed bool
	var left int64
	asked := time.Now()
	err := t.pool.QueryRow(ctx, t.read, account).Scan(&row.logins, &stored, &sealed, &row.usable, &left, &row.busy)
	if errors.Is(err, pgx.ErrNoRows) {
		return tokenRow{}, nil
	}
	if err != nil || !row.usable {
		return row, err
	}
	row.until = asked.Add(time.Duration(left) * time.Microsecond)
	row.token, err = t.sealer.open(account, stored, sealed)
	return row, err
}

// take takes the lease of the account, if nobody has it.
func (t *TokenStore) take(ctx context.Context, account, me string, seen tokenRow) (bool, error) {
	if seen.busy {
		return false, nil
	}
	tag, err := t.pool.Exec(ctx, t.begin, account, me, t.lease.Microseconds(), seen.logins)
	return tag.RowsAffected() == 1, err
}

// login logs in under the lease of me and stores what came. kept is false if
// the lease went to somebody else meanwhile.
func (t *TokenStore) login(ctx context.Context, account, me string,
	login func(context.Context) (esim.Secret, time.Duration, error),
) (token esim.Secret, until time.Time, kept bool, err error) {
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, loginPatience)
	defer cancel()
	token, valid, err := login(bounded)
	if err != nil {
		t.giveUp(ctx, account, me)
		return esim.Secret{}, time.Time{}, true, err
	}
	stored, sealed := t.sealer.seal(account, token)
	renew := valid - min(nearlyOver, valid/2)
	// What came is worth storing even if the caller has left.
	saving, cancelSave := context.WithTimeout(context.WithoutCancel(ctx), tokenPatience)
	defer cancelSave()
	tag, err := t.pool.Exec(saving, t.save, account, me, stored, sealed, valid.Microseconds(), renew.Microseconds())
	if err != nil {
		return token, began.Add(valid), true, nil // see Token
	}
	return token, began.Add(valid), tag.RowsAffected() == 1, nil
}

// giveUp ends the lease early, so that the next one may try. If that fails the
// lease ends by itself.
func (t *TokenStore) giveUp(ctx context.Context, account, me string) {
	end := func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), tokenPatience)
		defer cancel()
		_, _ = t.pool.Exec(ending, t.abandon, account, me) // the lease runs out
	}
	if ctx.Err() != nil {
		go end() // the caller has left and is not kept waiting
		return
	}
	end()
}
