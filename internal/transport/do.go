package transport

import (
	"context"
	"fmt"
	"time"

	"github.com/esimkit/esim"
)

// Do carries out one call. On success c.Out holds the answer. The error is an
// *esim.Error that says what is known about money, over all sends made under
// c.Key in this process.
func (t *Transport) Do(ctx context.Context, c Call) error {
	if ctx == nil {
		return t.Fail(c.Op, esim.ErrInvalidRequest, esim.OutcomeNotSent, "nil context")
	}
	f := flight{t: t, c: &c}
	if c.Key == "" {
		return f.run(ctx)
	}
	e, err := t.memory.enter(ctx, &c)
	if err != nil {
		return f.unsent(esim.ErrUnavailable, "another call with this reference is under way", err)
	}
	outcome := esim.OutcomeNotSent
	defer func() { t.memory.leave(c.Key, e, outcome) }()
	if err := f.admit(e); err != nil {
		outcome = err.Outcome
		return err
	}
	f.doubt = e.doubt
	err = f.run(ctx)
	outcome = outcomeOf(err)
	return err
}

func outcomeOf(err error) esim.Outcome {
	if err == nil {
		return esim.OutcomeAccepted
	}
	if e, ok := err.(*esim.Error); ok { //nolint:errorlint // made by fail, never wrapped
		return e.Outcome
	}
	return esim.OutcomeUnknown
}

// flight is one call on its way, over all its attempts.
type flight struct {
	t *Transport
	c *Call

	doubt     bool // a send under this key has an unknown outcome
	recovered bool // the clock was corrected
	reauthed  bool // the credentials were renewed
	waitedFor time.Duration
}

// admit refuses what must not be sent at all.
func (f *flight) admit(e *entry) *esim.Error {
	switch {
	case (e.doubt || e.done) && e.content != f.c.Content:
		return f.t.failure(f.c, Rule{Kind: esim.ErrReferenceConflict, Outcome: esim.OutcomeNotSent},
			"this reference was used for another purchase")
	case f.c.Safety == Once && e.doubt:
		return f.t.failure(f.c, Rule{Kind: esim.ErrDuplicate},
			"an earlier send of this purchase is in doubt, and the provider could not tell a second one from it")
	case f.c.Safety == Once && e.done:
		return f.t.failure(f.c, Rule{Kind: esim.ErrDuplicate, Outcome: esim.OutcomeAccepted},
			"this purchase was made before")
	}
	e.content = f.c.Content
	return nil
}

func (f *flight) run(ctx context.Context) error {
	for n := 1; ; n++ {
		r, ended := f.attempt(ctx, n)
		if r.outcome == esim.OutcomeAccepted {
			ended(false)
			f.t.budget.earn()
			return nil
		}
		if r.outcome == esim.OutcomeUnknown && f.c.Safety != Read {
			f.doubt = true
		}
		delay, again := f.resend(ctx, r, n)
		ended(again)
		if !again {
			return f.fail(r)
		}
		if err := sleep(ctx, delay); err != nil {
			if r.cause == nil {
				r.cause = err
			}
			return f.fail(r)
		}
	}
}

// fail is the error of the call whose last attempt ended with r.
func (f *flight) fail(r result) *esim.Error {
	err := f.t.failure(f.c, r.Rule, r.Message)
	err.Outcome = f.outcome(r)
	err.HTTPStatus = r.status
	err.Code = r.Code
	err.RequestID = r.requestID
	err.RetryAfter = r.wait
	if r.cause != nil {
		err.Err = f.t.cause(r.cause)
	}
	if r.Retry == Reclock && !r.date.IsZero() {
		err.Message = fmt.Sprintf("%s; the provider's clock is %s ahead of this one's", err.Message,
			r.date.Sub(f.t.now()).Round(time.Second))
	}
	return err
}

// outcome is what is known over all sends: with one in doubt, a refusal of
// another proves nothing. A read changes nothing, so it is never in doubt.
func (f *flight) outcome(r result) esim.Outcome {
	if f.doubt {
		return esim.OutcomeUnknown
	}
	if f.c.Safety == Read && r.outcome == esim.OutcomeUnknown {
		return esim.OutcomeRejected
	}
	return r.outcome
}

func (f *flight) unsent(kind error, message string, cause error) *esim.Error {
	err := f.t.failure(f.c, Rule{Kind: kind, Outcome: esim.OutcomeNotSent}, message)
	err.Err = f.t.cause(cause)
	return err
}
