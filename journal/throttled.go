package journal

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
)

// proceed takes the next step of a purchase that is in nobody's hand, for a
// caller who waits.
func (j *Journal) proceed(ctx context.Context, a *account, e Entry) (*esim.Order, error) {
	e, order, failure := j.step(ctx, a, e, true)
	return j.carryOn(ctx, a, e, order, failure)
}

// carryOn answers a caller whose request has ended. If the provider refused it
// as one too many, the caller waits for as long as that asks, and it is sent
// again.
func (j *Journal) carryOn(ctx context.Context, a *account, e Entry, order *esim.Order, failure error) (*esim.Order, error) {
	for {
		if _, ok := errors.AsType[*esim.Error](failure); failure != nil && !ok { // of the store
			failure = storeError(opOf(e.Kind), e.Provider, e.Reference, failure, esim.OutcomeUnknown)
		}
		if e.State != Ready || e.LeaseUntil.IsZero() || !errors.Is(failure, esim.ErrRateLimited) {
			return j.answer(ctx, e, order, failure)
		}
		if !j.sleepUntil(ctx, e.LeaseUntil.Add(-j.config.Lease)) {
			return j.answer(ctx, j.letGo(ctx, e), nil, nil)
		}
		e, order, failure = j.step(ctx, a, e, true)
	}
}

// sleepUntil reports whether that moment has come. It does not wait for one
// that comes after the caller has gone.
func (j *Journal) sleepUntil(ctx context.Context, at time.Time) bool {
	now, err := j.now(ctx)
	if err != nil {
		return false
	}
	pause := at.Sub(now)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// letGo leaves a purchase that will be sent again to Run.
func (j *Journal) letGo(ctx context.Context, e Entry) Entry {
	recording, done := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer done()
	after, err := j.change(recording, e, func(e *Entry, d *document) error {
		if e.State != Ready || !d.Caller {
			return errNoChange
		}
		d.Caller = false
		e.NextAt, e.LeaseUntil = e.LeaseUntil.Add(-j.config.Lease), zeroTime
		return nil
	})
	if err != nil {
		j.config.Logger.WarnContext(ctx, "journal could not note that a caller is gone", "provider", e.Provider, "reference", e.Reference, "error", err)
		return e
	}
	j.wake()
	return after
}
