package transport

import (
	"net/http"
	"net/url"
	"time"

	"github.com/esimkit/esim/internal/wire"
)

// Safety says what a second send of the same call could do. It decides what
// is repeated.
type Safety uint8

const (
	// Once: nothing tells the provider that a second send is the same
	// purchase. It is never sent again unless nothing had been sent, and not
	// even on the caller's own repeat with the same Key.
	Once Safety = iota
	// Probe: the caller has fixed the request id, which the provider accepts
	// once. It is sent exactly once, whatever comes of it: a repeat by the
	// transport would be refused for the first send, and so hide from the
	// caller what the provider knew before. The caller may repeat it.
	Probe
	// Guarded: the provider refuses a second send of the same Key. The
	// caller may repeat; the transport does not.
	Guarded
	// Keyed: the call carries a Key that the provider says it honours, and
	// nobody has verified it. It is sent again only when the first send was
	// refused unprocessed (throttled).
	Keyed
	// Replayed: a second send returns the first result, or changes nothing.
	// A send of unknown outcome is sent again.
	Replayed
	// Read: changes nothing, so its error is never of unknown outcome.
	Read
)

// Call is one request to the provider.
type Call struct {
	Op     string // Client method it is made for
	Method string
	Path   string // below the base URL; constant, ids go into Query or Body
	Query  url.Values
	Header http.Header // constant headers, such as an idempotency key
	Body   []byte      // the exact bytes that are signed and sent
	Out    Envelope    // receives the answer

	Safety Safety
	// Key is what makes two sends the same purchase: what is in doubt is
	// remembered under it. "" for calls that are not purchases.
	Key string
	// Content is compared when a Key comes again: another content under the
	// same key is a reference conflict.
	Content string
	// Reference is the caller's reference, for errors.
	Reference string

	Timeout time.Duration // of one attempt; 0 = by Safety
	MaxBody int64         // limit of the decoded answer; 0 = 4 MiB
	MaxRows int           // limit of each list in it, where it is not paged; 0 = 1,000
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
