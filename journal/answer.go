package journal

import (
	"context"
	"errors"
	"strings"

	"github.com/esimkit/esim"
)

// answer is what a caller gets: what his own request brought, if it made one,
// else what is on record.
func (j *Journal) answer(ctx context.Context, e Entry, order *esim.Order, failure error) (*esim.Order, error) {
	d, err := decodeDocument(e.Document)
	if err != nil {
		return nil, errors.Join(failure, storeError(opOf(e.Kind), e.Provider, e.Reference, err, esim.OutcomeUnknown))
	}
	switch {
	case failure != nil && fitting(esim.OutcomeOf(failure), e.State):
		err = carriedOn(failure, e.State)
		order = nil
	case order != nil && (e.State == Delivered || e.State == Provisioning):
	default:
		order, err = j.onRecord(&e, d)
	}
	switch {
	case d.Due == hookFailed && err != nil && !esim.MaybeCharged(err):
		j.heard(ctx, e)
	case d.Due != "":
		j.wake()
	}
	return order, err
}

const findingOut = "the journal is finding out"

// carriedOn is the error of a request of which the journal will find out what
// became.
func carriedOn(failure error, s State) error {
	e, ok := failure.(*esim.Error) //nolint:errorlint // one among several is not the whole answer
	if !ok || e.Outcome != esim.OutcomeUnknown || !s.Open() {
		return failure
	}
	told := *e
	told.Message = strings.TrimPrefix(told.Message+"; "+findingOut, "; ")
	return &told
}

// heard notes that a caller is about to be told that nothing was charged, so
// that no hook needs to say it. If that fails the hook says it too.
func (j *Journal) heard(ctx context.Context, e Entry) {
	recording, done := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer done()
	if _, err := j.change(recording, e, func(e *Entry, d *document) error {
		if d.Due != hookFailed {
			return errNoChange
		}
		d.Due, e.NextAt = "", zeroTime
		return nil
	}); err != nil {
		j.config.Logger.WarnContext(ctx, "journal could not note that a caller was told", "provider", e.Provider, "reference", e.Reference, "error", err)
	}
}

// fitting reports whether the end of one request is also that of the purchase.
// A refusal is not, while something else of it is open: it may yet be bought.
func fitting(o esim.Outcome, s State) bool {
	switch o {
	case esim.OutcomeNotSent, esim.OutcomeRejected:
		return s.Uncharged()
	case esim.OutcomeUnknown: // the client may know less than the journal of earlier requests
		return s != Delivered && !s.Uncharged()
	case esim.OutcomeAccepted:
	}
	return true
}

// onRecord is what the journal knows, as a client would say it.
func (j *Journal) onRecord(e *Entry, d *document) (*esim.Order, error) {
	order := d.order(e)
	fail := func(kind esim.Kind, cause error, outcome esim.Outcome, message string) (*esim.Order, error) {
		err := withheld(opOf(e.Kind), e.Provider, e.Reference, kind, cause, outcome)
		err.Message, err.Order = message, order
		return nil, err
	}
	switch e.State {
	case Delivered, Provisioning:
		if order == nil { // an operator has found out that it was delivered, and not what
			order = d.known(e)
		}
		order.Replayed, order.Status = true, esim.OrderPending
		if e.State == Delivered {
			order.Status = esim.OrderCompleted
		}
		return order, nil
	case Refunded:
		return fail(esim.ErrNotEligible, ErrDecided, esim.OutcomeAccepted, "it was refunded")
	case Review:
		if order != nil && e.Doubt == 0 {
			return fail(esim.ErrIncomplete, ErrUnderReview, esim.OutcomeAccepted, d.Review.why())
		}
		return fail(esim.ErrNotEligible, ErrUnderReview, esim.OutcomeUnknown, d.Review.why())
	case Rejected, NotExecuted:
		return nil, d.lastError(e)
	case Ready, Sending, Unknown:
		if a := j.accounts[e.Provider]; a == nil || a.fingerprint != e.Account {
			return fail(esim.ErrNotEligible, ErrAccountChanged, esim.OutcomeUnknown, "")
		}
	}
	if e.State == Ready {
		return fail(esim.ErrUnavailable, nil, esim.OutcomeUnknown, "it is on record and will be sent")
	}
	return nil, d.lastError(e)
}

func (r *reviewNote) why() string {
	if r == nil {
		return ""
	}
	return r.Why
}

// lastError is the error of the latest request again, with the outcome that
// the purchase has now.
func (d *document) lastError(e *Entry) *esim.Error {
	err := withheld(opOf(e.Kind), e.Provider, e.Reference, esim.ErrUnavailable, nil, esim.OutcomeUnknown)
	err.Order = d.order(e)
	switch e.State {
	case Rejected:
		err.Outcome = esim.OutcomeRejected
	case NotExecuted:
		err.Outcome = esim.OutcomeNotSent
		if d.Decision != nil {
			err.Kind, err.Err = esim.ErrNotEligible, ErrDecided
			return err
		}
	case Ready, Sending, Unknown, Provisioning, Delivered, Refunded, Review:
		err.Message = findingOut
		if f := d.latestFailure(); f != nil { // whoever waits goes on waiting, whatever that was
			err.Err = errors.New(f.text())
		}
		return err
	}
	if f := d.latestFailure(); f != nil {
		err.Kind, err.HTTPStatus, err.Code, err.RequestID = f.kind(), f.HTTPStatus, f.Code, f.RequestID
		if f.Message != "" {
			err.Message = f.Message
		}
		if f.Cause != "" {
			err.Err = errors.New(f.Cause)
		}
	}
	return err
}
