package journal

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/esimkit/esim"
)

var zeroTime time.Time

// save commits one change of an entry that was just read. edit may refuse with
// an error, and then nothing is written; errNoChange is no failure.
func (j *Journal) save(ctx context.Context, e Entry, edit func(*Entry, *document) error) (Entry, error) {
	d, err := decodeDocument(e.Document)
	if err != nil {
		return e, err
	}
	now, err := j.now(ctx)
	if err != nil && !errors.Is(err, ErrClockSuspect) {
		return e, err
	}
	next := e.Clone()
	next.UpdatedAt = latestOf(now, e.UpdatedAt)
	if err = edit(&next, d); err != nil {
		if errors.Is(err, errNoChange) {
			return e, nil
		}
		return e, err
	}
	next.Keys = keys(&next, d)
	if next.Document, err = d.encode(); err != nil {
		return e, err
	}
	saved, err := j.store.Save(ctx, next)
	if err != nil {
		return e, err
	}
	return saved, nil
}

// change is save, repeated on the newest version until it goes through.
func (j *Journal) change(ctx context.Context, e Entry, edit func(*Entry, *document) error) (Entry, error) {
	for {
		saved, err := j.save(ctx, e, edit)
		if !errors.Is(err, ErrStale) {
			return saved, err
		}
		newest, err := j.store.Get(ctx, e.ID)
		if err != nil {
			return e, err
		}
		e = newest
	}
}

func latestOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// happen moves the entry by the table, and sees to what the new state calls
// for. It reports whether the event had a row.
func (j *Journal) happen(e *Entry, d *document, on Event, f facts) bool {
	f.doubt = e.Doubt
	f.alarm = d.Review != nil && d.Review.Alarm
	f.barred = d.Barred
	to, ok := j.policy.next(e.State, on, f)
	if !ok {
		return false
	}
	from := e.State
	e.State = to
	if to == Sending {
		return true
	}
	e.LeaseUntil = zeroTime
	if from == to && to != Unknown {
		return true
	}
	if e.Doubt == 0 {
		d.Repeats = 0
	} else if from == Sending && !slices.Contains(noEffect, on) {
		e.DoubtAt = e.UpdatedAt
	}
	if from != Sending || !slices.Contains(noNews, on) {
		d.Steps = 0
	}
	e.NextAt = zeroTime
	if to.Open() {
		e.NextAt = e.UpdatedAt.Add(pace(e.ID, d.Steps))
		if to == Ready && e.NextAt.After(d.Until) {
			e.NextAt = d.Until
		}
		d.Steps++
		if from == Review { // it has come back to life
			e.DeadlineAt = e.UpdatedAt.Add(j.config.ReviewAfter)
		}
		d.Due = ""
		return true
	}
	if to == Review && d.Review == nil {
		d.Review = &reviewNote{Since: e.UpdatedAt}
	}
	if to == Review && !from.Open() {
		d.Review.Alarm = true
	}
	if to == Delivered && d.Decision == nil {
		d.Review = nil
	}
	d.Due = ""                     // what was due of another state is over
	if h := hookFor[to]; h != "" { // another process may be the one that has this hook
		d.Due, d.Calls, e.NextAt = h, 0, e.UpdatedAt
	}
	return true
}

var (
	// noEffect are the ends of a request that had none.
	noEffect = []Event{Unsent, GivenUp, Refused}
	// noNews are the ends of a request that let pauses grow.
	noNews = append([]Event{Lost, Unclear, Taken}, noEffect...)
)

// keys are the names under which an entry is found now.
func keys(e *Entry, d *document) []string {
	var all []string
	if o := d.Order; o != nil {
		if o.ID != "" {
			all = append(all, orderKey(o.ID))
		}
		for _, u := range o.Units {
			if u.ItemID != "" {
				all = append(all, itemKey(u.ItemID))
			}
		}
	}
	if slices.Contains(e.Keys, topUpKey(d.Request.ICCID)) && (e.State.Open() || e.State == Review) {
		all = append(all, topUpKey(d.Request.ICCID))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func orderKey(id string) string        { return "order:" + id }
func itemKey(id string) string         { return "item:" + id }
func topUpKey(iccid esim.ICCID) string { return "topup:" + string(iccid) }
func referenceName(ref string) string  { return "reference:" + ref }

// paces is how long the journal waits between two looks at a purchase.
var paces = [...]time.Duration{
	2 * time.Second, 10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
}

// patientSteps is where the pauses after a 429 begin if nobody waits: 2 minutes.
const patientSteps = 3

// pace spreads the n-th look over the second half of its interval. What looks
// random follows from the purchase, so that a run can be repeated.
func pace(id ID, n int) time.Duration {
	whole := paces[min(max(n, 0), len(paces)-1)]
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, id, n)                                           // cannot fail
	return whole/2 + time.Duration(uint64(h.Sum32())*uint64(whole/2)>>32) //nolint:gosec // both are below 2^42
}
