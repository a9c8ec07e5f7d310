package esimfly

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

var errCut = errors.New("connection cut")

// fake answers requests in the test's own words, and counts them.
type fake struct {
	t      *testing.T
	answer func(call string, body string) (status int, doc string) // status 0 = no answer

	mu    sync.Mutex
	calls []string // "GET /balance", in order
	sent  []*http.Request
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	call := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api/v1/business")
	f.mu.Lock()
	f.calls, f.sent = append(f.calls, call), append(f.sent, r)
	f.mu.Unlock()
	status, doc := f.answer(call, string(body))
	if status == 0 {
		return nil, errCut
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(doc)), ContentLength: int64(len(doc)), Request: r,
	}, nil
}

func (f *fake) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (f *fake) total() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

// faked returns a client whose requests are answered by answer.
func faked(t *testing.T, answer func(call, body string) (int, string), changes ...func(*Config)) (*Client, *fake) {
	f := &fake{t: t, answer: answer}
	cfg := testConfig()
	cfg.Transport = f
	for _, change := range changes {
		change(&cfg)
	}
	c, err := New(cfg)
	require.NoError(t, err)
	return c, f
}

// silent is a provider that must not be asked at all.
func silent(t *testing.T) (*Client, *fake) {
	return faked(t, func(call, _ string) (int, string) {
		t.Errorf("request sent: %s", call)
		return 500, ""
	})
}

// asError returns the *esim.Error that every error of a client is.
func asError(t *testing.T, err error) *esim.Error {
	t.Helper()
	e, ok := errors.AsType[*esim.Error](err)
	require.True(t, ok, "not an *esim.Error: %v", err)
	require.Equal(t, Provider, e.Provider)
	require.NotEmpty(t, e.Op)
	return e
}
