package transport

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/esimkit/esim"
)

// Fail builds the error of an operation that failed outside of Do.
func (t *Transport) Fail(op string, kind error, outcome esim.Outcome, message string) *esim.Error {
	return &esim.Error{Provider: t.spec.Provider, Op: op, Kind: kind, Outcome: outcome, Message: message}
}

func (t *Transport) failure(c *Call, r Rule, message string) *esim.Error {
	err := t.Fail(c.Op, r.Kind, r.Outcome, message)
	err.Reference = c.Reference
	return err
}

// cause is an error whose text was cleaned; what it wraps stays reachable for
// errors.Is and errors.As.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.err }

func (t *Transport) cause(err error) error {
	return &cause{text: t.clean(err.Error()), err: err}
}

const maxText = 300

var (
	lpaText   = regexp.MustCompile(`(?i)(LPA:|\b1\$)[^\s"',;]+`)
	longToken = regexp.MustCompile(`[A-Za-z0-9+/_=-]{32,}`)
	uuidText  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

const redacted = "[redacted]"

// clean makes a text from outside fit for an error or a log line: without
// control characters, of bounded length, and without anything that is, or
// looks like, a credential, a signature or an activation code.
func (t *Transport) clean(text string) string {
	if text == "" {
		return ""
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return '?'
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return ' '
		}
		return r
	}, text[:min(len(text), 16*maxText)])
	for _, s := range t.spec.Secrets {
		if secret := s.Reveal(); len(secret) >= 4 {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	text = lpaText.ReplaceAllString(text, redacted)
	text = longToken.ReplaceAllStringFunc(text, func(token string) string {
		if uuidText.MatchString(token) {
			return token
		}
		return redacted
	})
	if utf8.RuneCountInString(text) > maxText {
		text = string([]rune(text)[:maxText]) + "…"
	}
	return strings.TrimSpace(text)
}
