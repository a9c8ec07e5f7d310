package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"time"
)

const (
	maxHeaderBytes = 64 << 10
	idlePerHost    = 64 // the default of 2 makes most concurrent calls connect anew
)

// newHTTPClients builds two clients from what the caller lends, which stays
// untouched: one for reads, and one for calls with an effect, of which
// net/http must not send a second copy behind our back. It would, on a reused
// connection that dies, when the request carries an idempotency header, and on
// HTTP/2 stream errors; so the second client never reuses a connection and
// speaks HTTP/1.1 only. Neither follows redirects: they would carry signed
// headers to another host.
func newHTTPClients(lent *http.Client) (reads, effects *http.Client) {
	var transport http.RoundTripper = http.DefaultTransport
	var timeout time.Duration
	if lent != nil {
		timeout = lent.Timeout
		if lent.Transport != nil {
			transport = lent.Transport
		}
	}
	pooled, fresh := transport, transport
	if std, ok := transport.(*http.Transport); ok {
		pooled, fresh = pooledTransport(std), freshTransport(std)
	}
	return plainClient(pooled, timeout), plainClient(fresh, timeout)
}

func plainClient(rt http.RoundTripper, timeout time.Duration) *http.Client {
	return &http.Client{
		Transport: rt,
		Timeout:   timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

func pooledTransport(lent *http.Transport) *http.Transport {
	tr := lent.Clone()
	tr.MaxResponseHeaderBytes = maxHeaderBytes
	tr.MaxIdleConnsPerHost = max(tr.MaxIdleConnsPerHost, idlePerHost)
	if tr.TLSClientConfig == nil {
		tr.TLSClientConfig = new(tls.Config)
	}
	tr.TLSClientConfig.MinVersion = max(tr.TLSClientConfig.MinVersion, tls.VersionTLS12)
	tr.OnProxyConnectResponse = noticeProxyAuth(tr.OnProxyConnectResponse)
	return tr
}

// errProxyAuth: asking again with the same credentials could only lock them.
var errProxyAuth = errors.New("the proxy does not accept its credentials (407)")

type proxyHook = func(ctx context.Context, proxy *url.URL, req *http.Request, resp *http.Response) error

func noticeProxyAuth(lent proxyHook) proxyHook {
	return func(ctx context.Context, proxy *url.URL, req *http.Request, resp *http.Response) error {
		if lent != nil {
			if err := lent(ctx, proxy, req, resp); err != nil {
				return err
			}
		}
		if resp.StatusCode == http.StatusProxyAuthRequired {
			return errProxyAuth
		}
		return nil
	}
}

func freshTransport(lent *http.Transport) *http.Transport {
	tr := pooledTransport(lent)
	tr.DisableKeepAlives = true
	tr.DisableCompression = true
	tr.ForceAttemptHTTP2 = false
	tr.TLSClientConfig.NextProtos = []string{"http/1.1"}
	tr.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{} // non-nil and empty: no HTTP/2
	tr.Protocols = new(http.Protocols)
	tr.Protocols.SetHTTP1(true)
	return tr
}
