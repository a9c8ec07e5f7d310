package claimstest

import (
	"context"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/router"
)

// broken is claims in memory of which single methods are replaced.
type broken struct {
	memory

	get   func(context.Context, string) (*router.Claim, error)
	put   func(context.Context, router.Claim) error
	purge func(context.Context, time.Time) (int64, error)
	share func() (router.Claims, error)
}

// breaking returns what opens claims of which change has replaced something.
func breaking(change func(b *broken)) func() router.Claims {
	return func() router.Claims {
		m := newMemory()
		b := &broken{memory: m, get: m.Get, put: m.Put, purge: m.Purge}
		b.share = func() (router.Claims, error) { return b, nil }
		change(b)
		return b
	}
}

func (b *broken) Get(ctx context.Context, reference string) (*router.Claim, error) {
	return b.get(ctx, reference)
}
func (b *broken) Put(ctx context.Context, c router.Claim) error { return b.put(ctx, c) }
func (b *broken) Purge(ctx context.Context, before time.Time) (int64, error) {
	return b.purge(ctx, before)
}
func (b *broken) Share() (router.Claims, error) { return b.share() }

// taken changes what goes in.
func (b *broken) taken(change func(*router.Claim)) {
	b.put = func(ctx context.Context, c router.Claim) error {
		change(&c)
		return b.memory.Put(ctx, c)
	}
}

// given changes what comes out.
func (b *broken) given(change func(*router.Claim)) {
	b.get = func(ctx context.Context, reference string) (*router.Claim, error) {
		c, err := b.memory.Get(ctx, reference)
		if err == nil {
			change(c)
		}
		return c, err
	}
}

// named changes under which reference a claim is kept.
func (b *broken) named(change func(string) string) {
	b.put = func(ctx context.Context, c router.Claim) error {
		c.Reference = change(c.Reference)
		return b.memory.Put(ctx, c)
	}
	b.get = func(ctx context.Context, reference string) (*router.Claim, error) {
		c, err := b.memory.Get(ctx, change(reference))
		if err == nil {
			c.Reference = reference
		}
		return c, err
	}
}

// loose are claims without any rule.
type loose struct {
	mu   sync.Mutex
	kept map[string]router.Claim
}

// loosely has the claims read from what a put of its own has stored.
func (b *broken) loosely() *loose {
	l := &loose{kept: make(map[string]router.Claim)}
	b.get = func(_ context.Context, reference string) (*router.Claim, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		c, ok := l.kept[reference]
		if !ok {
			return nil, esim.ErrNotFound
		}
		return &c, nil
	}
	return l
}

// version is that of the claim kept, 0 if there is none.
func (l *loose) version(reference string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept[reference].Version
}

func (l *loose) store(c router.Claim) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept[c.Reference] = c
}

// unless has another rule for what is a conflict.
func (b *broken) unless(conflict func(was, version int64) bool) {
	l := b.loosely()
	b.put = func(_ context.Context, c router.Claim) error {
		if conflict(l.version(c.Reference), c.Version) {
			return router.ErrClaimConflict
		}
		l.store(c)
		return nil
	}
}

// amnesic forgets on being opened again.
type amnesic struct{ memory }

func (amnesic) Reopen() (router.Claims, error) { return amnesic{newMemory()}, nil }

// split gives every process data of its own.
type split struct{ memory }

func (split) Share() (router.Claims, error) { return split{newMemory()}, nil }
