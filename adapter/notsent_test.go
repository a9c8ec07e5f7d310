package adapter

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// instant makes the pauses between repeats too short to be noticed: a test
// with sockets cannot have a clock of its own.
func instant(t testing.TB, s esim.Settings) *API {
	t.Helper()
	s.MaxRetries = -1
	return newTransport(t, s)
}

func TestRefusedConnectionIsNotSent(t *testing.T) {
	s := serveConns(t, func(*wireServer, net.Conn) {})
	require.NoError(t, s.listener.Close())
	err := instant(t, esim.Settings{BaseURL: s.url}).Do(t.Context(), order(Once, "k"))
	e := assertOutcome(t, esim.OutcomeNotSent, err)
	require.ErrorIs(t, err, esim.ErrUnavailable)
	assert.Zero(t, e.HTTPStatus)
	assert.NotEmpty(t, e.RequestID)
	op, ok := errors.AsType[*net.OpError](err)
	require.True(t, ok, "the cause stays reachable")
	assert.Equal(t, "dial", op.Op)
}

func TestDNSFailureIsNotSent(t *testing.T) {
	noSuchHost := &net.DNSError{Err: "no such host", Name: "api.example.test", IsNotFound: true}
	lent := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: noSuchHost}
	}}
	err := instant(t, esim.Settings{Transport: lent}).Do(t.Context(), order(Once, "k"))
	assertOutcome(t, esim.OutcomeNotSent, err)
	require.ErrorIs(t, err, noSuchHost)

	// A dialer of the caller's own need not know net.OpError.
	lent.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }
	err = instant(t, esim.Settings{Transport: lent}).Do(t.Context(), order(Once, "k"))
	assertOutcome(t, esim.OutcomeNotSent, err)
}

func TestTLSFailureIsNotSentAndNotRepeated(t *testing.T) {
	var served, conns atomic.Int32
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) })
	start := func(t *testing.T, config *tls.Config) (base string, roots *x509.CertPool) {
		t.Helper()
		s := httptest.NewUnstartedServer(handler)
		s.TLS = config
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				conns.Add(1)
			}
		}
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.URL, standard(t, s.Client().Transport).TLSClientConfig.RootCAs
	}
	old := &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	later := func() time.Time { return time.Now().AddDate(200, 0, 0) }

	for _, c := range []struct {
		name   string
		server *tls.Config
		lend   func(base string, roots *x509.CertPool) (string, *tls.Config)
	}{
		{"unknown CA", nil, func(base string, _ *x509.CertPool) (string, *tls.Config) {
			return base, nil
		}},
		{"wrong name", nil, func(base string, roots *x509.CertPool) (string, *tls.Config) {
			return strings.Replace(base, "127.0.0.1", "localhost", 1), &tls.Config{RootCAs: roots}
		}},
		{"expired", nil, func(base string, roots *x509.CertPool) (string, *tls.Config) {
			return base, &tls.Config{RootCAs: roots, Time: later}
		}},
		{"TLS 1.1 server", old, func(base string, roots *x509.CertPool) (string, *tls.Config) {
			return base, &tls.Config{RootCAs: roots}
		}},
		{"TLS 1.1 allowed by the caller", old, func(base string, roots *x509.CertPool) (string, *tls.Config) {
			return base, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, config := c.lend(start(t, c.server))
			conns.Store(0)
			tr := newTransport(t, esim.Settings{BaseURL: base, Transport: &http.Transport{TLSClientConfig: config}})
			err := tr.Do(t.Context(), order(Replayed, "k"))
			assertOutcome(t, esim.OutcomeNotSent, err)
			assert.Equal(t, int32(1), conns.Load(), "configuration or attack: asking again does not help")
			assert.Zero(t, served.Load())
		})
	}
}

// TestPlainHTTPBehindHTTPS: what answers there is not the provider.
func TestPlainHTTPBehindHTTPS(t *testing.T) {
	s := serveConns(t, func(_ *wireServer, c net.Conn) {
		_, err := io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
		assert.NoError(t, err)
	})
	tr := newTransport(t, esim.Settings{BaseURL: "https" + strings.TrimPrefix(s.url, "http")})
	err := tr.Do(t.Context(), order(Replayed, "k"))
	assertOutcome(t, esim.OutcomeNotSent, err)
	require.ErrorIs(t, err, http.ErrSchemeMismatch)
	assert.Equal(t, int32(1), s.conns.Load())
}

