package postgres

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres/internal/pgtest"
	"github.com/esimkit/esim/router"
	"github.com/esimkit/esim/router/claimstest"
)

func TestClaimsConform(t *testing.T) {
	url := pgtest.URL(t)
	pool := pgtest.Connect(t, url)
	stores := 0
	claimstest.Run(t, func(t testing.TB) router.Claims {
		stores++
		in := WithSchema(fmt.Sprint("claims ", stores)) // quicker than a database for each
		require.NoError(t, Migrate(t.Context(), pool, in))
		return replicaClaims{NewClaims(pool, in), t, pool, url, in}
	})
}

// replicaClaims are claims that other replicas use too.
type replicaClaims struct {
	*Claims

	t    testing.TB
	pool *pgxpool.Pool
	url  string
	in   Option
}

// Share is another replica, with connections of its own.
func (r replicaClaims) Share() (router.Claims, error) {
	return NewClaims(pgtest.Connect(r.t, r.url), r.in), nil
}

// Reopen is the same one after a restart.
func (r replicaClaims) Reopen() (router.Claims, error) { return r.Share() }

// Now is the time of the server.
func (r replicaClaims) Now(ctx context.Context) (now time.Time, err error) {
	err = r.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, err
}

func claim(version int64) router.Claim {
	return router.Claim{Reference: "cart-1", Version: version, Document: []byte("{}")}
}

// What is confirmed is on the disk of the server even where that is not its
// habit.
func TestClaimsAreDurableWhateverTheDefault(t *testing.T) {
	pool := migrated(t)
	database := pool.Config().ConnConfig.Database
	_, err := pool.Exec(t.Context(), `CREATE TABLE seen (setting text)`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `CREATE TRIGGER see BEFORE INSERT OR UPDATE ON esim_claim FOR EACH ROW EXECUTE FUNCTION see()`)
	require.NoError(t, err)
	for i, setting := range []string{"on", "off"} {
		_, err := pool.Exec(t.Context(), `ALTER DATABASE `+database+` SET synchronous_commit = `+setting)
		require.NoError(t, err)
		pool.Reset()
		claims := NewClaims(pool)
		require.NoError(t, claims.Put(t.Context(), claim(int64(2*i+1))))
		require.NoError(t, claims.Put(t.Context(), claim(int64(2*i+2))))
		require.ErrorIs(t, claims.Put(t.Context(), claim(int64(2*i+2))), router.ErrClaimConflict)
	}
	var all, durable int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE setting = 'on') FROM seen`).Scan(&all, &durable))
	assert.Equal(t, 4, all)
	assert.Equal(t, 4, durable)
}

// Without its table a claim is an error that says what to do, and no conflict.
func TestClaimsNeedTheirTable(t *testing.T) {
	claims := NewClaims(pgtest.Pool(t))
	_, err := claims.Get(t.Context(), "cart-1")
	require.ErrorIs(t, err, journal.ErrSchema)
	err = claims.Put(t.Context(), claim(1))
	require.ErrorIs(t, err, journal.ErrSchema)
	require.ErrorContains(t, err, "run postgres.Migrate")
}

// What is old is found in an index, however much is new.
func TestClaimsFindWhatIsOldInAnIndex(t *testing.T) {
	pool := migrated(t)
	_, err := pool.Exec(t.Context(), `INSERT INTO esim_claim (reference, version, document, created_at, updated_at, seal)
SELECT n::text, 1, '{}', clock_timestamp(), clock_timestamp(), '' FROM generate_series(1, 20000) AS n`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `ANALYZE esim_claim`)
	require.NoError(t, err)
	for query, index := range map[string]string{
		`SELECT document FROM esim_claim WHERE reference = '7'`:                                                        "esim_claim_pkey",
		`DELETE FROM esim_claim WHERE created_at < now() - interval '1 day' AND updated_at < now() - interval '1 day'`: "esim_claim_age",
	} {
		var plan []byte
		require.NoError(t, pool.QueryRow(t.Context(), `EXPLAIN (FORMAT JSON) `+query).Scan(&plan))
		assert.Contains(t, string(plan), index)
	}
}
