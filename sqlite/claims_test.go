package sqlite_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
	"github.com/esimkit/esim/router/claimstest"
	"github.com/esimkit/esim/sqlite"
)

func TestClaims(t *testing.T) {
	claimstest.Run(t, func(t testing.TB) router.Claims {
		path := newPath(t)
		s := open(t, path)
		return fileClaims{s.Claims(), t, s, path}
	})
}

// fileClaims are the claims of a file that the suite opens again.
type fileClaims struct {
	*sqlite.Claims

	t     testing.TB
	store *sqlite.Store
	path  string
}

// Reopen implements [claimstest.Reopener].
func (c fileClaims) Reopen() (router.Claims, error) {
	if err := c.store.Close(); err != nil {
		return nil, err
	}
	return open(c.t, c.path).Claims(), nil
}

func claim(reference string, version int64) router.Claim {
	return router.Claim{Reference: reference, Version: version, Document: []byte(`{"attempts":[{"n":1}]}`)}
}

// A damaged claim is never read: the file is refused, or what reads it.
func TestDamagedClaimIsRefused(t *testing.T) {
	for name, damage := range map[string]string{
		"reference":  `UPDATE esim_claim SET reference = 'cart-3' WHERE reference = 'cart-2'`,
		"version":    `UPDATE esim_claim SET version = 3 WHERE reference = 'cart-2'`,
		"document":   `UPDATE esim_claim SET document = '{"attempts":[]}' WHERE reference = 'cart-2'`,
		"updated_at": `UPDATE esim_claim SET updated_at = '2020-01-01T00:00:00.000000Z' WHERE reference = 'cart-2'`,
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			s, err := sqlite.Open(path)
			require.NoError(t, err)
			for _, c := range []router.Claim{claim("cart-1", 1), claim("cart-2", 1), claim("cart-2", 2)} {
				require.NoError(t, s.Claims().Put(t.Context(), c))
			}
			require.NoError(t, s.Close())
			raw(t, path, damage)
			_, err = sqlite.Open(path)
			require.ErrorIs(t, err, journal.ErrForeign)
			require.ErrorContains(t, err, "the claim of cart-")

			claims := open(t, path, sqlite.WithQuickCheck()).Claims()
			reference := "cart-2"
			if name == "reference" {
				reference = "cart-3"
			}
			c, err := claims.Get(t.Context(), reference)
			require.ErrorIs(t, err, journal.ErrForeign)
			require.NotErrorIs(t, err, esim.ErrNotFound)
			assert.Nil(t, c)
			_, err = claims.Get(t.Context(), "cart-1")
			require.NoError(t, err, "the other one is whole")
		})
	}
}

func TestOlderFileGetsClaims(t *testing.T) {
	s := open(t, oldFile(t))
	require.NoError(t, s.Claims().Put(t.Context(), claim("cart-1", 1)))
	c, err := s.Claims().Get(t.Context(), "cart-1")
	require.NoError(t, err)
	assert.Equal(t, claim("cart-1", 1), *c)
	all, err := s.List(t.Context(), journal.Query{})
	require.NoError(t, err)
	assert.Len(t, all, 10)
}

// The claims share the fate of the journal in the file.
func TestClaimsEndWithTheirStore(t *testing.T) {
	s := open(t, newPath(t))
	claims := s.Claims()
	require.NoError(t, claims.Put(t.Context(), claim("cart-1", 1)))
	require.NoError(t, s.Close())
	_, err := claims.Get(t.Context(), "cart-1")
	require.ErrorIs(t, err, journal.ErrClosed)
	require.ErrorIs(t, claims.Put(t.Context(), claim("cart-1", 2)), journal.ErrClosed)
	_, err = claims.Purge(t.Context(), time.Now())
	require.ErrorIs(t, err, journal.ErrClosed)
}

// What is old is found in an index, however much is new.
func TestClaimPlans(t *testing.T) {
	path := written(t, 1)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for query, index := range map[string]string{
		`SELECT document FROM esim_claim WHERE reference = 'r'`:                    "sqlite_autoindex_esim_claim_1 (reference=?)",
		`DELETE FROM esim_claim WHERE created_at < '2026' AND updated_at < '2026'`: "esim_claim_age (created_at<?)",
	} {
		p := &planner{db: db}
		_, err := p.Query(t.Context(), query)
		require.NoError(t, err)
		assert.Contains(t, strings.Join(p.plans, "; "), index)
	}
}