func TestSilentTLSIsNotSent(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	s := serveConns(t, func(_ *wireServer, _ net.Conn) { <-hold })
	tr := instant(t, esim.Settings{BaseURL: "https" + strings.TrimPrefix(s.url, "http"), Timeout: 50 * time.Millisecond})
	err := tr.Do(t.Context(), order(Once, "k"))
	assertOutcome(t, esim.OutcomeNotSent, err)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestProxyThatDoesNotConnectIsNotSent(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		conns        int32 // of three possible attempts
	}{
		{"407", "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", 1},
		{"403", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 3},
		{"502", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 3},
		{"cut", "", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy := serveConns(t, func(s *wireServer, conn net.Conn) {
				r, err := http.ReadRequest(bufio.NewReader(conn))
				assert.NoError(t, err)
				assert.Equal(t, http.MethodConnect, r.Method)
				assert.NotEmpty(t, r.Header.Get("Proxy-Authorization"))
				assert.Empty(t, r.Header.Get("RT-AccessCode"), "the credentials are for the provider")
				s.requests.Add(1)
				_, err = io.WriteString(conn, c.answer)
				assert.NoError(t, err)
			})
			via, err := url.Parse(proxy.url)
			require.NoError(t, err)
			via.User = url.UserPassword("user", "pw-CANARY")
			lent := &http.Transport{Proxy: http.ProxyURL(via)}
			tr := newTransport(t, esim.Settings{Transport: lent})
			err = tr.Do(t.Context(), order(Once, "k"))
			assertOutcome(t, esim.OutcomeNotSent, err)
			assert.Equal(t, c.conns, proxy.requests.Load())
		})
	}
}

func TestProxyOutOfReachIsNotSent(t *testing.T) {
	s := serveConns(t, func(*wireServer, net.Conn) {})
	require.NoError(t, s.listener.Close())
	via, err := url.Parse("http://user:pw-CANARY@" + s.listener.Addr().String())
	require.NoError(t, err)
	err = instant(t, esim.Settings{Transport: &http.Transport{Proxy: http.ProxyURL(via)}}).
		Do(t.Context(), order(Once, "k"))
	assertOutcome(t, esim.OutcomeNotSent, err)
}

// TestProxyAddressIsNotRepeated: the URL of a proxy holds a password, and the
// error of parsing one holds the URL.
func TestProxyAddressIsNotRepeated(t *testing.T) {
	address := strings.Join([]string{"http://user:pw-CANARY@proxy.example.test:80", "zz"}, "%")
	_, parseError := url.Parse(address)
	require.Error(t, parseError)
	require.Contains(t, parseError.Error(), "CANARY")
	lent := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, parseError }}
	err := instant(t, esim.Settings{Transport: lent}).Do(t.Context(), order(Once, "k"))
	assertOutcome(t, esim.OutcomeNotSent, err)
	assert.NotContains(t, err.Error(), "proxy.example.test")
	_, found := errors.AsType[*url.Error](err)
	assert.False(t, found, "nor is it within reach")
}

// TestURLIsNotRepeated: the error of net/http prints it, with its query.
func TestURLIsNotRepeated(t *testing.T) {
	for _, end := range []end{refused, dropped} {
		call := read()
		call.Query = url.Values{"email": {"CANARY@example.test"}}
		err := instant(t, esim.Settings{Transport: inTurn(end)}).Do(t.Context(), call)
		assert.NotContains(t, asError(t, err).Error(), "example.test")
		_, found := errors.AsType[*url.Error](err)
		assert.False(t, found)
	}
}

func TestLentProxyHookIsAsked(t *testing.T) {
	own := errors.New("not this proxy")
	proxy := serveText(t, "HTTP/1.1 200 OK\r\n\r\n")
	via, err := url.Parse(proxy.url)
	require.NoError(t, err)
	lent := &http.Transport{Proxy: http.ProxyURL(via), OnProxyConnectResponse: func(context.Context, *url.URL, *http.Request, *http.Response) error {
		return own
	}}
	err = instant(t, esim.Settings{Transport: lent}).Do(t.Context(), order(Once, "k"))
	assertOutcome(t, esim.OutcomeNotSent, err)
	require.ErrorIs(t, err, own)
}

// TestProofByRoundTripper: a transport of the caller's own proves nothing by
// failing, unless it reports its connections.
func TestProofByRoundTripper(t *testing.T) {
	trouble := errors.New("trouble")
	traced := func(report func(*httptrace.ClientTrace)) end {
		return func(r *http.Request) (*http.Response, error) {
			report(httptrace.ContextClientTrace(r.Context()))
			return nil, trouble
		}
	}
	for _, c := range []struct {
		name string
		end  end
		want esim.Outcome
	}{
		{"fails without a trace", breaks(trouble), esim.OutcomeUnknown},
		{"fails to dial", breaks(undialled), esim.OutcomeUnknown},
		{"reports a connection it did not get", refused, esim.OutcomeNotSent},
		{"fails to read", dropped, esim.OutcomeUnknown},
		{"fails to connect by a proxy", breaks(&net.OpError{Op: "proxyconnect", Err: trouble}), esim.OutcomeUnknown},
		{"asked for a connection", traced(func(w *httptrace.ClientTrace) { w.GetConn("") }), esim.OutcomeNotSent},
		{"got a connection", traced(func(w *httptrace.ClientTrace) {
			w.GetConn("")
			w.GotConn(httptrace.GotConnInfo{})
		}), esim.OutcomeUnknown},
		{"got one, then fails to dial", func(r *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
			return refused(r)
		}, esim.OutcomeUnknown},
		{"x509", breaks(x509.UnknownAuthorityError{}), esim.OutcomeUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := inTurn(c.end)
			err := instant(t, esim.Settings{Transport: s}).Do(t.Context(), order(Once, ""))
			assertOutcome(t, c.want, err)
			assert.Equal(t, int32(1), s.sends.Load())
		})
	}
}

