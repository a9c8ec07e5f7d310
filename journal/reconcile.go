package journal

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// Reconcile takes the next step of one purchase now, whenever it is due: one
// request at most. It is for hosts that have a job queue of their own; Run does
// the same by itself. A purchase that another worker has in hand is [ErrInHand].
//
// The error is that of the journal or its store. That the purchase itself is
// still in doubt is no error; see its State.
func (j *Journal) Reconcile(ctx context.Context, id ID) (*Purchase, error) {
	leave, err := j.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	e, err := j.store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	now, err := j.now(ctx)
	if err != nil && !errors.Is(err, ErrClockSuspect) {
		return nil, err
	}
	if now.Before(e.LeaseUntil) {
		return nil, ErrInHand
	}
	if e.State.Open() || !e.NextAt.IsZero() {
		e, err = j.save(ctx, e, func(e *Entry, _ *document) error {
			e.LeaseUntil = now.Add(j.config.Lease)
			return nil
		})
		if errors.Is(err, ErrStale) {
			return nil, ErrInHand
		}
		if err != nil {
			return nil, err
		}
		e = j.work(ctx, e)
	}
	return purchaseOf(&e)
}

// work takes one step of an entry that this worker has a lease on. Errors are
// logged: what failed is due again.
func (j *Journal) work(ctx context.Context, e Entry) Entry {
	after, _, err := j.step(ctx, j.accounts[e.Provider], e, false)
	if err != nil {
		j.config.Logger.InfoContext(ctx, "journal step", "provider", e.Provider, "reference", e.Reference, "state", after.State, "error", err)
	}
	told, err := j.tell(ctx, after) // a step may make a hook due
	if err != nil {
		j.config.Logger.WarnContext(ctx, "journal could not note that a hook was called", "provider", e.Provider, "reference", e.Reference, "error", err)
		return after
	}
	return told
}

// step does the one thing that brings the purchase forward. Told: a caller
// waits for the result.
func (j *Journal) step(ctx context.Context, a *account, e Entry, told bool) (Entry, *esim.Order, error) {
	now, err := j.now(ctx)
	clockOK := err == nil
	if err != nil && !errors.Is(err, ErrClockSuspect) {
		return e, nil, err
	}
	if e.State == Sending {
		if e, err = j.save(ctx, e, func(e *Entry, d *document) error {
			d.Caller = false
			j.happen(e, d, Lost, facts{latest: true})
			return nil
		}); err != nil {
			return e, nil, inHand(&e, err)
		}
	}
	if !e.State.Open() {
		return e, nil, nil
	}
	e, placed, err := j.place(ctx, e)
	if err != nil || placed {
		return e, nil, err
	}
	d, err := decodeDocument(e.Document)
	if err != nil {
		return e, nil, err
	}
	if e.State == Ready && !now.Before(d.Until) || e.State != Ready && !told && !now.Before(e.DeadlineAt) {
		e, err = j.expire(ctx, e, told)
		return e, nil, err
	}
	if !told { // a call that buys calls no hook
		if e, err = j.warn(ctx, e, now); err != nil {
			return e, nil, err
		}
	}
	if a == nil {
		e, err = j.wait(ctx, e, nil)
		return e, nil, errors.Join(ErrAccountChanged, err)
	}
	if e.State == Provisioning {
		return j.resolve(ctx, a, e)
	}
	switch why := j.policy.forbids(a.situation(&e, d, now, clockOK)); {
	case why == nil:
	case e.State == Unknown, e.Account != a.fingerprint:
		return j.resolve(ctx, a, e)
	case !why.passes:
		e, err = j.exhaust(ctx, e, why.why, told)
		return e, nil, err
	default:
		e, err = j.wait(ctx, e, nil)
		return e, nil, err
	}
	if !told && e.State == Ready {
		w := wish{kind: e.Kind, reference: e.Reference, request: d.Request}
		if refused := j.admit(ctx, a, &w, now, true); refused != nil {
			e, err = j.wait(ctx, e, refused)
			return e, nil, errors.Join(refused, err)
		}
	}
	return j.resend(ctx, a, e, d, told)
}

// exhaust ends a purchase that may not be sent any more and of which nothing is
// in doubt.
func (j *Journal) exhaust(ctx context.Context, e Entry, why string, told bool) (Entry, error) {
	return j.change(ctx, e, func(e *Entry, d *document) error {
		if e.State != Ready {
			return errNoChange
		}
		j.review(e, d, Exhausted, why, facts{})
		j.toldBy(e, d, told)
		return nil
	})
}

// toldBy leaves it to the caller who waits to be told of the end by the error,
// if this process lives.
func (j *Journal) toldBy(e *Entry, d *document, told bool) {
	if told && d.Due == hookFailed {
		e.NextAt = e.UpdatedAt.Add(j.config.Lease)
	}
}

// resend begins a request and carries it out.
func (j *Journal) resend(ctx context.Context, a *account, e Entry, d *document, told bool) (Entry, *esim.Order, error) {
	before, err := j.preview(ctx, a, &e, d)
	if err != nil {
		return j.unprepared(ctx, e, told, err)
	}
	begun, err := j.save(ctx, e, func(e *Entry, d *document) error {
		if before != nil {
			d.Before = before
		}
		return j.begin(e, d, a, told)
	})
	if err != nil {
		return e, nil, inHand(&e, err)
	}
	return j.send(ctx, a, begun)
}

