package adapter

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Canaries: credentials that no error and no log line may show.
const (
	accessCode = "acc-CANARY-7d1f"
	secretKey  = "sk-CANARY-b02c9e"
)

// reply is the success document of the provider of these tests.
type reply struct {
	OK    *bool     `json:"ok"`
	ID    string    `json:"id"`
	Items []string  `json:"items"`
	Extra wire.Raw  `json:"extra"`
	Total wire.Text `json:"total"`
}

func (r *reply) Accepted() (ok, valid bool) {
	return r.OK != nil && *r.OK, r.OK != nil && (!*r.OK || r.ID != "")
}

const fine = `{"ok":true,"id":"A1"}`

// rules is the error table of the provider of these tests.
var rules = map[string]Rule{
	"LOW":    {Kind: esim.ErrInsufficientBalance, Outcome: esim.OutcomeRejected},
	"DUP":    {Kind: esim.ErrDuplicate},
	"BUSY":   {Kind: esim.ErrDuplicate, Retry: InFlight},
	"NONCE":  {Kind: esim.ErrDuplicate, Retry: Renonce},
	"CLOCK":  {Kind: esim.ErrClockSkew, Outcome: esim.OutcomeNotSent, Retry: AdjustClock},
	"TOKEN":  {Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent, Retry: Reauth},
	"SLOW":   {Kind: esim.ErrRateLimited, Outcome: esim.OutcomeRejected, Retry: Throttled},
	"CLOSED": {Kind: esim.ErrUnavailable, Outcome: esim.OutcomeNotSent, Retry: Transient},
	"DOWN":   {Kind: esim.ErrUnavailable, Retry: Transient},
	"MADE":   {Kind: esim.ErrIncomplete, Outcome: esim.OutcomeAccepted},
}

func refuse(a Answer) Verdict {
	v := Verdict{Rule: ByStatus(a.Status)}
	var doc struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	if !a.JSON || wire.Decode(a.Body, &doc) != nil || doc.Code == "" && doc.Message == "" {
		return v
	}
	v.Code, v.Message, v.Recognised = doc.Code, doc.Message, doc.Code == ""
	if rule, ok := rules[doc.Code]; ok {
		v.Rule, v.Recognised = rule, true
	}
	return v
}

// authorize puts the credentials and a fresh id on an attempt.
func authorize(_ context.Context, r *http.Request, _ []byte, now time.Time) (string, error) {
	id := firstText(r.Header.Get("RT-RequestID"), uuid.NewString())
	r.Header.Set("RT-AccessCode", accessCode)
	r.Header.Set("RT-Signature", secretKey)
	r.Header.Set("RT-RequestID", id)
	r.Header.Set("RT-Timestamp", now.UTC().Format(time.RFC3339Nano))
	return id, nil
}

func testSpec() Spec {
	return Spec{
		Provider: "test", Pace: rate.Inf, Burst: 1, Authorize: authorize, RequestIDHeader: "RT-RequestID", Refuse: refuse,
		Secrets: []esim.Secret{esim.NewSecret(accessCode), esim.NewSecret(secretKey)},
	}
}

// newTransport builds a Transport that closes its connections with the test.
func newTransport(t testing.TB, s esim.Settings, change ...func(*Spec)) *API {
	t.Helper()
	spec := testSpec()
	for _, f := range change {
		f(&spec)
	}
	if s.BaseURL == "" && spec.BaseURL == "" {
		s.BaseURL = "https://api.example.test/v1"
	}
	tr, err := New(spec, s)
	require.NoError(t, err)
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// order is a call with an effect. A repeat after a lost answer is safe where there
// is a key.
func order(safety Safety, key string) Call {
	repeats := Repeats{Lost: esim.RepeatSafe}
	if safety == Once {
		repeats = Repeats{Lost: esim.RepeatBuys, Answered: esim.RepeatBuys}
	}
	return Call{
		op: "Order", Method: http.MethodPost, Path: "/orders", Body: []byte(`{"package":"P1"}`),
		Out: new(reply), Safety: safety, Key: key, content: "P1", reference: key,
		repeats: repeats,
	}
}

// probe is an order under a request id of the caller's, at a provider whose
// keys nobody has verified.
func probe(key, requestID string) Call {
	call := order(Keyed, key)
	call.repeats, call.onceID = Repeats{}, requestID
	return call
}

func read() Call {
	return Call{op: "Balance", Method: http.MethodGet, Path: "/balance", Out: new(reply), Safety: Read}
}

// script is a transport without sockets: it answers the n-th request (n from 1).
type script struct {
	answer func(n int, r *http.Request) (*http.Response, error)

	sends, together, most atomic.Int32

	mu       sync.Mutex
	requests []*http.Request
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	n := int(s.sends.Add(1))
	s.most.Store(max(s.most.Load(), s.together.Add(1)))
	defer s.together.Add(-1)
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	s.mu.Lock()
	s.requests = append(s.requests, r)
	s.mu.Unlock()
	return s.answer(n, r)
}

// inTurn answers with each of the ends in turn, and the last one for ever.
func inTurn(ends ...end) *script {
	return &script{answer: func(n int, r *http.Request) (*http.Response, error) {
		return ends[min(n, len(ends))-1](r)
	}}
}

// end is how a send ends.
type end func(r *http.Request) (*http.Response, error)

// says is an answer in JSON; headers are name, value, name, value.
func says(status int, body string, headers ...string) end {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{
			StatusCode: status, Proto: "HTTP/1.1", Header: h, Request: r, ContentLength: int64(len(body)),
			Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

func code(status int, word string, headers ...string) end {
	return says(status, `{"ok":false,"code":"`+word+`","message":"as told"}`, headers...)
}

func breaks(err error) end {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

var (
	accepts = says(200, fine)
	refused = func(r *http.Request) (*http.Response, error) {
		httptrace.ContextClientTrace(r.Context()).GetConn("test")
		return nil, undialled
	}
	undialled = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	dropped   = breaks(&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET})
	hangs     = func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
)

// asError returns err as the *esim.Error it has to be.
func asError(t testing.TB, err error) *esim.Error {
	t.Helper()
	require.Error(t, err)
	e, ok := errors.AsType[*esim.Error](err)
	require.True(t, ok, "%T is no *esim.Error: %v", err, err)
	return e
}

// assertOutcome checks the one field that decides over money.
func assertOutcome(t testing.TB, want esim.Outcome, err error) *esim.Error {
	t.Helper()
	e := asError(t, err)
	assert.Equal(t, want.String(), e.Outcome.String(), "%v", err)
	assertSilent(t, err.Error())
	return e
}

// assertSilent checks that a text shows no credential.
func assertSilent(t testing.TB, text string) {
	t.Helper()
	assert.NotContains(t, text, "CANARY")
}

var effects = []struct {
	name   string
	safety Safety
}{{"Once", Once}, {"Guarded", Guarded}, {"Keyed", Keyed}, {"Replayed", Replayed}}
