package journal

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// buy makes the purchase, or finds the one that the reference stands for.
func (j *Journal) buy(ctx context.Context, a *account, w wish) (*esim.Order, error) {
	if refused := w.unfit(ctx, a); refused != nil {
		return nil, refused
	}
	ctx = evidence.WithSend(ctx, evidence.Send{}) // it was about the call of the journal, and is in the wish
	p := a.client.Provider()
	leaveJournal, err := j.enter()
	if err != nil {
		return j.withhold(ctx, w, withheld(w.op(), p, w.reference, esim.ErrUnavailable, err, esim.OutcomeNotSent))
	}
	defer leaveJournal()
	leave, err := j.calls.enter(ctx, IDOf(p, w.reference))
	if err != nil { // another call with this reference is under way, and may be spending the money
		return nil, withheld(w.op(), p, w.reference, esim.ErrUnavailable, errors.Join(ErrNotOnRecord, err), esim.OutcomeUnknown)
	}
	defer leave()
	e, created, refused := j.intend(ctx, nil, a, w, true)
	switch {
	case refused != nil:
		return j.withhold(ctx, w, refused)
	case created && e.State == Sending:
		sent, order, failure := j.send(ctx, a, e)
		return j.carryOn(ctx, a, sent, order, failure)
	case created:
		return j.proceed(ctx, a, e)
	}
	return j.again(ctx, a, e, w)
}

// withhold is the answer to a call that may send nothing, for the reason given.
// What the reference already stands for is told all the same.
func (j *Journal) withhold(ctx context.Context, w wish, refused *esim.Error) (*esim.Order, error) {
	e, begun := j.standing(ctx, j.store, w, refused)
	if !begun {
		return nil, refused
	}
	order, err := j.answer(ctx, e, nil, nil)
	if failed, ok := errors.AsType[*esim.Error](err); ok {
		failed.Err = errors.Join(failed.Err, refused.Err)
	}
	return order, err
}

// standing gives the refusal of a call the outcome that the purchase has by
// what is on record, and returns that purchase if it was begun. While the
// record cannot be read, or the caller says that it may be behind, nobody knows
// whether something was charged.
func (j *Journal) standing(ctx context.Context, from Creator, w wish, refused *esim.Error) (e Entry, begun bool) {
	if refused.Outcome != esim.OutcomeNotSent {
		return Entry{}, false
	}
	reading, done := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer done()
	e, err := j.getAt(reading, from, IDOf(refused.Provider, w.reference))
	switch {
	case errors.Is(err, ErrNotFound), err == nil && e.State.Uncharged():
		if w.resumed {
			refused.Outcome, refused.Err = esim.OutcomeUnknown, errors.Join(ErrNotOnRecord, refused.Err)
		}
		return Entry{}, false
	case err != nil:
		refused.Err = errors.Join(ErrNotOnRecord, refused.Err, err)
	}
	refused.Outcome = esim.OutcomeUnknown
	if err != nil {
		return Entry{}, false
	}
	if conflict := w.conflict(&e); conflict != nil {
		*refused = *conflict
		return Entry{}, false
	}
	return e, true
}

// again answers a reference that is on record.
func (j *Journal) again(ctx context.Context, a *account, e Entry, w wish) (*esim.Order, error) {
	if conflict := w.conflict(&e); conflict != nil {
		return nil, conflict
	}
	e, err := j.free(ctx, e)
	if err != nil {
		return nil, withheld(w.op(), e.Provider, e.Reference, esim.ErrUnavailable, err, esim.OutcomeUnknown)
	}
	if w.resumed && e.State == Ready && e.Doubt == 0 {
		if e, err = j.save(ctx, e, func(e *Entry, d *document) error {
			d.sentElsewhere(e)
			return nil
		}); err != nil { // it is on record as never sent, which is not so
			return nil, storeError(w.op(), e.Provider, e.Reference, errors.Join(ErrNotOnRecord, err), esim.OutcomeUnknown)
		}
	}
	switch {
	case e.State.Uncharged():
		return j.repeat(ctx, a, e, w)
	case e.State == Ready && e.Account == a.fingerprint:
		now, err := j.now(ctx)
		if err != nil {
			return nil, storeError(opOf(e.Kind), e.Provider, e.Reference, err, esim.OutcomeUnknown)
		}
		if refused := j.admit(ctx, a, &w, now, true); refused != nil {
			return j.answer(ctx, e, nil, refused)
		}
		return j.proceed(ctx, a, e)
	case e.State == Unknown && e.Account == a.fingerprint:
		return j.proceed(ctx, a, e)
	}
	return j.answer(ctx, e, nil, nil)
}

