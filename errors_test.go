package esim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// errorTexts is what an error says for each kind and each outcome.
const errorTexts = `
unknown | esimfly Order: invalid request; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: invalid request; nothing was charged | correct the request
rejected | esimfly Order: invalid request; nothing was charged | correct the request
accepted | esimfly Order: invalid request; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: unauthorized; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: unauthorized; nothing was charged | check the credentials and the base URL
rejected | esimfly Order: unauthorized; nothing was charged | check the credentials and the base URL
accepted | esimfly Order: unauthorized; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: clock skew; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: clock skew; nothing was charged | set this machine's clock (NTP)
rejected | esimfly Order: clock skew; nothing was charged | set this machine's clock (NTP)
accepted | esimfly Order: clock skew; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: rate limited; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: rate limited; nothing was charged | wait, then repeat with the same reference
rejected | esimfly Order: rate limited; nothing was charged | wait, then repeat with the same reference
accepted | esimfly Order: rate limited; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: not found; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: not found; nothing was charged | check the id; a new order may take a moment to show
rejected | esimfly Order: not found; nothing was charged | check the id; a new order may take a moment to show
accepted | esimfly Order: not found; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: package unavailable; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: package unavailable; nothing was charged | refresh the catalogue
rejected | esimfly Order: package unavailable; nothing was charged | refresh the catalogue
accepted | esimfly Order: package unavailable; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: price changed; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: price changed; nothing was charged | list the package again and ask for the new price
rejected | esimfly Order: price changed; nothing was charged | list the package again and ask for the new price
accepted | esimfly Order: price changed; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: insufficient balance; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: insufficient balance; nothing was charged | fund the account with the provider
rejected | esimfly Order: insufficient balance; nothing was charged | fund the account with the provider
accepted | esimfly Order: insufficient balance; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: not eligible; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: not eligible; nothing was charged | show it to the customer; it is a normal state of the eSIM
rejected | esimfly Order: not eligible; nothing was charged | show it to the customer; it is a normal state of the eSIM
accepted | esimfly Order: not eligible; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: duplicate; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: duplicate; nothing was charged | look for the earlier purchase of this reference
rejected | esimfly Order: duplicate; nothing was charged | look for the earlier purchase of this reference
accepted | esimfly Order: duplicate; money was spent | look for the earlier purchase of this reference
unknown | esimfly Order: incomplete; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: incomplete; nothing was charged | deliver what came; repeat with the same reference for what is missing, or claim it from the provider
rejected | esimfly Order: incomplete; nothing was charged | deliver what came; repeat with the same reference for what is missing, or claim it from the provider
accepted | esimfly Order: incomplete; money was spent | deliver what came; repeat with the same reference for what is missing, or claim it from the provider
unknown | esimfly Order: unavailable; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: unavailable; nothing was charged | repeat later
rejected | esimfly Order: unavailable; nothing was charged | repeat later
accepted | esimfly Order: unavailable; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: malformed response; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: malformed response; nothing was charged | report it; the provider answered outside its documents
rejected | esimfly Order: malformed response; nothing was charged | report it; the provider answered outside its documents
accepted | esimfly Order: malformed response; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: reference conflict; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: reference conflict; nothing was charged | use a reference of its own for each purchase
rejected | esimfly Order: reference conflict; nothing was charged | use a reference of its own for each purchase
accepted | esimfly Order: reference conflict; money was spent | use a reference of its own for each purchase
unknown | esimfly Order: unsupported operation; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: unsupported operation; nothing was charged | ask Capabilities before calling
rejected | esimfly Order: unsupported operation; nothing was charged | ask Capabilities before calling
accepted | esimfly Order: unsupported operation; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: unclassified error; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: unclassified error; nothing was charged | see the message
rejected | esimfly Order: unclassified error; nothing was charged | see the message
accepted | esimfly Order: unclassified error; money was spent | keep the order and follow it up; do not order again
unknown | esimfly Order: teapot; money may have been spent | look the order up, wait for its webhook or ask the provider; do not order again
not sent | esimfly Order: teapot; nothing was charged | see the message
rejected | esimfly Order: teapot; nothing was charged | see the message
accepted | esimfly Order: teapot; money was spent | keep the order and follow it up; do not order again
`

func outcomes() []esim.Outcome {
	return []esim.Outcome{esim.OutcomeUnknown, esim.OutcomeNotSent, esim.OutcomeRejected, esim.OutcomeAccepted}
}

