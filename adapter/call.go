package adapter

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// Safety says what the kit itself sends again within one call. RFC 9110, section
// 9.2, has the words: a safe method changes nothing; an idempotent one has the
// same effect however often it is sent. A request that is neither reaches the
// provider at most once, so it is sent again only if nothing was sent.
type Safety uint8

const (
	// Once is neither: nothing tells the provider that a second send is the same
	// purchase.
	Once Safety = iota
	// Guarded is neither, and the provider refuses a second send of the same Key.
	Guarded
	// Keyed carries a Key that the provider says it honours. It is also sent
	// again when the first send was refused unprocessed (throttled).
	Keyed
	// Replayed is idempotent: a second send returns the first result, or changes
	// nothing. A send of unknown outcome is sent again, a purchase only where its
	// [Repeats] say that this is safe.
	Replayed
	// Read is safe, so its error is never of unknown outcome.
	Read
)

// Call is one request to the provider.
type Call struct {
	Method string
	// Path below the base URL. It is a template: ids stand in braces, and [Get]
	// or [Post] fills them. Logs and observers see the template.
	Path    string
	Query   url.Values
	Header  http.Header // constant headers, such as an idempotency key
	Payload any         // encoded as JSON, once: these bytes are signed and sent
	Body    []byte      // the exact bytes that are signed and sent, where there is no Payload
	Out     Envelope    // receives the answer; [Fetch] sets it

	Safety Safety
	// Strict is for a read that decides over a purchase, such as that of an order
	// in doubt. Its answer is decoded as that of a purchase. In any other read a
	// value of an odd form counts as not stated, and is logged.
	Strict bool
	// Key is that of the purchase which the call belongs to, as [Purchase].Key
	// gives it; the kit sets it. "" for any other call.
	Key string

	Timeout time.Duration // of one attempt; 0 = by Safety
	MaxBody int64         // limit of the decoded answer; 0 = 4 MiB
	MaxRows int           // limit of each list in it, where it is not paged; 0 = 1,000

	ids           []string // names in braces and their values, in turn
	op, reference string   // of the operation that the context belongs to

	attempt *Attempt // the purchase that the call belongs to, nil for none
	repeats Repeats  // of the purchase under Key
	// content is compared when a Key comes again: another content under the
	// same key is a reference conflict.
	content string
	// keep: what was accepted under Key is given again from memory, and not sent
	// again. See forgetAnswer.
	keep bool
	// oneSend lets the call send one request at most, whatever comes of it. What
	// its answer teaches about clock and credentials serves the next call.
	oneSend bool
	// onceID is the caller's own id of this one send, "" = a fresh one. The call
	// then sends one request at most. See [Spec].RequestIDHeader.
	onceID string
}

// Repeats are facts about the provider: what a repeat of a purchase would do
// after a send of unknown outcome, where no row of the error table says it.
type Repeats struct {
	// Lost: after a send that brought no answer, a gateway's answer (502, 503
	// or 504 without a word of the provider), or the answer that the purchase
	// is in progress.
	Lost esim.Repeat
	// Answered: after any other answer.
	Answered esim.Repeat
	// Most is how often a purchase is repeated at all; 0 = by maxSends alone.
	Most int
	// Pause is the least that a caller must wait before a safe repeat.
	Pause time.Duration
}

// Envelope is an answer's typed document, a pointer to a struct. It is set to
// its zero value before each attempt's answer is decoded; after a strict
// decode it says whether the provider did what was asked.
type Envelope interface {
	// Accepted reports whether the document is a success (ok), and whether it
	// is a document of the documented form at all (valid).
	Accepted() (ok, valid bool)
}

const (
	readTimeout    = 30 * time.Second
	effectTimeout  = 90 * time.Second
	defaultMaxBody = 4 << 20
)

func (c *Call) timeout(setting time.Duration) time.Duration {
	switch {
	case setting > 0:
		return setting
	case c.Timeout > 0:
		return c.Timeout
	case c.Safety == Read:
		return readTimeout
	}
	return effectTimeout
}

// sendsOnce reports whether the call is over after one request.
func (c *Call) sendsOnce() bool { return c.oneSend || c.onceID != "" }

func (c *Call) maxBody() int64 {
	if c.MaxBody > 0 {
		return c.MaxBody
	}
	return defaultMaxBody
}

func (c *Call) maxRows() int {
	if c.MaxRows > 0 {
		return c.MaxRows
	}
	return wire.DefaultRows
}

// encode writes the payload, once for all attempts.
func (c *Call) encode() error {
	if c.Payload == nil {
		return nil
	}
	doc, err := wire.Encode(c.Payload)
	if err != nil { // a text that is not UTF-8
		return errors.New("the request cannot be written as JSON")
	}
	c.Body = doc
	return nil
}

// Fetch carries out a call whose answer is an A, and returns that answer, which
// is empty beside an error. An adapter with one envelope for all answers has a
// fetch of its own around it:
//
//	func fetch[T any](ctx context.Context, c *Client, call adapter.Call) (T, error) {
//		answer, err := adapter.Fetch[envelope[T]](ctx, c.api, call)
//		return answer.Data, err
//	}
func Fetch[A any, E interface {
	*A
	Envelope
}](ctx context.Context, t *API, call Call) (*A, error) {
	answer := new(A)
	call.Out = E(answer)
	err := t.Do(ctx, call)
	if err != nil {
		*answer = *new(A)
	}
	return answer, err
}

// Lost logs that rows are missing from a list, by what it says of its own length. A
// list that has lost a row shows what there is, and never what there is not.
func (t *API) Lost(ctx context.Context, rows int) {
	t.missing(ctx, "esim list has lost rows", "rows", rows)
}

// Unplaced logs how many names in an answer are those of no country. What is read of
// the coverage is less than the provider states.
func (t *API) Unplaced(ctx context.Context, places wire.Places) {
	t.missing(ctx, "esim answer names unknown countries", "names", places.Unknown)
}

func (t *API) missing(ctx context.Context, message, what string, n int) {
	if n > 0 {
		t.logger.LogAttrs(ctx, slog.LevelWarn, message,
			slog.String("provider", string(t.spec.Provider)), slog.String("op", operationOf(ctx).Name), slog.Int(what, n))
	}
}
