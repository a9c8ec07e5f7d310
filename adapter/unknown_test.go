package adapter

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// wireFault is what a server does with a request it has read.
type wireFault struct {
	name string
	do   func(c net.Conn)
	kind esim.Kind
}

func sends(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text) } // the client may have had enough
}

// refusal is one that proves "nothing was charged", were it believed.
const refusal = `{"ok":false,"code":"LOW","message":"balance"}`

func jsonFault(name, body string) wireFault {
	return wireFault{name, sends(whole(200, "application/json", body)), esim.ErrMalformedResponse}
}

func wireFaults() []wireFault {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	faults := []wireFault{
		{"reset after the request", reset, esim.ErrUnavailable},
		{"closed after the request", func(net.Conn) {}, esim.ErrUnavailable},
		{"cut in the status line", sends("HTTP/1.1 20"), esim.ErrUnavailable},
		{"cut in the headers", sends(head + "Content-Le"), esim.ErrUnavailable},
		{"cut after the headers", sends(head + "Content-Length: 20\r\n\r\n"), esim.ErrUnavailable},
		{"cut in the body", sends(head + "Content-Length: 200\r\n\r\n" + fine), esim.ErrUnavailable},
		{"reset in the body", func(c net.Conn) {
			sends(head + "Content-Length: 200\r\n\r\n" + fine)(c)
			reset(c)
		}, esim.ErrUnavailable},
		{"cut in a chunk", sends(head + "Transfer-Encoding: chunked\r\n\r\nff\r\n" + fine), esim.ErrUnavailable},
		{"cut between chunks", sends(head + "Transfer-Encoding: chunked\r\n\r\n14\r\n" + fine + "\r\n"), esim.ErrUnavailable},
		{"clean end in the middle of JSON", sends(head + "Connection: close\r\n\r\n" + fine[:12]), esim.ErrMalformedResponse},
		{"not HTTP", sends("SSH-2.0-OpenSSH_9.9\r\n"), esim.ErrUnavailable},
		{"two lengths", sends(head + "Content-Length: 20\r\nContent-Length: 21\r\n\r\n" + fine), esim.ErrUnavailable},

		{"HTML", sends(whole(200, "text/html", "<html>"+fine)), esim.ErrMalformedResponse},
		{"JSON called text", sends(whole(200, "text/plain", fine)), esim.ErrMalformedResponse},
		{"no content type", sends("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + fine), esim.ErrMalformedResponse},
		{"204", sends("HTTP/1.1 204 No Content\r\nContent-Type: application/json\r\n\r\n"), esim.ErrMalformedResponse},
		{"gzip that nobody asked for", sends(head + "Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n\x1f\x8b\x08" + fine[:17]), esim.ErrMalformedResponse},

		jsonFault("empty", ""),
		jsonFault("blank", " \r\n"),
		jsonFault("null", "null"),
		jsonFault("{}", "{}"),
		jsonFault("[]", "[]"),
		jsonFault("a string", `"ok"`),
		jsonFault("success without an id", `{"ok":true}`),
		jsonFault("a refusal without a code", `{"ok":false}`),
		jsonFault("a code that no table has", `{"ok":false,"code":"TEAPOT"}`),
		jsonFault("duplicate name", `{"ok":false,"ok":true,"id":"A1"}`),
		jsonFault("duplicate name in a refusal", `{"ok":false,"code":"LOW","code":"LOW"}`),
		jsonFault("duplicate name below", `{"ok":true,"id":"A1","x":{"a":1,"a":2}}`),
		jsonFault("duplicate name by escape", `{"ok":true,"id":"A1","\u0069d":"A2"}`),
		jsonFault("upper case", `{"OK":true,"ID":"A1"}`),
		jsonFault("long s", `{"ok":true,"id":"A1","itemſ":[],"items":"x"}`),
		jsonFault("text after the document", fine+`{}`),
		jsonFault("letters after the document", fine+"x"),
		jsonFault("NUL after the document", fine+"\x00"),
		jsonFault("two byte order marks", "\ufeff\ufeff"+fine),
		jsonFault("invalid UTF-8", `{"ok":true,"id":"A`+"\xff"+`"}`),
		jsonFault("half a surrogate", `{"ok":true,"id":"\ud800"}`),
		jsonFault("another type", `{"ok":"true","id":"A1"}`),
		jsonFault("a number for true", `{"ok":1,"id":"A1"}`),
		jsonFault("single quotes", `{'ok':true,'id':'A1'}`),
		jsonFault("comma at the end", `{"ok":true,"id":"A1",}`),
		jsonFault("comment", `{"ok":true,/**/"id":"A1"}`),
		jsonFault("NaN", `{"ok":true,"id":"A1","x":NaN}`),
		jsonFault("deep", `{"ok":true,"id":"A1","x":`+strings.Repeat("[", 65)+strings.Repeat("]", 65)+`}`),
		jsonFault("100,000 deep", `{"ok":true,"id":"A1","x":`+strings.Repeat("[", 100_000)),
		jsonFault("100,000 deep in objects", strings.Repeat(`{"x":`, 100_000)),

		{"408", sends(whole(408, "application/json", fine)), esim.ErrUnavailable},
		{"400 without a code", sends(whole(400, "application/json", `{"message":"no"}`)), esim.ErrInvalidRequest},
		{"400 with a code that no table has", sends(whole(400, "application/json", `{"code":"TEAPOT"}`)), esim.ErrInvalidRequest},
		{"400 in HTML", sends(whole(400, "text/html", refusal)), esim.ErrInvalidRequest},
		{"400 with a duplicate name", sends(whole(400, "application/json", `{"code":"LOW","code":"LOW"}`)), esim.ErrInvalidRequest},
		{"403", sends(whole(403, "text/html", "<h1>no</h1>")), esim.ErrUnauthorized},
		{"404", sends(whole(404, "application/json", `{}`)), esim.ErrNotFound},
		{"422", sends(whole(422, "application/json", `{}`)), esim.ErrInvalidRequest},
		{"duplicate", sends(whole(409, "application/json", `{"code":"DUP"}`)), esim.ErrDuplicate},
	}
	for _, status := range []int{301, 302, 303, 304, 305, 307, 308, 399} {
		faults = append(faults, wireFault{strconv.Itoa(status) + " with a refusal", sends(whole(status, "application/json", refusal)), esim.ErrMalformedResponse})
	}
	for _, status := range []int{500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 522, 524, 599} {
		faults = append(faults,
			wireFault{strconv.Itoa(status), sends(whole(status, "text/html", "<h1>Bad Gateway</h1>")), esim.ErrUnavailable},
			wireFault{strconv.Itoa(status) + " with a success", sends(whole(status, "application/json", fine)), esim.ErrUnavailable},
			wireFault{strconv.Itoa(status) + " with a refusal", sends(whole(status, "application/json", refusal)), esim.ErrInsufficientBalance},
		)
	}
	return faults
}

func TestWireFaultsLeaveTheOutcomeOpen(t *testing.T) {
	for _, fault := range wireFaults() {
		t.Run(fault.name, func(t *testing.T) {
			s := serveRequests(t, func(c net.Conn, _ *http.Request) bool {
				fault.do(c)
				return false
			})
			for n, effect := range effects {
				tr := instant(t, esim.Settings{BaseURL: s.url})
				err := tr.Do(t.Context(), order(effect.safety, "k"))
				e := assertOutcome(t, esim.OutcomeUnknown, err)
				require.ErrorIs(t, err, fault.kind)
				assert.True(t, esim.MaybeCharged(err))
				assert.Equal(t, int32(n+1), s.requests.Load(), "one Do, one POST (%s)", effect.name)
				assert.Equal(t, "k", e.Reference)
				assert.NotEmpty(t, e.RequestID)
				require.True(t, tr.memory.entries["k"].doubt, effect.name)
			}
			err := instant(t, esim.Settings{BaseURL: s.url}).Do(t.Context(), read())
			e := asError(t, err)
			assert.NotEqual(t, esim.OutcomeUnknown, e.Outcome, "a read changes nothing")
			assert.False(t, esim.MaybeCharged(err))
		})
	}
}

// TestEchoedSignature: the token and the signature of this very request are
// not printed when the provider sends them back.
func TestEchoedSignature(t *testing.T) {
	s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
		token, signature := r.Header.Get("Authorization"), r.Header.Get("X-Signature")
		return says(400, `{"code":"no `+token+`","message":"`+token+` and `+signature+` are wrong"}`)(r)
	}}
	tr := newTransport(t, esim.Settings{Transport: s}, func(spec *Spec) {
		spec.Authorize = func(_ context.Context, r *http.Request, _ []byte, _ time.Time) (string, error) {
			r.Header.Set("Authorization", "Bearer tok-CANARY")
			r.Header.Set("X-Signature", "sig-CANARY")
			return "", nil
		}
	})
	e := assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
	assert.Equal(t, "no Bearer [redacted]", e.Code)
	assert.Equal(t, "Bearer [redacted] and [redacted] are wrong", e.Message)
}