// free waits while another worker has the purchase in hand.
func (j *Journal) free(ctx context.Context, e Entry) (Entry, error) {
	const look = 100 * time.Millisecond
	began := time.Now()
	for {
		if !e.State.Open() || e.State == Provisioning {
			return e, nil
		}
		now, err := j.now(ctx)
		switch {
		case err != nil && !errors.Is(err, ErrClockSuspect):
			return e, err
		case !now.Before(e.LeaseUntil):
			return e, nil
		case j.config.BusyWait < 0, j.config.BusyWait > 0 && time.Since(began) > j.config.BusyWait:
			return e, ErrInHand
		}
		timer := time.NewTimer(look)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return e, errors.Join(ErrInHand, ctx.Err())
		}
		newest, err := j.store.Get(ctx, e.ID)
		if err != nil {
			return e, err
		}
		e = newest
	}
}

// ended says why a purchase that was not charged may not be ordered again under
// its reference, nil if it may be.
func (d *document) ended(e *Entry) error {
	var why []error
	if e.Doubt > 0 || d.Decision != nil {
		why = append(why, ErrDecided)
	}
	if d.Closed || d.Sends >= maxSends {
		why = append(why, ErrReferenceEnded)
	}
	return errors.Join(why...)
}

// repeat sends again what is known not to have been charged.
func (j *Journal) repeat(ctx context.Context, a *account, e Entry, w wish) (*esim.Order, error) {
	op, d := w.op(), new(document)
	held := func(refused *esim.Error) (*esim.Order, error) {
		switch {
		case w.resumed: // the record may be behind
			refused.Outcome, refused.Err = esim.OutcomeUnknown, errors.Join(ErrNotOnRecord, refused.Err)
		case d.Due == hookFailed && !d.Closed: // a hook that was called already goes on until it succeeds
			j.heard(ctx, e)
		}
		return nil, refused
	}
	now, err := j.now(ctx)
	if err != nil {
		return held(storeError(op, e.Provider, e.Reference, err, esim.OutcomeNotSent))
	}
	kept, err := decodeDocument(e.Document)
	if err != nil {
		return held(storeError(op, e.Provider, e.Reference, err, esim.OutcomeNotSent))
	}
	d = kept
	if d.Barred {
		refused := d.lastError(&e)
		refused.Err = errors.Join(ErrBarred, refused.Err)
		return held(refused)
	}
	if ended := d.ended(&e); ended != nil {
		return nil, withheld(op, e.Provider, e.Reference, esim.ErrNotEligible, ended, esim.OutcomeNotSent)
	}
	if refused := j.admit(ctx, a, &w, now, true); refused != nil {
		return held(refused)
	}
	if e.Account != a.fingerprint {
		return held(withheld(op, e.Provider, e.Reference, esim.ErrNotEligible, ErrAccountChanged, esim.OutcomeNotSent))
	}
	if _, capped := j.config.DailyCap[e.Provider]; capped || e.Budget != "" { // its share was given back, and may belong to another day
		refused := withheld(op, e.Provider, e.Reference, esim.ErrNotEligible, ErrState, esim.OutcomeNotSent)
		refused.Message = "under a daily cap a purchase that was refused needs a new reference"
		return held(refused)
	}
	saved, err := j.save(ctx, e, func(e *Entry, d *document) error {
		if !j.happen(e, d, Repeat, facts{}) {
			return ErrState
		}
		d.Request, d.Caller, d.Order, d.Review, d.Due = w.request, true, nil, nil, ""
		d.Until, d.NotBefore = w.endsAt(e.UpdatedAt, true), zeroTime
		d.Steps, d.Absent, d.Unclear = 0, 0, 0
		e.Cost, e.Currency = w.cost()
		if j.policy.locks(e.Kind, a.mode(e.Kind)) {
			e.Keys = []string{topUpKey(w.request.ICCID)}
		}
		j.windows(e, a)
		e.LeaseUntil = e.UpdatedAt.Add(j.config.Lease)
		e.NextAt = e.LeaseUntil
		if w.resumed {
			d.sentElsewhere(e)
		}
		return nil
	})
	switch {
	case errors.Is(err, ErrStale):
		return nil, withheld(op, e.Provider, e.Reference, esim.ErrUnavailable, ErrInHand, esim.OutcomeUnknown)
	case err != nil: // if it was not written, no hook will tell
		return nil, storeError(op, e.Provider, e.Reference, errors.Join(ErrNotOnRecord, err), esim.OutcomeUnknown)
	}
	return j.proceed(ctx, a, saved)
}
