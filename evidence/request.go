// Package evidence is what a journal asks of adapters beyond [esim.Client].
package evidence

import (
	"errors"

	"github.com/esimkit/esim"
)

// Request is how one request of a purchase ended. It says nothing of earlier
// requests under the same reference: [esim.Error].Outcome adds those up.
type Request struct {
	// Outcome of this request alone: NotSent if none was sent.
	Outcome esim.Outcome
	// BurnsRequestID: the refusal came from behind the provider's check of
	// request ids. The id is used up, so no earlier request under it can be
	// acted on any more.
	BurnsRequestID bool
}

// Attach adds what is known of the request to the causes of e. The request
// that was attached last is the one that [OfRequest] returns.
func Attach(e *esim.Error, r Request) {
	if e == nil {
		return
	}
	if c, ok := e.Err.(*cause); ok { //nolint:errorlint // a wrapped one belongs to another error
		e.Err = c.err
	}
	e.Err = &cause{request: r, err: e.Err}
}

// OfRequest returns how the request behind err ended. It is false for nil, and
// for an error of which the adapter does not say it; Error.Outcome is then all
// that is known.
func OfRequest(err error) (Request, bool) {
	c, ok := errors.AsType[*cause](err)
	if !ok {
		return Request{}, false
	}
	return c.request, true
}

// cause has the text of the error that it wraps, "" if there is none.
type cause struct {
	request Request
	err     error
}

func (c *cause) Error() string {
	if c.err == nil {
		return ""
	}
	return c.err.Error()
}

func (c *cause) Unwrap() error { return c.err }