// TestNotes follow the provider's message.
func TestNotes(t *testing.T) {
	for message, want := range map[string]string{"": "ask its support", "declined": "declined; ask its support"} {
		tr := newTransport(t, esim.Settings{Transport: inTurn(says(400, `{}`))}, func(spec *Spec) {
			spec.Refuse = func(Answer) Verdict {
				return Verdict{Rule: Rule{Kind: esim.ErrNotEligible, Outcome: esim.OutcomeRejected, Note: "ask its support"}, Message: message}
			}
		})
		assert.Equal(t, want, asError(t, tr.Do(t.Context(), order(Guarded, "k"))).Message)
	}
}

func TestResetBeforeTheRequestIsReadIsUnknown(t *testing.T) {
	s := serveConns(t, func(_ *wireServer, c net.Conn) {
		_, err := c.Read(make([]byte, 1)) // the client believes to be connected
		assert.NoError(t, err)
		reset(c)
	})
	err := instant(t, esim.Settings{BaseURL: s.url}).Do(t.Context(), order(Once, "k"))
	assertOutcome(t, esim.OutcomeUnknown, err)
	assert.Equal(t, int32(1), s.conns.Load())
}

func TestTimeoutInFlightIsUnknown(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	silent := func(_ *wireServer, _ net.Conn) { <-hold }
	for name, c := range map[string]struct {
		s    *wireServer
		body []byte
	}{
		"before the body is written": {serveConns(t, silent), make([]byte, 64<<20)},
		"after the body is written":  {serveConns(t, silent), []byte("{}")},
		"in the headers": {serveRequests(t, func(c net.Conn, _ *http.Request) bool {
			sends("HTTP/1.1 200 OK\r\nContent-")(c)
			<-hold
			return false
		}), []byte("{}")},
		"in the body": {serveRequests(t, func(c net.Conn, _ *http.Request) bool {
			sends("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{")(c)
			<-hold
			return false
		}), []byte("{}")},
	} {
		t.Run(name, func(t *testing.T) {
			tr := instant(t, esim.Settings{BaseURL: c.s.url, Timeout: 100 * time.Millisecond})
			call := order(Once, "k")
			call.Body = c.body
			begun := time.Now()
			err := tr.Do(t.Context(), call)
			assertOutcome(t, esim.OutcomeUnknown, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Less(t, time.Since(begun), 2*time.Second)
		})
	}
}

func TestCancelledInFlightIsUnknown(t *testing.T) {
	arrived, hold := make(chan struct{}, 1), make(chan struct{})
	defer close(hold)
	s := serveRequests(t, func(net.Conn, *http.Request) bool {
		arrived <- struct{}{}
		<-hold
		return false
	})
	for _, effect := range effects {
		tr := newTransport(t, esim.Settings{BaseURL: s.url})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-arrived
			cancel()
		}()
		before := s.requests.Load()
		err := tr.Do(ctx, order(effect.safety, "k"))
		assertOutcome(t, esim.OutcomeUnknown, err)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, before+1, s.requests.Load(), "%s is not repeated for a caller who has left", effect.name)
	}
}

