package claimstest

var restartChecks = []check{
	{"claims are there", restartKeeps},
	{"versions go on", restartGoesOn},
}

// again is the store after a restart.
func (t *trial) again() *trial {
	t.Helper()
	r, ok := t.claims.(Reopener)
	if !ok {
		t.Skipf("the claims are no Reopener: they end with their process")
	}
	return t.further(r.Reopen)
}

func restartKeeps(t *trial) {
	t.put(claim("cart-1", 1))
	t.put(claim("cart-2", 1))
	t.put(claim("cart-2", 2))
	t = t.again()
	t.wantClaim(claim("cart-1", 1))
	t.wantClaim(claim("cart-2", 2))
	t.wantNone("cart-3")
}

func restartGoesOn(t *trial) {
	t.put(claim("cart-1", 1))
	t = t.again()
	t.wantConflict(claim("cart-1", 1))
	t.put(claim("cart-1", 2))
	t.wantClaim(claim("cart-1", 2))
}
