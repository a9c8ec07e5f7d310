package simulator

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"syscall"
)

// collector is the [http.ResponseWriter] of a request that came without a
// connection. It keeps what a client would receive.
type collector struct {
	ctx    context.Context //nolint:containedctx // that of the one request it is made for
	header http.Header

	status    int   // 0 = nothing was answered yet
	announced int64 // length of the body, -1 = not stated
	parts     []part
	flushed   bool
	late      bool // the client had left when the answer came
	reset     bool // the connection was taken over
	end       error
}

// part is data that are sent several times.
type part struct {
	data  []byte
	times int
}

// Header implements [http.ResponseWriter].
func (c *collector) Header() http.Header {
	if c.status != 0 {
		return c.header.Clone() // what changes now is not sent
	}
	return c.header
}

// WriteHeader implements [http.ResponseWriter].
func (c *collector) WriteHeader(status int) {
	if c.status != 0 || (status < http.StatusOK && status != http.StatusSwitchingProtocols) {
		return // no second answer, and the informational ones are not kept
	}
	c.status = status
	c.late = c.ctx.Err() != nil
	for name, values := range c.header {
		c.header[name] = slices.Clone(values) // some are shared by all answers
	}
}

// Write implements [http.ResponseWriter].
func (c *collector) Write(data []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	if !hasBody(c.status) {
		return 0, http.ErrBodyNotAllowed
	}
	if !c.repeat(slices.Clone(data), 1) {
		return 0, context.Cause(c.ctx)
	}
	return len(data), nil
}

// repeat sends data that will not change n times. It reports whether the
// client is still there.
func (c *collector) repeat(data []byte, n int) bool {
	if c.ctx.Err() != nil {
		return false
	}
	c.parts = append(c.parts, part{data, n})
	return true
}

// FlushError implements what [http.ResponseController] looks for.
func (c *collector) FlushError() error {
	c.WriteHeader(http.StatusOK)
	c.flushed = true
	return nil
}

// Hijack implements [http.Hijacker], for handlers that cut the connection.
func (c *collector) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c.reset = true
	conn, _ := net.Pipe()
	return conn, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)), nil
}

// run calls the handler. It reports whether that has ended the connection.
func (c *collector) run(handle http.HandlerFunc, q *http.Request) (aborted bool) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(v)
		}
	}()
	handle(c, q)
	return false
}

// failure says why there is no answer, or how its body ends.
func (c *collector) failure(aborted bool) error {
	if !aborted {
		c.WriteHeader(http.StatusOK)
	}
	switch {
	case c.late, aborted && c.ctx.Err() != nil && !c.flushed:
		return context.Cause(c.ctx)
	case c.reset:
		return broken("read", "read", syscall.ECONNRESET)
	case aborted && !c.flushed:
		return io.ErrUnexpectedEOF
	}
	c.measure(aborted)
	return nil
}

// measure compares the body with its announced length.
func (c *collector) measure(aborted bool) {
	var length int64
	for _, p := range c.parts {
		length += int64(len(p.data)) * int64(p.times)
	}
	c.end = io.EOF
	announced, err := strconv.ParseInt(c.header.Get("Content-Length"), 10, 64)
	switch {
	case err == nil:
		c.announced = announced
	case c.flushed:
		c.announced = -1
	default:
		c.announced = length
	}
	if aborted || length < c.announced {
		c.end = io.ErrUnexpectedEOF
	}
}

// download is the body of an answer.
type download struct {
	ctx   context.Context //nolint:containedctx // a body ends with its request's context
	parts []part
	at    int // in the first part
	end   error
}

// Read implements [io.Reader].
func (d *download) Read(into []byte) (int, error) {
	if d.ctx.Err() != nil {
		return 0, context.Cause(d.ctx)
	}
	for len(d.parts) > 0 {
		p := &d.parts[0]
		if n := copy(into, p.data[d.at:]); n > 0 || len(into) == 0 {
			d.at += n
			return n, nil
		}
		d.at = 0
		if p.times--; p.times <= 0 {
			d.parts = d.parts[1:]
		}
	}
	return 0, d.end
}

// Close implements [io.Closer].
func (d *download) Close() error {
	d.parts, d.end = nil, http.ErrBodyReadAfterClose
	return nil
}
