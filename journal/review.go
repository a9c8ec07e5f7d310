package journal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/esimkit/esim"
)

// Lookup returns the purchase that a reference stands for, or [ErrNotFound].
func (j *Journal) Lookup(ctx context.Context, p esim.Provider, reference string) (*Purchase, error) {
	return j.Get(ctx, IDOf(p, reference))
}

// Get returns a purchase, or [ErrNotFound].
func (j *Journal) Get(ctx context.Context, id ID) (*Purchase, error) {
	e, err := j.store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return purchaseOf(&e)
}

// Purchases iterates over purchases, oldest first, by a page of the store at a
// time. Query.After and Limit are the iterator's own. An error is yielded once
// and ends it.
func (j *Journal) Purchases(ctx context.Context, q Query) iter.Seq2[*Purchase, error] {
	return func(yield func(*Purchase, error) bool) {
		q.After, q.Limit = nil, 0
		for {
			page, err := j.store.List(ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page {
				p, err := purchaseOf(&page[i])
				if err != nil { // one damaged document must not hide the others
					p = &Purchase{ID: page[i].ID, Provider: page[i].Provider, Reference: page[i].Reference, State: page[i].State, Review: err.Error()}
				}
				if !yield(p, nil) {
					return
				}
			}
			if len(page) == 0 {
				return
			}
			q.After = &page[len(page)-1]
		}
	}
}

// Reviews iterates over what a person must look at.
func (j *Journal) Reviews(ctx context.Context) iter.Seq2[*Purchase, error] {
	return j.Purchases(ctx, Query{States: []State{Review}})
}

var verdicts = map[State]Event{Delivered: DecideDelivered, NotExecuted: DecideUncharged, Refunded: DecideRefunded}

// Decide records what a person has found out about a purchase under review.
// The verdict is Delivered, NotExecuted (nothing was charged) or Refunded; By
// and Why are required, since nobody else can check it. It ends the purchase.
//
// [ErrState]: it is not under review.
func (j *Journal) Decide(ctx context.Context, id ID, d Decision) (*Purchase, error) {
	on, ok := verdicts[d.Verdict]
	if !ok {
		return nil, fmt.Errorf("%w: a verdict is Delivered, NotExecuted or Refunded", esim.ErrInvalidRequest)
	}
	if strings.TrimSpace(d.By) == "" || strings.TrimSpace(d.Why) == "" {
		return nil, fmt.Errorf("%w: a decision needs By and Why", esim.ErrInvalidRequest)
	}
	return j.move(ctx, id, on, func(e *Entry, doc *document) {
		d.At = e.UpdatedAt
		doc.Decision = &d
	})
}

// Escalate puts a purchase that is in doubt or late under review before its
// time. [ErrState]: it is neither.
func (j *Journal) Escalate(ctx context.Context, id ID, why string) (*Purchase, error) {
	return j.move(ctx, id, Escalate, func(e *Entry, d *document) {
		if d.Review == nil {
			d.Review = &reviewNote{Since: e.UpdatedAt}
		}
		d.Review.Why = why
	})
}

// Withdraw takes back a purchase of which nothing was sent. There is no call
// that ends one in doubt without a decision. [ErrState]: something was sent.
func (j *Journal) Withdraw(ctx context.Context, id ID) (*Purchase, error) {
	return j.move(ctx, id, Withdraw, func(e *Entry, d *document) {
		d.Due, e.NextAt = "", zeroTime // whoever calls this knows
	})
}

// move carries out what a person wants, if the table has it.
func (j *Journal) move(ctx context.Context, id ID, on Event, note func(*Entry, *document)) (*Purchase, error) {
	leave, err := j.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	e, err := j.store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	e, err = j.change(ctx, e, func(e *Entry, d *document) error {
		if !j.happen(e, d, on, facts{}) {
			return fmt.Errorf("%w: it is %s", ErrState, e.State)
		}
		note(e, d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return purchaseOf(&e)
}

// EnqueueOrder commits the intent to buy, and leaves the buying to Run, in
// this process or another. Into is a transaction of yours, as the store makes a
// Creator of it, so that the intent commits with what else you write; nil = a
// commit of its own. What becomes of it, hooks tell.
//
// The same reference again returns the same ID. The error is as that of Order;
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
	j.wake()
	return e.ID, nil
}
