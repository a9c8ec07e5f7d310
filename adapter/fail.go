package adapter

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// failIn is Fail where no context belongs to the operation.
func (t *API) failIn(op string, kind esim.Kind, outcome esim.Outcome, message string) *esim.Error {
	return &esim.Error{Provider: t.spec.Provider, Op: op, Kind: kind, Outcome: outcome, Message: message}
}

func (t *API) failure(c *Call, r Rule, message string) *esim.Error {
	err := t.failIn(c.op, r.Kind, r.Outcome, message)
	err.Reference = c.reference
	return err
}

// halfway makes out, which says what was done, tell of the failure e after it.
func halfway(out, e *esim.Error) *esim.Error {
	if e.Message != "" {
		out.Message += ": " + e.Message
	}
	out.HTTPStatus, out.Code, out.RequestID, out.RetryAfter, out.Err = e.HTTPStatus, e.Code, e.RequestID, e.RetryAfter, e.Kind
	if e.Err != nil && e.Err.Error() != "" {
		out.Err = fmt.Errorf("%w: %w", e.Kind, e.Err)
	}
	if last, ok := evidence.OfRequest(e); ok {
		evidence.Attach(out, last)
	}
	return out
}

// cause is an error whose text was cleaned; what it wraps stays reachable for
// errors.Is and errors.As.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.err }

func (t *API) cause(err error) error {
	return &cause{text: t.clean(err.Error()), err: err}
}

const (
	maxText  = 300          // runes of a text that are shown
	readText = 16 * maxText // bytes of it that are looked at
)

var (
	lpaText   = regexp.MustCompile(`(?i)(LPA(:|%3A)|\b1(\$|%24)|\b[a-z0-9.-]+\.[a-z]{2,}(\$|%24))[^\s"',;]+`)
	hookText  = regexp.MustCompile(`whsec_[^\s"',;]+`)
	userInfo  = regexp.MustCompile(`://[^\s"]*@`)
	longToken = regexp.MustCompile(`[A-Za-z0-9+/_-]{32,}=*`)
	uuidText  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

const redacted = "[redacted]"

// clean makes a text from outside fit for an error or a log line: without
// control characters, of bounded length, and without anything that is, or
// looks like, a credential, a signature or an activation code.
func (t *API) clean(text string) string {
	if text == "" {
		return ""
	}
	text = t.withoutSecrets(text) // before the cut, which might leave half of one
	if len(text) > readText {
		text = strings.TrimRightFunc(text[:readText], isTokenRune)
	}
	text = strings.Map(printable, text)
	text = t.withoutSecrets(text) // again: what was taken out may have hidden one
	text = lpaText.ReplaceAllString(text, redacted)
	text = hookText.ReplaceAllString(text, redacted)
	text = userInfo.ReplaceAllString(text, "://"+redacted+"@")
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

func (t *API) withoutSecrets(text string) string {
	for _, s := range t.secrets {
		text = strings.ReplaceAll(text, s.Reveal(), redacted)
	}
	return text
}

// sentSecrets are the credentials in the headers of a request: the token, the
// signature.
func sentSecrets(req *http.Request) []string {
	var found []string
	for name, values := range req.Header {
		if name != "Authorization" && !strings.HasSuffix(name, "Signature") {
			continue
		}
		for _, v := range values {
			_, token, schemed := strings.Cut(v, " ")
			if !schemed {
				token = v
			}
			found = append(found, token)
		}
	}
	return found
}

func without(text string, secrets []string) string {
	for _, s := range secrets {
		if len(s) >= minSecret {
			text = strings.ReplaceAll(text, s, redacted)
		}
	}
	return text
}

// minSecret keeps a secret of a letter or two from blotting out whole texts.
const minSecret = 4

// redactable returns the secrets that are looked for, the longest first, since
// one may begin with another.
func redactable(secrets []esim.Secret) []esim.Secret {
	long := slices.DeleteFunc(slices.Clone(secrets), func(s esim.Secret) bool { return len(s.Reveal()) < minSecret })
	slices.SortFunc(long, func(a, b esim.Secret) int { return len(b.Reveal()) - len(a.Reveal()) })
	return long
}

func printable(r rune) rune {
	switch {
	case r == utf8.RuneError:
		return '?'
	case unicode.Is(unicode.Cf, r): // without width, or turning the direction of what follows
		return -1
	case unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
		return ' '
	}
	return r
}

func isTokenRune(r rune) bool { return r == '/' || isIDRune(r) }
