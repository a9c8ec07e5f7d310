package adapter

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// killer answers the first request of each connection and kills the
// connection upon the second, after having read it: the moment at which
// net/http sends a request again by itself.
func killer(t *testing.T) *wireServer {
	t.Helper()
	var mu sync.Mutex
	seen := map[net.Conn]bool{}
	return serveRequests(t, func(c net.Conn, _ *http.Request) bool {
		mu.Lock()
		second := seen[c]
		seen[c] = true
		mu.Unlock()
		if second {
			return false
		}
		_, err := io.WriteString(c, whole(200, "application/json", fine))
		return err == nil
	})
}

var keyHeaders = []string{"Idempotency-Key", "X-Idempotency-Key", "RT-RequestID", ""}

func TestEffectIsSentOnceWhateverItsHeaders(t *testing.T) {
	for _, header := range keyHeaders {
		for _, effect := range effects {
			t.Run(effect.name+"/"+header, func(t *testing.T) {
				s := killer(t)
				tr := newTransport(t, esim.Settings{BaseURL: s.url, MaxRetries: -1})
				for n := range int32(5) {
					call := order(effect.safety, "")
					if header != "" {
						call.Header = http.Header{header: {"key-1"}}
					}
					require.NoError(t, tr.Do(t.Context(), call), "a reused connection was killed")
					assert.Equal(t, n+1, s.requests.Load(), "requests on the wire")
					assert.Equal(t, n+1, s.conns.Load(), "connections")
				}
			})
		}
	}
}

// TestKillerBites shows that the test above can fail: with a plain client,
// and with the pooled one of reads, the same server gets a request twice.
func TestKillerBites(t *testing.T) {
	s := killer(t)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader("{}"))
		require.NoError(t, err)
		req.Header.Set("Idempotency-Key", "key-1")
		resp, err := client.Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	assert.Equal(t, int32(3), s.requests.Load(), "two requests, of which net/http sent one twice")

	s = killer(t)
	tr := newTransport(t, esim.Settings{BaseURL: s.url, MaxRetries: -1})
	for range 2 {
		require.NoError(t, tr.Do(t.Context(), read()))
	}
	assert.Equal(t, int32(3), s.requests.Load(), "a read may be sent again: it changes nothing")
}

func TestEffectCannotBeRewound(t *testing.T) {
	for _, effect := range effects {
		s := inTurn(accepts)
		tr := newTransport(t, esim.Settings{Transport: s})
		require.NoError(t, tr.Do(t.Context(), order(effect.safety, "")))
		assert.Nil(t, s.requests[0].GetBody, effect.name)
		assert.True(t, s.requests[0].Close, effect.name)
	}
	s := inTurn(accepts)
	tr := newTransport(t, esim.Settings{Transport: s})
	login := read()
	login.Method, login.Body = http.MethodPost, []byte(`{}`)
	require.NoError(t, tr.Do(t.Context(), login))
	assert.NotNil(t, s.requests[0].GetBody)
}

// lentTransports are transports a caller may lend that would like to speak
// HTTP/2 and to keep connections.
func lentTransports(roots *tls.Config) map[string]*http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return map[string]*http.Transport{
		"forced":    {TLSClientConfig: roots.Clone(), ForceAttemptHTTP2: true},
		"protocols": {TLSClientConfig: roots.Clone(), Protocols: protocols},
		"next":      {TLSClientConfig: &tls.Config{RootCAs: roots.RootCAs, NextProtos: []string{"h2", "http/1.1"}}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 3},
	}
}

func TestEffectNeverSpeaksHTTP2(t *testing.T) {
	var major, conns atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		major.Store(int32(r.ProtoMajor))
		w.Header().Set("Content-Type", "application/json")
		_, err := io.WriteString(w, fine)
		assert.NoError(t, err)
	}))
	s.EnableHTTP2 = true
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.StartTLS()
	defer s.Close()
	roots := standard(t, s.Client().Transport).TLSClientConfig

	for name, lent := range lentTransports(roots) {
		t.Run(name, func(t *testing.T) {
			defer lent.CloseIdleConnections()
			tr := newTransport(t, esim.Settings{BaseURL: s.URL, Transport: lent})
			require.NoError(t, tr.Do(t.Context(), read()))
			assert.Equal(t, int32(2), major.Load(), "the server does speak HTTP/2: reads use it")
			for _, effect := range effects {
				before := conns.Load()
				require.NoError(t, tr.Do(t.Context(), order(effect.safety, "")))
				assert.Equal(t, int32(1), major.Load(), effect.name)
				assert.Equal(t, before+1, conns.Load(), "a connection of its own")
			}
		})
	}
}

// TestEffectTransport: each of these alone keeps net/http from a second send;
// none may be lost, whatever was lent.
func TestEffectTransport(t *testing.T) {
	for name, lent := range lentTransports(new(tls.Config)) {
		tr := newTransport(t, esim.Settings{Transport: lent})
		effects, ok := tr.effects.Transport.(*http.Transport)
		require.True(t, ok)
		assert.True(t, effects.DisableKeepAlives, name)
		assert.True(t, effects.DisableCompression, name)
		assert.False(t, effects.ForceAttemptHTTP2, name)
		assert.True(t, effects.Protocols.HTTP1(), name)
		assert.False(t, effects.Protocols.HTTP2() || effects.Protocols.UnencryptedHTTP2(), name)
		assert.NotNil(t, effects.TLSNextProto, name)
		assert.Empty(t, effects.TLSNextProto, name)
		assert.Equal(t, []string{"http/1.1"}, effects.TLSClientConfig.NextProtos, name)
		reads, ok := tr.reads.Transport.(*http.Transport)
		require.True(t, ok)
		assert.False(t, reads.DisableKeepAlives, "reads keep their connections")
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, place := range []string{"same host", "other host", "other host by TLS", "no Location"} {
			for _, call := range []Call{order(Guarded, ""), order(Replayed, ""), read()} {
				t.Run(strconv.Itoa(status)+"/"+place+"/"+call.op, func(t *testing.T) {
					testRedirect(t, status, place, call)
				})
			}
		}
	}
}