func TestErrorTexts(t *testing.T) {
	want := strings.Split(strings.TrimSpace(errorTexts), "\n")
	kinds := append(esim.Kinds(), "", "teapot")
	require.Len(t, want, len(kinds)*len(outcomes()))
	for _, kind := range kinds {
		for _, outcome := range outcomes() {
			e := &esim.Error{Provider: "esimfly", Op: "Order", Kind: kind, Outcome: outcome}
			assert.Equal(t, want[0], outcome.String()+" | "+e.Error()+" | "+e.Advice())
			want = want[1:]
		}
	}
}

// TestAdviceOfAnUnknownOutcome goes by what a repeat would do, and says one thing.
func TestAdviceOfAnUnknownOutcome(t *testing.T) {
	for repeat, want := range map[esim.Repeat]string{
		esim.RepeatUnknown: "look the order up, wait for its webhook or ask the provider; do not order again",
		esim.RepeatSafe:    "repeat with the same reference, never with a new one",
		esim.RepeatBuys:    "look the order up: a repeat would buy again",
		7:                  "look the order up, wait for its webhook or ask the provider; do not order again",
	} {
		assert.Equal(t, want, (&esim.Error{Op: "TopUp", Kind: esim.ErrUnavailable, Repeat: repeat}).Advice())
	}
}

// TestAdviceSpeaksOfMoneyWhereMoneyIsSpent.
func TestAdviceSpeaksOfMoneyWhereMoneyIsSpent(t *testing.T) {
	for _, op := range []string{"SetWebhook", "Cancel", "Balance"} {
		for outcome, want := range map[esim.Outcome]string{
			esim.OutcomeUnknown: "look whether it was done before you repeat it", esim.OutcomeAccepted: "look at the result before you repeat it",
			esim.OutcomeNotSent: "check the id; a new order may take a moment to show", esim.OutcomeRejected: "check the id; a new order may take a moment to show",
		} {
			e := &esim.Error{Op: op, Kind: esim.ErrNotFound, Outcome: outcome}
			assert.Equal(t, want, e.Advice())
			assert.Equal(t, op+": not found", e.Error())
		}
	}
}

// TestErrorTellsAboutMoney in the same words whatever the kind, and never
// contradicts itself.
func TestErrorTellsAboutMoney(t *testing.T) {
	for _, kind := range append(esim.Kinds(), "") {
		for _, outcome := range outcomes() {
			e := &esim.Error{Op: "Order", Kind: kind, Outcome: outcome}
			clear := strings.Contains(e.Error(), "nothing was charged")
			assert.Equal(t, clear, !esim.MaybeCharged(e), e.Error())
			assert.NotEmpty(t, e.Advice())
			assert.NotContains(t, e.Error(), e.Advice())
			assert.NotRegexp(t, "charged|spent", e.Advice())
		}
	}
}

func fullError() *esim.Error {
	return &esim.Error{
		Provider: "esimfly", Op: "Order", Kind: esim.ErrInsufficientBalance, Outcome: esim.OutcomeRejected,
		HTTPStatus: 400, Code: "INSUFFICIENT_BALANCE", Message: "Insufficient balance", RequestID: "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b",
		Reference: "cart-8841", Order: &esim.Order{ID: "2503"}, RetryAfter: 90 * time.Second, Err: io.ErrUnexpectedEOF,
	}
}

const fullText = "esimfly Order: insufficient balance: INSUFFICIENT_BALANCE: Insufficient balance: unexpected EOF " +
	"(HTTP 400, request 0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b, reference cart-8841, order 2503, retry after 1m30s); " +
	"nothing was charged"

func TestErrorWithAllFields(t *testing.T) {
	assert.Equal(t, fullText, fullError().Error())

	bare := &esim.Error{}
	assert.Equal(t, ": unclassified error; money may have been spent", bare.Error())
	anonymous := &esim.Error{Op: "Order", Kind: esim.ErrNotFound, Outcome: esim.OutcomeRejected, Order: &esim.Order{}}
	assert.Equal(t, "Order: not found; nothing was charged", anonymous.Error(), "an order without an id is not named")
}

func TestErrorIsOneLine(t *testing.T) {
	e := &esim.Error{Op: "Order", Kind: esim.ErrUnavailable, Err: errors.Join(io.EOF, context.Canceled, errors.New("a\nb"))}
	assert.Contains(t, e.Error(), ": EOF; context canceled; a; b; money may")
	assert.NotContains(t, e.Error(), "\n")
	assert.NotContains(t, e.LogValue().String(), "\n")
}

