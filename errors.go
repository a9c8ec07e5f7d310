package esim

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// The kinds of [Error]. Match them with [errors.Is]. What a provider cannot
// do at all is [errors.ErrUnsupported].
var (
	// ErrInvalidRequest: the request was refused as malformed, by this
	// library before anything was sent, or by the provider.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrUnauthorized: the provider does not accept the credentials.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrClockSkew: the clock of this machine is too far from the provider's.
	ErrClockSkew = errors.New("clock skew")
	// ErrRateLimited: too many requests; see Error.RetryAfter.
	ErrRateLimited = errors.New("rate limited")
	// ErrNotFound: no such order or eSIM in this account.
	ErrNotFound = errors.New("not found")
	// ErrPackageUnavailable: no such package, or it is not sold any more.
	ErrPackageUnavailable = errors.New("package unavailable")
	// ErrPriceChanged: the price is not the quoted one, or above MaxTotal.
	ErrPriceChanged = errors.New("price changed")
	// ErrInsufficientBalance: the prepaid balance does not cover the order.
	ErrInsufficientBalance = errors.New("insufficient balance")
	// ErrNotEligible: the eSIM or order is in a state that forbids this.
	ErrNotEligible = errors.New("not eligible")
	// ErrDuplicate: the provider has seen this purchase or request id before.
	ErrDuplicate = errors.New("duplicate")
	// ErrIncomplete: the order was accepted, but less came than was ordered;
	// Error.Order holds what did.
	ErrIncomplete = errors.New("incomplete")
	// ErrUnavailable: the provider or the network to it is in trouble.
	ErrUnavailable = errors.New("unavailable")
	// ErrMalformedResponse: the answer is not what the provider documents.
	ErrMalformedResponse = errors.New("malformed response")
	// ErrReferenceConflict: the reference was used for another purchase.
	ErrReferenceConflict = errors.New("reference conflict")
)

// Kinds returns every kind an [Error] of this library can have, in the order
// of the documentation, [errors.ErrUnsupported] last.
func Kinds() []error {
	return []error{
		ErrInvalidRequest, ErrUnauthorized, ErrClockSkew, ErrRateLimited, ErrNotFound,
		ErrPackageUnavailable, ErrPriceChanged, ErrInsufficientBalance, ErrNotEligible,
		ErrDuplicate, ErrIncomplete, ErrUnavailable, ErrMalformedResponse, ErrReferenceConflict,
		errors.ErrUnsupported,
	}
}

// Error is the error of every call of a [Client]. It tells which provider and
// operation, whether money was spent, and what to do next. Its fields come
// from an allow-list: it never holds a credential, a signature or an
// activation code, except that Order, when set, holds the eSIMs in hand.
type Error struct {
	Provider Provider
	Op       string  // the method that was called: "Order", "TopUp", …
	Kind     error   // one of the Err values above, or errors.ErrUnsupported
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

// Error says it in one line: who, what, why, was money spent, what next.
func (e *Error) Error() string { return e.story() + "; " + e.Advice() }

// story is Error without the advice.
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

// causeText is the text of a cause in one line. Of an Error it leaves out the
// advice, which is about another call: whether money was spent is for the
// outer error to say. A cause may have no text: it is there to be asked for.
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
	if e.Kind == nil {
		return "unclassified error"
	}
	return e.Kind.Error()
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
	if e.Order != nil && e.Order.ID != "" {
		facts = append(facts, "order "+e.Order.ID)
	}
	if e.RetryAfter > 0 {
		facts = append(facts, "retry after "+e.RetryAfter.String())
	}
	return facts
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Kind != nil {
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
	if e.Order != nil {
		text("order_id", e.Order.ID)
	}
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

// Format keeps every printing verb, %#v included, to the line of Error.
func (e *Error) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		fmt.Fprintf(f, "%q", e.Error())
		return
	}
	fmt.Fprint(f, e.Error())
}
