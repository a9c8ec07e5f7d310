package journal

import (
	"context"
	"errors"

	"github.com/esimkit/esim"
)

// Gauge is implemented by clients whose top-ups have no key: what an eSIM has
// before and after is the only trace of one whose answer was lost.
type Gauge interface {
	// BeforeTopUp reads what must be on record before the top-up is sent.
	BeforeTopUp(ctx context.Context, req esim.TopUpRequest) ([]byte, error)
	// TopUpEffect looks whether the top-up shows. nil and no error: not yet.
	TopUpEffect(ctx context.Context, before []byte, req esim.TopUpRequest) (*esim.Order, error)
}

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
	order, absent, failure := j.read(ctx, a, &e, d)
	if order == nil {
		e, err = j.absent(ctx, e, absent, failure)
		return e, nil, errors.Join(failure, err)
	}
	after, err := j.change(ctx, e, func(e *Entry, d *document) error {
		if !e.State.Open() {
			return errNoChange
		}
		steps := d.Steps
		j.charged(e, d, a, order, nil, facts{latest: true})
		if e.State == Provisioning {
			d.Steps = steps + 1
			e.NextAt = j.nextLook(e, d, a)
		}
		e.LeaseUntil = zeroTime
		return nil
	})
	if errors.Is(err, ErrTaken) { // another purchase has been found to be this order meanwhile
		after, err = j.wait(ctx, e, nil)
	}
	return after, nil, err
}

// read asks the provider what it knows, by the surest way there is. Absent: it
// has shown all its orders, and this one is not among them.
func (j *Journal) read(ctx context.Context, a *account, e *Entry, d *document) (order *esim.Order, absent bool, err error) {
	ref := esim.OrderRef{Reference: e.Reference, Quantity: d.Request.Quantity}
	if d.Order != nil {
		ref.ID = d.Order.ID
	}
	switch {
	case a.caps.GetOrder && ref.ID != "", a.caps.GetOrder && a.caps.LookupByReference:
		order, err = a.client.GetOrder(ctx, ref)
		if order == nil {
			order = orderIn(err)
		}
		if order != nil {
			err = nil
		}
		if errors.Is(err, esim.ErrNotFound) {
			err = nil // proves nothing: it may not be visible yet
		}
		return order, false, err
	case e.State == Provisioning:
		return nil, false, nil
	case e.Kind == TopUpKind:
		gauge, ok := esim.As[Gauge](a.client)
		if !ok || len(d.Before) == 0 {
			return nil, false, nil
		}
		order, err = gauge.TopUpEffect(ctx, d.Before, d.topUp(e))
		return order, false, err
	}
	finder, ok := esim.As[Finder](a.client)
	if !ok {
		return nil, false, nil
	}
	return j.search(ctx, finder, e)
}

// preview reads what the eSIM has, before the first request of a top-up that
// only shows by a change of that.
func (j *Journal) preview(ctx context.Context, a *account, e *Entry, d *document) ([]byte, error) {
	gauge, ok := esim.As[Gauge](a.client)
	if !ok || !j.policy.preview || e.Kind != TopUpKind || e.Doubt > 0 || a.mode(e.Kind) != esim.IdempotencyNone {
		return nil, nil
	}
	return gauge.BeforeTopUp(ctx, d.topUp(e))
}

// enoughLists in which it is not found, read when no request of it can be under
// way any more: then a provider that knows the request has, by all that can be
// seen, not made an order of it.
const enoughLists = 3

// absent notes a look that found nothing.
func (j *Journal) absent(ctx context.Context, e Entry, absent bool, cause error) (Entry, error) {
	if !absent {
		return j.wait(ctx, e, cause)
	}
	e, err := j.change(ctx, e, func(e *Entry, d *document) error {
		if e.State != Unknown {
			return errNoChange
		}
		if len(d.Attempts) > 0 && e.UpdatedAt.Sub(d.Attempts[len(d.Attempts)-1].At) >= underWay {
			d.Absent++
		}
		if e.Arrived && d.Absent >= enoughLists {
			j.review(e, d, Escalate, "the provider knows the request and lists no order that could be it", facts{})
		}
		return nil
	})
	if err != nil || e.State != Unknown {
		return e, err
	}
	return j.wait(ctx, e, cause)
}
