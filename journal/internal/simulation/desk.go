package simulation

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// desk is the store as one replica sees it: any call may be its last, before or
// after it has taken effect, and any may fail.
type desk struct {
	w     *world
	r     *replica
	below journal.Store
}

var _ journal.Store = (*desk)(nil)

// trouble is how a call of the store goes wrong.
type trouble int

const (
	fine     trouble = iota
	lostCall         // nothing was done, and the error does not say so
	lostAck          // it was done, and the error does not say so
	full             // nothing was done, and the error says so
)

var errConnection = errors.New("simulation: the connection to the store was lost")

// do carries out one call.
func (d *desk) do(name string, writes bool, call func() error) error {
	d.w.point(d.r, name+" begins")
	how := fine
	if !d.w.healthy {
		how = d.w.fate.store(d.w, d.r, name, writes)
	}
	if how == lostAck && !writes {
		how = lostCall
	}
	if d.r.paid && how == lostCall && writes {
		how = full // the journal would wait, in real time, and try again
	}
	if d.r.paid && how == lostAck {
		how = fine
	}
	if how != fine {
		d.w.troubles++
	}
	switch how {
	case lostCall:
		d.w.note(d.r, d.r.current, name, "fails")
		return errConnection
	case full:
		d.r.paid = false
		d.w.note(d.r, d.r.current, name, "finds the disk full")
		return journal.ErrDiskFull
	case fine, lostAck:
	}
	err := call()
	if writes && err == nil {
		d.r.paid = false
	}
	if how == lostAck {
		d.w.note(d.r, d.r.current, name, "is not confirmed")
		err = errConnection
	}
	d.w.point(d.r, name+" ends")
	return err
}

// Create implements [journal.Creator].
func (d *desk) Create(ctx context.Context, e journal.Entry, b *journal.Budget) (kept journal.Entry, created bool, err error) {
	err = d.do("Create", true, func() (err error) {
		kept, created, err = d.below.Create(ctx, e, b)
		return err
	})
	return kept, created, err
}

// Save implements [journal.Store].
func (d *desk) Save(ctx context.Context, e journal.Entry) (saved journal.Entry, err error) {
	err = d.do("Save", true, func() (err error) {
		saved, err = d.below.Save(ctx, e)
		return err
	})
	return saved, err
}

// Get implements [journal.Store].
func (d *desk) Get(ctx context.Context, id journal.ID) (e journal.Entry, err error) {
	err = d.do("Get", false, func() (err error) {
		e, err = d.below.Get(ctx, id)
		return err
	})
	return e, err
}

// Named implements [journal.Store].
func (d *desk) Named(ctx context.Context, p esim.Provider, keys []string) (found []journal.Entry, err error) {
	err = d.do("Named", false, func() (err error) {
		found, err = d.below.Named(ctx, p, keys)
		return err
	})
	return found, err
}

// List implements [journal.Store].
func (d *desk) List(ctx context.Context, q journal.Query) (page []journal.Entry, err error) {
	err = d.do("List", false, func() (err error) {
		page, err = d.below.List(ctx, q)
		return err
	})
	return page, err
}

// Lease implements [journal.Store]. What it takes is what the replica works on
// from then on.
func (d *desk) Lease(ctx context.Context, slots journal.Slots, length time.Duration) (leased []journal.Entry, err error) {
	d.r.current = nil
	err = d.do("Lease", true, func() (err error) {
		leased, err = d.below.Lease(ctx, slots, length)
		if len(leased) > 0 {
			d.r.current = d.w.purchase(&leased[0])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return leased, nil
}

// Doubtful implements [journal.Store].
func (d *desk) Doubtful(ctx context.Context, account string, since time.Time) (int, error) {
	return d.below.Doubtful(ctx, account, since)
}

// Hold implements [journal.Store].
func (d *desk) Hold(ctx context.Context, h journal.Held) error {
	return d.do("Hold", true, func() error { return d.below.Hold(ctx, h) })
}

// Held implements [journal.Store].
func (d *desk) Held(ctx context.Context, q journal.HeldQuery) (held []journal.Held, err error) {
	if len(q.Names) == 0 { // asked for at each step
		return d.below.Held(ctx, q)
	}
	err = d.do("Held", false, func() (err error) {
		held, err = d.below.Held(ctx, q)
		return err
	})
	return held, err
}

// Release implements [journal.Store].
func (d *desk) Release(ctx context.Context, p esim.Provider, key string) error {
	return d.do("Release", true, func() error { return d.below.Release(ctx, p, key) })
}

// Warned implements [journal.Store].
func (d *desk) Warned(ctx context.Context, p esim.Provider, key string) error {
	return d.do("Warned", true, func() error { return d.below.Warned(ctx, p, key) })
}

// Now implements [journal.Store].
func (d *desk) Now(ctx context.Context) (time.Time, error) {
	d.r.lives()
	return d.below.Now(ctx)
}