func TestTLSFailureIsKnownByItsError(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&tls.CertificateVerificationError{Err: errors.New("x")}, true},
		{tls.RecordHeaderError{Msg: "x"}, true},
		{tls.AlertError(40), true},
		{x509.UnknownAuthorityError{}, true},
		{errors.New("tls: server selected unsupported protocol version 302"), true},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, true},
		{errors.New("net/http: TLS handshake timeout"), false},
		{io.EOF, false},
	} {
		assert.Equal(t, c.want, isTLSFailure(c.err), "%v", c.err)
	}
}

// indifferent is a limiter that does not look at the context.
type indifferent struct{}

func (indifferent) Wait(context.Context) error { return nil }

// TestContextThatIsOverSendsNothing: with a limiter that lets a dead context
// through, it still is proof that nothing was sent.
func TestContextThatIsOverSendsNothing(t *testing.T) {
	s := serveText(t, whole(200, "application/json", fine))
	tr := instant(t, esim.Settings{BaseURL: s.url, Limiter: indifferent{}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := tr.Do(ctx, order(Once, "k"))
	assertOutcome(t, esim.OutcomeNotSent, err)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, s.conns.Load())
	assert.Empty(t, tr.memory.entries)

	// A transport of the caller's own proves nothing, so it is not asked.
	own := inTurn(hangs)
	err = instant(t, esim.Settings{Transport: own, Limiter: indifferent{}}).Do(ctx, order(Once, "k"))
	assertOutcome(t, esim.OutcomeNotSent, err)
	assert.Zero(t, own.sends.Load())

	// Or ends while the request is being signed.
	ctx, cancel = context.WithCancel(t.Context())
	tr = newTransport(t, esim.Settings{BaseURL: s.url}, func(spec *Spec) {
		spec.Authorize = func(context.Context, *http.Request, []byte, time.Time) (string, error) {
			cancel()
			return "", nil
		}
	})
	err = tr.Do(ctx, order(Once, "k"))
	assertOutcome(t, esim.OutcomeNotSent, err)
	assert.Zero(t, s.conns.Load())
}

func TestLocalFaultsAreNotSent(t *testing.T) {
	login := &esim.Error{
		Kind: esim.ErrRateLimited, Code: "429", Message: "slow down", RequestID: "r1",
		HTTPStatus: 429, RetryAfter: time.Minute, Err: io.ErrUnexpectedEOF,
	}
	fails := func(err error) func(*Spec) {
		return func(s *Spec) {
			s.Authorize = func(context.Context, *http.Request, []byte, time.Time) (string, error) { return "", err }
		}
	}
	bad := func(s *Spec) {
		s.Authorize = func(_ context.Context, r *http.Request, _ []byte, _ time.Time) (string, error) {
			r.Header.Set("RT-AccessCode", "CANARY\r\nX-More: 1")
			return "", nil
		}
	}
	for _, c := range []struct {
		name   string
		change func(*Spec)
		method string
		kind   esim.Kind
	}{
		{"cannot sign", fails(errors.New("no key")), http.MethodPost, esim.ErrUnauthorized},
		{"login fails", fails(login), http.MethodPost, esim.ErrRateLimited},
		{"login is cancelled", fails(context.Canceled), http.MethodPost, esim.ErrUnavailable},
		{"login takes too long", fails(context.DeadlineExceeded), http.MethodPost, esim.ErrUnavailable},
		{"a header that cannot be", bad, http.MethodPost, esim.ErrUnavailable},
		{"a method that cannot be", func(*Spec) {}, "BAD METHOD", esim.ErrInvalidRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serveText(t, whole(200, "application/json", fine))
			tr := newTransport(t, esim.Settings{BaseURL: s.url, MaxRetries: -1}, c.change)
			call := order(Once, "k")
			call.Method = c.method
			err := tr.Do(t.Context(), call)
			assertOutcome(t, esim.OutcomeNotSent, err)
			require.ErrorIs(t, err, c.kind)
			assert.Zero(t, s.conns.Load())
			assert.Empty(t, tr.memory.entries, "no doubt is left behind")
		})
	}

	tr := newTransport(t, esim.Settings{}, fails(login))
	e := asError(t, tr.Do(t.Context(), order(Once, "k")))
	assert.Equal(t, "login: slow down", e.Message)
	assert.Equal(t, "429", e.Code)
	assert.Equal(t, 429, e.HTTPStatus)
	assert.Equal(t, "r1", e.RequestID)
	assert.Equal(t, time.Minute, e.RetryAfter)
	require.ErrorIs(t, e, io.ErrUnexpectedEOF)
}

func TestNilContext(t *testing.T) {
	s := inTurn(accepts)
	tr := newTransport(t, esim.Settings{Transport: s})
	err := tr.Do(nil, order(Once, "k")) //nolint:staticcheck // the fault of this test
	assertOutcome(t, esim.OutcomeNotSent, err)
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.Zero(t, s.sends.Load())
}
