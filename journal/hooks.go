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

func (j *Journal) hook(h hook) func(context.Context, *Purchase) error {
	switch h {
	case hookDelivered:
		return j.config.OnDelivered
	case hookFailed:
		return j.config.OnFailed
	case hookReview:
		return j.config.OnReview
	}
	return nil
}

// tell calls the hook that is due, and notes that it has been. If the process
// dies in between, it is called again.
func (j *Journal) tell(ctx context.Context, e Entry) (Entry, error) {
	d, err := decodeDocument(e.Document)
	if err != nil || d.Due == "" {
		return e, err
	}
	due := d.Due
	told := struct {
		attempts int
		alarm    bool
	}{e.Attempts, d.alarm()}
	failure := j.call(ctx, j.hook(due), newPurchase(&e, d))
	return j.change(ctx, e, func(e *Entry, d *document) error {
		if d.Due != due {
			return errNoChange // something else has become due meanwhile
		}
		e.LeaseUntil = zeroTime
		if e.Attempts != told.attempts || d.alarm() != told.alarm { // the same hook, for another reason
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
func (j *Journal) call(ctx context.Context, fn func(context.Context, *Purchase) error, p *Purchase) (err error) {
	if fn == nil {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("journal: the hook panicked: %v", r)
		}
		if err != nil {
			j.config.Logger.WarnContext(ctx, "journal hook failed", "provider", p.Provider, "reference", p.Reference, "state", p.State, "error", err)
		}
	}()
	return fn(ctx, p)
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