// TestDefinite: what a complete answer may say.
func TestDefinite(t *testing.T) {
	for _, c := range []struct {
		name    string
		status  int
		body    string
		outcome esim.Outcome
		kind    esim.Kind
	}{
		{"refusal", 400, refusal, esim.OutcomeRejected, esim.ErrInsufficientBalance},
		{"refusal in a 200", 200, refusal, esim.OutcomeRejected, esim.ErrInsufficientBalance},
		{"401", 401, `{}`, esim.OutcomeNotSent, esim.ErrUnauthorized},
		{"429", 429, `{}`, esim.OutcomeRejected, esim.ErrRateLimited},
		{"made, but not whole", 200, `{"ok":false,"code":"MADE"}`, esim.OutcomeAccepted, esim.ErrIncomplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := inTurn(says(c.status, c.body))
			tr := instant(t, esim.Settings{Transport: s})
			err := tr.Do(t.Context(), order(Replayed, "k"))
			e := assertOutcome(t, c.outcome, err)
			require.ErrorIs(t, err, c.kind)
			assert.Equal(t, c.status, e.HTTPStatus)
			assert.Equal(t, int32(1), s.sends.Load())
		})
	}
}

// TestMadeIsRemembered: an error that says the order stands is no success of
// Do, but it is one of the purchase.
func TestMadeIsRemembered(t *testing.T) {
	s := inTurn(dropped, code(200, "MADE"), code(400, "LOW"))
	tr := instant(t, esim.Settings{Transport: s})
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
	assertOutcome(t, esim.OutcomeAccepted, tr.Do(t.Context(), order(Guarded, "k")))
	assert.False(t, tr.memory.entries["k"].doubt)
	assertOutcome(t, esim.OutcomeAccepted, tr.Do(t.Context(), order(Guarded, "k")))
}

