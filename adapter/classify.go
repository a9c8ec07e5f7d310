package adapter

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// Answer is a complete answer of the provider.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	JSON   bool // Content-Type says JSON

	sent []string // secrets of the request, which a provider may echo
}

// Rule is one row of an adapter's error table: what a refusal means.
type Rule struct {
	Kind esim.Kind
	// Outcome of the send that got this answer. The zero value is Unknown:
	// only a refusal that is documented to come before the charge is
	// Rejected, and only one that comes before processing is NotSent.
	Outcome esim.Outcome
	Retry   Retry
	// Repeat is what a repeat would do after this answer, where its outcome is
	// unknown; RepeatUnknown leaves it to the call's [Repeats].
	Repeat esim.Repeat
	// Burns: a refusal from behind the check of request ids. Its id is used up,
	// so no earlier request under it can be acted on any more.
	Burns bool
	Note  string // said after the provider's message, where the next step is a special one
}

// Retry says what may help against a refusal. Whether it is tried depends on
// the call's [Safety].
type Retry uint8

const (
	Never       Retry = iota
	Transient         // trouble that may pass: back off
	Throttled         // the provider asks to wait
	InFlight          // the same key is being processed: wait, then ask again
	Renonce           // the request id was seen before: a fresh one
	AdjustClock       // the clock: correct it from the answer's Date, once
	Reauth            // the credentials: new ones, once
)

// Verdict is what an answer that is not a success says.
type Verdict struct {
	Rule
	Code, Message string
	// Recognised: the document is a refusal in one of the provider's own
	// shapes. A 2xx that is neither success nor recognised is malformed.
	Recognised bool
}

// ByStatus is the rule for an answer without a code that the adapter knows.
// Only what no provider decides after processing is not Unknown.
func ByStatus(status int) Rule {
	switch {
	case status == http.StatusUnauthorized:
		return Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent}
	case status == http.StatusForbidden:
		return Rule{Kind: esim.ErrUnauthorized}
	case status == http.StatusNotFound:
		return Rule{Kind: esim.ErrNotFound}
	case status == http.StatusTooManyRequests:
		return Rule{Kind: esim.ErrRateLimited, Outcome: esim.OutcomeRejected, Retry: Throttled}
	case status >= 500 || status == http.StatusRequestTimeout:
		return Rule{Kind: esim.ErrUnavailable, Retry: Transient}
	case status >= 400:
		return Rule{Kind: esim.ErrInvalidRequest}
	}
	return Rule{Kind: esim.ErrMalformedResponse, Retry: Transient}
}

// result is how one attempt ended.
type result struct {
	Verdict
	accepted  bool   // c.Out holds the success that was asked for
	kept      []byte // the document of that success, where the call keeps it
	odd       wire.Findings
	outcome   esim.Outcome // of this attempt alone
	answered  bool         // the answer was complete
	status    int
	onceID    string // the request id it was sent under, where there is one
	requestID string
	wait      time.Duration // what the provider asks to wait
	date      time.Time     // Date header of the answer
	skew      time.Duration // correction of the clock it was signed with
	cause     error         // of a failure without a complete answer
	sent      *http.Request
	protocol  string // of the answer
	received  int    // bytes of its body, decoded
}

// classify reads a complete answer.
func (t *API) classify(c *Call, a Answer) result {
	r := result{
		answered: true,
		status:   a.Status,
		wait:     waitHint(a.Header, t.Now()),
		date:     dateOf(a.Header),
	}
	success := a.Status >= 200 && a.Status < 300
	if success {
		r.odd, r.cause = accept(a, c)
	}
	if success && r.cause == nil {
		r.accepted, r.outcome = true, esim.OutcomeAccepted
		if c.keep {
			r.kept = bytes.Clone(a.Body)
		}
		return r
	}
	r.Verdict = t.spec.Refuse(a)
	switch {
	case success && r.Recognised:
		r.cause = nil
	case success:
		r.Rule = Rule{Kind: esim.ErrMalformedResponse, Retry: Transient}
	case a.Status < 200:
		r.Rule = Rule{Kind: esim.ErrMalformedResponse}
		r.cause = errors.New("the answer is not a final one")
	case a.Status >= 300 && a.Status < 400:
		r.Rule = Rule{Kind: esim.ErrMalformedResponse}
		r.cause = errors.New("redirects are not followed")
	case a.Status >= 500:
		r.Outcome = esim.OutcomeUnknown // it may have failed after the charge, whatever the adapter's table says
	}
	r.outcome = r.Outcome
	r.Message = withNote(t.clean(without(r.Message, a.sent)), r.Note)
	r.Code = t.clean(without(r.Code, a.sent))
	return r
}

func withNote(message, note string) string {
	switch {
	case note == "":
		return message
	case message == "":
		return note
	}
	return message + "; " + note
}

// accept decodes an answer with a 2xx status. Its error says why that is no
// success.
func accept(a Answer, c *Call) (odd wire.Findings, err error) {
	if !a.JSON {
		return odd, errors.New("the answer is not JSON")
	}
	if odd, err = c.decode(a.Body); err != nil {
		return odd, err
	}
	switch ok, valid := c.Out.Accepted(); {
	case !valid && odd.Any():
		err = errors.New("required members are missing, or in an odd form as is " + odd.First)
	case !valid:
		err = errors.New("required members are missing")
	case !ok:
		err = errors.New("neither a success nor a known refusal")
	}
	return odd, err
}

// dateOf returns the zero time when the header is absent or unreadable.
func dateOf(h http.Header) time.Time {
	text := h.Get("Date")
	if text == "" {
		return time.Time{}
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return time.Time{}
	}
	return date
}

func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/json" || media == "text/json" ||
		strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
}
