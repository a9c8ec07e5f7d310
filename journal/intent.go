package journal

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
)

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
	if ended := ctx.Err(); ended != nil { // before anything can have been written
		return fail(ended)
	}
	kept, created, err := into.Create(ctx, e, budget)
	if !created {
		a.brake.unused(now)
	}
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

// sentElsewhere notes what a caller of Resume says: a request may have been
// sent that is not on record, before there was this journal or after the backup
// that it was restored from.
func (d *document) sentElsewhere(e *Entry) {
	e.Attempts++
	e.Doubt++
	e.State = Unknown
	d.RequestID = "" // which it had is not on record either
	d.begun(e.Attempts, e.UpdatedAt, "not on record")
}

// windows sets until when requests may be sent, and when a person must look.
func (j *Journal) windows(e *Entry, a *account) {
	e.ResendUntil = e.UpdatedAt.Add(j.policy.window(a.caps.KeyLife))
	j.deadline(e, a)
}

// deadline sets when a person must look, from now on.
func (j *Journal) deadline(e *Entry, a *account) {
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
			return total.Amount(), total.Currency()
		}
	}
	if r.MaxTotal != nil && r.MaxTotal.Currency() != "" {
		return r.MaxTotal.Amount(), r.MaxTotal.Currency()
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
	return &Budget{Limit: limit.Amount()}, nil
}
