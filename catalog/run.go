package catalog

import (
	"context"
	"crypto/rand"
	"errors"
	"math"
	"math/big"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

// firstBackoff is the wait after a first failure.
const firstBackoff = time.Minute

// Run keeps the shelf up to date until the context ends, and returns its
// error. Providers are synced side by side, each at the pace of its own
// limiter, one request after the other. A provider whose list came with the
// snapshot, or a Sync, is asked again when that is due.
func (c *Catalog) Run(ctx context.Context) error {
	var work sync.WaitGroup
	for _, s := range c.sources {
		if s.lists() {
			work.Go(func() { c.keep(ctx, s) })
		}
	}
	<-ctx.Done()
	work.Wait()
	return ctx.Err()
}

// keep syncs one provider again and again.
func (c *Catalog) keep(ctx context.Context, s *source) {
	failures := 0
	for wait := c.due(s); c.sleep(ctx, s, wait); {
		err := c.sync(ctx, s)
		if err == nil || errors.Is(err, ErrHeld) {
			failures, wait = 0, jittered(c.config.Every)
			continue
		}
		failures++
		wait = c.backoff(failures, err)
	}
}

// due returns how long the list on the shelf is good for.
func (c *Catalog) due(s *source) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.syncedAt.IsZero() {
		return 0
	}
	age := max(0, c.config.Now().Sub(s.syncedAt))
	return max(0, jittered(c.config.Every)-age)
}

// backoff returns how long to wait after so many failures in a row, and no
// less than the provider asks for.
func (c *Catalog) backoff(failures int, err error) time.Duration {
	wait := c.config.Every
	if shift := failures - 1; shift < 16 {
		wait = min(firstBackoff<<shift, wait)
	}
	wait = jittered(wait)
	if e, ok := errors.AsType[*esim.Error](err); ok {
		wait = max(wait, e.RetryAfter)
	}
	return wait
}

// sleep waits, and reports whether the context has not ended.
func (c *Catalog) sleep(ctx context.Context, s *source, wait time.Duration) bool {
	c.setNext(s, c.config.Now().Add(wait))
	defer c.setNext(s, time.Time{})
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

func (c *Catalog) setNext(s *source, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.nextAt = at
}

// jittered returns a time up to a tenth shorter or longer, so that many
// processes do not ask at once.
func jittered(d time.Duration) time.Duration {
	least := d - d/10
	n, err := rand.Int(rand.Reader, big.NewInt(int64(min(d/5, math.MaxInt64-1-least))+1))
	if err != nil {
		return d
	}
	return least + time.Duration(n.Int64())
}
