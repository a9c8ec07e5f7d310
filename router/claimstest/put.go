package claimstest

import (
	"math"

	"github.com/esimkit/esim/router"
)

var putChecks = []check{
	{"the first is version 1", putsFirst},
	{"nothing over another first", putsFirstOnce},
	{"nothing over the same", putsNothingTwice},
	{"the next only", putsNextOnly},
	{"after a conflict", putsAfterConflict},
	{"each reference for itself", putsEach},
}

func putsFirst(t *trial) {
	for _, version := range []int64{0, 2, 3, -1, math.MaxInt64, math.MinInt64} {
		t.wantConflict(claim("cart-1", version))
		t.wantNone("cart-1")
	}
	t.put(claim("cart-1", 1))
	t.wantClaim(claim("cart-1", 1))
}

func putsFirstOnce(t *trial) {
	first, other := claim("cart-1", 1), claim("cart-1", 1)
	other.Document = []byte(`{"by":"another"}`)
	t.put(first)
	t.wantConflict(other)
	t.wantClaim(first)
}

// Two who write the same are still two: only one of them may go on.
func putsNothingTwice(t *trial) {
	for version := range int64(3) {
		c := claim("cart-1", version+1)
		t.put(c)
		t.wantConflict(c)
		t.wantClaim(c)
	}
}

func putsNextOnly(t *trial) {
	latest := claim("cart-1", 3)
	t.put(claim("cart-1", 1))
	t.put(claim("cart-1", 2))
	t.put(latest)
	for _, version := range []int64{math.MinInt64, -1, 0, 1, 2, 3, 5, 6, math.MaxInt64} {
		c := claim("cart-1", version)
		c.Document = []byte(`{"by":"another"}`)
		t.wantConflict(c)
		t.wantClaim(latest)
	}
	t.put(claim("cart-1", 4))
}

func putsAfterConflict(t *trial) {
	t.put(claim("cart-1", 1))
	t.wantConflict(claim("cart-1", 1))
	read := t.get("cart-1")
	read.Version++
	t.put(*read)
	t.wantClaim(router.Claim{Reference: "cart-1", Version: 2, Document: claim("cart-1", 1).Document})
}

func putsEach(t *trial) {
	t.put(claim("cart-1", 1))
	t.put(claim("cart-1", 2))
	t.wantConflict(claim("cart-2", 2))
	t.wantConflict(claim("cart-2", 3))
	t.put(claim("cart-2", 1))
	t.wantConflict(claim("cart-1", 1))
	t.wantClaim(claim("cart-1", 2))
	t.wantClaim(claim("cart-2", 1))
}
