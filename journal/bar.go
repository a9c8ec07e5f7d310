package journal

import (
	"context"
	"errors"

	"github.com/esimkit/esim"
)

// Bar closes the reference of an order that was not charged, for good: from
// then on Order refuses it, in every process, and never sends it. Whoever buys
// the same thing elsewhere calls it first, so that a worker that was frozen
// meanwhile cannot wake up and buy it here as well. A reference that the journal
// has never seen is closed too.
//
// [ErrState]: it may have been charged, or somebody has it in hand.
func (j *Journal) Bar(ctx context.Context, p esim.Provider, req esim.OrderRequest) error {
	a := j.accounts[p]
	if a == nil {
		return withheld("Bar", p, "", esim.ErrUnsupported, nil, esim.OutcomeNotSent)
	}
	w := orderWish(ctx, req)
	if refused := w.unfit(ctx, a); refused != nil {
		return refused
	}
	leave, err := j.enter()
	if err != nil {
		return err
	}
	defer leave()
	e, err := j.store.Get(ctx, IDOf(p, w.reference))
	if errors.Is(err, ErrNotFound) {
		e, err = j.createBarred(ctx, a, w)
	}
	if err != nil {
		return err
	}
	if conflict := w.conflict(&e); conflict != nil {
		return conflict
	}
	_, err = j.change(ctx, e, func(e *Entry, d *document) error {
		switch {
		case d.Barred:
			return errNoChange
		case e.State == Ready && j.happen(e, d, Withdraw, facts{}):
			if d.Caller || e.Attempts > 0 { // else it was enqueued, by somebody who is to be told
				d.Due, e.NextAt = "", zeroTime
			}
		case !e.State.Uncharged() || e.Doubt > 0:
			return ErrState
		}
		d.Barred = true
		return nil
	})
	return err
}

// createBarred puts a purchase on record that never was, and never will be. If
// another worker was faster the entry is his.
func (j *Journal) createBarred(ctx context.Context, a *account, w wish) (Entry, error) {
	now, err := j.now(ctx)
	if err != nil {
		return Entry{}, err
	}
	w.resumed = false
	e, d := j.newEntry(a, w, now, false)
	e.State, e.NextAt, e.Keys = NotExecuted, zeroTime, nil
	d.Barred = true
	if e.Document, err = d.encode(); err != nil {
		return Entry{}, err
	}
	kept, _, err := j.store.Create(ctx, e, nil)
	return kept, err
}

// Bar is [Journal.Bar] for the provider of this client.
func (c *client) Bar(ctx context.Context, req esim.OrderRequest) error {
	return c.j.Bar(ctx, c.Provider(), req)
}
