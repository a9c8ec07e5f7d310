package journal

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
)

// buy makes the purchase, or finds the one that the reference stands for.
func (j *Journal) buy(ctx context.Context, a *account, w wish) (*esim.Order, error) {
	if refused := w.unfit(ctx, a); refused != nil {
		return nil, refused
	}
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
	return e, err == nil && e.Content == w.content()
}

// intend commits the intent, unless the reference stands for a purchase
// already. At once: the caller is here and will send it now; an order is then
// committed as being sent, which saves a commit and means the same. Into is a
// transaction of the caller's, nil = a commit of its own.
func (j *Journal) intend(ctx context.Context, into Creator, a *account, w wish, atOnce bool) (Entry, bool, *esim.Error) {
	op, p := w.op(), a.client.Provider()
	own := into == nil
	if own {
		into = j.store
	}
	fail := func(cause error) (Entry, bool, *esim.Error) {
		return Entry{}, false, storeError(op, p, w.reference, cause, esim.OutcomeNotSent)
	}
	now, err := j.nowAt(ctx, into)
	if err != nil {
		return fail(err)
	}
	if refused := j.admit(ctx, a, &w, now, atOnce); refused != nil {
		if begun, failed := j.getAt(ctx, into, IDOf(p, w.reference)); failed == nil {
			return begun, false, nil // it is not new
		}
		return Entry{}, false, refused
	}
	e, d := j.newEntry(a, w, now, atOnce)
	budget, err := j.budget(&e, a, now)
	if err != nil {
		return Entry{}, false, withheld(op, p, w.reference, esim.ErrInvalidRequest, err, esim.OutcomeNotSent)
	}
	if atOnce && w.kind == OrderKind && j.policy.forbids(a.situation(&e, d, now, true)) == nil {
		if err = j.begin(&e, d, a, true); err != nil {
			return fail(err)
		}
	}
	if e.Document, err = d.encode(); err != nil {
		return fail(err)
	}
	kept, created, err := into.Create(ctx, e, budget)
	switch {
	case err == nil:
		return kept, created, nil
	case own && !named(err):
		return j.afterCreate(ctx, &e, err)
	}
	return fail(err)
}

// named reports whether err says that nothing was written.
func named(err error) bool {
	return final(err) || errors.Is(err, ErrOverBudget)
}

// afterCreate finds out about a commit whose end is not known, before anything
// is sent.
func (j *Journal) afterCreate(ctx context.Context, e *Entry, cause error) (Entry, bool, *esim.Error) {
	reading, done := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer done()
	kept, err := j.store.Get(reading, e.ID)
	switch {
	case err == nil && kept.Version == 1 && sameWorker(&kept, e) && ctx.Err() == nil:
		return kept, true, nil
	case err == nil:
		return kept, false, nil
	case errors.Is(err, ErrNotFound): // it may still be on its way; then it is carried on
		err = nil
	}
	return Entry{}, false, storeError(opOf(e.Kind), e.Provider, e.Reference, errors.Join(ErrNotOnRecord, cause, err), esim.OutcomeUnknown)
}

// sameWorker reports whether both were begun by one process at one moment.
func sameWorker(a, b *Entry) bool {
	x, errX := decodeDocument(a.Document)
	y, errY := decodeDocument(b.Document)
	if errX != nil || errY != nil || len(x.Attempts) != 1 || len(y.Attempts) != 1 {
		return false
	}
	return x.Attempts[0].By == y.Attempts[0].By && x.Attempts[0].At.Equal(y.Attempts[0].At)
}

func (j *Journal) newEntry(a *account, w wish, now time.Time, atOnce bool) (Entry, *document) {
	p := a.client.Provider()
	e := Entry{
		ID: IDOf(p, w.reference), Version: 1, Provider: p, Account: a.fingerprint, Kind: w.kind,
		Reference: w.reference, Content: w.content(), PackageID: w.request.PackageID, State: Ready,
		CreatedAt: now, UpdatedAt: now, NextAt: now,
	}
	j.windows(&e, a)
	e.Cost, e.Currency = w.cost()
	mode := a.mode(w.kind)
	if j.policy.locks(w.kind, mode) {
		e.Keys = []string{topUpKey(w.request.ICCID)}
	}
	d := &document{Request: w.request, Caller: atOnce, Until: w.endsAt(now, atOnce)}
	if w.resumed {
		d.sentElsewhere(&e)
	}
	if atOnce {
		e.LeaseUntil = now.Add(j.config.Lease)
		e.NextAt = e.LeaseUntil
	}
	return e, d
}

// sentElsewhere notes what a caller says with Resumed: a request may have been
// sent that is not on record, before there was this journal or after the backup
// that it was restored from.
func (d *document) sentElsewhere(e *Entry) {
	e.Attempts++
	e.Doubt++
	e.State = Unknown
	d.begun(e.Attempts, e.UpdatedAt, "not on record")
}

// windows sets until when requests may be sent, and when a person must look.
func (j *Journal) windows(e *Entry, a *account) {
	e.ResendUntil = e.UpdatedAt.Add(j.policy.window(a.caps.KeyLife))
	patience := j.config.ReviewAfter
	if a.mode(e.Kind) == esim.IdempotencyNone {
		patience /= shareOfReviewFor
	}
	e.DeadlineAt = e.UpdatedAt.Add(patience)
}

// The time in which purchases are sent, where the caller sets none: that of a
// call, and that of what was enqueued.
const (
	callTime    = 15 * time.Minute
	enqueueTime = 24 * time.Hour
)