// TestUnrecognisedIsMalformed: in a 2xx, a rule counts only for a document in
// one of the provider's own shapes.
func TestUnrecognisedIsMalformed(t *testing.T) {
	tr := newTransport(t, esim.Settings{Transport: inTurn(says(200, `{"ok":false}`)), MaxRetries: -1}, func(s *Spec) {
		s.Refuse = func(Answer) Verdict {
			return Verdict{Rule: rules["LOW"], Code: "key " + accessCode, Message: accessCode}
		}
	})
	err := tr.Do(t.Context(), order(Replayed, "k"))
	e := assertOutcome(t, esim.OutcomeUnknown, err)
	require.ErrorIs(t, err, esim.ErrMalformedResponse)
	require.EqualError(t, e.Err, "neither a success nor a known refusal")
	assert.Equal(t, "key [redacted]", e.Code)
	assert.Equal(t, "[redacted]", e.Message)
}

// TestNoTableOverrulesTheStatus: what is not a final answer, sends elsewhere
// or failed inside proves nothing, whatever an adapter makes of its body.
func TestNoTableOverrulesTheStatus(t *testing.T) {
	for _, status := range []int{101, 300, 302, 399, 500, 503, 599} {
		for _, outcome := range []esim.Outcome{esim.OutcomeNotSent, esim.OutcomeRejected, esim.OutcomeAccepted} {
			tr := newTransport(t, esim.Settings{Transport: inTurn(says(status, refusal)), MaxRetries: -1}, func(s *Spec) {
				s.Refuse = func(Answer) Verdict {
					return Verdict{Rule: Rule{Kind: esim.ErrNotEligible, Outcome: outcome}, Recognised: true}
				}
			})
			assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
		}
	}
}

// TestCausesOfMalformedAnswers say what is wrong with them.
func TestCausesOfMalformedAnswers(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: "required members are missing", `{"ok":true}`: "required members are missing", `{"ok":false}`: "neither a success nor a known refusal",
		`{"ok":true,`: "invalid JSON at byte 11", `{"ok":1}`: "required members are missing, or in an odd form as is /ok",
	} {
		e := asError(t, instant(t, esim.Settings{Transport: inTurn(says(200, body))}).Do(t.Context(), read()))
		require.EqualError(t, e.Err, want, body)
	}
	e := asError(t, instant(t, esim.Settings{Transport: inTurn(says(200, fine, "Content-Type", "text/html"))}).Do(t.Context(), read()))
	require.EqualError(t, e.Err, "the answer is not JSON")
	e = asError(t, instant(t, esim.Settings{Transport: inTurn(code(200, "LOW"))}).Do(t.Context(), read()))
	require.NoError(t, e.Err, "a refusal needs no other cause")
}

func TestJSONByItsContentType(t *testing.T) {
	for contentType, want := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "Application/JSON": true,
		" application/json ;x": true, "application/problem+json": true, "text/json": true,
		"": false, "text/html": false, "text/plain": false, "application/jsonp": false,
		"text/x+json": false, "application/json+xml": false, "json": false,
	} {
		assert.Equal(t, want, isJSON(contentType), "%q", contentType)
	}
}

func TestByStatus(t *testing.T) {
	for status := range 600 {
		r := ByStatus(status)
		want := esim.OutcomeUnknown
		switch status {
		case http.StatusUnauthorized:
			want = esim.OutcomeNotSent
		case http.StatusTooManyRequests:
			want = esim.OutcomeRejected
		}
		assert.Equal(t, want, r.Outcome, status)
		assert.Error(t, r.Kind, status)
	}
	assert.Equal(t, Throttled, ByStatus(429).Retry)
	assert.Equal(t, Transient, ByStatus(503).Retry)
	assert.Equal(t, Transient, ByStatus(408).Retry)
	assert.Equal(t, Never, ByStatus(400).Retry)
}

// TestRequestIDOfTheAnswer is used where the request carries none.
func TestRequestIDOfTheAnswer(t *testing.T) {
	s := inTurn(code(400, "LOW", "X-Request-Id", "req-"+secretKey))
	tr := newTransport(t, esim.Settings{Transport: s}, func(spec *Spec) {
		spec.Authorize = func(context.Context, *http.Request, []byte, time.Time) (string, error) { return "", nil }
	})
	e := assertOutcome(t, esim.OutcomeRejected, tr.Do(t.Context(), order(Once, "k")))
	assert.Equal(t, "req-[redacted]", e.RequestID)
}
