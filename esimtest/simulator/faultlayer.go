package simulator

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

const (
	proxyPage  = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
	portalPage = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please accept the terms to go online.</body></html>"

	usualSkew = 10 * time.Minute // of FaultClockSkew

	blank      = 1 << 20 // white space is written in pieces of this size
	hugeBlanks = 100
	bombBlanks = 100
)

// suffer lets a request meet its fault. Its credentials are checked in any
// case, so that a request id counts as used and mistakes are noted.
func (p *Server) suffer(w http.ResponseWriter, c *call) {
	kind := c.fault.Kind
	if kind == esimtest.FaultClockSkew {
		c.skew = cmp.Or(c.fault.Skew, usualSkew)
		p.skewed.Store(int64(c.skew))
	}
	var a *reply
	if handled(kind) {
		a = p.answer(c)
		if f := p.rules.failure; ownError(kind) && f.charges && f.frees && c.free != nil {
			c.free()
		}
	} else if c.op != "" {
		p.api.inspect(c)
	}
	plays[kind](p, w, c, a)
}

func (p *Server) playPlain(w http.ResponseWriter, c *call, a *reply) { p.write(w, c, a) }

func (p *Server) playCut(w http.ResponseWriter, _ *call, _ *reply) { cut(w) }

func (p *Server) playRefuse(w http.ResponseWriter, c *call, _ *reply) {
	const moment = 20 * time.Millisecond
	p.listener.stop(max(c.fault.Delay, moment))
	cut(w)
}

func (p *Server) playHang(_ http.ResponseWriter, c *call, _ *reply) {
	select {
	case <-c.r.Context().Done():
	case <-p.listener.closing:
	}
	panic(http.ErrAbortHandler)
}

func (p *Server) playHalfBody(w http.ResponseWriter, c *call, a *reply) {
	a = p.compressed(c, a)
	p.head(w.Header(), c, a)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	send(w, a.body[:len(a.body)/2])
	panic(http.ErrAbortHandler)
}

func (p *Server) playTruncated(w http.ResponseWriter, c *call, a *reply) {
	a = p.compressed(c, a)
	p.head(w.Header(), c, a)
	w.WriteHeader(a.status)
	send(w, a.body[:len(a.body)/2])
}

func (p *Server) play500(w http.ResponseWriter, c *call, _ *reply) {
	p.write(w, c, p.api.failure(c, problem{status: http.StatusInternalServerError, kind: esimtest.Fault500Before}))
}

func (p *Server) play502(w http.ResponseWriter, c *call, _ *reply) {
	p.write(w, c, &reply{status: http.StatusBadGateway, ctype: "text/html", body: []byte(proxyPage)})
}

func (p *Server) play503(w http.ResponseWriter, c *call, _ *reply) {
	p.write(w, c, retryAfter(c, &reply{status: http.StatusServiceUnavailable, ctype: "text/plain", body: []byte("Service Unavailable\n")}))
}

func (p *Server) play429(w http.ResponseWriter, c *call, _ *reply) {
	status := c.fault.Status
	if status == 0 {
		status = http.StatusTooManyRequests
	}
	p.write(w, c, retryAfter(c, p.api.failure(c, problem{status: status, kind: esimtest.Fault429})))
}

func (p *Server) playStaleToken(w http.ResponseWriter, c *call, _ *reply) {
	p.write(w, c, p.api.failure(c, problem{status: http.StatusUnauthorized, kind: esimtest.FaultStaleToken}))
}

func (p *Server) playFailure(w http.ResponseWriter, c *call, _ *reply) {
	f := c.fault
	p.write(w, c, p.api.failure(c, problem{status: f.Status, code: f.Code, message: f.Message, kind: f.Kind}))
}

func (p *Server) playRedirect(w http.ResponseWriter, c *call, _ *reply) {
	a := &reply{status: c.fault.Status, ctype: "text/html"}
	if a.status == 0 {
		a.status = http.StatusTemporaryRedirect
	}
	to := c.fault.Location
	if to == "" {
		to = p.redirects.url(c.left != nil) + c.r.URL.RequestURI()
	}
	a.header = http.Header{"Location": {to}}
	p.write(w, c, a)
}

func (p *Server) playWrongType(w http.ResponseWriter, c *call, a *reply) {
	spoiled := *a
	spoiled.ctype = "text/html; charset=utf-8"
	p.write(w, c, &spoiled)
}

func (p *Server) playHeaderFlood(w http.ResponseWriter, c *call, a *reply) {
	filler := string(bytes.Repeat([]byte("x"), 1000))
	for i := range 1100 {
		w.Header()[fmt.Sprintf("X-Flood-%04d", i)] = []string{filler}
	}
	p.write(w, c, a)
}

func (p *Server) playSlowBody(w http.ResponseWriter, c *call, a *reply) {
	pause := c.fault.Delay
	if pause == 0 {
		pause = 20 * time.Millisecond
	}
	a = p.compressed(c, a)
	p.head(w.Header(), c, a)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for i := range a.body {
		if !send(w, a.body[i:i+1]) {
			return
		}
		select {
		case <-tick.C:
		case <-c.r.Context().Done():
			return
		case <-p.listener.closing:
			return
		}
	}
}

func (p *Server) playHugeBody(w http.ResponseWriter, c *call, a *reply) {
	p.head(w.Header(), c, a)
	w.WriteHeader(a.status)
	if sendAgain(w, bytes.Repeat([]byte(" "), blank), hugeBlanks) {
		send(w, a.body)
	}
}

func (p *Server) playGzipBomb(w http.ResponseWriter, c *call, a *reply) {
	p.head(w.Header(), c, a)
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(a.status)
	if sendAgain(w, p.bomb(), bombBlanks) {
		send(w, gzipped(a.body))
	}
}

// gzipBlank is a piece of white space as a gzip member; members may follow
// one another.
func gzipBlank() []byte { return gzipped(bytes.Repeat([]byte(" "), blank)) }

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(data)
	money.Must(struct{}{}, err)
	money.Must(struct{}{}, z.Close())
	return b.Bytes()
}

// playBody answers 200 with something that is not the answer.
func playBody(ctype, body string) func(*Server, http.ResponseWriter, *call, *reply) {
	return func(p *Server, w http.ResponseWriter, c *call, _ *reply) {
		p.write(w, c, &reply{status: http.StatusOK, ctype: ctype, body: []byte(body)})
	}
}

// playChanged answers with a changed body.
func playChanged(change func([]byte) []byte) func(*Server, http.ResponseWriter, *call, *reply) {
	return func(p *Server, w http.ResponseWriter, c *call, a *reply) {
		spoiled := *a
		spoiled.body = change(a.body)
		p.write(w, c, &spoiled)
	}
}

// send writes and flushes; it reports whether the client is still there.
func send(w http.ResponseWriter, data []byte) bool {
	_, err := w.Write(data)
	return err == nil && http.NewResponseController(w).Flush() == nil
}

// sendAgain sends the same data n times. Within this process they are not
// copied.
func sendAgain(w http.ResponseWriter, data []byte, n int) bool {
	if rec, ok := w.(*collector); ok {
		return rec.repeat(data, n)
	}
	for range n {
		if !send(w, data) {
			return false
		}
	}
	return true
}

// retryAfter announces the fault's RetryAfter in whole seconds, rounded up.
func retryAfter(c *call, a *reply) *reply {
	d := c.fault.RetryAfter
	if d <= 0 {
		return a
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header["Retry-After"] = []string{strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)}
	return a
}