// TestErrorWithinAnError leaves out the inner advice: whether money was spent
// is for the outer error to say.
func TestErrorWithinAnError(t *testing.T) {
	inner := &esim.Error{Op: "GetOrder", Kind: esim.ErrNotFound, Outcome: esim.OutcomeRejected, HTTPStatus: 404}
	e := &esim.Error{Op: "Order", Kind: esim.ErrIncomplete, Outcome: esim.OutcomeAccepted, Err: inner}
	assert.Equal(t, "Order: incomplete: GetOrder: not found (HTTP 404); money was spent", e.Error())
	assert.NotContains(t, e.LogValue().String(), "charged")
	assert.Contains(t, e.LogValue().String(), "GetOrder: not found (HTTP 404)")

	var none *esim.Error
	e.Err = none
	assert.Contains(t, e.Error(), "incomplete: <nil>; money was spent")
}

func TestErrorTree(t *testing.T) {
	e := fullError()
	require.ErrorIs(t, e, esim.ErrInsufficientBalance)
	require.ErrorIs(t, e, io.ErrUnexpectedEOF)
	require.NotErrorIs(t, e, esim.ErrNotFound)
	assert.Equal(t, []error{esim.ErrInsufficientBalance, io.ErrUnexpectedEOF}, e.Unwrap())
	assert.Equal(t, []error{io.EOF}, (&esim.Error{Err: io.EOF}).Unwrap())
	assert.Equal(t, []error{esim.ErrNotFound}, (&esim.Error{Kind: esim.ErrNotFound}).Unwrap())
	assert.Empty(t, (&esim.Error{}).Unwrap(), "no nil in the tree")

	wrapped := fmt.Errorf("cart: %w", errors.Join(io.EOF, e))
	got, ok := errors.AsType[*esim.Error](wrapped)
	require.True(t, ok)
	assert.Same(t, e, got)
	var target *esim.Error
	require.ErrorAs(t, wrapped, &target)
	assert.Same(t, e, target)

	for i, kind := range esim.Kinds() {
		for k, other := range esim.Kinds() {
			assert.Equal(t, i == k, errors.Is(&esim.Error{Kind: kind}, other), "%v, %v", kind, other)
		}
	}
}

// withSecrets is an error that holds eSIMs in hand.
func withSecrets(t *testing.T) *esim.Error {
	t.Helper()
	code, err := esim.ParseActivationCode("LPA:1$smdp.example.test$CANARY-MATCHING")
	require.NoError(t, err)
	e := fullError()
	e.Order.ESIMs = []esim.ESIM{{ICCID: "8948010010036785060", Activation: code}}
	return e
}

func TestErrorFormat(t *testing.T) {
	e := withSecrets(t)
	for _, verb := range []string{"%v", "%+v", "%s", "%x", "%d", "%t", "%b", "%e", "%c", "%U", "% x", "%20s", "%-5v", "%.3s", "%z"} {
		assert.Equal(t, fullText, fmt.Sprintf(verb, e), verb)
	}
	for _, verb := range []string{"%q", "%+q", "%#q"} {
		assert.Equal(t, fmt.Sprintf("%q", fullText), fmt.Sprintf(verb, e), verb)
	}
	fields := fmt.Sprintf("%#v", e)
	for _, want := range []string{"&esim.Error{", `Code:"INSUFFICIENT_BALANCE"`, `HTTPStatus:400`, `order "2503"`, `cause "unexpected EOF"`} {
		assert.Contains(t, fields, want)
	}
	assert.NotContains(t, fields, "CANARY")
	assert.NotContains(t, fmt.Sprintf("%p", e), "CANARY")
	var none *esim.Error
	assert.Equal(t, "<nil> <nil>", fmt.Sprintf("%v %#v", none, none))
	assert.Equal(t, "failed: "+fullText, fmt.Errorf("failed: %w", e).Error())
	assert.NotContains(t, fmt.Sprintf("%+v %#v", struct{ E error }{e}, []any{e}), "CANARY")
}

func TestErrorInALog(t *testing.T) {
	var text bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&text, nil))
	logger.Error("order failed", "err", withSecrets(t))
	var record struct {
		Err map[string]any `json:"err"`
	}
	require.NoError(t, json.Unmarshal(text.Bytes(), &record))
	assert.Equal(t, map[string]any{
		"provider": "esimfly", "op": "Order", "kind": "insufficient balance", "outcome": "rejected", "http_status": 400.0,
		"code": "INSUFFICIENT_BALANCE", "message": "Insufficient balance", "request_id": "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b",
		"reference": "cart-8841", "order_id": "2503", "retry_after": 9e10, "cause": "unexpected EOF",
	}, record.Err)
	assert.NotContains(t, text.String(), "CANARY")

	text.Reset()
	logger.Error("order failed", "err", &esim.Error{Op: "Order", Order: &esim.Order{}})
	record.Err = nil
	require.NoError(t, json.Unmarshal(text.Bytes(), &record))
	assert.Equal(t, map[string]any{"provider": "", "op": "Order", "kind": "unclassified error", "outcome": "unknown"}, record.Err)

	text.Reset()
	slog.New(slog.NewTextHandler(&text, nil)).Error("order failed", "err", withSecrets(t))
	assert.Contains(t, text.String(), "err.outcome=rejected")
	assert.NotContains(t, text.String(), "CANARY")
}

