package esimfx

import (
	"context"
	"net/http"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// answer is what every call returns: {code, message, data}, where code 0 is
// the only sign of success (eSIMfx docs: Project Context, section 1).
type answer[T payload] struct {
	Code wire.Number `json:"code"`
	Data T           `json:"data"`
}

// payload is the data of a successful answer.
type payload interface {
	// complete reports whether it has what the call is for.
	complete() bool
}

// Accepted reports success. A missing code is not code 0.
func (a *answer[T]) Accepted() (ok, valid bool) {
	if !a.Code.Known() {
		return false, false
	}
	ok = a.Code.Decimal().IsZero()
	return ok, !ok || a.Data.complete()
}

// fetch carries out a call and returns its data.
func fetch[T payload](ctx context.Context, t *adapter.API, call adapter.Call) (T, error) {
	var out answer[T]
	call.Out = &out
	err := t.Do(ctx, call)
	return out.Data, err
}

// malformed is the error of a read whose answer contradicts itself.
func (c *Client) malformed(op, why string) error {
	return c.api.FailIn(op, esim.ErrMalformedResponse, esim.OutcomeRejected, why)
}

// truncated is why a list is refused that goes on where nothing documents how
// to read on: a part of it must not pass for the whole.
const truncated = "the list has more pages, and how to read them is not documented"

// refuse says what an answer that is no success means. Codes are not
// published, so a code counts only if Config.Codes teaches it, and never
// against a 5xx: what failed inside may have charged before.
func (c *Client) refuse(a adapter.Answer) adapter.Verdict {
	v := adapter.Verdict{Rule: ruleOf(a.Status)}
	var head struct {
		Code    wire.Number `json:"code"`
		Message wire.Raw    `json:"message"`
		Msg     wire.Raw    `json:"msg"` // not documented; seen at others
	}
	if !a.JSON || wire.Decode(a.Body, &head) != nil || !head.Code.Known() {
		return v
	}
	if head.Code.Decimal().IsZero() {
		v.Recognised = a.Status >= http.StatusInternalServerError // its own, and contradicts itself
		return v
	}
	v.Recognised = true
	v.Code = head.Code.Decimal().String()
	v.Message = wire.First(textOf(head.Message), textOf(head.Msg))
	number, fraction, ok := head.Code.Decimal().Int64(0)
	if row, known := c.codes[int(number)]; known && ok && fraction == 0 {
		v.Rule = row.rule(a.Status)
	}
	return v
}

// ruleOf is what an HTTP status alone says; the provider documents none.
// Authentication comes before processing, so 401 proves that nothing was done.
// 403 proves nothing: it may be a decision about the order. A new token may
// help against both. A refusal in HTTP 2xx says no more than that something
// did not work.
func ruleOf(status int) adapter.Rule {
	switch {
	case status == http.StatusUnauthorized:
		return adapter.Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent, Retry: adapter.Reauth}
	case status == http.StatusForbidden:
		return adapter.Rule{Kind: esim.ErrUnauthorized, Retry: adapter.Reauth}
	case status >= 200 && status < 300:
		return adapter.Rule{Kind: esim.ErrUnavailable}
	}
	return adapter.ByStatus(status)
}

// rule is what a code that was taught says.
func (row Code) rule(status int) adapter.Rule {
	r := adapter.Rule{Kind: row.Kind}
	switch {
	case status >= 500:
		r.Retry = adapter.Transient
		return r
	case row.Kind == esim.ErrUnauthorized: //nolint:errorlint // a kind is the value itself
		r.Retry = adapter.Reauth
	case row.Kind == esim.ErrRateLimited: //nolint:errorlint // a kind is the value itself
		r.Retry = adapter.Throttled
	}
	if row.Refused {
		r.Outcome = esim.OutcomeRejected
	}
	return r
}

func textOf(raw wire.Raw) string {
	var text wire.Text
	if len(raw) == 0 || wire.Decode(raw, &text) != nil {
		return ""
	}
	return text.String()
}
