package router

import (
	"context"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

// readWithin bounds a balance that is read beside the sales.
const readWithin = 30 * time.Second

// balance is what is left at a reseller, as far as is known. It is read from
// time to time and falls with each sale in between.
type balance struct {
	reads bool // it can be read, and is to be

	mu      sync.Mutex
	amount  *esim.Money // nil = not known
	at      time.Time   // when it was read or tried to be
	reading bool
	emptyAt time.Time // the reseller said that it does not suffice; zero = it did not
}

func (b *balance) known() *esim.Money {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.amount
}

// empty reports whether the reseller has said, since the balance was last
// read, that it does not suffice. Where it cannot be read that counts for as
// long as a reading would.
func (b *balance) empty(now time.Time, age time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.emptyAt.IsZero() && (b.reads || now.Sub(b.emptyAt) < max(age, defaultBalanceAge))
}

func (b *balance) fails(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.emptyAt = now
}

// spend takes off what was charged.
func (b *balance) spend(charged esim.Money) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.emptyAt = time.Time{} // it did suffice
	if b.amount == nil {
		return
	}
	if left, err := b.amount.Sub(charged); err == nil {
		b.amount = &left
	}
}

// due reports whether it is time to read, and if so that the caller will.
func (b *balance) due(now time.Time, age time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.reads || b.reading || !b.at.IsZero() && now.Sub(b.at) < age {
		return false
	}
	b.reading, b.at = true, now
	return true
}

// readBalance asks the reseller.
func (s *reseller) readBalance(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	m, err := s.client.Balance(ctx)
	b := &s.balance
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading = false
	if err != nil {
		return err
	}
	b.amount, b.emptyAt = nil, time.Time{}
	if m.Currency() != "" {
		b.amount = &m
	}
	return nil
}

// refresh reads the balances that are old, without waiting for them.
func (c *core) refresh(ctx context.Context) {
	now := c.Now()
	for _, s := range c.sellers {
		if s.balance.due(now, c.BalanceAge) {
			go c.readBalance(context.WithoutCancel(ctx), s)
		}
	}
}

func (c *core) readBalance(ctx context.Context, s *reseller) {
	if err := s.readBalance(ctx); err != nil && ctx.Err() == nil {
		c.Logger.WarnContext(ctx, "router could not read a balance", "provider", s.provider, "error", err)
	}
}

// Run keeps the balances fresh until ctx ends, and returns its error. Without
// it they are read beside the sales, when one comes and finds them old.
func (r *Router) Run(ctx context.Context) error {
	c := r.core
	every := c.BalanceAge
	if every < 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		c.readAll(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// readAll reads every balance, whatever its age, and waits.
func (c *core) readAll(ctx context.Context) {
	var all sync.WaitGroup
	for _, s := range c.sellers {
		if s.balance.due(c.Now(), 0) {
			all.Go(func() { c.readBalance(ctx, s) })
		}
	}
	all.Wait()
}
