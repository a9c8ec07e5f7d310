package webhook_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	flySecret    = esim.NewSecret("whsec_canary_0001_fly")
	olderFly     = esim.NewSecret("whsec_canary_0000_fly")
	storySecret  = esim.NewSecret("canary-path-secret_0123456789AB")
	olderStory   = esim.NewSecret("canary-older-secret_0123456789")
	fxToken      = esim.NewSecret("wt_canary_Q2hhbm5lbEtleQ")
	olderFX      = esim.NewSecret("wt_canary_T2xkZXJLZXk")
	standardName = "standard"
	standardKey  = esim.NewSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") // of the published vectors
)

// present is a moment at which all tests that verify times take place.
var present = time.Date(2026, 9, 13, 12, 0, 0, 0, time.UTC)

func sources() []webhook.Source {
	return []webhook.Source{
		esimfly.Webhooks(flySecret, olderFly),
		esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: storySecret, Older: []esim.Secret{olderStory}}),
		esimfx.Webhooks(fxToken, olderFX),
		webhook.Standard(standardName, standardKey),
	}
}

// bench is a handler with all sources, and what it has done.
type bench struct {
	*webhook.Handler
	inbox *spyInbox

	mu     sync.Mutex
	events []esim.Event
	fail   error // what onEvent returns
	parsed int
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{inbox: &spyInbox{MemoryInbox: webhook.NewMemoryInbox()}}
	var spied []webhook.Source
	for _, s := range sources() {
		spied = append(spied, spySource{s, b})
	}
	h, err := webhook.New(b.inbox, b.receive, spied...)
	require.NoError(t, err)
	h.Now = func() time.Time { return present }
	b.Handler = h
	return b
}

func (b *bench) receive(_ context.Context, e esim.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.events = append(b.events, e)
	return nil
}

func (b *bench) failing(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

// take returns the events since the last call.
func (b *bench) take() []esim.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.events
	b.events = nil
	return list
}

func (b *bench) status(r *http.Request) int { return answerOf(b, r).Code }

func answerOf(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// spySource counts what is parsed.
type spySource struct {
	webhook.Source
	b *bench
}

func (s spySource) Parse(header http.Header, body []byte) ([]esim.Event, error) {
	s.b.mu.Lock()
	s.b.parsed++
	s.b.mu.Unlock()
	return s.Source.Parse(header, body)
}

// spyInbox counts what is added, and can be down.
type spyInbox struct {
	*webhook.MemoryInbox
	mu                           sync.Mutex
	adds                         int
	messages                     []webhook.Message
	addErr, nextErr, doneErr, re error
}

func (s *spyInbox) set(change func(*spyInbox)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *spyInbox) Add(ctx context.Context, m webhook.Message) (bool, error) {
	s.mu.Lock()
	s.adds++
	s.messages = append(s.messages, m)
	err := s.addErr
	s.mu.Unlock()
	if err != nil {
		return false, err
	}
	return s.MemoryInbox.Add(ctx, m)
}

func (s *spyInbox) Next(ctx context.Context, n int, lease time.Duration) ([]webhook.Message, error) {
	s.mu.Lock()
	err := s.nextErr
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.MemoryInbox.Next(ctx, n, lease)
}

func (s *spyInbox) Done(ctx context.Context, id int64) error {
	s.mu.Lock()
	err := s.doneErr
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.MemoryInbox.Done(ctx, id)
}

func (s *spyInbox) Retry(ctx context.Context, id int64, after time.Duration) error {
	s.mu.Lock()
	err := s.re
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.MemoryInbox.Retry(ctx, id, after)
}

var errBroken = errors.New("canary: the database says ouch")

// request is one by hand, with a path that need not be a good one.
func request(t testing.TB, method, path string, header http.Header, body io.Reader) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", body)
	r.Method, r.URL = method, &url.URL{Path: path}
	if header != nil {
		r.Header = header.Clone()
	}
	return r
}

func post(t testing.TB, path string, header http.Header, body []byte) *http.Request {
	t.Helper()
	return request(t, http.MethodPost, path, header, strings.NewReader(string(body)))
}

const (
	anICCID     = esim.ICCID("8948010010092445039")
	anOrder     = "order_1755559183090_vyf9w"
	aReference  = "ORDER-123456"
	aUnit       = "20250129123456123456789012"
	anOption    = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
	aMatchingID = "CANARYA1B2C3D4E5F6A7B8C9D0E1F2A3"
)

func anActivation() esim.ActivationCode {
	return esim.ActivationCode{SMDPAddress: "rsp1.cmlink.com", MatchingID: aMatchingID}
}

func genuineAt(e esim.Event) simulator.Webhook { return simulator.ESIMFlyWebhook(flySecret, e) }
