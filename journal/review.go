package journal

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/esimkit/esim"
)

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
