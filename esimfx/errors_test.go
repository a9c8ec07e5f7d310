package esimfx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

func answerOf(status int, body string) adapter.Answer {
	return adapter.Answer{Status: status, Header: http.Header{}, Body: []byte(body), JSON: true}
}

func TestWhatAStatusSays(t *testing.T) {
	c := newWorld(t).client(t)
	const body = `{"code":49999,"message":"m"}`
	for _, row := range []struct {
		status  int
		kind    esim.Kind
		outcome esim.Outcome
		retry   adapter.Retry
	}{
		{200, esim.ErrUnavailable, esim.OutcomeUnknown, adapter.Never},
		{201, esim.ErrUnavailable, esim.OutcomeUnknown, adapter.Never},
		{299, esim.ErrUnavailable, esim.OutcomeUnknown, adapter.Never},
		{302, esim.ErrMalformedResponse, esim.OutcomeUnknown, adapter.Transient},
		{400, esim.ErrInvalidRequest, esim.OutcomeUnknown, adapter.Never},
		{401, esim.ErrUnauthorized, esim.OutcomeNotSent, adapter.Reauth},
		{403, esim.ErrUnauthorized, esim.OutcomeUnknown, adapter.Reauth},
		{404, esim.ErrNotFound, esim.OutcomeUnknown, adapter.Never},
		{408, esim.ErrUnavailable, esim.OutcomeUnknown, adapter.Transient},
		{409, esim.ErrInvalidRequest, esim.OutcomeUnknown, adapter.Never},
		{422, esim.ErrInvalidRequest, esim.OutcomeUnknown, adapter.Never},
		{429, esim.ErrRateLimited, esim.OutcomeRejected, adapter.Throttled},
		{500, esim.ErrUnavailable, esim.OutcomeUnknown, adapter.Transient},
		{503, esim.ErrUnavailable, esim.OutcomeUnknown, adapter.Transient},
	} {
		want := adapter.Rule{Kind: row.kind, Outcome: row.outcome, Retry: row.retry}
		v := c.refuse(answerOf(row.status, body))
		assert.Equal(t, want, v.Rule, "HTTP %d with a code", row.status)
		assert.True(t, v.Recognised)
		v = c.refuse(answerOf(row.status, "<html>"))
		assert.Equal(t, want, v.Rule, "HTTP %d without a document", row.status)
		assert.False(t, v.Recognised)
		v = c.refuse(answerOf(row.status, `{"code":0,"message":"Success"}`))
		assert.Equal(t, want, v.Rule, "HTTP %d with code 0", row.status)
		assert.Equal(t, row.status >= 500, v.Recognised, "no gateway wrote it")
	}
}

func TestWhatATaughtCodeSays(t *testing.T) {
	w := newWorld(t)
	cfg := w.config()
	cfg.Codes = map[int]Code{-1: {Kind: esim.ErrNotEligible, Refused: true}}
	number := 1
	for _, kind := range esim.Kinds() {
		cfg.Codes[number] = Code{Kind: kind}
		cfg.Codes[number+1] = Code{Kind: kind, Refused: true}
		number += 2
	}
	c := newTestClient(t, cfg)
	for number, row := range cfg.Codes {
		body := fmt.Sprintf(`{"code":%d,"message":"m"}`, number)
		retry := adapter.Never
		switch {
		case errors.Is(row.Kind, esim.ErrUnauthorized):
			retry = adapter.Reauth
		case errors.Is(row.Kind, esim.ErrRateLimited):
			retry = adapter.Throttled
		}
		outcome := esim.OutcomeUnknown
		if row.Refused {
			outcome = esim.OutcomeRejected
		}
		for _, status := range []int{200, 400, 401, 403, 404, 409, 422, 429} {
			assert.Equal(t, adapter.Rule{Kind: row.Kind, Outcome: outcome, Retry: retry}, c.refuse(answerOf(status, body)).Rule,
				"code %d in HTTP %d", number, status)
		}
		assert.Equal(t, adapter.Rule{Kind: row.Kind, Retry: adapter.Transient}, c.refuse(answerOf(500, body)).Rule,
			"code %d in HTTP 500", number)
	}
}

