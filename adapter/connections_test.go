package adapter

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
)

// gate is a server that counts its connections and holds requests until it is
// opened.
type gate struct {
	*httptest.Server
	conns   atomic.Int32 // ever accepted
	arrived chan string  // the path of each request
	open    chan struct{}
}

func newGate(t *testing.T, start func(*httptest.Server)) *gate {
	t.Helper()
	g := &gate{arrived: make(chan string, 20_000), open: make(chan struct{})}
	g.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.arrived <- r.Method + " " + r.URL.Path
		<-g.open
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, fine)
	}))
	g.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			g.conns.Add(1)
		}
	}
	start(g.Server)
	t.Cleanup(g.Close)
	return g
}

// lend returns settings with a Transport that trusts the server.
func (g *gate) lend(change func(*http.Transport)) esim.Settings {
	lent := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // of net/http
	if g.TLS != nil {
		lent.TLSClientConfig = &tls.Config{RootCAs: g.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs} //nolint:forcetypeassert // of httptest
	}
	change(lent)
	return esim.Settings{BaseURL: g.URL, Transport: lent}
}

func unchanged(*http.Transport) {}

// many makes n calls at once, and returns when all have ended well.
func many(t *testing.T, tr *API, n int, call func() Call) (done func()) {
	t.Helper()
	var calls sync.WaitGroup
	for range n {
		calls.Go(func() { assert.NoError(t, tr.Do(t.Context(), call())) })
	}
	return calls.Wait
}

func plainHTTP(s *httptest.Server) { s.Start() }
func overTLS(s *httptest.Server)   { s.StartTLS() }
func overHTTP2(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() }

// TestBurstOfReadsOpensFewConnections, counted by the server.
func TestBurstOfReadsOpensFewConnections(t *testing.T) {
	n := 10_000
	if testing.Short() || underRace { // the race detector bounds goroutines
		n = 1_000
	}
	for name, start := range map[string]func(*httptest.Server){"plain": plainHTTP, "TLS": overTLS, "HTTP/2": overHTTP2} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, start)
			close(g.open)
			tr := newTransport(t, g.lend(unchanged))
			many(t, tr, n, read)()
			assert.Len(t, g.arrived, n)
			// On a machine so busy that a request is answered before net/http has
			// noticed for 50 ms that it was written, a connection is replaced.
			const replaced = connsPerHost / 4
			assert.LessOrEqual(t, int(g.conns.Load()), connsPerHost+replaced)
			t.Logf("%d reads, %d connections", n, g.conns.Load())
		})
	}
}

// TestPurchaseWaitsForNoReadConnection, nor does a read that belongs to one,
// while reads hold every connection that they may have and more wait for one.
func TestPurchaseWaitsForNoReadConnection(t *testing.T) {
	g := newGate(t, plainHTTP)
	tr := newTransport(t, g.lend(unchanged))
	readers := many(t, tr, 3*connsPerHost, read)
	for range connsPerHost {
		assert.Equal(t, "GET /balance", <-g.arrived)
	}
	check := read()
	check.op = "Order"
	buyers := many(t, tr, 1, func() Call { return order(Once, "k") })
	checkers := many(t, tr, 1, func() Call { return check })
	assert.ElementsMatch(t, []string{"POST /orders", "GET /balance"}, []string{<-g.arrived, <-g.arrived})
	assert.Equal(t, int32(connsPerHost+2), g.conns.Load())
	close(g.open)
	readers()
	buyers()
	checkers()
}

// TestPurchasesHaveACapOfTheirOwn: what a provider leaves hanging is bounded,
// and a purchase that gets no connection has not been sent.
func TestPurchasesHaveACapOfTheirOwn(t *testing.T) {
	g := newGate(t, plainHTTP)
	tr := newTransport(t, g.lend(unchanged))
	buyers := many(t, tr, connsPerHost, func() Call { return order(Once, "") })
	for range connsPerHost {
		assert.Equal(t, "POST /orders", <-g.arrived)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	assertOutcome(t, esim.OutcomeNotSent, tr.Do(ctx, order(Once, "late")))
	assert.Empty(t, g.arrived)
	assert.Equal(t, int32(connsPerHost), g.conns.Load())
	close(g.open)
	buyers()
}

// TestLentConnectionLimits are kept.
func TestLentConnectionLimits(t *testing.T) {
	for name, c := range map[string]struct{ conns, idle, wantConns, wantIdle int }{
		"none":     {0, 0, connsPerHost, connsPerHost},
		"fewer":    {3, 2, 3, 2},
		"more":     {500, 300, 500, 300},
		"no bound": {-1, 0, -1, connsPerHost},
	} {
		tr := newTransport(t, esim.Settings{Transport: &http.Transport{MaxConnsPerHost: c.conns, MaxIdleConnsPerHost: c.idle}})
		for _, client := range []*httpClient{tr.reads, tr.checks} {
			got := standard(t, client.Transport)
			assert.Equal(t, c.wantConns, got.MaxConnsPerHost, name)
			assert.Equal(t, c.wantIdle, got.MaxIdleConnsPerHost, name)
		}
		for _, client := range []*httpClient{tr.reads, tr.checks, tr.effects} {
			assert.Equal(t, max(c.wantConns, 0), cap(client.slots), name)
		}
	}
}
