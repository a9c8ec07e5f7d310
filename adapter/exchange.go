package adapter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// Do carries out one call. On success c.Out holds the answer. The error is an
// *esim.Error that says what is known about money, over all sends made under
// c.Key in this process.
func (t *API) Do(ctx context.Context, c Call) error {
	if ctx == nil {
		return t.failIn(c.op, esim.ErrInvalidRequest, esim.OutcomeNotSent, "nil context")
	}
	if err := t.refuseSpending(ctx, &c); err != nil {
		return err
	}
	op := operationOf(ctx)
	c.op, c.reference = firstText(c.op, op.Name), firstText(c.reference, op.reference)
	if err := c.encode(); err != nil {
		return t.outcomeOnRecord(t.failIn(c.op, esim.ErrInvalidRequest, esim.OutcomeNotSent, err.Error()), c.reference, c.Key)
	}
	f := exchange{t: t, c: &c}
	if c.Key == "" {
		return f.run(ctx)
	}
	e, err := t.memory.enter(ctx, &c)
	if err != nil {
		return f.busyError(err)
	}
	f.state = e.state
	outcome := esim.OutcomeUnknown // should run panic
	defer func() { t.memory.leave(c.Key, e, f.state, outcome, t.now()) }()
	if ctx.Err() == nil && f.kept(e) {
		outcome = esim.OutcomeAccepted
		c.attempt.accepted(false)
		return nil
	}
	if err := f.admit(e); err != nil {
		outcome = err.Outcome
		return err
	}
	err = f.run(ctx)
	if outcome = outcomeOf(err); err == nil {
		c.attempt.accepted(true)
	}
	return err
}

// kept answers a purchase that is known to be made from memory.
func (f *exchange) kept(e *entry) bool {
	if !f.done || f.doubt || f.answer == nil || e.content != f.c.content {
		return false
	}
	_, err := f.c.decode(f.answer)
	return err == nil
}

func outcomeOf(err error) esim.Outcome {
	if err == nil {
		return esim.OutcomeAccepted
	}
	if e, ok := errors.AsType[*esim.Error](err); ok {
		return e.Outcome
	}
	return esim.OutcomeUnknown
}

// exchange is one call on its way, over all its attempts.
type exchange struct {
	t *API
	c *Call
	state

	reclocked bool // the clock was corrected
	reauthed  bool // the credentials were renewed
	waitedFor time.Duration
}

// admit refuses what must not be sent at all: what is in doubt or was bought is
// sent again only where that is safe.
func (f *exchange) admit(e *entry) *esim.Error {
	switch {
	case (f.doubt || f.done) && e.content != "" && e.content != f.c.content:
		return f.refused(esim.ErrReferenceConflict, "this reference was used for another purchase; nothing was sent for this one")
	case f.doubt && !f.mayRepeat():
		return f.refused(esim.ErrDuplicate, "an earlier send of this purchase is in doubt, so it was not sent again")
	case f.done && f.facts.Lost != esim.RepeatSafe:
		return f.refused(esim.ErrDuplicate, "this purchase was made before")
	case f.sends >= maxSends:
		return f.refused(esim.ErrDuplicate, fmt.Sprintf("this purchase was sent %d times, and is not sent again", f.sends))
	}
	if e.doubt && e.body != nil {
		f.c.Body = e.body // a provider that compares bodies must see the same purchase
	}
	e.content, e.body = f.c.content, f.c.Body
	return nil
}

// mayRepeat also lets a probe pass. It carries the request id of the send in
// doubt, so the provider can act on one of the two only.
func (f *exchange) mayRepeat() bool {
	if f.next() == esim.RepeatSafe {
		return true
	}
	probe := f.c.onceID != "" && (f.inDoubt == "" || f.inDoubt == f.c.onceID)
	return probe && f.repeat != esim.RepeatBuys && f.sends < maxSends
}

