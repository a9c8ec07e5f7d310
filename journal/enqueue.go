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
	return j.enqueue(ctx, into, p, orderWish(ctx, req))
}

// EnqueueTopUp is EnqueueOrder for a top-up.
func (j *Journal) EnqueueTopUp(ctx context.Context, into Creator, p esim.Provider, req esim.TopUpRequest) (ID, error) {
	return j.enqueue(ctx, into, p, topUpWish(ctx, req))
}

func (j *Journal) enqueue(ctx context.Context, into Creator, p esim.Provider, w wish) (ID, error) {
	a := j.accounts[p]
	if a == nil {
		return "", withheld(w.op(), p, "", esim.ErrUnsupported, nil, esim.OutcomeNotSent)
	}
	if refused := w.unfit(ctx, a); refused != nil {
		return "", refused
	}
	leave, err := j.enter()
	if err != nil {
		return "", withheld(w.op(), p, w.reference, esim.ErrUnavailable, err, esim.OutcomeNotSent)
	}
	defer leave()
	e, created, refused := j.intend(ctx, into, a, w, false)
	if refused != nil {
		j.standing(ctx, into, w, refused)
		return "", refused
	}
	if conflict := w.conflict(&e); conflict != nil {
		return "", conflict
	}
	if !created && e.State.Uncharged() { // nobody would send it, and no hook would tell
		err := withheld(w.op(), p, w.reference, esim.ErrNotEligible, ErrState, esim.OutcomeNotSent)
		if d, failed := decodeDocument(e.Document); failed == nil {
			err.Err = errors.Join(ErrState, d.ended(&e))
		}
		err.Message = "this reference has ended with nothing charged: call " + w.op() + ", or use a new one"
		return "", err
	}
	j.wake()
	return e.ID, nil
}