// endsAt is the moment after which no request of the purchase is begun.
func (w *wish) endsAt(now time.Time, atOnce bool) time.Time {
	switch {
	case !w.until.IsZero():
		return w.until.UTC().Truncate(time.Microsecond)
	case atOnce:
		return now.Add(callTime)
	}
	return now.Add(enqueueTime)
}

// cost is the most that the wish can cost, "" if nobody knows.
func (w *wish) cost() (amount, currency string) {
	r := &w.request
	if r.Quote != nil && r.Quote.Price.Currency() != "" {
		if total, err := r.Quote.Price.MulInt(r.Quantity); err == nil {
			return total.Amount().String(), total.Currency()
		}
	}
	if r.MaxTotal != nil && r.MaxTotal.Currency() != "" {
		return r.MaxTotal.Amount().String(), r.MaxTotal.Currency()
	}
	return "", ""
}

// budget is the cap that the entry counts against, nil if there is none.
func (j *Journal) budget(e *Entry, a *account, now time.Time) (*Budget, error) {
	limit, ok := j.config.DailyCap[e.Provider]
	switch {
	case !ok:
		return nil, nil //nolint:nilnil // no cap is no failure
	case e.Currency == "":
		return nil, errors.New("with a daily cap a purchase needs a Quote or a MaxTotal")
	case e.Currency != limit.Currency():
		return nil, errors.New("the price is not in the currency of the daily cap")
	}
	e.Budget = a.fingerprint + " " + e.Currency + " " + now.Format(time.DateOnly)
	return &Budget{Limit: limit.Amount().String()}, nil
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
		}); err != nil {
			return nil, inHand(&e, err)
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
		now, err := j.now(ctx)
		switch {
		case err != nil && !errors.Is(err, ErrClockSuspect):
			return e, err
		case !e.State.Open() || e.State == Provisioning || !now.Before(e.LeaseUntil):
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
	if e.Doubt > 0 {
		why = append(why, ErrDecided)
	}
	if d.Closed || d.Sends >= maxSends {
		why = append(why, ErrReferenceEnded)
	}
	return errors.Join(why...)
}

// repeat sends again what is known not to have been charged.
func (j *Journal) repeat(ctx context.Context, a *account, e Entry, w wish) (*esim.Order, error) {
	op := w.op()
	held := func(refused *esim.Error) (*esim.Order, error) {
		if w.resumed {
			refused.Outcome = esim.OutcomeUnknown // the record may be behind
		}
		return nil, refused
	}
	now, err := j.now(ctx)
	if err != nil {
		return held(storeError(op, e.Provider, e.Reference, err, esim.OutcomeNotSent))
	}
	d, err := decodeDocument(e.Document)
	if err != nil {
		return held(storeError(op, e.Provider, e.Reference, err, esim.OutcomeNotSent))
	}
	if d.Barred {
		refused := d.lastError(&e)
		refused.Err = errors.Join(ErrBarred, refused.Err)
		return held(refused)
	}
	if ended := d.ended(&e); ended != nil {
		return held(withheld(op, e.Provider, e.Reference, esim.ErrNotEligible, ended, esim.OutcomeNotSent))
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
	case err != nil:
		return nil, storeError(op, e.Provider, e.Reference, err, esim.OutcomeUnknown)
	}
	return j.proceed(ctx, a, saved)
}

// proceed takes the next step of a purchase that is in nobody's hand, for a
// caller who waits.
func (j *Journal) proceed(ctx context.Context, a *account, e Entry) (*esim.Order, error) {
	e, order, failure := j.step(ctx, a, e, true)
	return j.carryOn(ctx, a, e, order, failure)
}

// carryOn answers a caller whose request has ended. If the provider refused it
// as one too many, the caller waits for as long as that asks, and it is sent
// again.
func (j *Journal) carryOn(ctx context.Context, a *account, e Entry, order *esim.Order, failure error) (*esim.Order, error) {
	for {
		if _, ok := errors.AsType[*esim.Error](failure); failure != nil && !ok { // of the store
			failure = storeError(opOf(e.Kind), e.Provider, e.Reference, failure, esim.OutcomeUnknown)
		}
		if e.State != Ready || e.LeaseUntil.IsZero() || !errors.Is(failure, esim.ErrRateLimited) {
			return j.answer(ctx, e, order, failure)
		}
		if !j.sleepUntil(ctx, e.LeaseUntil.Add(-j.config.Lease)) {
			return j.answer(ctx, j.letGo(ctx, e), nil, nil)
		}
		e, order, failure = j.step(ctx, a, e, true)
	}
}

// sleepUntil reports whether that moment has come. It does not wait for one
// that comes after the caller has gone.
func (j *Journal) sleepUntil(ctx context.Context, at time.Time) bool {
	now, err := j.now(ctx)
	if err != nil {
		return false
	}
	pause := at.Sub(now)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// letGo leaves a purchase that will be sent again to Run.
func (j *Journal) letGo(ctx context.Context, e Entry) Entry {
	recording, done := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer done()
	after, err := j.change(recording, e, func(e *Entry, d *document) error {
		if e.State != Ready || !d.Caller {
			return errNoChange
		}
		d.Caller = false
		e.NextAt, e.LeaseUntil = e.LeaseUntil.Add(-j.config.Lease), zeroTime
		return nil
	})
	if err != nil {
		j.config.Logger.WarnContext(ctx, "journal could not note that a caller is gone", "provider", e.Provider, "reference", e.Reference, "error", err)
		return e
	}
	j.wake()
	return after
}
