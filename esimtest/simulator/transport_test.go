package simulator_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

func allProviders() []esim.Provider {
	return []esim.Provider{esimtest.ESIMFly, esimtest.ESIMStory, esimtest.ESIMFX}
}

// direct reaches each provider without a socket, and no other host.
type direct map[string]http.RoundTripper

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if t := d[r.URL.Host]; t != nil {
		return t.RoundTrip(r)
	}
	for _, any := range d {
		return any.RoundTrip(r)
	}
	return nil, errors.New("no provider")
}

func directTo(tb testing.TB, sim *simulator.Simulator) direct {
	tb.Helper()
	d := direct{}
	for _, p := range allProviders() {
		u, err := url.Parse(sim.Server(p).URL())
		require.NoError(tb, err)
		d[u.Host] = sim.Server(p).Transport()
	}
	return d
}

// maker is newWire, or newDirectWire.
type maker func(t *testing.T, opts ...simulator.Option) *wire

func newDirectWire(t *testing.T, opts ...simulator.Option) *wire {
	t.Helper()
	w := &wire{t: t, sim: simulator.ForTest(t, append(opts, simulator.WithoutListeners())...)}
	w.http = &http.Client{
		Transport: directTo(t, w.sim), Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w
}

// eachWay runs a test through sockets and without them.
func eachWay(t *testing.T, test func(t *testing.T, newWire maker)) {
	t.Helper()
	for name, way := range map[string]maker{"sockets": newWire, "direct": newDirectWire} {
		t.Run(name, func(t *testing.T) { test(t, way) })
	}
}

// TestBothWaysAnswerTheSame compares every fault of a read and of a purchase,
// byte for byte, through sockets and without them.
func TestBothWaysAnswerTheSame(t *testing.T) {
	for _, p := range allProviders() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			socket, straight := newWire(t, simulator.WithClock(newYear)), newDirectWire(t, simulator.WithClock(newYear))
			for _, kind := range append(esimtest.AllFaults(), 0) { // 0: none
				for _, op := range []string{"order", "list"} {
					one, two := bothSuffer(socket, p, op, kind), bothSuffer(straight, p, op, kind)
					name := kind.String() + " " + op
					assert.Equal(t, one.status, two.status, name)
					assert.Equal(t, one.err == nil, two.err == nil, "%s: %v, %v", name, one.err, two.err)
					if kind == esimtest.FaultGzipBomb {
						continue // net/http takes gzip off, the transport leaves it on
					}
					assert.True(t, string(one.body) == string(two.body), "%s: %d and %d bytes", name, len(one.body), len(two.body))
					one.header.Del("Location") // another address each time
					two.header.Del("Location")
					one.header.Del("Connection") // not meant for clients
					assert.True(t, assert.ObjectsAreEqual(one.header, two.header), "%s: headers", name)
				}
			}
		})
	}
}

func bothSuffer(w *wire, p esim.Provider, op string, kind esimtest.FaultKind) answer {
	w.http.Timeout = 20 * time.Second
	if p == esimtest.ESIMFX {
		w.fxToken()
	}
	if kind != 0 {
		w.sim.Server(p).Inject(esimtest.Fault{Kind: kind, Delay: time.Microsecond, RetryAfter: time.Minute})
	}
	if kind == esimtest.FaultHang || kind == esimtest.FaultHangAfterCommit {
		w.http.Timeout = 100 * time.Millisecond
	}
	defer w.sim.Server(p).Heal()
	switch {
	case op == "order" || p == esimtest.ESIMStory:
		return purchaseOf(p, "order").do(w, kind.String()+op)
	case p == esimtest.ESIMFly:
		return w.flyGet("/esims/packages?limit=2")
	}
	return w.fxCall(http.MethodPost, "/product/api/v2/get_products", `{"page_size":2}`)
}

// watched counts what a trace reports.
type watched struct{ asked, got, wrote, answered int }

func (w *watched) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.asked++ },
		GotConn: func(i httptrace.GotConnInfo) {
			w.got++
			_ = i.Conn.RemoteAddr().String() // must be there
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { w.wrote++ },
		GotFirstResponseByte: func() { w.answered++ },
	})
}

