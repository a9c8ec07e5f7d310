package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
)

// Claims is a [router.Claims] in the table esim_claim of an SQL database.
type Claims struct{ singles }

var _ router.Claims = (*Claims)(nil)

// NewClaims makes a record of claims of a database. now is its clock, as that
// of [New], and not needed where the dialect knows that of the database.
func NewClaims(db DB, d Dialect, now func(context.Context) (time.Time, error)) *Claims {
	return &Claims{singles{db: db, d: d, now: now}}
}

// Get implements [router.Claims].
func (c *Claims) Get(ctx context.Context, reference string) (*router.Claim, error) {
	var all []router.Claim
	err := c.db.Read(ctx, func(tx Tx) (err error) {
		all, err = c.d.claims(tx.Query(ctx, "SELECT "+claimColumns+" FROM esim_claim WHERE reference = $1", reference))
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		return nil, fmt.Errorf("claims: %s: %w", reference, esim.ErrNotFound)
	}
	return &all[0], nil
}

// Put implements [router.Claims]. Comparing and setting are one statement: of
// two that find the same version one changes a row, and the other none.
func (c *Claims) Put(ctx context.Context, claim router.Claim) error {
	now, err := c.time(ctx)
	if err != nil {
		return err
	}
	rows, err := c.put(ctx, &claim, now)
	if err == nil && rows == 0 {
		return router.ErrClaimConflict
	}
	return err
}

func (c *Claims) put(ctx context.Context, claim *router.Claim, now time.Time) (rows int64, err error) {
	args := []any{claim.Reference, claim.Version, string(claim.Document)} // a copy: the write may outlive the call
	at := c.after(&args, now, 0)
	seal := param(&args, c.d.claimSeal(claim, now))
	if claim.Version == 1 {
		return c.atOnce(ctx, "INSERT INTO esim_claim (reference, version, document, created_at, updated_at, seal) VALUES ($1, $2, $3, "+
			at+", "+at+", "+seal+") ON CONFLICT (reference) DO NOTHING", args)
	}
	return c.atOnce(ctx, "UPDATE esim_claim SET version = $2, document = $3, updated_at = "+at+", seal = "+seal+
		" WHERE reference = $1 AND version = "+param(&args, claim.Version-1), args)
}

// Purge removes claims that were last written before a time, and returns how
// many.
func (c *Claims) Purge(ctx context.Context, before time.Time) (int64, error) {
	// None is written before it is created, and that time is in the index: one
	// that never changes, so that writing a claim again leaves the index alone.
	return c.atOnce(ctx, "DELETE FROM esim_claim WHERE created_at < $1 AND updated_at < $1", []any{c.d.time(precise(before))})
}

// claimColumns are those of a claim in the order in which claim reads them.
const claimColumns = "reference, version, document, updated_at, seal"

// claims reads all rows of a query for [claimColumns].
func (d *Dialect) claims(rows Rows, err error) ([]router.Claim, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []router.Claim
	for rows.Next() {
		c, err := d.claim(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

func (d *Dialect) claim(rows Rows) (c router.Claim, err error) {
	var (
		document, seal string
		updated        time.Time
	)
	if err = rows.Scan(&c.Reference, &c.Version, &document, moment{&updated}, &seal); err != nil {
		return c, fmt.Errorf("claims: cannot read a claim: %w", err)
	}
	c.Document = []byte(document)
	if d.Seal && seal != d.claimSeal(&c, updated) {
		return c, fmt.Errorf("%w: the claim of %s is damaged on disk; stop the program, keep a copy of the database and restore a backup",
			journal.ErrForeign, c.Reference)
	}
	return c, nil
}

// claimSeal is the checksum over all that each Put writes.
func (d *Dialect) claimSeal(c *router.Claim, updated time.Time) string {
	if !d.Seal {
		return ""
	}
	var s sum
	s.text(c.Reference, string(c.Document))
	s.number(c.Version)
	s.time(updated)
	return s.String()
}

// VerifyClaims reads all claims and compares their checksums.
func VerifyClaims(ctx context.Context, tx Tx, d Dialect) error {
	rows, err := tx.Query(ctx, "SELECT "+claimColumns+" FROM esim_claim")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := d.claim(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
