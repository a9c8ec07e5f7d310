package claimstest

import "time"

var purgeChecks = []check{
	{"what was written before", purgesOld},
	{"the last write counts", purgesByLastWrite},
	{"what comes again is new", purgesForGood},
}

// always is later than any time of a store.
func always() time.Time { return time.Now().Add(24 * 365 * time.Hour) }

func (t *trial) purger() Purger {
	t.Helper()
	p, ok := t.claims.(Purger)
	if !ok {
		t.Skipf("the claims are no Purger: they are never forgotten")
	}
	return p
}

func (t *trial) wantPurged(before time.Time, want int64) {
	t.Helper()
	n, err := t.purger().Purge(t.Context(), before)
	if err != nil {
		t.Fatalf("Purge: %v", err)
	}
	if n != want {
		t.Errorf("Purge removes %d claims, want %d", n, want)
	}
}

// between is a time after all that was written so far, and before what comes.
func (t *trial) between() time.Time {
	t.Helper()
	time.Sleep(10 * time.Millisecond)
	now := time.Now()
	if clock, ok := t.claims.(Clock); ok {
		var err error
		if now, err = clock.Now(t.Context()); err != nil {
			t.Fatalf("Now: %v", err)
		}
	}
	time.Sleep(10 * time.Millisecond)
	return now
}

func purgesOld(t *trial) {
	t.put(claim("old", 1))
	t.wantPurged(time.Time{}, 0)
	t.wantPurged(time.Now().Add(-time.Hour), 0)
	t.wantClaim(claim("old", 1))
	cut := t.between()
	t.put(claim("new", 1))
	t.wantPurged(cut, 1)
	t.wantPurged(cut, 0)
	t.wantNone("old")
	t.wantClaim(claim("new", 1))
	t.wantPurged(always(), 1)
	t.wantNone("new")
}

func purgesByLastWrite(t *trial) {
	t.put(claim("quiet", 1))
	t.put(claim("busy", 1))
	cut := t.between()
	t.put(claim("busy", 2))
	t.wantPurged(cut, 1)
	t.wantNone("quiet")
	t.wantClaim(claim("busy", 2))
	t.put(claim("busy", 3))
}

func purgesForGood(t *trial) {
	t.put(claim("cart-1", 1))
	t.put(claim("cart-1", 2))
	t.wantPurged(always(), 1)
	t.wantConflict(claim("cart-1", 3))
	t.put(claim("cart-1", 1))
	t.wantClaim(claim("cart-1", 1))
}