// A client's proof that nothing was sent is a connection that was asked for
// and not got.
func TestTransportReportsConnections(t *testing.T) {
	for _, x := range []struct {
		kind esimtest.FaultKind
		op   string
		want watched
		err  error
	}{
		{0, "", watched{1, 1, 1, 1}, nil},
		{esimtest.FaultRefuse, "", watched{1, 0, 0, 0}, syscall.ECONNREFUSED},
		{esimtest.FaultResetOnAccept, "", watched{1, 1, 0, 0}, syscall.ECONNRESET},
		{esimtest.FaultResetOnAccept, "balance", watched{1, 1, 1, 0}, syscall.ECONNRESET},
		{esimtest.FaultCutBeforeCommit, "", watched{1, 1, 1, 0}, syscall.ECONNRESET},
		{esimtest.FaultCutAfterCommit, "", watched{1, 1, 1, 0}, syscall.ECONNRESET},
		{esimtest.FaultHalfBody, "", watched{1, 1, 1, 1}, io.ErrUnexpectedEOF},
	} {
		w := newDirectWire(t)
		if x.kind != 0 {
			w.sim.ESIMFly.Inject(esimtest.Fault{Kind: x.kind, Op: x.op})
		}
		var saw watched
		ctx := saw.trace(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.sim.ESIMFly.URL()+"/balance", http.NoBody)
		require.NoError(t, err)
		for k, v := range w.flyHeaders("") {
			r.Header.Set(k, v)
		}
		res, err := w.sim.ESIMFly.Transport().RoundTrip(r)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			require.NoError(t, res.Body.Close())
		}
		assert.ErrorIs(t, err, x.err, x.kind)
		assert.Equal(t, x.want, saw, x.kind)
	}
}

// A context that has ended sends nothing.
func TestTransportWithAnEndedContext(t *testing.T) {
	w := newDirectWire(t)
	reason := errors.New("the shop has closed")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	var saw watched
	r, err := http.NewRequestWithContext(saw.trace(ctx), http.MethodGet, w.sim.ESIMFly.URL()+"/balance", http.NoBody)
	require.NoError(t, err)
	_, err = w.sim.ESIMFly.Transport().RoundTrip(r) //nolint:bodyclose // there is none
	assert.ErrorIs(t, err, reason)
	assert.Equal(t, watched{}, saw)
	assert.Zero(t, w.sim.ESIMFly.Requests(""))
}

// What waits ends with the context, no earlier and no later; what is to be
// bought is bought by then.
func TestTransportObeysTheContext(t *testing.T) {
	for kind, charges := range map[esimtest.FaultKind]int{
		esimtest.FaultHang: 0, esimtest.FaultHangAfterCommit: 1, esimtest.FaultDelay: 1, esimtest.FaultSlowBody: 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newDirectWire(t, simulator.WithClock(newYear))
			w.http.Timeout = 0
			f := w.sim.ESIMFX
			w.fxToken()
			f.Inject(esimtest.Fault{Kind: kind, Op: "order", Delay: time.Minute})
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Millisecond)
			defer cancel()
			start := time.Now()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL()+"/order/api/v1/create_order",
				strings.NewReader(`{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`))
			require.NoError(t, err)
			r.Header = http.Header{"Authorization": {"Bearer " + w.fxToken()}, "Content-Type": {"application/json"}, "X-Idempotency-Key": {"k"}}
			res, err := w.http.Do(r)
			if kind == esimtest.FaultSlowBody {
				require.NoError(t, err, "the head has come before")
				assert.Equal(t, 200, res.StatusCode)
				_, err = io.ReadAll(res.Body)
				require.NoError(t, res.Body.Close())
			}
			assert.ErrorIs(t, err, context.DeadlineExceeded, kind)
			assert.Equal(t, 90*time.Millisecond, time.Since(start), kind)
			assert.Equal(t, charges, f.Ledger().Count(), kind)
		})
	}
}

// A body that is being read ends with the context too.
func TestTransportBodyEndsWithTheContext(t *testing.T) {
	w := newDirectWire(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.sim.ESIMFly.URL()+"/nothing", http.NoBody)
	require.NoError(t, err)
	res, err := w.http.Do(r)
	require.NoError(t, err)
	defer func() { assert.NoError(t, res.Body.Close()) }()
	some := make([]byte, 3)
	_, err = io.ReadFull(res.Body, some)
	require.NoError(t, err)
	assert.Equal(t, `{"e`, string(some))
	cancel()
	_, err = res.Body.Read(some)
	assert.ErrorIs(t, err, context.Canceled)
}

// broken is a request body that cannot be read.
type broken struct{ closed bool }

func (b *broken) Read([]byte) (int, error) { return 0, io.ErrNoProgress }

func (b *broken) Close() error {
	b.closed = true
	return nil
}

