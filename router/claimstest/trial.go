package claimstest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/router"
)

// trial is one check under way.
type trial struct {
	testing.TB
	claims router.Claims
}

func newTrial(t testing.TB, claims router.Claims) *trial { return &trial{t, claims} }

// claim is a version of a claim with a document that says which it is.
func claim(reference string, version int64) router.Claim {
	return router.Claim{Reference: reference, Version: version, Document: fmt.Appendf(nil, `{"of":%q,"version":%d}`, reference, version)}
}

// put stores what must be stored.
func (t *trial) put(c router.Claim) {
	t.Helper()
	if err := t.claims.Put(t.Context(), c); err != nil {
		t.Fatalf("Put of %q, version %d: %v", c.Reference, c.Version, err)
	}
}

// wantConflict puts what must not be stored.
func (t *trial) wantConflict(c router.Claim) {
	t.Helper()
	if err := t.claims.Put(t.Context(), c); !errors.Is(err, router.ErrClaimConflict) {
		t.Errorf("Put of %q, version %d: error %v, want router.ErrClaimConflict", c.Reference, c.Version, err)
	}
}

// wantClaim reads a claim and checks that it is this one.
func (t *trial) wantClaim(want router.Claim) {
	t.Helper()
	got := t.get(want.Reference)
	if got.Reference != want.Reference || got.Version != want.Version || string(got.Document) != string(want.Document) {
		t.Errorf("Get of %q gives %q, version %d, %.60q; want version %d, %.60q",
			want.Reference, got.Reference, got.Version, got.Document, want.Version, want.Document)
	}
}

// get reads a claim that there must be.
func (t *trial) get(reference string) *router.Claim {
	t.Helper()
	c, err := t.claims.Get(t.Context(), reference)
	if err != nil {
		t.Fatalf("Get of %q: %v", reference, err)
	}
	if c == nil {
		t.Fatalf("Get of %q gives neither a claim nor an error", reference)
	}
	return c
}

// wantNone checks that there is no claim.
func (t *trial) wantNone(references ...string) {
	t.Helper()
	for _, reference := range references {
		if c, err := t.claims.Get(t.Context(), reference); !errors.Is(err, esim.ErrNotFound) || c != nil {
			t.Errorf("Get of %q gives %v, error %v; want nothing and esim.ErrNotFound", reference, c, err)
		}
	}
}

// further opens another handle on the same data.
func (t *trial) further(open func() (router.Claims, error)) *trial {
	t.Helper()
	claims, err := open()
	if err != nil {
		t.Fatalf("opening the claims once more: %v", err)
	}
	suite.CloseAtEnd(t, claims)
	return newTrial(t.TB, claims)
}
