package esimfx

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// headerToken holds the Secret Key of the portal (eSIMfx docs: Project
// Context, webhooks).
const headerToken = "Token"

// WebhookSource verifies and reads the webhooks of eSIMfx. Get one from
// [Webhooks] and give it to the handler of package webhook.
type WebhookSource struct {
	tokens []esim.Secret
	err    error
}

// Webhooks returns the source of eSIMfx's webhooks. The token is the Secret
// Key that was set for them in the portal; while it is being changed, older
// ones are taken too. It is sent as it is, so the URL must be https. An empty
// token is reported by [WebhookSource.Check].
func Webhooks(token esim.Secret, older ...esim.Secret) *WebhookSource {
	s := new(WebhookSource)
	for i, one := range append([]esim.Secret{token}, older...) {
		text := one.Reveal()
		if text == "" || strings.TrimSpace(text) != text {
			s.err = fmt.Errorf("%w: webhook token %d of eSIMfx is empty or has white space around it", esim.ErrInvalidRequest, i+1)
		}
		s.tokens = append(s.tokens, one)
	}
	return s
}

// Name returns "esimfx".
func (s *WebhookSource) Name() string { return string(esim.ESIMFX) }

// Check reports a token that cannot be used.
func (s *WebhookSource) Check() error { return s.err }

// Headers returns none: all that a webhook tells is in its body.
func (s *WebhookSource) Headers() []string { return nil }

var (
	errToken   = fmt.Errorf("%w: the token is missing, doubled or wrong", esim.ErrUnauthorized)
	errSubpath = fmt.Errorf("%w: webhooks of eSIMfx have no path of their own", esim.ErrNotFound)
)

// Verify compares the one token header with the tokens, in constant time. It
// proves who sent the webhook and nothing of what it says: there is neither a
// signature nor a time. The error matches [esim.ErrUnauthorized], or
// [esim.ErrNotFound] where the path goes on behind the name of the source.
func (s *WebhookSource) Verify(header http.Header, path string, _ []byte, _ time.Time) error {
	if path != "" {
		return errSubpath
	}
	sent := header.Values(headerToken)
	if s.err != nil || len(sent) != 1 {
		return errToken
	}
	match := false
	for _, token := range s.tokens {
		if token.Equal(esim.NewSecret(sent[0])) {
			match = true // and go on, so that time does not tell which it was
		}
	}
	if !match {
		return errToken
	}
	return nil
}

var errNoSubject = errors.New("esimfx: webhook without an ICCID or order id")

// Parse reads the event of a webhook. What its body looks like is not
// documented, except that it names the eSIM or the order (eSIMfx docs: Project
// Context, webhooks), so an event is a hint: read the order or the eSIM again.
// One with a name that is not known comes as [esim.EventUnknown]. The error,
// for a body that names nothing, matches [esim.ErrMalformedResponse] and holds
// nothing of it.
func (s *WebhookSource) Parse(_ http.Header, body []byte) ([]esim.Event, error) {
	var w webhookBody
	err := wire.Decode(body, &w)
	if err == nil && !wire.IsObject(body) {
		err = errors.New("not an object")
	}
	if err != nil {
		return nil, fmt.Errorf("esimfx: webhook: %w: %w", esim.ErrMalformedResponse, err)
	}
	e, key := w.convert(body)
	if e.ICCID == "" && e.OrderID == "" {
		return nil, fmt.Errorf("%w: %w", errNoSubject, esim.ErrMalformedResponse)
	}
	e.Key = key
	e.Raw = esim.NewSecret(string(body))
	return []esim.Event{e}, nil
}
