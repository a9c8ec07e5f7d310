package adapter

import (
	"context"
	"errors"
	"fmt"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// known counts the units bought before under this reference, as far as this
// client knows, and says whether one is in doubt. It looks at all that an order
// can have, since an earlier one may have been larger.
func (a *Attempt) known() (made int, doubt bool) {
	for _, key := range a.keys {
		done, open := a.t.keyState(key)
		if done {
			made++
		}
		doubt = doubt || open
	}
	return made, doubt
}

// held is err, why the purchase was not sent, with the outcome on record.
func (a *Attempt) held(err error) error {
	return a.t.outcomeOnRecord(err, fitReference(a.Reference), a.keys...)
}

// stopped is the error of a purchase that ended early with err: in doubt if
// any unit is, else accepted if any was bought, by this call or an earlier one.
func (a *Attempt) stopped(ctx context.Context, err error) error {
	e, ok := errors.AsType[*esim.Error](err)
	if !ok { // the adapter's own, which does not say what became of the money
		e = a.t.Fail(ctx, esim.ErrMalformedResponse, esim.OutcomeUnknown, "the adapter could not carry out the purchase")
		e.Err = a.t.cause(err)
	}
	made, doubt := a.known()
	bought := max(made, a.Order.Quantity)
	switch {
	case errors.Is(e.Kind, esim.ErrReferenceConflict) && e.Outcome != esim.OutcomeUnknown && a.Order.Quantity == 0 && !doubt:
		return e // another purchase was made under this reference
	case e.Outcome == esim.OutcomeUnknown || doubt:
		e.Outcome, e.Repeat = esim.OutcomeUnknown, a.t.repeatOf(a.keys...)
		if e.Repeat == esim.RepeatSafe {
			e.RetryAfter = max(e.RetryAfter, a.facts.Repeats.Pause)
		}
	case e.Outcome != esim.OutcomeAccepted && bought > 0 && a.facts.Single:
		e = a.t.Halfway(ctx, fmt.Sprintf("%d of %d were bought before a failure", bought, a.Quantity), e)
	}
	e.Reference = a.Reference
	if a.Order.Quantity > 0 {
		e.Order = a.Order
		if last, ok := evidence.OfRequest(e); ok && last.Outcome != esim.OutcomeUnknown {
			evidence.Attach(e, evidence.Request{Outcome: esim.OutcomeAccepted}) // of an earlier unit of this call
		}
	}
	return e
}

// Incomplete is the error of an order that was accepted and lacks something.
func (t *API) Incomplete(ctx context.Context, why string) *esim.Error {
	return t.Fail(ctx, esim.ErrIncomplete, esim.OutcomeAccepted, why)
}

// overcharged is the error of a purchase that has cost more than the caller
// wanted, as far as the answer tells. The money is spent: the order comes with
// the error.
func (a *Attempt) overcharged(ctx context.Context) error {
	limit, name := a.MaxTotal, "MaxTotal"
	if a.Quote != nil {
		if quoted, err := a.Quote.Price.MulInt(a.Quantity); err == nil && exceeds(a.Order.Total, quoted) {
			limit, name = quoted, "the quote"
		}
	}
	if limit.Currency() == "" || !exceeds(a.Order.Total, limit) {
		return nil
	}
	err := a.t.Fail(ctx, esim.ErrPriceChanged, esim.OutcomeAccepted,
		a.Order.Total.String()+" were charged, above "+name+" of "+limit.String())
	err.Order = a.Order
	return err
}

// exceeds is false for amounts that cannot be compared.
func exceeds(m, limit esim.Money) bool {
	cmp, err := m.Cmp(limit)
	return err == nil && cmp > 0
}

// AddUnit makes an order of one eSIM, with an id of its own, a part of sum. An
// eSIM of which nothing has come is counted and not listed.
func AddUnit(sum *esim.Order, id string, status esim.OrderStatus, unit esim.ESIM) {
	if sum.Quantity == 0 {
		sum.Status = status
	}
	sum.Status = combined(sum.Status, status)
	sum.ID = JoinIDs(sum.ID, id)
	sum.Quantity++
	if unit.ICCID != "" || !unit.Activation.IsZero() || !unit.RawActivation.IsZero() {
		sum.ESIMs = append(sum.ESIMs, unit)
	}
}

// combined is the status of two orders seen as one.
func combined(a, b esim.OrderStatus) esim.OrderStatus {
	switch {
	case a == b:
		return a
	case a == esim.OrderPending || b == esim.OrderPending:
		return esim.OrderPending
	}
	return esim.OrderUnknown
}
