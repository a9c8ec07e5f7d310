package webhook

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// Headers of Standard Webhooks (their specification, "Webhook headers").
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// StandardSource verifies webhooks that are signed as the Standard Webhooks
// project specifies, version v1 (HMAC-SHA256) and v1a (Ed25519). A provider
// that signs so is added by embedding it and writing another Parse.
type StandardSource struct {
	name string
	keys []standardKey
	err  error
}

// standardKey verifies one kind of signature under one key, which the func
// keeps out of sight of printers.
type standardKey struct {
	version string
	valid   func(content, signature []byte) bool
}

var _ Source = (*StandardSource)(nil)

// Standard returns the source of that name. A secret is base64 behind
// "whsec_", which may be missing, or a public key behind "whpk_"; each of
// several is accepted, for the time in which one is being replaced. One that
// is empty, shorter than 128 bits or in another form is reported by
// [StandardSource.Check].
func Standard(name string, secret esim.Secret, older ...esim.Secret) *StandardSource {
	s := &StandardSource{name: name}
	for i, one := range append([]esim.Secret{secret}, older...) {
		key, err := standardKeyOf(one.Reveal())
		if err != nil {
			s.err = fmt.Errorf("%w: secret %d: %w", esim.ErrInvalidRequest, i+1, err)
			continue
		}
		s.keys = append(s.keys, key)
	}
	return s
}

const minSecret = 16

var (
	errBase64   = errors.New("not base64")
	errShort    = errors.New("shorter than 16 bytes")
	errNoPublic = errors.New("not an Ed25519 public key")
)

func standardKeyOf(text string) (standardKey, error) {
	public, asymmetric := strings.CutPrefix(text, "whpk_")
	if !asymmetric {
		public = strings.TrimPrefix(text, "whsec_")
	}
	key, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(public, "="))
	switch {
	case err != nil || strings.ContainsAny(text, "\r\n"): // which the decoder skips
		return standardKey{}, errBase64
	case asymmetric && len(key) != ed25519.PublicKeySize:
		return standardKey{}, errNoPublic
	case asymmetric:
		return standardKey{"v1a", func(content, signature []byte) bool { return ed25519.Verify(key, content, signature) }}, nil
	case len(key) < minSecret:
		return standardKey{}, errShort
	}
	return standardKey{"v1", func(content, signature []byte) bool {
		mac := hmac.New(sha256.New, key)
		mac.Write(content)
		return hmac.Equal(mac.Sum(nil), signature)
	}}, nil
}

// Name returns the name given to [Standard].
func (s *StandardSource) Name() string { return s.name }

// Check reports a secret that cannot be used.
func (s *StandardSource) Check() error { return s.err }

// Headers returns webhook-id, which is signed and tells repeats.
func (s *StandardSource) Headers() []string { return []string{headerID} }

const (
	tolerance     = 5 * time.Minute
	maxSignatures = 16
)

var (
	errStandard = fmt.Errorf("%w: webhook-id, webhook-timestamp or webhook-signature is missing, doubled or wrong", esim.ErrUnauthorized)
	errStale    = fmt.Errorf("%w: %w: webhook-timestamp is more than 5 minutes from now", esim.ErrUnauthorized, esim.ErrClockSkew)
	errSubpath  = fmt.Errorf("%w: this source has no path of its own", esim.ErrNotFound)
)

// Verify checks webhook-signature, in which one of up to 16 signatures must be
// right, and that webhook-timestamp is within five minutes of now. An id with
// a full stop in it is refused, for then it is not certain what was signed.
// The error matches [esim.ErrUnauthorized], or [esim.ErrNotFound] where the
// path goes on behind the name of the source.
func (s *StandardSource) Verify(header http.Header, path string, body []byte, now time.Time) error {
	if path != "" {
		return errSubpath
	}
	id, stamp, signatures := only(header, headerID), only(header, headerTimestamp), only(header, headerSignature)
	if s.err != nil || id == "" || strings.Contains(id, ".") || stamp == "" || strings.Trim(stamp, "0123456789") != "" {
		return errStandard
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errStandard
	}
	content := append([]byte(id+"."+stamp+"."), body...)
	if !s.matches(content, strings.SplitN(signatures, " ", maxSignatures+1)) {
		return errStandard
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return errStale
	}
	return nil
}

func (s *StandardSource) matches(content []byte, signatures []string) bool {
	match := false
	for _, one := range signatures[:min(len(signatures), maxSignatures)] {
		version, text, _ := strings.Cut(one, ",")
		signature, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || strings.ContainsAny(text, "\r\n") {
			continue
		}
		for _, key := range s.keys {
			if key.version == version && key.valid(content, signature) {
				match = true // and go on, so that time does not tell which key it was
			}
		}
	}
	return match
}

// only returns the value of a header that came exactly once.
func only(header http.Header, name string) string {
	if values := header.Values(name); len(values) == 1 {
		return values[0]
	}
	return ""
}

// Parse reads type and timestamp, which the specification recommends for
// bodies, and keeps the rest raw: the event is of kind [esim.EventUnknown].
func (s *StandardSource) Parse(header http.Header, body []byte) ([]esim.Event, error) {
	id := header.Get(headerID)
	e := esim.Event{Provider: esim.Provider(s.name), ID: id, Key: id, Raw: esim.NewSecret(string(body))}
	var told struct {
		Type      string `json:"type"`
		Timestamp string `json:"timestamp"`
	}
	if json.NewDecoder(bytes.NewReader(body)).Decode(&told) == nil {
		e.Name = told.Type
		if at, err := time.Parse(time.RFC3339, told.Timestamp); err == nil {
			e.At = at.UTC()
		}
	}
	return []esim.Event{e}, nil
}
