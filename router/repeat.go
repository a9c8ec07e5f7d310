package router

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// mostSends is how often one key is sent at most, where no journal counts.
const mostSends = 4

// mayNotRepeat is the error of an attempt that may have been sent before and
// must not be sent again, nil if it may be. A journal decides that by its own
// record.
func (s *sale) mayNotRepeat(r *reseller, a *attempt) *esim.Error {
	if r.bar != nil || a.State == won || !s.wasPerhapsSent(a) {
		return nil
	}
	repeat := a.Repeat
	if a.State == open { // its end was never heard
		repeat = r.caps.OrderRepeat
		if s.topUp {
			repeat = r.caps.TopUpRepeat
		}
	}
	most := mostSends
	if r.caps.MaxRepeats > 0 {
		most = min(most, 1+r.caps.MaxRepeats)
	}
	refused := s.doubtful(s.op(), s.reference, esim.ErrUnavailable, nil, "")
	refused.Provider, refused.Repeat = a.Provider, repeat
	pause := a.RepeatAt.Sub(s.Now())
	switch {
	case repeat != esim.RepeatSafe:
		refused.Message = "an earlier request is in doubt, and another one may buy again: look for the order at the reseller"
	case a.sends() >= most:
		refused.Repeat = esim.RepeatUnknown
		refused.Message = "an earlier request is in doubt, and was repeated as often as it may be: look for the order at the reseller"
	case pause > 0:
		refused.Message, refused.RetryAfter = "an earlier request is in doubt, and is repeated after a pause", pause
	default:
		return nil
	}
	return refused
}

// sends are the requests that may have left: that of an open attempt is not
// counted yet.
func (a *attempt) sends() int {
	if a.State == open {
		return a.Sends + 1
	}
	return a.Sends
}

// sent notes that a request has ended, and what another one would do.
func (a *attempt) sent(err error, now time.Time) {
	a.Repeat, a.RepeatAt = esim.RepeatUnknown, time.Time{}
	if esim.OutcomeOf(err) == esim.OutcomeNotSent {
		return
	}
	a.Sends++
	if esim.OutcomeOf(err) != esim.OutcomeUnknown {
		return
	}
	told, ok := errors.AsType[*esim.Error](err)
	if !ok {
		return
	}
	a.Repeat = told.Repeat
	if esim.MayRepeat(err) && told.RetryAfter > 0 {
		a.RepeatAt = now.Add(told.RetryAfter)
	}
}

// isOf reports whether an order may be that of an attempt, by all that it
// states: a reference may stand for another purchase at the reseller.
func (s *sale) isOf(order *esim.Order, a *attempt) bool {
	return (order.PackageID == "" || order.PackageID == a.PackageID) && (order.Quantity == 0 || order.Quantity == s.doc.Quantity)
}

// lookForOrder reads what became of an attempt that must not be sent again. A
// reading that finds nothing proves nothing.
func (s *sale) lookForOrder(ctx context.Context, r *reseller, a *attempt, refused *esim.Error) (*esim.Order, error) {
	if s.topUp || !r.caps.GetOrder || a.OrderID == "" && !r.caps.LookupByReference {
		return nil, refused
	}
	order, err := r.client.GetOrder(evidence.WithSend(ctx, evidence.Send{Quantity: s.doc.Quantity}), esim.OrderRef{ID: a.OrderID, Reference: a.Reference})
	if err != nil || order == nil || !s.isOf(order, a) {
		return nil, refused
	}
	found := *order
	found.Replayed = true
	return &found, nil
}