func TestTransportRefusesWhatNetHTTPWould(t *testing.T) {
	w := newDirectWire(t)
	base := w.sim.ESIMStory.URL()
	request := func(url string, body io.Reader) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
		require.NoError(t, err)
		return r
	}
	header := request(base, nil)
	header.Header["X-Odd"] = []string{"a\r\nX-Injected: b"}
	unread := &broken{}
	for name, x := range map[string]struct {
		r   *http.Request
		err string
	}{
		"https":        {request(strings.Replace(base, "http:", "https:", 1), nil), "not one of the simulator"},
		"another host": {request("http://127.0.0.1:5/api", nil), "connection refused"},
		"a header":     {header, "invalid value of the header field X-Odd"},
		"a body":       {request(base, unread), io.ErrNoProgress.Error()},
	} {
		_, err := w.sim.ESIMStory.Transport().RoundTrip(x.r) //nolint:bodyclose // there is none
		assert.ErrorContains(t, err, x.err, name)
	}
	assert.True(t, unread.closed)
	assert.Zero(t, w.sim.ESIMStory.Requests(""), "nothing has arrived")
}

func TestTransportAfterClose(t *testing.T) {
	w := newDirectWire(t)
	w.sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultHang})
	done := make(chan answer)
	go func() { done <- w.flyGet("/balance") }()
	assert.Eventually(t, func() bool { return w.sim.ESIMFly.Requests("balance") == 1 }, 5*time.Second, time.Millisecond)
	w.sim.Close()
	assert.ErrorIs(t, (<-done).err, io.ErrUnexpectedEOF)
	assert.ErrorIs(t, w.flyGet("/balance").err, syscall.ECONNREFUSED)
}

// A HEAD request gets no body, and the length of one.
func TestTransportHead(t *testing.T) {
	w := newDirectWire(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, w.sim.ESIMFX.URL()+"/nothing", http.NoBody)
	require.NoError(t, err)
	res, err := w.http.Do(r)
	require.NoError(t, err)
	defer func() { assert.NoError(t, res.Body.Close()) }()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Empty(t, b)
	assert.Positive(t, res.ContentLength)
	assert.Equal(t, "404 Not Found", res.Status)
}

// Statuses without a body, which a test may ask for, have none here either.
func TestTransportNoContent(t *testing.T) {
	eachWay(t, func(t *testing.T, newWire maker) {
		w := newWire(t)
		w.sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultErrorAfter, Status: http.StatusNoContent})
		a := w.flyGet("/balance")
		require.NoError(t, a.err)
		assert.Equal(t, http.StatusNoContent, a.status)
		assert.Empty(t, a.body)
	})
}

// The simulator also listens, and serves both ways from one state.
func TestTransportBesideSockets(t *testing.T) {
	w := newWire(t)
	require.Equal(t, 201, w.story(w.storyBody("one", 1)).status)
	w.http = &http.Client{Transport: directTo(t, w.sim)}
	require.Equal(t, 201, w.story(w.storyBody("two", 1)).status)
	assert.Equal(t, 422, w.story(w.storyBody("one", 1)).status)
	assert.Equal(t, 2, w.sim.ESIMStory.Ledger().Count())
	w.sim.ESIMStory.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
	assert.ErrorIs(t, w.story(w.storyBody("three", 1)).err, syscall.ECONNREFUSED)
	w.sim.ESIMStory.Heal()
	assert.Equal(t, 201, w.story(w.storyBody("three", 1)).status)
}

func TestStraysWithoutSockets(t *testing.T) {
	w := newDirectWire(t)
	w.http.CheckRedirect = nil
	w.sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.FaultRedirectAfter, Op: "order"})
	w.fxNewIgnoringAnswer("k")
	assert.Equal(t, []string{"POST /order/api/v1/create_order"}, w.sim.Strays())
}

func TestWithoutListeners(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithoutListeners())
	assert.Equal(t, "http://127.0.0.1:1/api/v1/business", sim.ESIMFly.URL())
	assert.Equal(t, "http://127.0.0.1:2/api", sim.ESIMStory.URL())
	assert.Equal(t, "http://127.0.0.1:3", sim.ESIMFX.URL())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, sim.ESIMFX.URL(), http.NoBody)
	require.NoError(t, err)
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	_, err = tr.RoundTrip(r) //nolint:bodyclose // there is none
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)

	// Two of them may have the same address, and 0.0.0.0 is reached at the loopback.
	for range 2 {
		named := simulator.ForTest(t, simulator.WithoutListeners(), simulator.WithListen("0.0.0.0:8801"))
		assert.Equal(t, "http://127.0.0.1:8803", named.ESIMFX.URL())
	}
}
