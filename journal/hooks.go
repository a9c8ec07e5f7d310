package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/esimkit/esim"
)

// hook names what is to be told to the shop.
type hook string

const (
	hookDelivered hook = "delivered"
	hookFailed    hook = "failed"
	hookReview    hook = "review"
)

// hookFor is what a state calls for when a purchase has come to it.
var hookFor = map[State]hook{Delivered: hookDelivered, Rejected: hookFailed, NotExecuted: hookFailed, Review: hookReview}

// hook is that of the shop, nil if it has none.
func (j *Journal) hook(h hook) func(context.Context, []*Purchase) error {
	one := j.config.OnDelivered
	switch h {
	case hookReview:
		return j.config.OnReview
	case hookFailed:
		one = j.config.OnFailed
	case hookDelivered:
	}
	if one == nil {
		return nil
	}
	return func(ctx context.Context, list []*Purchase) error { return one(ctx, list[0]) }
}

// tell calls the hook that is due, and notes that it has been. If the process
// dies in between, it is called again.
func (j *Journal) tell(ctx context.Context, e Entry) (Entry, error) {
	d, err := decodeDocument(e.Document)
	if err != nil || d.Due == "" {
		return e, err
	}
	e, err = j.prepare(ctx, e)
	switch {
	case errors.Is(err, ErrStale): // another worker has it, and tells
		return e, nil
	case err != nil:
		return e, err
	}
	group := []Entry{e}
	if d.Due == hookReview {
		if group, err = j.reviewsLike(ctx, e, d); err != nil || len(group) == 0 {
			return e, err
		}
	}
	return j.toldAll(ctx, d.Due, group)
}

// prepare keeps the purchase in this worker's hand while its hook runs: the step
// that made the hook due has let go of it. OnFailed also ends the reference
// first, so that nothing is ordered under it while that runs.
func (j *Journal) prepare(ctx context.Context, e Entry) (Entry, error) {
	return j.save(ctx, e, func(e *Entry, d *document) error {
		closes := d.Due == hookFailed && j.config.OnFailed != nil && !d.Closed
		held := e.UpdatedAt.Before(e.LeaseUntil)
		if j.hook(d.Due) == nil || held && !closes {
			return errNoChange
		}
		d.Closed = d.Closed || closes
		if !held {
			e.LeaseUntil = e.UpdatedAt.Add(j.config.Lease)
		}
		return nil
	})
}

// toldAll calls a hook once for all purchases of the group, and notes it for
// each. It returns the first of them as it is now.
func (j *Journal) toldAll(ctx context.Context, due hook, group []Entry) (Entry, error) {
	list := make([]*Purchase, 0, len(group))
	for i := range group {
		p, err := purchaseOf(&group[i])
		if err != nil {
			return group[0], err
		}
		list = append(list, p)
	}
	failure := j.call(ctx, j.hook(due), list)
	var errs []error
	for i := range group {
		after, err := j.told(ctx, group[i], due, list[i], failure)
		errs = append(errs, err)
		if i == 0 {
			group[0] = after
		}
	}
	return group[0], errors.Join(errs...)
}

// told notes that a hook was called for a purchase.
func (j *Journal) told(ctx context.Context, e Entry, due hook, told *Purchase, failure error) (Entry, error) {
	attempts := e.Attempts
	return j.change(ctx, e, func(e *Entry, d *document) error {
		if d.Due != due {
			return errNoChange // something else has become due meanwhile
		}
		e.LeaseUntil = zeroTime
		if e.Attempts != attempts || d.alarm() != told.Alarm { // the same hook, for another reason
			d.Calls, e.NextAt = 0, e.UpdatedAt
			return nil
		}
		if failure != nil {
			d.Calls++
			e.NextAt = e.UpdatedAt.Add(pace(e.ID, d.Calls))
			return nil //nolint:nilerr // logged, and called again
		}
		d.Due, d.Calls, e.NextAt = "", 0, zeroTime
		if e.State.Open() {
			e.NextAt = e.UpdatedAt
		}
		return nil
	})
}

// call runs a hook of the shop, which may panic.
func (j *Journal) call(ctx context.Context, fn func(context.Context, []*Purchase) error, list []*Purchase) (err error) {
	if fn == nil {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("journal: the hook panicked: %v", r)
		}
		if err != nil {
			p := list[0]
			j.config.Logger.WarnContext(ctx, "journal hook failed", "provider", p.Provider, "reference", p.Reference, "state", p.State, "purchases", len(list), "error", err)
		}
	}()
	return fn(ctx, list)
}

// late is call for OnLate.
func (j *Journal) late(ctx context.Context, p *Purchase) error {
	if j.config.OnLate == nil {
		return nil
	}
	return j.call(ctx, func(ctx context.Context, list []*Purchase) error { return j.config.OnLate(ctx, list[0]) }, []*Purchase{p})
}

// callUnmatched is call for OnUnmatched.
func (j *Journal) callUnmatched(ctx context.Context, o *esim.Order) (err error) {
	fn := j.config.OnUnmatched
	if fn == nil {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("journal: the hook panicked: %v", r)
		}
		if err != nil {
			j.config.Logger.WarnContext(ctx, "journal hook failed", "provider", o.Provider, "reference", o.Reference, "error", err)
		}
	}()
	return fn(ctx, o)
}

var errNoChange = errors.New("journal: nothing to change")
