package memory

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/esimkit/esim"
)

// check collects what is wrong with a request before it is carried out.
// The first finding counts.
type check struct {
	m   *Client
	op  string
	err *esim.Error
}

func (m *Client) check(ctx context.Context, op string, supported bool) *check {
	c := &check{m: m, op: op}
	switch {
	case !supported:
		c.err = m.unsupported(op, "switched off")
	case ctx == nil:
		c.invalid("context", "is nil")
	case ctx.Err() != nil:
		c.err = m.fail(op, esim.ErrUnavailable, esim.OutcomeNotSent, "the context has ended")
		c.err.Err = ctx.Err()
	}
	return c
}

func (c *check) record(err *esim.Error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *check) invalid(field, why string) {
	c.record(c.m.fail(c.op, esim.ErrInvalidRequest, esim.OutcomeNotSent, field+" "+why))
}

func (c *check) unsupported(field, why string) {
	c.record(c.m.unsupported(c.op, field+" "+why))
}

// id checks an opaque id.
func (c *check) id(field, id string) {
	switch {
	case id == "":
		c.invalid(field, "is empty")
	case len(id) > 128:
		c.invalid(field, "is longer than 128 bytes")
	case !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl):
		c.invalid(field, "contains a control character")
	}
}

func (c *check) reference(ref string) {
	if err := esim.CheckReference(ref); err != nil {
		c.record(c.m.fail(c.op, esim.ErrInvalidRequest, esim.OutcomeNotSent, err.Error()))
	}
}

func (c *check) iccid(iccid esim.ICCID) {
	if bare, err := esim.ParseICCID(string(iccid)); err != nil || bare != iccid {
		c.invalid("ICCID", "is not 18 to 22 digits")
	}
}

func (c *check) text(field, text string) {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	if len(text) > 200 || !utf8.ValidString(text) || strings.ContainsFunc(text, control) {
		c.invalid(field, "is no short text")
	}
}

// money checks quote and ceiling against each other, before anything is known
// of the present price.
func (c *check) money(packageID string, q *esim.Package, ceiling esim.Money) {
	const excessDigits = 12 // before the decimal point
	amount := func(field string, m esim.Money) {
		whole, _, _ := strings.Cut(m.Amount(), ".")
		if m.Sign() < 0 || len(whole) > excessDigits {
			c.invalid(field, "is negative or above the maximum")
		}
	}
	amount("MaxTotal", ceiling)
	account := c.m.opening.Currency()
	if q == nil {
		if !ceiling.IsZero() && ceiling.Currency() != account {
			c.unsupported("MaxTotal", "is in another currency than the account")
		}
		return
	}
	amount("Quote.Price", q.Price)
	switch {
	case q.Provider != c.m.provider:
		c.invalid("Quote.Provider", "is another provider's")
	case q.ID != packageID:
		c.invalid("Quote.ID", "is another package's")
	case q.Price.Currency() != account:
		c.unsupported("Quote.Price", "is not in the currency of the account")
	case !ceiling.IsZero() && ceiling.Currency() != q.Price.Currency():
		c.invalid("MaxTotal", "is in another currency than Quote.Price")
	}
}
