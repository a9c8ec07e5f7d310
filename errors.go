package esim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// Kind is what went wrong, in words that all providers share. A Kind is an error
// itself, so match it with [errors.Is]. Its text is part of the API.
type Kind string

// The kinds of [Error].
const (
	// ErrInvalidRequest: the request was refused as malformed, by this
	// library before anything was sent, or by the provider.
	ErrInvalidRequest Kind = "invalid request"
	// ErrUnauthorized: the provider does not accept the credentials.
	ErrUnauthorized Kind = "unauthorized"
	// ErrClockSkew: the clock of this machine is too far from the provider's.
	ErrClockSkew Kind = "clock skew"
	// ErrRateLimited: too many requests; see Error.RetryAfter.
	ErrRateLimited Kind = "rate limited"
	// ErrNotFound: no such order or eSIM in this account.
	ErrNotFound Kind = "not found"
	// ErrPackageUnavailable: no such package, or it is not sold any more.
	ErrPackageUnavailable Kind = "package unavailable"
	// ErrPriceChanged: the price is not the quoted one, or above MaxTotal.
	ErrPriceChanged Kind = "price changed"
	// ErrInsufficientBalance: the prepaid balance does not cover the order.
	ErrInsufficientBalance Kind = "insufficient balance"
	// ErrNotEligible: the eSIM or order is in a state that forbids this.
	ErrNotEligible Kind = "not eligible"
	// ErrDuplicate: the provider has seen this purchase or request id before.
	ErrDuplicate Kind = "duplicate"
	// ErrIncomplete: the order was accepted, but less came than was ordered;
	// Error.Order holds what did.
	ErrIncomplete Kind = "incomplete"
	// ErrUnavailable: the provider or the network to it is in trouble.
	ErrUnavailable Kind = "unavailable"
	// ErrMalformedResponse: the answer is not what the provider documents.
	ErrMalformedResponse Kind = "malformed response"
	// ErrReferenceConflict: the reference was used for another purchase.
	ErrReferenceConflict Kind = "reference conflict"
	// ErrUnsupported: the provider has no such call, or cannot do what a field
	// asks for. It matches [errors.ErrUnsupported], too.
	ErrUnsupported Kind = "unsupported operation"
)

// Error returns the text of the kind.
func (k Kind) Error() string { return string(k) }

// Is lets ErrUnsupported match [errors.ErrUnsupported].
func (k Kind) Is(target error) bool {
	return k == ErrUnsupported && target == errors.ErrUnsupported
}

// Kinds returns every Kind, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{
		ErrInvalidRequest, ErrUnauthorized, ErrClockSkew, ErrRateLimited, ErrNotFound,
		ErrPackageUnavailable, ErrPriceChanged, ErrInsufficientBalance, ErrNotEligible,
		ErrDuplicate, ErrIncomplete, ErrUnavailable, ErrMalformedResponse, ErrReferenceConflict,
		ErrUnsupported,
	}
}

// Error is the error of every call of a [Client]. It tells which provider and
// operation, whether money was spent, and what to do next. Its fields come
// from an allow-list: it never holds a credential, a signature or an
// activation code, except that Order, when set, holds the eSIMs in hand.
type Error struct {
	Provider Provider
	Op       string  // the method that was called: "Order", "TopUp", …
	Kind     Kind    // "" = not classified
	Outcome  Outcome // the zero value is OutcomeUnknown: money may be spent
	Repeat   Repeat  // what a repeat would do, where Outcome is unknown; see [MayRepeat]

	HTTPStatus int    // 0 = no answer
	Code       string // the provider's own error code, if it gave one
	Message    string // the provider's text, or ours; trimmed, without control characters
	RequestID  string // id of the last request sent, for the provider's support

	Reference  string        // of the purchase, minted ones included
	Order      *Order        // what is known of an order that was accepted
	RetryAfter time.Duration // how long the provider asks to wait; 0 = not said
	Err        error         // cause, e.g. context.DeadlineExceeded
}

