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
	mine, known := causeOf(&e, d), false
	q := Query{Provider: e.Provider, States: []State{Review}}
	for {
		page, err := j.store.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range page {
			other, err := decodeDocument(page[i].Document)
			if err != nil || page[i].ID == e.ID || causeOf(&page[i], other) != mine || other.alarm() {
				continue // a damaged one has a call of its own
			}
			if other.Due != hookReview {
				known = true
				continue
			}
			if len(group) < reviewsPerCall {
				if taken, ok := j.take(ctx, page[i]); ok {
					group = append(group, taken)
				}
			}
		}
		if len(page) == 0 {
			break
		}
		q.After = &page[len(page)-1]
	}
	if !known || !e.UpdatedAt.Before(mine.hour.Add(time.Hour)) {
		return group, nil
	}
	return nil, j.postpone(ctx, group, mine.hour.Add(time.Hour))
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

// postpone lets the hook of each wait until then.
func (j *Journal) postpone(ctx context.Context, group []Entry, until time.Time) error {
	var errs []error
	for _, e := range group {
		_, err := j.change(ctx, e, func(e *Entry, d *document) error {
			if d.Due != hookReview || d.alarm() {
				return errNoChange
			}
			e.LeaseUntil, e.NextAt = zeroTime, until
			return nil
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
