package transport

import (
	"context"
	"fmt"
	"strings"
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
		return f.crowded(err)
	}
	outcome := esim.OutcomeUnknown // should run panic
	defer func() { t.memory.leave(c.Key, e, outcome, t.now()) }()
	if err := f.admit(e); err != nil {
		outcome = err.Outcome
		return err
	}
	f.doubt, f.done = e.doubt, e.done
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
	done      bool // an earlier call under this key was accepted
	reclocked bool // the clock was corrected
	reauthed  bool // the credentials were renewed
	waitedFor time.Duration
}

// admit refuses what must not be sent at all.
func (f *flight) admit(e *entry) *esim.Error {
	switch {
	case (e.doubt || e.done) && e.content != "" && e.content != f.c.Content:
		outcome := esim.OutcomeNotSent
		if e.doubt {
			outcome = esim.OutcomeUnknown // of what was sent under this reference
		}
		return f.t.failure(f.c, Rule{Kind: esim.ErrReferenceConflict, Outcome: outcome},
			"this reference was used for another purchase")
	case f.c.Safety == Once && e.doubt:
		return f.t.failure(f.c, Rule{Kind: esim.ErrDuplicate},
			"an earlier send of this purchase is in doubt, and the provider could not tell a second one from it")
	case f.c.Safety == Once && e.done:
		return f.t.failure(f.c, Rule{Kind: esim.ErrDuplicate, Outcome: esim.OutcomeAccepted},
			"this purchase was made before")
	}
	if e.doubt && e.body != nil {
		f.c.Body = e.body // a provider that compares bodies must see the same purchase
	}
	e.content, e.body = f.c.Content, f.c.Body
	return nil
}

func (f *flight) run(ctx context.Context) error {
	for n := 1; ; n++ {
		r, ended := f.attempt(ctx, n)
		if r.accepted {
			ended(false)
			f.t.budget.earn()
			return nil
		}
		if r.outcome == esim.OutcomeUnknown && f.c.Safety != Read {
			f.doubt = true
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
		err.Message = strings.TrimPrefix(err.Message+"; "+aheadOrBehind(r.date.Sub(f.t.now())), "; ")
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
// refusal of another proves nothing. A read changes nothing, so it is never in
// doubt.
func (f *flight) outcome(r result) esim.Outcome {
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

// crowded is the error of a call whose context ended while another one with
// the same key was under way. This one sent nothing, but it is the same
// purchase, and the other may be spending the money right now.
func (f *flight) crowded(cause error) *esim.Error {
	err := f.t.failure(f.c, Rule{Kind: esim.ErrUnavailable}, "another call with this reference is under way")
	err.Err = f.t.cause(cause)
	return err
}
