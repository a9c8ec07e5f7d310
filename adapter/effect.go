package adapter

import (
	"context"
	"errors"
	"fmt"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// imageRecord is what BeforeTopUp returns, as JSON. Its form must stay, for it is
// kept by others.
type imageRecord struct {
	Before    BeforeImage   `json:"before"`
	PackageID string        `json:"package_id"`
	Added     esim.DataSize `json:"added"` // by the package; 0 = not known, or without limit
}

// BeforeTopUp carries out [evidence.EffectProber].BeforeTopUp for a top-up
// without a key: it reads what must be on record before the top-up is sent.
// That is what the eSIM has, and how much the package adds by the Quote or else
// by the price list. The result is JSON and holds no secret.
func (t *API) BeforeTopUp(ctx context.Context, req esim.TopUpRequest, p Purchase) ([]byte, error) {
	a := t.attemptOf(req, &p)
	return OperateOn(ctx, t, "BeforeTopUp", a, checkNamed, func(ctx context.Context, a *Attempt) ([]byte, error) {
		ctx = WithReference(ctx, a.Reference)
		if q := a.Quote; q != nil && (q.Unlimited || q.Data > 0) {
			a.Added = q.Data
		} else if _, err := p.Offer(ctx, a); err != nil {
			return nil, err
		}
		now, err := p.Keyless.After(ctx, a.ICCID)
		if err != nil {
			return nil, err
		}
		return wire.Encode(imageRecord{imageOf(now, t.Now()), a.PackageID, a.Added})
	})
}

// TopUpEffect carries out [evidence.EffectProber].TopUpEffect: it compares the eSIM
// with what [API.BeforeTopUp] had returned, and sends no purchase. Both results are
// nil if nothing of the top-up shows, which proves nothing while the provider's
// figures may be late. An order has ID and Total if the provider's list shows
// exactly one that it can be.
//
// It is proof only while no other top-up of this eSIM is sent between the two. Errors
// are those of a read. One of kind [esim.ErrInvalidRequest] says that before is not
// about this top-up.
func (t *API) TopUpEffect(ctx context.Context, before []byte, req esim.TopUpRequest, p Purchase) (*esim.Order, error) {
	a := t.attemptOf(req, &p)
	e := &effect{of: a}
	return OperateOn(ctx, t, "TopUpEffect", a, func(c *Check, a *Attempt) {
		checkNamed(c, a)
		e.restore(c, before)
	}, func(ctx context.Context, a *Attempt) (*esim.Order, error) {
		return e.probe(WithReference(ctx, a.Reference))
	})
}

func (t *API) attemptOf(req esim.TopUpRequest, p *Purchase) *Attempt {
	a := &Attempt{
		Terms:     Terms{PackageID: req.PackageID, Quantity: 1, Quote: req.Quote, MaxTotal: req.MaxTotal},
		Reference: req.Reference, ICCID: req.ICCID, topUp: true, t: t, facts: p,
	}
	a.keys = []string{p.key(a.Reference, 0)}
	return a
}

// checkNamed checks a top-up that must not get lost, so one without a reference
// will not do.
func checkNamed(c *Check, a *Attempt) {
	c.Reference(a.Reference)
	c.ICCID("ICCID", a.ICCID)
	c.Terms(a.Terms)
}

// restore reads what BeforeTopUp has returned for this top-up.
func (e *effect) restore(c *Check, record []byte) {
	var r imageRecord
	err := wire.Decode(record, &r)
	if err != nil || r.Before.ICCID != e.of.ICCID || r.PackageID != e.of.PackageID ||
		r.Before.TakenAt.IsZero() || r.Before.Total < 0 || r.Added < 0 {
		c.Fail("before", "is not what BeforeTopUp has returned for this top-up")
	}
	e.before, e.of.Added, e.sent = r.Before, r.Added, r.Before.TakenAt
}

// probe looks for the effect. What is known of the purchase in this process counts
// first.
func (e *effect) probe(ctx context.Context) (*esim.Order, error) {
	unlock, err := e.of.lock(ctx)
	if err != nil {
		if busy, ok := errors.AsType[*esim.Error](err); ok {
			busy.Outcome, busy.Repeat = esim.OutcomeNotSent, esim.RepeatUnknown // of this read
		}
		return nil, err
	}
	defer unlock()
	earlier := e.of.t.memory.effectOf(e.of.keys[0])
	switch {
	case earlier == nil:
	case !earlier.of.same(e.of):
		return nil, e.of.conflicts(ctx, earlier)
	case earlier.order != nil:
		return copyOf(earlier.order), nil
	case earlier.unclear && !earlier.sent.IsZero():
		return nil, nil //nolint:nilnil // this client has sent another one since, which may be what shows
	}
	after, err := e.of.facts.Keyless.After(ctx, e.of.ICCID)
	if err != nil || !e.shows(after) {
		return nil, err
	}
	if earlier != nil && earlier.sent.IsZero() { // in doubt until now, and sent by another process
		earlier.sent = e.sent
	}
	if earlier != nil {
		e = earlier
	}
	e.adopt(ctx)
	return copyOf(e.order), nil
}

// Amend adds to the message and the cause of an error about money what a look for
// the truth has failed with. That error itself stays out: it says that nothing was
// charged, and means its own call. A nil look changes nothing.
func Amend(err *esim.Error, what string, look error) *esim.Error {
	e, ok := errors.AsType[*esim.Error](look)
	if !ok {
		return err
	}
	err.Message = withNote(err.Message, what+": "+e.Kind.Error())
	switch {
	case e.Err == nil, err.Err != nil && errors.Is(err.Err, e.Err):
	case err.Err == nil, err.Err.Error() == "":
		err.Err = e.Err
	default:
		err.Err = fmt.Errorf("%w; %w", err.Err, e.Err)
	}
	return err
}
