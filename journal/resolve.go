package journal

import (
	"context"
	"errors"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// resolve finds out by reading only.
func (j *Journal) resolve(ctx context.Context, a *account, e Entry) (Entry, *esim.Order, error) {
	d, err := decodeDocument(e.Document)
	if err != nil {
		return e, nil, err
	}
	if e.Account != a.fingerprint {
		e, err = j.wait(ctx, e, nil)
		return e, nil, errors.Join(storeError(opOf(e.Kind), e.Provider, e.Reference, ErrAccountChanged, esim.OutcomeUnknown), err)
	}
	order, listed, failure := j.read(ctx, a, &e, d)
	if order == nil {
		e, err = j.nothingFound(ctx, a, e, listed, failure)
		return e, nil, errors.Join(failure, err)
	}
	after, err := j.change(ctx, e, func(e *Entry, d *document) error {
		if !e.State.Open() {
			return errNoChange
		}
		steps := d.Steps
		j.charged(e, d, a, nil, order, nil, facts{latest: true})
		e.LeaseUntil = zeroTime
		if e.State == Provisioning {
			d.Steps = steps
			j.pause(e, d, a, nil)
		}
		return nil
	})
	if errors.Is(err, ErrTaken) { // another purchase has been found to be this order meanwhile
		after, err = j.wait(ctx, e, nil)
	}
	return after, nil, err
}

// read asks the provider what it knows, by the surest way there is.
func (j *Journal) read(ctx context.Context, a *account, e *Entry, d *document) (order *esim.Order, l listing, err error) {
	switch {
	case a.reads(e, d):
		ref := esim.OrderRef{Reference: e.Reference}
		if d.Order != nil {
			ref.ID = d.Order.ID
		}
		order, err = a.client.GetOrder(evidence.WithSend(ctx, evidence.Send{Quantity: d.Request.Quantity}), ref)
		if order == nil {
			order = orderIn(err)
		}
		if order != nil || errors.Is(err, esim.ErrNotFound) { // which proves nothing: it may not be visible yet
			err = nil
		}
		return order, unread, err
	case e.State == Provisioning:
		return nil, unread, nil
	case e.Kind == TopUpKind:
		prober, ok := esim.As[evidence.EffectProber](a.client)
		if !ok || len(d.Before) == 0 {
			return nil, unread, nil
		}
		order, err = prober.TopUpEffect(ctx, d.Before, d.topUp(e))
		return order, unread, err
	}
	finder, ok := esim.As[evidence.OrderFinder](a.client)
	if !ok {
		return nil, unread, nil
	}
	return j.search(ctx, finder, e)
}

// preview reads what the eSIM has, before the first request of a top-up that
// only shows by a change of that.
func (j *Journal) preview(ctx context.Context, a *account, e *Entry, d *document) ([]byte, error) {
	prober, ok := esim.As[evidence.EffectProber](a.client)
	if !ok || !j.policy.preview || e.Kind != TopUpKind || e.Doubt > 0 || a.mode(e.Kind) != esim.IdempotencyNone {
		return nil, nil
	}
	return prober.BeforeTopUp(ctx, d.topUp(e))
}