// Error says it in one line: which provider and operation, what went wrong, and
// of a call that can spend money whether it was spent. What to do next is in
// [Error.Advice].
func (e *Error) Error() string {
	if money := e.money(); money != "" {
		return e.story() + "; " + money
	}
	return e.story()
}

// story is Error without what is known about money.
func (e *Error) story() string {
	var b strings.Builder
	if e.Provider != "" {
		b.WriteString(string(e.Provider))
		b.WriteByte(' ')
	}
	b.WriteString(e.Op)
	for _, part := range []string{e.kindText(), e.Code, e.Message} {
		if part != "" {
			b.WriteString(": ")
			b.WriteString(part)
		}
	}
	if text := causeText(e.Err); text != "" {
		b.WriteString(": " + text)
	}
	if facts := e.facts(); len(facts) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(facts, ", "))
	}
	return b.String()
}

// causeText is the text of a cause in one line. Of an Error it leaves out what
// is known about money: that is for the outer error to say. A cause may have no text: it is there to be asked for.
func causeText(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := err.(*Error); ok && e != nil { //nolint:errorlint // what wraps an Error has its own text
		return e.story()
	}
	return strings.ReplaceAll(fmt.Sprint(err), "\n", "; ")
}

func (e *Error) kindText() string {
	if e.Kind == "" {
		return "unclassified error"
	}
	return string(e.Kind)
}

func (e *Error) facts() []string {
	var facts []string
	if e.HTTPStatus != 0 {
		facts = append(facts, fmt.Sprintf("HTTP %d", e.HTTPStatus))
	}
	if e.RequestID != "" {
		facts = append(facts, "request "+e.RequestID)
	}
	if e.Reference != "" {
		facts = append(facts, "reference "+e.Reference)
	}
	if id := e.orderID(); id != "" {
		facts = append(facts, "order "+id)
	}
	if e.RetryAfter > 0 {
		facts = append(facts, "retry after "+e.RetryAfter.String())
	}
	return facts
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Kind != "" {
		errs = append(errs, e.Kind)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// LogValue makes the error a group of attributes in a log record.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("provider", string(e.Provider)),
		slog.String("op", e.Op),
		slog.String("kind", e.kindText()),
		slog.String("outcome", e.Outcome.String()),
	}
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	if e.Outcome == OutcomeUnknown && e.Repeat != RepeatUnknown {
		text("repeat", e.Repeat.String())
	}
	if e.HTTPStatus != 0 {
		attrs = append(attrs, slog.Int("http_status", e.HTTPStatus))
	}
	text("code", e.Code)
	text("message", e.Message)
	text("request_id", e.RequestID)
	text("reference", e.Reference)
	text("order_id", e.orderID())
	if e.RetryAfter > 0 {
		attrs = append(attrs, slog.Duration("retry_after", e.RetryAfter))
	}
	text("cause", causeText(e.Err))
	return slog.GroupValue(attrs...)
}

// MarshalJSON writes the attributes of LogValue as one flat object.
func (e *Error) MarshalJSON() ([]byte, error) {
	fields := make(map[string]any)
	for _, a := range e.LogValue().Group() {
		fields[a.Key] = a.Value.Any()
	}
	return json.Marshal(fields)
}

// Format keeps every printing verb to the line of Error. %#v shows the fields,
// without the order and with the cause as text.
func (e *Error) Format(f fmt.State, verb rune) {
	switch {
	case e == nil:
		_, _ = io.WriteString(f, "<nil>") // a Formatter cannot report an error; fmt notices its writer's own
	case verb == 'v' && f.Flag('#'):
		type fields Error
		shown := fields(*e)
		shown.Order, shown.Err = nil, nil
		text := strings.Replace(fmt.Sprintf("%#v", shown), "esim.fields{", "&esim.Error{", 1)
		_, _ = fmt.Fprintf(f, "%s /* order %q, cause %q */", text, e.orderID(), causeText(e.Err))
	case verb == 'q':
		_, _ = fmt.Fprintf(f, "%q", e.Error())
	default:
		_, _ = io.WriteString(f, e.Error())
	}
}

func (e *Error) orderID() string {
	if e.Order == nil {
		return ""
	}
	return e.Order.ID
}
