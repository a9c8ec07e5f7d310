package claimstest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/router"
)

var contextChecks = []check{
	{"ended before Get", contextOfGet},
	{"ended before Put", contextOfPut},
	{"ended before Purge", contextOfPurge},
	{"ended for some of many", contextOfSome},
}

// wantCut checks the error of a call whose context had ended. It must not tell
// anything about the claim.
func (t *trial) wantCut(call string, err error) {
	t.Helper()
	if err == nil || errors.Is(err, router.ErrClaimConflict) || errors.Is(err, esim.ErrNotFound) {
		t.Errorf("%s whose context has ended: error %v, want that of the context", call, err)
	}
}

func contextOfGet(t *trial) {
	_, err := t.claims.Get(suite.Ended(t), "cart-1")
	t.wantCut("Get of no claim", err)
	t.put(claim("cart-1", 1))
	_, err = t.claims.Get(suite.Ended(t), "cart-1")
	t.wantCut("Get", err)
	t.wantClaim(claim("cart-1", 1))
}

// After an error the claim may be stored or not, but it is one of the two.
func contextOfPut(t *trial) {
	for version := range int64(2) {
		c := claim("cart-1", version+1)
		t.wantCut("Put", t.claims.Put(suite.Ended(t), c))
		if err := t.claims.Put(t.Context(), c); err != nil && !errors.Is(err, router.ErrClaimConflict) {
			t.Errorf("Put after one whose context had ended: %v", err)
		}
		t.wantClaim(c)
	}
}

func contextOfPurge(t *trial) {
	p := t.purger()
	t.put(claim("cart-1", 1))
	_, err := p.Purge(suite.Ended(t), always())
	t.wantCut("Purge", err)
	t.wantClaim(claim("cart-1", 1))
}

// Nobody pays for it that somebody else gives up.
func contextOfSome(t *trial) {
	const n = 24
	suite.Together(n, func(i int) {
		ctx := t.Context()
		if i%2 == 0 {
			late, cancel := context.WithTimeout(ctx, time.Duration(i)*20*time.Microsecond)
			defer cancel()
			ctx = late
		}
		if err := t.claims.Put(ctx, claim(fmt.Sprint("cart-", i), 1)); i%2 == 1 && err != nil {
			t.Errorf("Put beside others whose context had ended: %v", err)
		}
	})
	for i := 1; i < n; i += 2 {
		t.wantClaim(claim(fmt.Sprint("cart-", i), 1))
	}
}
