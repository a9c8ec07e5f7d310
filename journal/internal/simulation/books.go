package simulation

import (
	"context"
	"time"

	"github.com/esimkit/esim/journal"
)

// books is the store that all replicas share. It looks at every commit.
type books struct {
	*journal.Volatile

	w    *world
	seen time.Time
}

// Now implements [journal.Store].
func (b *books) Now(ctx context.Context) (time.Time, error) {
	now, err := b.Volatile.Now(ctx)
	if err == nil && now.Before(b.seen) {
		return now, journal.ErrClockSuspect
	}
	b.seen = now
	return now, err
}

// Create implements [journal.Creator].
func (b *books) Create(ctx context.Context, e journal.Entry, budget *journal.Budget) (journal.Entry, bool, error) {
	kept, created, err := b.Volatile.Create(ctx, e, budget)
	if err == nil && created {
		b.w.committed(&kept)
	}
	return kept, created, err
}

// Save implements [journal.Store].
func (b *books) Save(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	saved, err := b.Volatile.Save(ctx, e)
	if err == nil {
		b.w.committed(&saved)
	}
	return saved, err
}

// Lease implements [journal.Store].
func (b *books) Lease(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
	leased, err := b.Volatile.Lease(ctx, slots, d)
	for i := range leased {
		b.w.committed(&leased[i])
	}
	return leased, err
}

// purchase finds what an entry is about. A broken journal may give it another
// ID than it should have.
func (w *world) purchase(e *journal.Entry) *purchase {
	p := w.byID[e.ID]
	if p == nil {
		p = w.byID[journal.IDOf(e.Provider, e.Reference)]
	}
	return p
}

// paidFor are the states of a purchase that is known to have been charged.
func paidFor(s journal.State) bool {
	return s == journal.Provisioning || s == journal.Delivered || s == journal.Refunded
}

// committed compares a commit with the one before it.
func (w *world) committed(e *journal.Entry) {
	p := w.purchase(e)
	if p == nil {
		w.broken(nil, "an entry that nobody asked for: %s", e.Reference)
		return
	}
	was := p.state
	switch {
	case e.Doubt < 0 || e.Doubt > e.Attempts:
		w.broken(p, "%d of %d requests in doubt", e.Doubt, e.Attempts)
	case e.Version <= p.version && e.ID == p.id:
		w.broken(p, "version %d after %d", e.Version, p.version)
	case paidFor(was) && !paidFor(e.State) && e.State != journal.Review && !p.decided:
		w.broken(p, "it was %s, and is %s now", was, e.State)
	}
	if e.State == journal.Sending && was != journal.Sending {
		if kept, err := w.auditor.Get(w.ctx, e.ID); err == nil && !e.UpdatedAt.Before(kept.Until) {
			w.broken(p, "a request is begun after its time")
		}
	}
	if e.State != was || p.version == 0 {
		w.note(nil, p, "becomes", e.State.String())
	}
	p.state, p.version = e.State, e.Version
	w.touched = append(w.touched, p)
}
