package journal

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// recordWithin bounds how long the end of a request is being written down,
// whatever has become of the context of the caller.
const recordWithin = 15 * time.Second

// begin puts the request that is about to be sent into the entry. It is
// durable, with doubt counted, before the request leaves. Told: a caller waits
// for the end of it.
func (j *Journal) begin(e *Entry, d *document, a *account, told bool) error {
	if j.policy.forbids(a.situation(e, d, e.UpdatedAt, true)) != nil { // time has passed since it was looked at
		return ErrState
	}
	repeat := len(d.doubtful()) > 0
	if e.Kind == OrderKind && a.caps.OnceRequestID && j.policy.request(e, d) {
		id, err := uuid.NewRandom()
		if err != nil {
			return err
		}
		d.RequestID = id.String()
	}
	if e.Doubt == 0 { // until now there was nothing to find out
		j.deadline(e, a)
	}
	d.Caller = told
	e.Attempts++
	e.Doubt++
	d.begun(e.Attempts, e.UpdatedAt, j.name)
	if repeat {
		d.Repeats++
	}
	if !j.happen(e, d, Begin, facts{latest: true}) {
		return ErrState
	}
	e.LeaseUntil = e.UpdatedAt.Add(j.config.Lease)
	e.NextAt = e.LeaseUntil // should nobody come back
	return nil
}

// send carries out the latest attempt of the entry and records how it ended.
// The entry it returns is the newest; the order and the error are those of the
// request.
func (j *Journal) send(ctx context.Context, a *account, e Entry) (Entry, *esim.Order, error) {
	d, err := decodeDocument(e.Document)
	if err != nil {
		return e, nil, err
	}
	n := e.Attempts
	sending, cancel := context.WithTimeout(ctx, j.config.Lease/3*2)
	defer cancel()
	resumed := e.Clone()
	resumed.Doubt-- // before this request
	order, failure := a.buy(sending, &resumed, d, j.policy.resumed(&resumed))
	a.brake.saw(failure, e.UpdatedAt)

	recording, done := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer done()
	saved, err := j.record(recording, e, func(e *Entry, d *document) error {
		return j.finish(e, d, a, n, order, failure)
	})
	if errors.Is(err, ErrTaken) {
		saved, err = j.record(recording, e, func(e *Entry, d *document) error {
			e.Doubt = 0
			if at := d.attempt(n); at != nil {
				at.Ended, at.Outcome, at.Settled = e.UpdatedAt, new(esim.OutcomeAccepted), true
			}
			d.keepForeign(firstOrder(order, failure))
			j.review(e, d, Wrong, "the provider gave it an order that another purchase has", facts{latest: true})
			return nil
		})
	}
	if err != nil {
		j.config.Logger.ErrorContext(ctx, "journal could not record the end of a request",
			"provider", e.Provider, "reference", e.Reference, "attempt", n, "error", err)
		return e, order, errors.Join(failure, unrecorded(&e, order, failure, err))
	}
	return saved, order, failure
}

// record is change, repeated as well after errors that may pass.
func (j *Journal) record(ctx context.Context, e Entry, edit func(*Entry, *document) error) (Entry, error) {
	for pause := 50 * time.Millisecond; ; pause *= 2 {
		saved, err := j.change(ctx, e, edit)
		if err == nil || final(err) || ctx.Err() != nil {
			return saved, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return e, err
		}
		if newest, failed := j.store.Get(ctx, e.ID); failed == nil {
			e = newest
		}
	}
}

// final reports whether a store will not take anything more in this process.
func final(err error) bool {
	for _, named := range []error{ErrPoisoned, ErrClosed, ErrReadOnly, ErrDiskFull, ErrNotFound, ErrTaken} {
		if errors.Is(err, named) {
			return true
		}
	}
	return false
}

// unrecorded says what the caller holds in hand though the journal does not.
func unrecorded(e *Entry, order *esim.Order, failure, why error) error {
	err := withheld(opOf(e.Kind), e.Provider, e.Reference, esim.ErrIncomplete, errors.Join(ErrNotRecorded, why), esim.OutcomeAccepted)
	err.Order = order
	if failure != nil {
		err.Kind, err.Err = esim.ErrUnavailable, why
		err.Outcome = esim.OutcomeUnknown
		if o := orderIn(failure); o != nil {
			err.Order = o
		}
	}
	return err
}

// buy sends the request as it was asked for.
func (a *account) buy(ctx context.Context, e *Entry, d *document, resumed bool) (*esim.Order, error) {
	send := evidence.Send{Resumed: resumed, OneSend: true}
	if e.Kind == TopUpKind {
		return a.client.TopUp(evidence.WithSend(ctx, send), d.topUp(e))
	}
	r := &d.Request
	send.RequestID = d.RequestID
	return a.client.Order(evidence.WithSend(ctx, send), esim.OrderRequest{
		PackageID: r.PackageID, Quantity: r.Quantity, Reference: e.Reference,
		Quote: r.Quote, MaxTotal: r.ceiling(), CallbackURL: r.CallbackURL,
	})
}

