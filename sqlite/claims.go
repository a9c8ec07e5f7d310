package sqlite

import (
	"context"
	"time"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/router"
)

// Claims is the [router.Claims] of a file: the record of which reseller a
// reference was given to. It shares all with the journal there, as [Inbox] does.
type Claims struct {
	router.Claims

	claims *sqlstore.Claims
}

// Claims returns the record of claims in the file. A claim is on disk when Put
// returns without an error; claims that are put at the same time share a flush.
// It ends with the store.
func (s *Store) Claims() *Claims { return &Claims{Claims: s.claims, claims: s.claims} }

// Purge removes claims that were last written before a time, and returns how
// many. A reference that is used again after that counts as new, so keep them
// for as long as a shop may repeat an order.
func (c *Claims) Purge(ctx context.Context, before time.Time) (int64, error) {
	return c.claims.Purge(ctx, before)
}
