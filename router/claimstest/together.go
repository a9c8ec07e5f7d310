package claimstest

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/router"
)

var togetherChecks = []check{
	{"one first of many", func(t *trial) { oneFirst([]*trial{t}) }},
	{"one next of many", func(t *trial) { oneNext([]*trial{t}) }},
	{"no update is lost", func(t *trial) { countsAll([]*trial{t}) }},
	{"what was put is read", func(t *trial) { readsBack([]*trial{t}) }},
}

var sharedChecks = []check{
	{"one first of many", func(t *trial) { oneFirst(t.handles()) }},
	{"one next of many", func(t *trial) { oneNext(t.handles()) }},
	{"no update is lost", func(t *trial) { countsAll(t.handles()) }},
	{"what was put is read", func(t *trial) { readsBack(t.handles()) }},
}

// crowd is how many write at once, and each how often where they count.
const (
	crowd = 16
	each  = 6
)

// handles are three on the same data.
func (t *trial) handles() []*trial {
	t.Helper()
	s, ok := t.claims.(Sharer)
	if !ok {
		t.Skipf("the claims are no Sharer: one process has them for itself")
	}
	return []*trial{t, t.further(s.Share), t.further(s.Share)}
}

func oneFirst(handles []*trial) {
	for round := range 20 {
		oneOf(handles, fmt.Sprint("cart-", round), 1)
	}
}

func oneNext(handles []*trial) {
	handles[0].put(claim("cart-1", 1))
	for round := range int64(20) {
		oneOf(handles, "cart-1", round+2)
	}
}

// oneOf has many write the same version. Whoever is told that it is stored
// finds it there; nobody else does.
func oneOf(handles []*trial, reference string, version int64) {
	t := handles[0]
	t.Helper()
	var won atomic.Int64
	var winner atomic.Pointer[router.Claim]
	suite.Together(crowd, func(i int) {
		c := router.Claim{Reference: reference, Version: version, Document: fmt.Appendf(nil, `{"by":%d}`, i)}
		switch err := handles[i%len(handles)].claims.Put(t.Context(), c); {
		case err == nil:
			won.Add(1)
			winner.Store(&c)
		case !errors.Is(err, router.ErrClaimConflict):
			t.Errorf("Put: error %v, want router.ErrClaimConflict", err)
		}
	})
	if won.Load() != 1 {
		t.Fatalf("%d of %d were told that version %d of %q is theirs, want 1", won.Load(), crowd, version, reference)
	}
	for _, u := range handles {
		u.wantClaim(*winner.Load())
	}
}

// countsAll has many count up one number. Each reads what is there, and writes
// one more until nobody was faster.
func countsAll(handles []*trial) {
	t := handles[0]
	suite.Together(crowd, func(i int) {
		claims := handles[i%len(handles)].claims
		for range each {
			if err := increment(t, claims); err != nil {
				t.Errorf("counting: %v", err)
				return
			}
		}
	})
	for _, u := range handles {
		u.wantClaim(router.Claim{Reference: "count", Version: crowd * each, Document: []byte(strconv.Itoa(crowd * each))})
	}
}

// increment gives up after more conflicts than there are updates to conflict with.
func increment(t *trial, claims router.Claims) error {
	for range crowd * each {
		next := router.Claim{Reference: "count", Version: 1}
		n := 0
		switch c, err := claims.Get(t.Context(), "count"); {
		case err == nil:
			next.Version = c.Version + 1
			if n, err = strconv.Atoi(string(c.Document)); err != nil {
				return err
			}
		case !errors.Is(err, esim.ErrNotFound):
			return err
		}
		next.Document = []byte(strconv.Itoa(n + 1))
		if err := claims.Put(t.Context(), next); !errors.Is(err, router.ErrClaimConflict) {
			return err
		}
	}
	return errors.New("there are more conflicts than updates")
}

// readsBack has one write and the others read all the time: nobody reads less
// than what was put before, or half of it.
func readsBack(handles []*trial) {
	t := handles[0]
	const last = 40
	var stored atomic.Int64 // the latest version whose Put has returned
	t.put(claim("cart-1", 1))
	stored.Store(1)
	suite.Together(4, func(i int) {
		u := handles[i%len(handles)]
		for i == 0 && stored.Load() < last {
			next := stored.Load() + 1
			if err := u.claims.Put(t.Context(), claim("cart-1", next)); err != nil {
				t.Errorf("Put of version %d: %v", next, err)
				stored.Store(last) // lets the others end
				return
			}
			stored.Store(next)
		}
		for atLeast := stored.Load(); i > 0 && atLeast < last; atLeast = stored.Load() {
			c, err := u.claims.Get(t.Context(), "cart-1")
			if err != nil {
				t.Errorf("Get: %v", err)
				return
			}
			if want := claim("cart-1", c.Version); c.Version < atLeast || string(c.Document) != string(want.Document) {
				t.Errorf("after version %d was put, Get gives version %d with %q", atLeast, c.Version, c.Document)
				return
			}
		}
	})
}
