package esimfly

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// envelope is what every answer has. Without success it is none of eSIMfly's.
type envelope struct {
	Success *bool `json:"success"`
}

func (e envelope) accepted(complete bool) (ok, valid bool) {
	if e.Success == nil {
		return false, false
	}
	return *e.Success, !*e.Success || complete
}

// done is an answer that says no more than whether it worked.
type done struct{ envelope }

// Accepted reports success.
func (a *done) Accepted() (ok, valid bool) { return a.accepted(true) }

// answer is {success, data}, the form of all reads but one.
type answer[T any] struct {
	envelope
	Data *T `json:"data"`
}

// Accepted reports success. An answer without data, or without what its data
// is asked for, is not one.
func (a *answer[T]) Accepted() (ok, valid bool) {
	complete := a.Data != nil
	if d, has := any(a.Data).(interface{ complete() bool }); has && complete {
		complete = d.complete()
	}
	return a.accepted(complete)
}

// fetch carries out a call and returns the data of its answer.
func fetch[T any](ctx context.Context, c *Client, call adapter.Call) (*T, error) {
	var out answer[T]
	call.Out = &out
	if err := c.api.Do(ctx, call); err != nil {
		return nil, err
	}
	return out.Data, nil
}

func get(op, path string, query url.Values) adapter.Call {
	return adapter.Call{Op: op, Method: http.MethodGet, Path: path, Query: query, Safety: adapter.Read}
}

// post is a call with a body, encoded once: these bytes are signed and sent,
// in each attempt.
func (c *Client) post(op, path string, safety adapter.Safety, body any) (adapter.Call, error) {
	doc, err := wire.Encode(body)
	if err != nil { // a text that is not UTF-8
		return adapter.Call{}, c.api.Fail(op, esim.ErrInvalidRequest, esim.OutcomeNotSent, "the request cannot be written as JSON")
	}
	return adapter.Call{Op: op, Method: http.MethodPost, Path: path, Body: doc, Safety: safety}, nil
}

// malformed is the error of a read whose answer contradicts itself.
func (c *Client) malformed(op, why string) error {
	return c.api.Fail(op, esim.ErrMalformedResponse, esim.OutcomeRejected, why)
}

// amend adds to the message and the cause of an error about money what a look
// for the truth has failed with. That error itself stays out: it says that
// nothing was charged, and means its own call.
func amend(message string, cause error, what string, look error) (string, error) {
	e, ok := errors.AsType[*esim.Error](look)
	if !ok {
		return message, cause
	}
	what += ": " + e.Kind.Error()
	if message != "" {
		what = message + "; " + what
	}
	switch {
	case e.Err == nil, cause != nil && errors.Is(cause, e.Err):
		return what, cause
	case cause == nil, cause.Error() == "":
		return what, e.Err
	}
	return what, fmt.Errorf("%w; %w", cause, e.Err)
}

// money never fails: a currency that is no ISO 4217 code is not stated.
func money(n wire.Number, currency wire.Text) esim.Money {
	if m, err := n.Money(currency.Folded()); err == nil {
		return m
	}
	m, _ := n.Money("") // an amount of unstated currency is always one
	return m
}

// slow is the timeout of calls that make eSIMfly price its whole catalogue or
// ask a carrier.
const slow = 60 * time.Second