// topUp is the top-up as it was asked for.
func (d *document) topUp(e *Entry) esim.TopUpRequest {
	r := &d.Request
	return esim.TopUpRequest{
		ICCID: r.ICCID, PackageID: r.PackageID, Reference: e.Reference, Quote: r.Quote, MaxTotal: r.ceiling(),
	}
}

// finish enters the end of the n-th request. It is safe for a worker that has
// lost its lease: direct evidence counts whoever brings it.
func (j *Journal) finish(e *Entry, d *document, a *account, n int, order *esim.Order, failure error) error {
	at := d.attempt(n)
	if at != nil && at.Outcome != nil {
		return errNoChange
	}
	end := j.policy.outcome(failure)
	told := d.Caller
	d.Caller = false // from here on, the end is told by a hook
	f := facts{latest: e.State == Sending && e.Attempts == n}
	if at != nil {
		at.Ended, at.Outcome = e.UpdatedAt, &end.Outcome
		if failure != nil {
			at.Failure = failureOf(failure)
		}
	}
	order = firstOrder(order, failure)
	switch end.Outcome {
	case esim.OutcomeNotSent, esim.OutcomeRejected:
		j.refused(e, d, at, end, failure, told, f)
	case esim.OutcomeAccepted:
		if order == nil { // it says it was bought, and not what
			e.Arrived = true
			j.happen(e, d, Unclear, f)
			return nil
		}
		j.charged(e, d, a, at, order, failure, f)
	case esim.OutcomeUnknown:
		j.unclear(e, d, a, order, failure, f)
	}
	return nil
}

// refused enters a request that had no effect. It settles itself, and earlier
// ones only where it has used up their request id.
func (j *Journal) refused(e *Entry, d *document, at *attempt, end evidence.Request, failure error, told bool, f facts) {
	if at != nil {
		e.Doubt = max(e.Doubt-1-j.policy.burns(d, at, end), 0)
	}
	if end.Outcome == esim.OutcomeNotSent {
		d.Sends = max(d.Sends-1, 0)
		d.Repeats = max(d.Repeats-1, 0)
	}
	throttled := errors.Is(failure, esim.ErrRateLimited)
	waits := told && throttled && j.config.BusyWait >= 0 && e.Doubt == 0
	if throttled && !told && (d.Sends > 1 || retryAfter(failure) <= 0) { // a limit may be one of the hour, and the sends of a key are few
		d.Steps = max(d.Steps, patientSteps)
	}
	j.happen(e, d, refusal(end.Outcome, failure, told && !waits), f)
	j.toldBy(e, d, told)
	j.soon(e, d, failure)
	if waits && e.State == Ready { // the caller goes on with it, if this process lives
		d.Caller = true
		e.LeaseUntil = e.NextAt.Add(j.config.Lease)
		e.NextAt = e.LeaseUntil
	}
}

// burnt settles the earlier requests whose request id the refused one has used
// up, and counts them.
func burnt(d *document, refused *attempt, end evidence.Request) (n int) {
	if !end.BurnsRequestID || refused.RequestID == "" {
		return 0
	}
	for _, a := range d.doubtful() {
		if a.RequestID == refused.RequestID {
			a.Settled = true
			n++
		}
	}
	return n
}

// refusal tells the event of a request that had no effect.
func refusal(o esim.Outcome, failure error, told bool) Event {
	switch {
	case o == esim.OutcomeRejected && (told || !errors.Is(failure, esim.ErrRateLimited)):
		return Refused
	case told, slices.ContainsFunc(lasting, func(kind error) bool { return errors.Is(failure, kind) }):
		return GivenUp
	}
	return Unsent
}

// lasting are the reasons for sending nothing that do not pass by themselves.
var lasting = []error{
	esim.ErrInvalidRequest, esim.ErrPriceChanged, esim.ErrPackageUnavailable, esim.ErrReferenceConflict, esim.ErrUnsupported,
	esim.ErrInsufficientBalance, // as where the provider itself refuses it
}

// soon obeys what the provider asks to wait. What it only refuses for now is
// asked again after two minutes at most.
func (j *Journal) soon(e *Entry, d *document, failure error) {
	pause := retryAfter(failure)
	if !e.State.Open() || pause <= 0 {
		return
	}
	most := time.Hour
	if errors.Is(failure, esim.ErrRateLimited) {
		most = 2 * time.Minute
	}
	d.NotBefore = e.UpdatedAt.Add(min(pause, most))
	e.NextAt = latestOf(e.NextAt, d.NotBefore)
}

