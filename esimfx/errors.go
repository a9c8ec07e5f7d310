package esimfx

import (
	"context"
	"errors"
	"net/http"
	"time"

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

// Accepted reports success. A missing code is not code 0.
func (a *answer[T]) Accepted() (ok, valid bool) {
	if !a.Code.Known() {
		return false, false
	}
	ok = a.Code.Sign() == 0
	return ok, !ok || a.Data.complete()
}

// fetch carries out a call and returns its data.
func fetch[T payload](ctx context.Context, api *adapter.API, call adapter.Call) (T, error) {
	out, err := adapter.Fetch[answer[T]](ctx, api, call)
	return out.Data, err
}

// maxUnpaged is how many rows a list has at most that is documented without
// pages: the orders and the top-ups of one eSIM.
const maxUnpaged = 5_000

// unpaged reads such a list. One that goes on is refused, for nothing documents how
// to read on, and a part of it must not pass for the whole.
func unpaged[T pages](ctx context.Context, c *Client, path string, iccid esim.ICCID) (T, error) {
	call := adapter.Get(path, "iccid", string(iccid))
	call.MaxRows = maxUnpaged
	data, err := fetch[T](ctx, c.api, call)
	if err == nil && !wire.IsEmpty(data.next()) {
		err = c.api.Malformed(ctx, "the list has more pages, and how to read them is not documented")
	}
	return data, err
}

// refuse says what an answer that is no success means. Codes are not
// published, so a code counts only if Config.Codes teaches it, and never
// against a 5xx: what failed inside may have charged before.
func (c *Client) refuse(a adapter.Answer) adapter.Verdict {
	v := adapter.Verdict{Rule: ruleOf(a.Status)}
	var head struct {
		Code    wire.Number              `json:"code"`
		Message wire.Optional[wire.Text] `json:"message"`
		Msg     wire.Optional[wire.Text] `json:"msg"` // not documented; seen at others
	}
	if !a.JSON || wire.Decode(a.Body, &head) != nil || !head.Code.Known() {
		return v
	}
	if head.Code.Sign() == 0 {
		v.Recognised = a.Status >= http.StatusInternalServerError // its own, and contradicts itself
		return v
	}
	v.Recognised = true
	v.Code = head.Code.String()
	v.Message = wire.First(head.Message.Value, head.Msg.Value).String()
	if row, taught := c.taught(v.Code); taught {
		v.Rule = row.rule(a.Status)
	}
	return v
}

// about makes do a question about one thing. A code that nobody taught, in an
// answer below 500, is then of the given kind: eSIMfx knows no such thing. It
// is an assumption, so no reading of an order goes by it.
func about[In, Out any](c *Client, kind esim.Kind, do func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		out, err := do(ctx, in)
		e, ok := errors.AsType[*esim.Error](err)
		if ok && (errors.Is(e.Kind, esim.ErrNotFound) || c.unexplained(e)) {
			e.Kind = kind
		}
		return out, err
	}
}

// unexplained reports whether all that an answer said is a code that nobody
// taught. Credentials and throttling are known by the HTTP status.
func (c *Client) unexplained(e *esim.Error) bool {
	_, taught := c.taught(e.Code)
	return e.Code != "" && !taught && e.HTTPStatus < http.StatusInternalServerError &&
		(errors.Is(e.Kind, esim.ErrUnavailable) || errors.Is(e.Kind, esim.ErrInvalidRequest))
}

// unexplained is a refusal in HTTP 2xx, which says no more than that something
// did not work.
var unexplained = adapter.Rule{Kind: esim.ErrUnavailable}

// ruleOf is what an HTTP status alone says; the provider documents none. A new
// token may help against 401, which comes before processing, and against 403,
// which proves nothing: it may be a decision about the order.
func ruleOf(status int) adapter.Rule {
	rule := adapter.ByStatus(status)
	switch {
	case status >= 200 && status < 300:
		return unexplained
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		rule.Retry = adapter.Reauth
	}
	return rule
}

// retries are what may help against a code that was taught as this kind.
var retries = map[error]adapter.Retry{
	esim.ErrUnauthorized: adapter.Reauth,
	esim.ErrRateLimited:  adapter.Throttled,
}

// rule is what a code that was taught says.
func (row Code) rule(status int) adapter.Rule {
	rule := adapter.Rule{Kind: row.Kind, Retry: retries[row.Kind]}
	switch {
	case status >= http.StatusInternalServerError:
		rule.Retry = adapter.Transient
	case row.Refused:
		rule.Outcome = esim.OutcomeRejected
	}
	return rule
}

// refuseLogin differs from refuse in one thing: a code nobody knows, in answer
// to credentials, is about the credentials.
func (c *Client) refuseLogin(a adapter.Answer) adapter.Verdict {
	v := c.refuse(a)
	if v.Recognised && v.Rule == unexplained {
		v.Kind = esim.ErrUnauthorized
	}
	return v
}

// login asks for a token (eSIMfx docs: POST /account/api/v1/auth). The place of
// the token in the answer, and expires_in, are not in the documents.
func login(id string, key esim.Secret) func(context.Context, *adapter.API) (string, time.Duration, error) {
	return func(ctx context.Context, api *adapter.API) (string, time.Duration, error) {
		session, err := fetch[sessionData](ctx, api, adapter.Post("/account/api/v1/auth", adapter.Read, credentials{id, key.Reveal()}))
		life := tokenLife
		if seconds := session.ExpiresIn.Int(); seconds > 0 {
			life = min(life, time.Duration(seconds)*time.Second)
		}
		return string(session.AccessToken), life, err
	}
}
