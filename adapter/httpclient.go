package adapter

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
)

const (
	maxHeaderBytes = 64 << 10
	// connsPerHost is how many connections each of the clients may have at a
	// time, in use or idle, unless the caller's Transport says otherwise. A
	// burst of reads would open one for each read.
	connsPerHost = 64
)

// httpClient is a client with a bound for its requests under way: that of its
// connections. The bound of net/http alone does not hold for HTTP/2, where a
// burst dials many connections before the first one can serve it.
type httpClient struct {
	*http.Client
	slots chan struct{} // nil = no bound
}

// enter waits for a slot. On an error nothing was sent.
func (c *httpClient) enter(ctx context.Context) (leave func(), err error) {
	if c.slots == nil {
		return func() {}, nil
	}
	select {
	case c.slots <- struct{}{}:
		return func() { <-c.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// newHTTPClients builds three clients from what the caller lends, which stays
// untouched. Each has connections of its own, so that no number of reads keeps
// a purchase from connecting: one for reads, one for reads that a purchase
// waits for, and one for calls with an effect. Of the last net/http must not
// send a second copy behind our back. It would, on a reused connection that
// dies, when the request carries an idempotency header, and on HTTP/2 stream
// errors; so that client never reuses a connection and speaks HTTP/1.1 only.
// None follows redirects: they would carry signed headers to another host.
func newHTTPClients(lent http.RoundTripper) (reads, checks, effects *httpClient) {
	if lent == nil {
		lent = http.DefaultTransport
	}
	std, ok := lent.(*http.Transport)
	if !ok {
		return plainClient(lent, 0), plainClient(lent, 0), plainClient(lent, 0)
	}
	pooled := func() *httpClient {
		tr := pooledTransport(std)
		return plainClient(tr, tr.MaxConnsPerHost)
	}
	fresh := freshTransport(std)
	most := fresh.MaxConnsPerHost
	fresh.MaxConnsPerHost = 0 // the slots do it: a purchase waits in no queue of net/http
	return pooled(), pooled(), plainClient(fresh, most)
}

func plainClient(rt http.RoundTripper, most int) *httpClient {
	c := &httpClient{Client: &http.Client{
		Transport: rt,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
	if most > 0 {
		c.slots = make(chan struct{}, most)
	}
	return c
}

func pooledTransport(lent *http.Transport) *http.Transport {
	tr := lent.Clone()
	tr.MaxResponseHeaderBytes = maxHeaderBytes
	tr.MaxConnsPerHost = cmp.Or(tr.MaxConnsPerHost, connsPerHost)
	tr.MaxIdleConnsPerHost = cmp.Or(tr.MaxIdleConnsPerHost, connsPerHost) // net/http's 2 makes most concurrent calls connect anew
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
