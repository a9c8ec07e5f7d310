package journal

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
)

// reviewsPerCall bounds how many purchases one call of OnReview tells of.
const reviewsPerCall = 500

// cause is what one call of OnReview is about.
type cause struct {
	provider esim.Provider
	code     string
	hour     time.Time
}

func causeOf(e *Entry, d *document) cause {
	c := cause{provider: e.Provider}
	if d.Review != nil {
		c.hour = d.Review.Since.Truncate(time.Hour)
	}
	if f := d.latestFailure(); f != nil {
		c.code = f.Code
		if c.code == "" {
			c.code = f.Kind
		}
	}
	return c
}

// reviewsLike are the purchases under review that one call of OnReview tells
// of: e, and those of the same cause that are due. The first of a cause is told
// of at once. If somebody has been told of the cause already, those that follow
// in its hour wait for the end of that hour; then none is returned. An alarm
// waits for nothing.
func (j *Journal) reviewsLike(ctx context.Context, e Entry, d *document) ([]Entry, error) {
	group := []Entry{e}
	if j.config.OnReview == nil || d.alarm() {
		return group, nil
	}
	now, err := j.now(ctx)
	if err != nil && !errors.Is(err, ErrClockSuspect) {
		return nil, err
	}
	like, known, err := j.sharing(ctx, e, causeOf(&e, d))
	if err != nil {
		return nil, err
	}
	if end := causeOf(&e, d).hour.Add(time.Hour); known && now.Before(end) {
		if len(like) > 0 { // the first that waits takes this one along
			end = end.Add(takenAlong)
		}
		return nil, j.postpone(ctx, e, end)
	}
	for i := range like {
		if taken, ok := j.take(ctx, like[i]); ok {
			group = append(group, taken)
		}
	}
	return group, nil
}

// takenAlong is how much later than the first a purchase is told of that the
// call for the first should have named.
const takenAlong = 2 * time.Minute

// sharing are the other purchases of a cause of which nobody has been told yet,
// as many as a call may name; known reports whether somebody has been told of
// one of the cause.
func (j *Journal) sharing(ctx context.Context, e Entry, mine cause) (like []Entry, known bool, err error) {
	q := Query{Provider: e.Provider, States: []State{Review}}
	for {
		page, err := j.store.List(ctx, q)
		if err != nil || len(page) == 0 {
			return like, known, err
		}
		for i := range page {
			other, err := decodeDocument(page[i].Document)
			switch {
			case err != nil || page[i].ID == e.ID || causeOf(&page[i], other) != mine || other.alarm():
				// a damaged one has a call of its own
			case other.Due != hookReview:
				known = true
			case len(like) < reviewsPerCall-1:
				like = append(like, page[i])
			}
		}
		q.After = &page[len(page)-1]
	}
}

// take leases a purchase for the call of a hook, unless somebody has it.
func (j *Journal) take(ctx context.Context, e Entry) (Entry, bool) {
	taken, err := j.save(ctx, e, func(e *Entry, d *document) error {
		if d.Due != hookReview || e.UpdatedAt.Before(e.LeaseUntil) {
			return ErrInHand
		}
		e.LeaseUntil = e.UpdatedAt.Add(j.config.Lease)
		return nil
	})
	return taken, err == nil
}

// postpone lets the hook wait until then.
func (j *Journal) postpone(ctx context.Context, e Entry, until time.Time) error {
	_, err := j.change(ctx, e, func(e *Entry, d *document) error {
		if d.Due != hookReview || d.alarm() {
			return errNoChange
		}
		e.LeaseUntil, e.NextAt = zeroTime, until
		return nil
	})
	return err
}
