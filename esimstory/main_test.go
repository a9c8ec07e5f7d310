package esimstory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The credentials of the first signature vector: base64 of
// "esim-story-test-secret-0001".
const (
	testAccessKey = "ak_test_0001"
	testSecretKey = "ZXNpbS1zdG9yeS10ZXN0LXNlY3JldC0wMDAx"
)

const (
	optionA = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
	optionB = "b2c3d4e5-f6a7-8901-bcde-f12345678901"
	unit12  = "20250129123456123456789012"
	unit13  = "20250129123456123456789013"
	unit14  = "20250129123456123456789014"
)

// testConfig is a complete configuration on a fixed clock.
func testConfig(rt http.RoundTripper) Config {
	return Config{
		Settings: esim.Settings{
			Transport:  rt,
			Limiter:    rate.NewLimiter(rate.Inf, 1),
			MaxRetries: -1,
			Now:        func() time.Time { return time.Unix(1769904000, 0) },
		},
		AccessKey: testAccessKey,
		SecretKey: esim.NewSecret(testSecretKey),
	}
}

func newTestClient(t *testing.T, rt http.RoundTripper, change ...func(*Config)) *Client {
	t.Helper()
	config := testConfig(rt)
	for _, f := range change {
		f(&config)
	}
	c, err := New(config)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// wireDouble answers every request alike and keeps what it was sent.
type wireDouble struct {
	status int
	body   string
	header http.Header

	mu      sync.Mutex
	headers []http.Header
	bodies  []string
}

func answering(status int, body string) *wireDouble {
	return &wireDouble{status: status, body: body, header: http.Header{"Content-Type": {"application/json"}}}
}

func (d *wireDouble) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.headers = append(d.headers, r.Header.Clone())
	d.bodies = append(d.bodies, string(body))
	d.mu.Unlock()
	return &http.Response{
		StatusCode: d.status, Header: d.header, Request: r,
		Body: io.NopCloser(strings.NewReader(d.body)), ContentLength: int64(len(d.body)),
	}, nil
}

func (d *wireDouble) sends() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.bodies)
}

// money reads "2.72 USD".
func money(t testing.TB, text string) esim.Money {
	t.Helper()
	amount, currency, _ := strings.Cut(text, " ")
	m, err := esim.ParseMoney(amount, currency)
	require.NoError(t, err)
	return m
}

// captured is a logger for everything, and what it wrote.
func captured() (*slog.Logger, *bytes.Buffer) {
	var buf bytes.Buffer
	return slog.New(slog.NewJSONHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug})), &buf
}

// failure returns err as an *esim.Error with what the adapter always fills in.
func failure(t testing.TB, err error, op string) *esim.Error {
	t.Helper()
	e, ok := err.(*esim.Error) //nolint:errorlint // it must be one, not wrap one
	require.True(t, ok, "%T: %v", err, err)
	require.Equal(t, Provider, e.Provider)
	require.Equal(t, op, e.Op)
	return e
}

// allPrinted is an error in every way it can be printed.
func allPrinted(t testing.TB, err error) string {
	t.Helper()
	var text strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&text, verb+"\n", err)
	}
	doc, merr := json.Marshal(err)
	require.NoError(t, merr)
	text.Write(doc)
	slog.New(slog.NewTextHandler(&text, nil)).Error("failed", "err", err)
	return text.String()
}