// retryAfter is how long the provider asks to wait; 0 = it does not say.
func retryAfter(failure error) time.Duration {
	if err, ok := errors.AsType[*esim.Error](failure); ok {
		return err.RetryAfter
	}
	return 0
}

// passing reports whether the rest of an order did not come for a reason that
// may pass.
func passing(failure error) bool {
	return errors.Is(failure, esim.ErrRateLimited) || errors.Is(failure, esim.ErrUnavailable)
}

// charged enters an order that the provider has taken. All requests of it are
// one purchase, so none is in doubt any more.
func (j *Journal) charged(e *Entry, d *document, a *account, at *attempt, order *esim.Order, failure error, f facts) {
	if why := j.misfit(e, d, order); why != "" {
		d.keepForeign(order)
		j.review(e, d, Wrong, "the answer does not fit: "+why, f)
		return
	}
	d.merge(order)
	noteCost(e, d)
	replays := a.mode(e.Kind) == esim.IdempotencyReplays
	if replays && at != nil && errors.Is(failure, esim.ErrIncomplete) && passing(failure) {
		at.Settled = true          // all that it bought is on record
		j.happen(e, d, Unclear, f) // the same again brings the rest
		j.soon(e, d, failure)
		return
	}
	e.Doubt = 0
	switch {
	case d.surplus():
		j.review(e, d, Wrong, "more came than was ordered", f)
	case j.policy.whole(d):
		j.happen(e, d, Whole, f)
	case d.unreadable(a.caps.GetOrder):
		j.cameUnreadable(e, d, f)
	case d.failed():
		j.review(e, d, Wrong, "the provider took the order and reports it as "+d.Order.Status.String(), f)
	case failure != nil && errors.Is(failure, esim.ErrIncomplete) && a.caps.Fulfilment == esim.FulfilmentImmediate && !d.codesCame():
		j.review(e, d, Wrong, "only part of the order came, and this provider delivers at once", f)
	default:
		j.happen(e, d, Part, f)
	}
}

// cameUnreadable hands an order to a person that has come and that no traveller
// can install. Of a purchase that has ended it says no more than a part does.
func (j *Journal) cameUnreadable(e *Entry, d *document, f facts) {
	if e.State.Open() || e.State == Review {
		j.review(e, d, Wrong, whyUnreadable, f)
		return
	}
	j.review(e, d, Part, "it was charged after it had ended", f)
}

// unclear enters a request of which nobody knows whether it was charged.
func (j *Journal) unclear(e *Entry, d *document, a *account, order *esim.Order, failure error, f facts) {
	switch {
	case errors.Is(failure, esim.ErrReferenceConflict):
		j.review(e, d, Wrong, "the provider knows this reference for another purchase", f)
		return
	case order != nil && j.misfit(e, d, order) == "":
		d.merge(order) // some of it is there, and of the rest nobody knows
	}
	if !errors.Is(failure, esim.ErrDuplicate) {
		j.happen(e, d, Unclear, f)
		j.soon(e, d, failure)
		return
	}
	// A conflict (409) may be a request in flight, and who replays will tell.
	conflict, ok := errors.AsType[*esim.Error](failure)
	inFlight := ok && conflict.HTTPStatus == http.StatusConflict
	f.foreign = e.Doubt == 1 && !inFlight && a.mode(e.Kind) != esim.IdempotencyReplays
	e.Arrived = e.Arrived || !f.foreign
	j.review(e, d, Taken, "the provider knew this reference before it was first sent", f)
}

// review is happen, with the reason for a person if that is who must look.
func (j *Journal) review(e *Entry, d *document, on Event, why string, f facts) {
	moved := j.happen(e, d, on, f)
	if e.State != Review || !moved && on != Wrong {
		return
	}
	if d.Review == nil {
		d.Review = &reviewNote{Since: e.UpdatedAt}
	}
	switch {
	case d.Review.Why == "":
		d.Review.Why = why
	case !strings.Contains(d.Review.Why, why):
		d.Review.Why += "; " + why
	}
}

// mode is what the provider does with a second request. Where its keys are not
// verified, the id that it takes once is what can be relied on.
func (a *account) mode(kind Kind) esim.Idempotency {
	switch {
	case kind == TopUpKind:
		return a.caps.TopUpIdempotency
	case a.caps.OnceRequestID && !a.caps.ContractVerified:
		return esim.IdempotencyRejects
	}
	return a.caps.OrderIdempotency
}

func opOf(kind Kind) string {
	if kind == TopUpKind {
		return "TopUp"
	}
	return "Order"
}

func firstOrder(order *esim.Order, failure error) *esim.Order {
	if order != nil {
		return order
	}
	return orderIn(failure)
}

// orderIn is the order that an error brings along, nil if none.
func orderIn(err error) *esim.Order {
	if e, ok := errors.AsType[*esim.Error](err); ok {
		return e.Order
	}
	return nil
}
