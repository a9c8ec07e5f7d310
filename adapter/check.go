package adapter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// Check collects what is wrong with a request before anything is sent. The
// first finding is the error; it names the field and never repeats a value.
type Check struct {
	t   *API
	op  string
	ref string
	err *esim.Error
}

// check begins the checks of an operation.
func (t *API) check(ctx context.Context, op string) *Check {
	c := &Check{t: t, op: op}
	if ctx == nil {
		c.Fail("context", "is nil")
	}
	return c
}

// Named returns the reference, "" if it was found unfit to be printed.
func (c *Check) Named() string { return c.ref }

// Err returns the first finding, or nil.
func (c *Check) Err() error {
	if c.err == nil {
		return nil
	}
	c.err.Reference = c.ref
	return c.err
}

// Fail records that a field is invalid.
func (c *Check) Fail(field, why string) {
	c.record(esim.ErrInvalidRequest, field+" "+why)
}

// Unsupported records that the provider cannot do what a field asks for.
func (c *Check) Unsupported(field, why string) {
	c.record(esim.ErrUnsupported, field+" "+why)
}

func (c *Check) record(kind esim.Kind, message string) {
	if c.err == nil {
		c.err = c.t.failIn(c.op, kind, esim.OutcomeNotSent, message)
	}
}

// ID checks an opaque id of the provider: 1 to [wire.MaxID] bytes of UTF-8 without control
// characters. The provider decides on everything else: ids go into bodies as
// JSON, and into paths and queries escaped.
func (c *Check) ID(field, id string) {
	if id == "" {
		c.Fail(field, "is empty")
		return
	}
	c.Text(field, id, wire.MaxID)
}

func isIDRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' ||
		strings.ContainsRune("._:~+=@-", r)
}

// ICCID checks that an ICCID is 18 to 22 ASCII digits, as ParseICCID returns it.
func (c *Check) ICCID(field string, iccid esim.ICCID) {
	if iccid == "" {
		c.Fail(field, "is empty")
	} else if bare, err := esim.ParseICCID(string(iccid)); err != nil || bare != iccid {
		c.Fail(field, "is not 18 to 22 digits")
	}
}

// Range checks that lo <= v <= hi.
func (c *Check) Range(field string, v, lo, hi int) {
	if v < lo || v > hi {
		c.Fail(field, fmt.Sprintf("must be %d to %d", lo, hi))
	}
}

// Text checks a text: at most limit bytes, no control characters, valid UTF-8.
// Empty is fine.
func (c *Check) Text(field, text string, limit int) {
	switch {
	case len(text) > limit:
		c.Fail(field, fmt.Sprintf("is longer than %d bytes", limit))
	case strings.ToValidUTF8(text, "") != text:
		c.Fail(field, "is not UTF-8")
	case strings.ContainsFunc(text, unicode.IsControl):
		c.Fail(field, "contains a control character")
	}
}

// URL checks a URL that the provider shall call: absolute https, or http on
// loopback, without user info or fragment.
func (c *Check) URL(field, raw string) {
	if _, err := parseHTTPURL(raw); err != nil {
		c.Fail(field, err.Error())
	}
}

// Reference checks the caller's reference.
func (c *Check) Reference(ref string) {
	if err := esim.CheckReference(ref); err != nil {
		c.record(esim.ErrInvalidRequest, err.Error())
		return
	}
	c.ref = ref
}

// fitICCID is the ICCID, "" if it is none.
func fitICCID(iccid esim.ICCID) esim.ICCID {
	if bare, err := esim.ParseICCID(string(iccid)); err != nil || bare != iccid {
		return ""
	}
	return iccid
}

// fitID is the id of a package, "" if it is none or looks like a secret.
func (t *API) fitID(id string) string {
	c := &Check{t: t}
	if c.ID("", id); c.err != nil || t.withoutSecrets(id) != id || lpaText.MatchString(id) {
		return ""
	}
	return id
}

// fitReference is the reference, "" if it must not be printed.
func fitReference(ref string) string {
	if esim.CheckReference(ref) != nil {
		return ""
	}
	return ref
}

// callback checks the URL that a provider shall call for one order.
func (c *Check) callback(url string) {
	if !c.t.spec.Can.CallbackURL {
		c.Unsupported("CallbackURL", "cannot be set for an order: this provider calls the URL of the account")
		return
	}
	c.URL("CallbackURL", url)
}

// requestID wants one spelling: another one of the same id might pass for
// another id.
func (c *Check) requestID(id string) {
	switch {
	case !c.t.spec.Can.OnceRequestID:
		c.Unsupported("RequestID", "cannot be set: this provider has no request ids")
	case !isRequestID(id):
		c.Fail("RequestID", "is not a UUID of version 4, in lower case with hyphens")
	}
}

func isRequestID(id string) bool {
	u, err := uuid.Parse(id)
	return err == nil && u.String() == id && u.Version() == 4 && u.Variant() == uuid.RFC4122
}

// Header checks a credential that goes into a header: visible ASCII only.
func Header(credential string) error {
	switch {
	case credential == "":
		return errors.New("is empty")
	case strings.ContainsFunc(credential, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("contains a character that a header cannot have")
	}
	return nil
}
