package adapter

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	backoffBase = 200 * time.Millisecond
	backoffCap  = 10 * time.Second
)

// backoff returns how long to wait before the n-th repeat (n from 1), with
// full jitter, so that many clients do not come back together.
func backoff(n int) time.Duration {
	ceiling := backoffCap
	if shift := n - 1; shift < 16 {
		ceiling = min(backoffBase<<shift, backoffCap)
	}
	return rand.N(ceiling) + time.Millisecond //nolint:gosec // jitter, not a secret
}

// jittered adds up to a tenth to a wait the provider asked for.
func jittered(d time.Duration) time.Duration {
	return d + rand.N(d/10+time.Millisecond) //nolint:gosec // jitter, not a secret
}

// sleep waits for d or until ctx ends. It does not begin a wait that ctx
// would end.
func sleep(ctx context.Context, d time.Duration) error {
	if !fits(ctx, d) {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fits reports whether a wait of d ends before ctx does.
func fits(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) >= d
}

// budget limits repeats as a share of all traffic, so that a provider in
// trouble gets few of them: a repeat costs 5 tokens, a success earns 1.
type budget struct {
	mu     sync.Mutex
	tokens int
}

const (
	budgetSize = 500
	budgetCost = 5
)

func (b *budget) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < budgetCost {
		return false
	}
	b.tokens -= budgetCost
	return true
}

func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.tokens+1, budgetSize)
}