// refused is the error of a call that is not sent. Its outcome is that of the
// purchase which holds the reference.
func (f *exchange) refused(kind esim.Kind, why string) *esim.Error {
	err := f.t.failure(f.c, Rule{Kind: kind, Outcome: esim.OutcomeNotSent}, why)
	switch {
	case f.doubt:
		err.Outcome, err.Repeat = esim.OutcomeUnknown, f.next()
	case f.done:
		err.Outcome = esim.OutcomeAccepted
	}
	evidence.Attach(err, evidence.Request{Outcome: esim.OutcomeNotSent})
	return err
}

// requestID is the one to send under, "" for a fresh one: that of the caller,
// or of the send in doubt.
func (f *exchange) requestID() string {
	if f.spent {
		return f.c.onceID
	}
	return firstText(f.c.onceID, f.inDoubt)
}

func (f *exchange) run(ctx context.Context) error {
	for n := 1; ; n++ {
		r, ended := f.attempt(ctx, n)
		if f.c.Safety != Read {
			f.add(r)
			f.c.attempt.noAnswer(r)
		}
		if r.accepted {
			ended(false)
			f.t.budget.earn()
			f.t.vain.accepted(f.c, r.sent)
			f.answer = r.kept
			return nil
		}
		delay, again := f.resend(ctx, r, n)
		ended(again && fits(ctx, delay))
		if !again {
			return f.fail(r)
		}
		if err := sleep(ctx, delay); err != nil {
			r.cause = interrupted(r.cause, err)
			return f.fail(r)
		}
	}
}

func interrupted(cause, err error) error {
	if cause == nil {
		return err
	}
	return fmt.Errorf("%w (%w before it could be sent again)", cause, err)
}

// fail is the error of the call whose last attempt ended with r.
func (f *exchange) fail(r result) *esim.Error {
	err := f.t.failure(f.c, r.Rule, r.Message)
	err.Outcome = f.outcome(r)
	err.HTTPStatus = r.status
	err.Code = r.Code
	err.RequestID = r.requestID
	err.RetryAfter = r.wait
	if r.cause != nil {
		err.Err = f.t.cause(r.cause)
	}
	if err.Outcome == esim.OutcomeUnknown && f.c.Key != "" {
		err.Repeat = r.repeatBy(f.c.repeats)
		if f.doubt {
			err.Repeat = f.next()
		}
	}
	if err.Repeat == esim.RepeatSafe {
		err.RetryAfter = max(err.RetryAfter, f.c.repeats.Pause)
	}
	if r.Retry == AdjustClock && !r.date.IsZero() {
		err.Message = strings.TrimPrefix(err.Message+"; "+aheadOrBehind(r.date.Sub(f.t.now())), "; ")
	}
	if f.c.Key != "" {
		evidence.Attach(err, evidence.Request{Outcome: r.outcome, BurnsRequestID: r.burnt()})
	}
	return err
}

func aheadOrBehind(skew time.Duration) string {
	way := "ahead of"
	if skew < 0 {
		way = "behind"
	}
	return fmt.Sprintf("the provider's clock is %s %s this one's", skew.Abs().Round(time.Second), way)
}

// outcome is what is known over all sends: with one in doubt, or accepted, a
// refusal of another proves nothing, unless it has used up the request id that
// they share: then none is in doubt any more. A read changes nothing, so it is never in
// doubt.
func (f *exchange) outcome(r result) esim.Outcome {
	switch {
	case r.outcome == esim.OutcomeAccepted:
		return esim.OutcomeAccepted
	case f.doubt:
		return esim.OutcomeUnknown
	case f.done:
		return esim.OutcomeAccepted
	case f.c.Safety == Read && r.outcome == esim.OutcomeUnknown:
		return esim.OutcomeRejected
	}
	return r.outcome
}

// busyError is the error of a call whose context ended while another one with
// the same key was under way. This one sent nothing, but it is the same
// purchase, and the other may be spending the money right now.
func (f *exchange) busyError(cause error) *esim.Error {
	err := f.t.failure(f.c, Rule{Kind: esim.ErrUnavailable}, "another call with this reference is under way")
	err.Repeat = f.c.repeats.Lost // whatever the other call learns is asked again before a send
	err.Err = f.t.cause(cause)
	evidence.Attach(err, evidence.Request{Outcome: esim.OutcomeNotSent})
	return err
}
