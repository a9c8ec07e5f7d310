package journal

import (
	"context"
	"errors"

	"github.com/esimkit/esim"
)

// EnqueueOrder commits the intent to buy, and leaves the buying to Run, in
// this process or another. Into is a transaction of yours, as the store makes a
// Creator of it, so that the intent commits with what else you write; nil = a
// commit of its own. What becomes of it, hooks tell.
//
// The same reference again returns the same ID, unless it has ended with
// nothing charged: that is [ErrState]. The error is as that of Order;
// with one nothing was recorded, and in a transaction of yours you decide what
// becomes of the rest.
func (j *Journal) EnqueueOrder(ctx context.Context, into Creator, p esim.Provider, req esim.OrderRequest) (ID, error) {
	return j.enqueue(ctx, into, p, orderWish(req))
}

// EnqueueTopUp is EnqueueOrder for a top-up.
func (j *Journal) EnqueueTopUp(ctx context.Context, into Creator, p esim.Provider, req esim.TopUpRequest) (ID, error) {
	return j.enqueue(ctx, into, p, topUpWish(req))
}

// standing is the refusal of an intent, with what is known of the purchase if
// the reference stands for one already.
func (j *Journal) standing(ctx context.Context, into Creator, w wish, refused *esim.Error) *esim.Error {
	if refused.Outcome != esim.OutcomeNotSent {
		return refused
	}
	reading, done := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer done()
	e, err := j.getAt(reading, into, IDOf(refused.Provider, w.reference))
	switch {
	case errors.Is(err, ErrNotFound), err == nil && e.State.Uncharged() && e.Doubt == 0:
	default:
		refused.Outcome = esim.OutcomeUnknown
		refused.Err = errors.Join(refused.Err, err)
	}
	return refused
}

func (j *Journal) enqueue(ctx context.Context, into Creator, p esim.Provider, w wish) (ID, error) {
	op := opOf(w.kind)
	a := j.accounts[p]
	switch why := w.problem(); {
	case a == nil, w.kind == OrderKind && !a.caps.Order, w.kind == TopUpKind && !a.caps.TopUp:
		return "", withheld(op, p, printable(w.reference), errors.ErrUnsupported, nil, esim.OutcomeNotSent)
	case w.reference == "":
		return "", withheld(op, p, "", esim.ErrInvalidRequest, ErrReferenceMissing, esim.OutcomeNotSent)
	case why != "":
		err := withheld(op, p, printable(w.reference), esim.ErrInvalidRequest, nil, esim.OutcomeNotSent)
		err.Message = why
		return "", err
	}
	leave, err := j.enter()
	if err != nil {
		return "", withheld(op, p, w.reference, esim.ErrUnavailable, err, esim.OutcomeNotSent)
	}
	defer leave()
	e, created, refused := j.intend(ctx, into, a, w, false)
	if refused != nil {
		return "", j.standing(ctx, into, w, refused)
	}
	if !created && e.Content != w.content() {
		err := withheld(op, p, w.reference, esim.ErrReferenceConflict, nil, esim.OutcomeNotSent)
		err.Message = "this reference stands for another purchase"
		return "", err
	}
	if !created && e.State.Uncharged() { // nobody would send it, and no hook would tell
		err := withheld(op, p, w.reference, esim.ErrNotEligible, ErrState, esim.OutcomeNotSent)
		err.Message = "this reference has ended with nothing charged: call " + op + ", or use a new one"
		return "", err
	}
	j.wake()
	return e.ID, nil
}