func TestHowACodeIsWritten(t *testing.T) {
	c := newWorld(t).client(t) // 40201 is taught
	for _, row := range []struct{ body, code, message string }{
		{`{"code":40201,"message":"m"}`, "40201", "m"},
		{`{"code":"40201","msg":"m"}`, "40201", "m"},
		{`{"code":40201.0,"message":"","msg":"m"}`, "40201", "m"},
		{`{"code":40201,"message":{"text":"m"}}`, "40201", ""},
		{`{"code":40201,"message":null,"data":[1]}`, "40201", ""},
		{`{"code":4.0201e4,"message":7}`, "40201", "7"},
	} {
		v := c.refuse(answerOf(200, row.body))
		assert.True(t, v.Recognised, row.body)
		assert.Equal(t, esim.ErrInsufficientBalance, v.Kind, row.body)
		assert.Equal(t, row.code, v.Code, row.body)
		assert.Equal(t, row.message, v.Message, row.body)
	}
	for _, body := range []string{
		`{"code":40201.5}`, `{"code":140201}`, `{"code":-40201}`, `{"code":9999999999999999999}`, `{"code":1e19}`,
	} {
		v := c.refuse(answerOf(200, body))
		assert.NotEqual(t, esim.ErrInsufficientBalance, v.Kind, body)
		assert.Equal(t, esim.OutcomeUnknown, v.Outcome, body)
	}
	for _, body := range []string{
		`{"code":true}`, `{"code":null}`, `{"Code":40201}`, `{"code":40201,"code":0}`, `{"code":40201} x`, `[40201]`, `40201`, ``,
		`{"code":"x"}`, `{"code":1e400}`,
	} {
		v := c.refuse(answerOf(200, body))
		assert.False(t, v.Recognised, body)
	}
	v := c.refuse(adapter.Answer{Status: 200, Body: []byte(`{"code":40201}`)})
	assert.False(t, v.Recognised, "not declared as JSON")
}

func TestTheLoginBlamesTheCredentials(t *testing.T) {
	c := newWorld(t).client(t)
	assert.Equal(t, esim.ErrUnauthorized, c.refuseLogin(answerOf(200, `{"code":1}`)).Kind)
	assert.Equal(t, esim.ErrInsufficientBalance, c.refuseLogin(answerOf(200, `{"code":40201}`)).Kind)
	assert.Equal(t, esim.ErrUnavailable, c.refuseLogin(answerOf(200, `<html>`)).Kind)
	assert.Equal(t, esim.ErrUnavailable, c.refuseLogin(answerOf(503, `{"code":1}`)).Kind)
}

// TestQuestionsAboutUnknownThings: a question about one eSIM or product that is answered with
// a code that nobody taught is of kind not found; one about an order is not, for
// an order that was paid for must not seem to be absent.
func TestQuestionsAboutUnknownThings(t *testing.T) {
	questions := map[string]struct {
		unexplained esim.Kind
		ask         func(context.Context, *Client) error
	}{
		"GetESIM":    {esim.ErrNotFound, func(ctx context.Context, c *Client) error { _, err := c.GetESIM(ctx, anICCID); return err }},
		"Usage":      {esim.ErrNotFound, func(ctx context.Context, c *Client) error { _, err := c.Usage(ctx, anICCID); return err }},
		"ListTopUps": {esim.ErrNotFound, func(ctx context.Context, c *Client) error { _, err := c.ListTopUps(ctx, anICCID); return err }},
		"Product":    {esim.ErrPackageUnavailable, func(ctx context.Context, c *Client) error { _, err := c.Product(ctx, aPackage); return err }},
		"GetOrder": {esim.ErrUnavailable, func(ctx context.Context, c *Client) error {
			_, err := c.GetOrder(ctx, esim.OrderRef{ID: anOrderID})
			return err
		}},
		"OrderUsage": {esim.ErrUnavailable, func(ctx context.Context, c *Client) error { _, err := c.OrderUsage(ctx, anOrderID); return err }},
	}
	answers := map[string]struct {
		status int
		body   string
		kind   esim.Kind // "" = that of the question
	}{
		"a code nobody taught":          {200, `{"code":49999,"message":"no","data":null}`, ""},
		"a code that was taught":        {200, `{"code":50301,"message":"no","data":null}`, esim.ErrUnavailable},
		"an HTTP status, and no word":   {401, ``, esim.ErrUnauthorized},
		"credentials and a code":        {401, `{"code":49999,"message":"no"}`, esim.ErrUnauthorized},
		"too many requests and a code":  {429, `{"code":49999,"message":"no"}`, esim.ErrRateLimited},
		"trouble and a code":            {500, `{"code":49999,"message":"no"}`, esim.ErrUnavailable},
		"an answer that is no envelope": {200, `{"data":{}}`, esim.ErrMalformedResponse},
	}
	for name, q := range questions {
		for answer, a := range answers {
			w := newWorld(t)
			w.on("/(product|order)/.*", a.status, a.body)
			w.on(productPath, a.status, a.body)
			cfg := w.config()
			cfg.MaxRetries = -1
			cfg.Codes = map[int]Code{50301: {Kind: esim.ErrUnavailable}}
			want := a.kind
			if want == "" {
				want = q.unexplained
			}
			e := asError(t, q.ask(t.Context(), newTestClient(t, cfg)))
			assert.Equal(t, want, e.Kind, "%s: %s", name, answer)
			assert.False(t, esim.MaybeCharged(e), "%s: %s", name, answer)
		}
	}
}
