package adapter

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/hmacsign"
)

// Webhooks states how a provider's webhooks are verified and read.
type Webhooks struct {
	Provider esim.Provider
	// Secrets that a webhook may be proven with: several while one is being
	// replaced. Name is what the provider calls one, for errors.
	Secrets []esim.Secret
	Name    string
	// Fit says why a secret cannot be used; nil = no more than space is looked for.
	Fit func(text string) error

	// Exactly one of the three says where the proof is. Signature is the header
	// with Prefix and the HMAC-SHA256 of the body as it came, in hex. Token is
	// the header with the secret itself. InPath: the secret is the last segment
	// of the address.
	Signature, Prefix string
	Token             string
	InPath            bool

	// At returns the time that the body states, zero if it does not; a webhook
	// further than Window from now is refused. nil = nothing states a time.
	At     func(body []byte) time.Time
	Window time.Duration

	// Headers are those that Parse reads. They are stored, so none of them may
	// authenticate.
	Headers []string
	// Parse reads the events of a verified body. Its error matches
	// [esim.ErrMalformedResponse] and holds nothing of the body.
	Parse func(header http.Header, body []byte) ([]esim.Event, error)
}

// WebhookSource verifies and reads the webhooks of one provider. It is a Source of
// package webhook.
type WebhookSource struct {
	facts   Webhooks
	signers []*hmacsign.Signer
	err     error
}

// NewWebhookSource returns the source. A secret that cannot be used is reported
// by [WebhookSource.Check], and then nothing is accepted.
func NewWebhookSource(facts Webhooks) *WebhookSource {
	s := &WebhookSource{facts: facts}
	for i, secret := range facts.Secrets {
		if why := facts.fit(secret.Reveal()); why != nil {
			s.err = fmt.Errorf("%w: webhook %s %d of %s %w", esim.ErrInvalidRequest, facts.Name, i+1, facts.Provider, why)
			continue
		}
		signer, err := hmacsign.New([]byte(secret.Reveal()))
		if err != nil {
			s.err = err
			continue
		}
		s.signers = append(s.signers, signer)
	}
	if len(facts.Secrets) == 0 {
		s.err = fmt.Errorf("%w: %s has no webhook %s", esim.ErrInvalidRequest, facts.Provider, facts.Name)
	}
	return s
}

func (w *Webhooks) fit(text string) error {
	switch {
	case text == "" || strings.TrimSpace(text) != text:
		return errSpace
	case w.Fit != nil:
		return w.Fit(text)
	}
	return nil
}

var errSpace = errors.New("is empty or has white space around it")

// Name returns the provider's name.
func (s *WebhookSource) Name() string { return string(s.facts.Provider) }

// Check reports a secret that cannot be used.
func (s *WebhookSource) Check() error { return s.err }

// Headers names what [WebhookSource.Parse] reads beside the body.
func (s *WebhookSource) Headers() []string { return s.facts.Headers }

var (
	errProof  = fmt.Errorf("%w: the proof of the sender is missing, doubled or wrong", esim.ErrUnauthorized)
	errNoPath = fmt.Errorf("%w: no webhooks at this path", esim.ErrNotFound)
	errTooFar = fmt.Errorf("%w: %w: the event is too far from now", esim.ErrUnauthorized, esim.ErrClockSkew)
	errSecret = fmt.Errorf("%w: the source has no secret that it can use", esim.ErrUnauthorized)
)

// Verify checks that a webhook comes from the provider: by its proof, and by the
// time it states. The time it takes does not tell which secret was right. Within
// the window a webhook can be sent again, so its events are distinguished by
// Event.Key.
//
// The error matches [esim.ErrUnauthorized], or [esim.ErrNotFound] where there is
// nothing at the path.
func (s *WebhookSource) Verify(header http.Header, path string, body []byte, now time.Time) error {
	f := &s.facts
	path = strings.TrimSuffix(path, "/")
	switch {
	case f.InPath && (s.err != nil || !s.knows(path)), !f.InPath && path != "":
		return errNoPath
	case s.err != nil:
		return errSecret
	case !f.InPath && !s.proven(header, body):
		return errProof
	case f.At == nil:
		return nil
	}
	at := f.At(body)
	if age := now.Sub(at); !at.IsZero() && age.Abs() > f.Window {
		return errTooFar
	}
	return nil
}

// proven looks at the one header that proves the sender.
func (s *WebhookSource) proven(header http.Header, body []byte) bool {
	if s.facts.Signature != "" {
		given := header.Values(s.facts.Signature)
		return len(given) == 1 && hmacsign.VerifyHex(body, given[0], s.facts.Prefix, s.signers...)
	}
	given := header.Values(s.facts.Token)
	return len(given) == 1 && s.knows(given[0])
}

// knows compares a secret with all of them, so that time does not tell which.
func (s *WebhookSource) knows(text string) bool {
	match, given := false, esim.NewSecret(text)
	for _, secret := range s.facts.Secrets {
		if secret.Equal(given) {
			match = true
		}
	}
	return match && text != ""
}

// Parse reads the events of a verified webhook. The same input gives the same
// events. One with a name that is not known comes as [esim.EventUnknown].
func (s *WebhookSource) Parse(header http.Header, body []byte) ([]esim.Event, error) {
	events, err := s.facts.Parse(header, body)
	if err != nil {
		return nil, fmt.Errorf("%s: webhook: %w: %w", s.facts.Provider, esim.ErrMalformedResponse, err)
	}
	return events, nil
}

// EventKey is the key of an event that these texts tell from every other one.
func EventKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// Digest is an HMAC-SHA256 digest. Lower and Upper write it as hex digits; every
// other way of printing it shows no digit.
type Digest = hmacsign.Digest

// Signer makes HMAC-SHA256 signatures under one key. It is safe for concurrent
// use, and printing it shows nothing of the key.
type Signer struct{ key *hmacsign.Signer }

// NewSigner returns a Signer for key, of which it keeps a copy. The one error is
// an empty key.
func NewSigner(key []byte) (*Signer, error) {
	s, err := hmacsign.New(key)
	if err != nil {
		return nil, err
	}
	return &Signer{s}, nil
}

// DecodeKey reads a key that was issued as base64 text. Space around the text is
// dropped, and padding may be missing. The error says nothing about the text.
func DecodeKey(text string) ([]byte, error) { return hmacsign.DecodeSecret(text) }

// Concat signs the strings of head and then body, with nothing between them.
func (s *Signer) Concat(head []string, body []byte) Digest { return s.key.Concat(head, body) }

// Lines signs the lines with one line feed between neighbours and none at the
// end. No line may hold a line feed of its own.
func (s *Signer) Lines(lines ...string) Digest { return s.key.Lines(lines...) }