// inHand is the error of a commit that did not go through: nothing was sent by
// this worker. If the commit took place all the same, it counts one request too
// many as doubtful, which is safe.
func inHand(e *Entry, err error) error {
	cause := err
	if errors.Is(err, ErrStale) {
		cause = ErrInHand
	}
	return storeError(opOf(e.Kind), e.Provider, e.Reference, cause, esim.OutcomeUnknown)
}

// unprepared ends an attempt that could not even begin. Whoever waits for it is
// told that nothing was sent, and then nothing is sent later either.
func (j *Journal) unprepared(ctx context.Context, e Entry, told bool, cause error) (Entry, *esim.Order, error) {
	if told && e.State == Ready {
		after, err := j.save(ctx, e, func(e *Entry, d *document) error {
			if !j.happen(e, d, Withdraw, facts{}) {
				return ErrState
			}
			j.toldBy(e, d, true)
			return nil
		})
		if err != nil { // should it have taken place all the same, OnFailed tells
			return e, nil, inHand(&e, err)
		}
		return after, nil, cause
	}
	after, err := j.wait(ctx, e, cause)
	return after, nil, errors.Join(cause, err)
}

// notMine is how long a replica leaves a purchase whose account it does not
// have to others.
const notMine = 30 * time.Second

// wait puts the purchase off until it is worth another look.
func (j *Journal) wait(ctx context.Context, e Entry, cause error) (Entry, error) {
	a := j.accounts[e.Provider]
	return j.change(ctx, e, func(e *Entry, d *document) error {
		if !e.State.Open() || e.State == Sending {
			return errNoChange
		}
		e.LeaseUntil = zeroTime
		j.pause(e, d, a, cause)
		return nil
	})
}

// pause is how long nothing is done, which grows while nothing is learnt.
func (j *Journal) pause(e *Entry, d *document, a *account, cause error) {
	if a == nil || a.fingerprint != e.Account { // another replica may have the client, and should not wait for long
		e.NextAt = e.UpdatedAt.Add(notMine)
		return
	}
	e.NextAt = j.nextLook(e, d, a)
	d.Steps++
	j.soon(e, d, cause)
}

// nextLook is when the purchase is worth another look, and not after the
// moments at which somebody is to be told, or a list counts.
func (j *Journal) nextLook(e *Entry, d *document, a *account) time.Time {
	next := latestOf(e.UpdatedAt.Add(pace(e.ID, d.Steps)), e.UpdatedAt.Add(a.caps.PollInterval))
	soonest := e.UpdatedAt.Add(time.Second)
	if d.NotBefore.After(e.UpdatedAt) {
		next = earliestOf(next, d.NotBefore)
	}
	if _, ok := esim.As[evidence.OrderFinder](a.client); ok && e.State == Unknown && e.Kind == OrderKind {
		next = earliestOf(next, latestOf(a.listsFrom(d), e.UpdatedAt.Add(betweenLists)))
	}
	for _, moment := range []struct {
		counts bool
		at     time.Time
	}{{!d.Warned, j.lateAt(e, d)}, {e.State == Ready, d.Until}, {e.State != Ready, e.DeadlineAt}} {
		if moment.counts && next.After(moment.at) {
			next = latestOf(moment.at, soonest)
		}
	}
	return next
}

// expire ends the journal's own efforts.
func (j *Journal) expire(ctx context.Context, e Entry, told bool) (Entry, error) {
	return j.change(ctx, e, func(e *Entry, d *document) error {
		why := "nobody could find out within the time set for it whether it was charged"
		if e.State == Provisioning {
			why = "it was charged, and not all of it came within the time set for it"
		}
		if e.State == Ready && e.UpdatedAt.Before(d.Until) || e.State != Ready && e.UpdatedAt.Before(e.DeadlineAt) {
			return errNoChange
		}
		j.review(e, d, Expired, why, facts{latest: true})
		e.LeaseUntil = zeroTime
		j.toldBy(e, d, told)
		return nil
	})
}

// lateAt is when a purchase is late: LateAfter after its latest request.
func (j *Journal) lateAt(e *Entry, d *document) time.Time {
	since := e.CreatedAt
	if n := len(d.Attempts); n > 0 {
		since = latestOf(since, d.Attempts[n-1].At)
	}
	return since.Add(j.config.LateAfter)
}

// warn tells once that a purchase is late.
func (j *Journal) warn(ctx context.Context, e Entry, now time.Time) (Entry, error) {
	d, err := decodeDocument(e.Document)
	if err != nil || d.Warned || e.State == Ready || now.Before(j.lateAt(&e, d)) {
		return e, err
	}
	if j.late(ctx, newPurchase(&e, d)) != nil {
		return e, nil //nolint:nilerr // logged, and told again at the next step
	}
	lease := e.LeaseUntil
	return j.save(ctx, e, func(e *Entry, d *document) error {
		d.Warned = true
		e.LeaseUntil = lease
		return nil
	})
}
