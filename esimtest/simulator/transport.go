package simulator

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Transport returns a way to this provider without sockets: requests to
// [Server.LocalURL] or [Server.URL] are handled on the goroutine that makes them, each of them
// once. Any other host refuses the connection, except the one that redirects
// point to, which reports to [Simulator.Strays].
//
// As net/http does, it reports connections to the trace of the request's
// context, and answers with the errors of that context. Faults play as on a
// socket: a refused connection is one that was never got, a cut one is reset
// or ends early after it was got, a hanging request waits for the context. Two
// things are different: a purchase that FaultDelay or [WithProcessingTime]
// holds up is made at once, before RoundTrip returns, when the context ends;
// and a compressed answer is left compressed.
//
// A RoundTripper around it may send further requests, and move the clock,
// before and after each request.
func (p *Server) Transport() http.RoundTripper {
	conn, _ := net.Pipe() // stands for every connection; nobody uses it
	return &inProcess{server: p, conn: conn}
}

// Transport returns a way to all three providers without sockets, as
// [Server.Transport] is one to one of them.
func (s *Simulator) Transport() http.RoundTripper {
	list := make(byHost, 0, 3)
	for _, p := range s.servers() {
		conn, _ := net.Pipe() // stands for every connection; nobody uses it
		list = append(list, &inProcess{server: p, conn: conn})
	}
	return list
}

// byHost is the ways to the providers.
type byHost []*inProcess

// RoundTrip implements [http.RoundTripper].
func (b byHost) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, t := range b {
		if r.URL != nil && t.server.listener.at(r.URL.Host) {
			return t.RoundTrip(r)
		}
	}
	return b[0].RoundTrip(r)
}

// inProcess is an [http.RoundTripper] that calls the handler.
type inProcess struct {
	server *Server
	conn   net.Conn
}

// RoundTrip implements [http.RoundTripper].
func (t *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close() //nolint:errcheck // it was read, or is not needed
	}
	ctx := r.Context()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	q, err := arriving(r)
	if err != nil {
		return nil, err
	}
	trace := traceOf(ctx)
	trace.GetConn(r.URL.Host)
	to, handler := t.dial(r.URL.Host)
	if to == nil {
		return nil, broken("dial", "connect", syscall.ECONNREFUSED)
	}
	how := to.accept()
	if how == connRefused {
		return nil, broken("dial", "connect", syscall.ECONNREFUSED)
	}
	trace.GotConn(httptrace.GotConnInfo{Conn: t.conn})
	if how == connReset {
		return nil, broken("read", "read", syscall.ECONNRESET)
	}
	defer to.active.Done()
	if q.Body, err = upload(r); err != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
		return nil, err
	}
	trace.WroteRequest(httptrace.WroteRequestInfo{})
	rec := &collector{ctx: ctx, header: make(http.Header, 8)}
	aborted := rec.run(handler, q)
	if err := rec.failure(aborted); err != nil {
		return nil, err
	}
	trace.GotFirstResponseByte()
	return t.response(r, rec), nil
}

// dial finds who listens at a host, nil for nobody.
func (t *inProcess) dial(host string) (*listener, http.HandlerFunc) {
	p := t.server
	switch {
	case p.listener.at(host):
		return p.listener, p.take
	case p.redirects.at(host):
		return p.redirects.listener, p.redirects.serve
	}
	return nil, nil
}

// arriving is the request as a server reads it, without its body. An error
// says what net/http would not send.
func arriving(r *http.Request) (*http.Request, error) {
	if r.URL == nil || r.URL.Scheme != "http" {
		return nil, errors.New("simulator: the URL is not one of the simulator")
	}
	u, err := url.ParseRequestURI(r.URL.RequestURI())
	if err != nil {
		return nil, err
	}
	header := make(http.Header, len(r.Header))
	for name, values := range r.Header {
		name = textproto.CanonicalMIMEHeaderKey(name)
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n\x00") {
				return nil, errors.New("simulator: invalid value of the header field " + name)
			}
			header[name] = append(header[name], textproto.TrimString(v))
		}
	}
	q := r.WithContext(r.Context()) // a copy
	q.URL, q.RequestURI, q.Header = u, r.URL.RequestURI(), header
	q.Proto, q.ProtoMajor, q.ProtoMinor = "HTTP/1.1", 1, 1
	q.RemoteAddr, q.GetBody, q.Response = "pipe", nil, nil
	if q.Method == "" {
		q.Method = http.MethodGet
	}
	if q.Host == "" {
		q.Host = r.URL.Host
	}
	return q, nil
}

// upload reads the body, as far as the provider would.
func upload(r *http.Request) (io.ReadCloser, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return http.NoBody, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

// response is the answer as a client reads it.
func (t *inProcess) response(r *http.Request, rec *collector) *http.Response {
	if rec.header.Get("Date") == "" {
		rec.header["Date"] = []string{t.server.now().UTC().Format(http.TimeFormat)}
	}
	a := &http.Response{
		Status: strconv.Itoa(rec.status) + " " + http.StatusText(rec.status), StatusCode: rec.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: rec.header, ContentLength: rec.announced, Close: r.Close, Request: r,
	}
	if r.Method == http.MethodHead || !hasBody(rec.status) {
		a.Body = http.NoBody
		return a
	}
	a.Body = &download{ctx: rec.ctx, parts: rec.parts, end: rec.end}
	return a
}

// hasBody reports whether answers of that status have one (RFC 9110, 6.4.1).
func hasBody(status int) bool {
	return status >= http.StatusOK && status != http.StatusNoContent && status != http.StatusNotModified
}

func broken(op, call string, why syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(call, why)}
}

// traceOf is the trace of a context, with hooks that do nothing for those it
// does not have.
func traceOf(ctx context.Context) httptrace.ClientTrace {
	var t httptrace.ClientTrace
	if asked := httptrace.ContextClientTrace(ctx); asked != nil {
		t = *asked
	}
	if t.GetConn == nil {
		t.GetConn = func(string) {}
	}
	if t.GotConn == nil {
		t.GotConn = func(httptrace.GotConnInfo) {}
	}
	if t.WroteRequest == nil {
		t.WroteRequest = func(httptrace.WroteRequestInfo) {}
	}
	if t.GotFirstResponseByte == nil {
		t.GotFirstResponseByte = func() {}
	}
	return t
}