func testRedirect(t *testing.T, status int, place string, call Call) {
	t.Helper()
	var there atomic.Int32
	trap := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		there.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, err := io.WriteString(w, fine)
		assert.NoError(t, err)
	})
	elsewhere, byTLS := httptest.NewServer(trap), httptest.NewTLSServer(trap)
	defer elsewhere.Close()
	defer byTLS.Close()
	targets := map[string]string{
		"same host": "/v1/elsewhere?q=CANARY", "other host": elsewhere.URL + "/?q=CANARY",
		"other host by TLS": byTLS.URL + "/?q=CANARY", "no Location": "",
	}
	var here atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		here.Add(1)
		if to := targets[place]; to != "" {
			w.Header().Set("Location", to)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, err := io.WriteString(w, fine)
		assert.NoError(t, err)
	}))
	defer s.Close()

	lent := byTLS.Client().Transport
	defer byTLS.Client().CloseIdleConnections()
	tr := newTransport(t, esim.Settings{BaseURL: s.URL, Transport: lent})
	err := tr.Do(t.Context(), call)

	want := esim.OutcomeUnknown
	if call.Safety == Read {
		want = esim.OutcomeRejected
	}
	e := assertOutcome(t, want, err)
	require.ErrorIs(t, err, esim.ErrMalformedResponse)
	assert.Equal(t, status, e.HTTPStatus)
	assert.Equal(t, int32(1), here.Load(), "not repeated either")
	assert.Zero(t, there.Load(), "nothing goes to another place")
}

// snapshot holds what may be seen of a transport that is lent: functions by
// their address, the rest by value.
func snapshot(v reflect.Value) map[string]any {
	fields := make(map[string]any)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case !f.IsExported():
		case f.Type.Kind() == reflect.Func:
			fields[f.Name] = v.Field(i).Pointer()
		case f.Name == "TLSClientConfig" && !v.Field(i).IsNil():
			fields[f.Name] = snapshot(v.Field(i).Elem())
		default:
			fields[f.Name] = v.Field(i).Interface()
		}
	}
	return fields
}

func TestLentTransportStaysAsItWas(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Path: "/"})
		assert.Empty(t, r.Cookies(), "cookies are not kept")
		w.Header().Set("Content-Type", "application/json")
		_, err := io.WriteString(w, fine)
		assert.NoError(t, err)
	}))
	defer s.Close()
	roots := standard(t, s.Client().Transport).TLSClientConfig.RootCAs
	lent := &http.Transport{
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, NextProtos: []string{"http/1.1"}},
		MaxIdleConnsPerHost:    1,
		MaxResponseHeaderBytes: 1 << 30,
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	inner := snapshot(reflect.ValueOf(lent).Elem())

	tr := newTransport(t, esim.Settings{BaseURL: s.URL, Transport: lent})
	require.NoError(t, tr.Do(t.Context(), read()))
	require.NoError(t, tr.Do(t.Context(), order(Guarded, "k")))

	assert.Equal(t, inner, snapshot(reflect.ValueOf(lent).Elem()))
	lent.CloseIdleConnections()
}

func TestNilTransportUsesTheDefaultTransportUnchanged(t *testing.T) {
	std := standard(t, http.DefaultTransport)
	std.Clone() // net/http fills in HTTP/2 upon the first use, which may be this one
	before := snapshot(reflect.ValueOf(std).Elem())
	s := serveText(t, whole(200, "application/json", fine))
	tr := newTransport(t, esim.Settings{BaseURL: s.url})
	require.NoError(t, tr.Do(t.Context(), order(Once, "")))
	assert.Equal(t, before, snapshot(reflect.ValueOf(std).Elem()))
}

func TestTimeouts(t *testing.T) {
	for name, c := range map[string]struct {
		setting, call time.Duration
	}{
		"settings": {setting: 300 * time.Millisecond, call: time.Hour},
		"call":     {call: 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			hold := make(chan struct{})
			defer close(hold)
			s := serveRequests(t, func(net.Conn, *http.Request) bool { <-hold; return false })
			tr := newTransport(t, esim.Settings{
				BaseURL: s.url, Timeout: c.setting, MaxRetries: -1,
			})
			call := order(Replayed, "")
			call.Timeout = c.call
			begun := time.Now()
			err := tr.Do(t.Context(), call)
			assertOutcome(t, esim.OutcomeUnknown, err)
			assert.Less(t, time.Since(begun), 5*time.Second)
			assert.Equal(t, int32(1), s.requests.Load())
		})
	}
}

func TestDefaultTimeouts(t *testing.T) {
	once, look := order(Once, ""), read()
	assert.Equal(t, 90*time.Second, once.timeout(0))
	assert.Equal(t, 30*time.Second, look.timeout(0))
	look.Timeout = time.Minute
	assert.Equal(t, time.Minute, look.timeout(0))
	assert.Equal(t, time.Second, look.timeout(time.Second), "the caller's setting wins")
}
