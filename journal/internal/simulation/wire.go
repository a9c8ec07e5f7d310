package simulation

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/esimkit/esim/esimtest"
)

// mishap is what becomes of a request.
type mishap int

const (
	carried     mishap = iota
	noRoad             // no connection
	cutBefore          // the connection breaks, and the provider has nothing
	cutAfter           // it breaks when the provider has acted
	cutShort           // the answer ends in the middle
	garbage            // a page of a proxy, after the provider has acted
	badGateway         // 502, after the provider has acted
	unavailable        // 503 of a gateway, and the provider has nothing
	crashed            // 500 of the provider, before it acts
	throttled          // 429 of the provider
	silence            // no answer in time, and the provider has nothing
	tooLate            // no answer in time, and the provider has acted
	overtaken          // no answer in time, and the provider acts a while later
	abandoned          // the caller leaves while the provider acts
	frozen             // the answer comes, and finds the replica frozen for longer than its lease
)

var mishapNames = [...]string{
	"arrives", "finds no connection", "is cut before", "is cut after", "is answered in half", "is answered by a proxy",
	"is acted on and answered 502", "is answered 503 by a gateway", "makes the provider fail", "is too many",
	"gets no answer", "is acted on, and gets no answer", "gets no answer, and will arrive later", "is left by its caller",
	"is answered, and nobody looks",
}

// String says what becomes of the request.
func (m mishap) String() string { return mishapNames[m] }

// answerTimeout is how long a client waits for an answer.
const answerTimeout = 60 * time.Second

// wire is the network between a replica and the provider.
type wire struct {
	w       *world
	r       *replica
	account int
}

// RoundTrip implements [http.RoundTripper].
func (t *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w, p := t.w, t.r.current
	if strings.HasSuffix(r.URL.Path, "/auth") { // on a goroutine of the client
		return w.providers[t.account].road.RoundTrip(r)
	}
	op, pays := "asks", w.mode.isPurchase(r)
	if pays {
		op = "buys"
		t.r.paid = true
	}
	w.point(t.r, op)
	if ctx := r.Context(); ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r, err := remember(r)
	if err != nil {
		return nil, err
	}
	how := carried
	if !w.healthy {
		how = w.fate.wire(w, t.r, pays)
	}
	w.note(t.r, p, op, how.String())
	answer, err := t.carry(r, p, how)
	if err == nil && pays {
		w.note(t.r, p, "is answered", answer.Status)
		if p != nil && answer.StatusCode == http.StatusUnauthorized {
			w.unread(p, r)
		}
	}
	w.point(t.r, op+" answered")
	return answer, err
}

func (t *wire) carry(r *http.Request, p *purchase, how mishap) (*http.Response, error) {
	w := t.w
	front := w.providers[t.account].front
	trace := httptrace.ContextClientTrace(r.Context())
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	if how == noRoad {
		return nil, broken("dial", "connect", syscall.ECONNREFUSED)
	}
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if p != nil && w.mode.isPurchase(r) {
		w.counts(p, r)
	}
	switch how {
	case cutBefore:
		return nil, broken("read", "read", syscall.ECONNRESET)
	case unavailable:
		return page(r, http.StatusServiceUnavailable, "Service Unavailable"), nil
	case silence:
		w.pass(answerTimeout)
		return nil, context.DeadlineExceeded
	case overtaken:
		t.hold(r, p)
		w.pass(answerTimeout)
		return nil, context.DeadlineExceeded
	case crashed:
		front.Inject(esimtest.Fault{Kind: esimtest.Fault500Before}) //nolint:contextcheck // the simulator has a life of its own
	case throttled:
		front.Inject(esimtest.Fault{Kind: esimtest.Fault429, RetryAfter: 2 * time.Second}) //nolint:contextcheck // the simulator has a life of its own
	case carried, noRoad, cutAfter, cutShort, garbage, badGateway, tooLate, abandoned, frozen:
	}
	answer, err := w.through(t.account, p, r)
	if err != nil {
		return nil, err
	}
	switch how {
	case cutAfter:
		return nil, broken("read", "read", syscall.ECONNRESET)
	case tooLate:
		w.pass(answerTimeout)
		return nil, context.DeadlineExceeded
	case abandoned:
		t.r.leave()
		return nil, context.Cause(r.Context())
	case garbage:
		return page(r, http.StatusOK, "<html>Please accept the terms to go online.</html>"), nil
	case badGateway:
		return page(r, http.StatusBadGateway, "<html>502 Bad Gateway</html>"), nil
	case cutShort:
		return half(answer), nil
	case frozen:
		w.fate.freeze(w, t.r)
	case carried, noRoad, cutBefore, unavailable, crashed, throttled, silence, overtaken:
	}
	return answer, nil
}

// hold keeps a request in the network for less than the time that its
// signature is good for.
func (t *wire) hold(r *http.Request, p *purchase) {
	later, err := remember(r.WithContext(context.WithoutCancel(r.Context())))
	if err != nil {
		return
	}
	t.w.in(t.w.fate.lateness(), func() bool {
		t.w.note(nil, p, "a request arrives late", "")
		if answer, err := t.w.through(t.account, p, later); err == nil {
			_ = answer.Body.Close() // nobody waits for it
		}
		return true
	})
}

func broken(op, call string, why syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(call, why)}
}

func page(r *http.Request, status int, text string) *http.Response {
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader(text)),
		ContentLength: int64(len(text)), Request: r,
	}
}

// half is an answer that ends in the middle as if that was its end.
func half(answer *http.Response) *http.Response {
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // it was read
	if err != nil {
		body = nil
	}
	answer.Header.Del("Content-Length")
	answer.ContentLength = -1
	answer.Body = io.NopCloser(bytes.NewReader(body[:len(body)/2]))
	return answer
}