func TestErrorAsJSON(t *testing.T) {
	doc, err := json.Marshal(withSecrets(t))
	require.NoError(t, err)
	assert.Equal(t, `{"cause":"unexpected EOF","code":"INSUFFICIENT_BALANCE","http_status":400,"kind":"insufficient balance",`+
		`"message":"Insufficient balance","op":"Order","order_id":"2503","outcome":"rejected","provider":"esimfly","reference":"cart-8841",`+
		`"request_id":"0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b","retry_after":90000000000}`, string(doc))

	doc, err = json.Marshal(struct {
		Err  error
		None *esim.Error
	}{Err: withOutcome(esim.OutcomeNotSent)})
	require.NoError(t, err)
	assert.Equal(t, `{"Err":{"kind":"unavailable","op":"Order","outcome":"not sent","provider":""},"None":null}`, string(doc))
}

// TestKinds: each has a text of its own, and each is advised about.
func TestKinds(t *testing.T) {
	texts, advice := map[string]bool{}, map[string]bool{}
	for _, kind := range esim.Kinds() {
		texts[kind.Error()] = true
		advice[(&esim.Error{Kind: kind, Outcome: esim.OutcomeRejected}).Advice()] = true
	}
	assert.Len(t, texts, len(esim.Kinds()))
	assert.Len(t, advice, len(esim.Kinds()))
	assert.NotContains(t, advice, "see the message")
	assert.Equal(t, "see the message", (&esim.Error{Kind: "teapot", Outcome: esim.OutcomeRejected}).Advice())
	esim.Kinds()[0] = ""
	assert.NotEmpty(t, esim.Kinds()[0], "the list is the caller's own")
	assert.ErrorIs(t, esim.ErrUnsupported, errors.ErrUnsupported)
	assert.NotErrorIs(t, esim.ErrNotFound, errors.ErrUnsupported)
	assert.NotErrorIs(t, errors.ErrUnsupported, esim.ErrUnsupported, "the other way there is nothing to ask")
}

func TestHTTPStatus(t *testing.T) {
	of := func(kind esim.Kind, outcome esim.Outcome) error {
		return fmt.Errorf("cart: %w", &esim.Error{Op: "Order", Kind: kind, Outcome: outcome})
	}
	for _, kind := range append(esim.Kinds(), "", "teapot") {
		for _, outcome := range outcomes() {
			status := esim.HTTPStatus(of(kind, outcome))
			switch {
			case kind == esim.ErrReferenceConflict:
				assert.Equal(t, 409, status, outcome)
			case esim.MaybeCharged(of(kind, outcome)):
				assert.Equal(t, 202, status, "%s: no refund is asked for while nobody knows", kind)
			default:
				assert.GreaterOrEqual(t, status, 400, "%s: nothing was charged, and nothing came", kind)
			}
		}
	}
	for kind, want := range map[esim.Kind]int{
		esim.ErrInvalidRequest: 400, esim.ErrUnauthorized: 500, esim.ErrClockSkew: 500, esim.ErrRateLimited: 503, esim.ErrNotFound: 404,
		esim.ErrPackageUnavailable: 410, esim.ErrPriceChanged: 409, esim.ErrInsufficientBalance: 503, esim.ErrNotEligible: 409,
		esim.ErrDuplicate: 409, esim.ErrIncomplete: 502, esim.ErrUnavailable: 503, esim.ErrMalformedResponse: 502,
		esim.ErrUnsupported: 501, "": 500, "teapot": 500,
	} {
		assert.Equal(t, want, esim.HTTPStatus(of(kind, esim.OutcomeRejected)), kind)
	}
	assert.Equal(t, 200, esim.HTTPStatus(nil))
	assert.Equal(t, 500, esim.HTTPStatus(io.EOF))
	refusal, doubt := of(esim.ErrPriceChanged, esim.OutcomeRejected), of(esim.ErrUnavailable, esim.OutcomeUnknown)
	assert.Equal(t, 202, esim.HTTPStatus(errors.Join(refusal, doubt)), "the one that asks for most care")
}
