package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/router"
)

// Claims is the [router.Claims] of a database: the record of which reseller a
// reference was given to. Replicas share it, so that of two that make the same
// sale at once only one opens it. What Put has confirmed is on the disk of the
// primary, whatever synchronous_commit says by default.
type Claims struct {
	router.Claims

	claims *sqlstore.Claims
}

// NewClaims returns the claims of the database, of which it asks nothing before
// they are used. The pool must lead to the primary: a standby may not know yet
// what another replica has put.
func NewClaims(pool *pgxpool.Pool, opts ...Option) *Claims {
	c := sqlstore.NewClaims(&lazy{pool: pool, place: settingsOf(opts).place}, dialect(), nil)
	return &Claims{Claims: c, claims: c}
}

// Purge removes claims that were last written before a time, and returns how
// many. A reference that is used again after that counts as new, so keep them
// for as long as a shop may repeat an order.
func (c *Claims) Purge(ctx context.Context, before time.Time) (int64, error) {
	return c.claims.Purge(ctx, before)
}
