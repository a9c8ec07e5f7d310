package adapter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// decode reads doc into c.Out, which is emptied first: the JSON library merges,
// and nothing of an earlier attempt's answer may pass for a part of this one. A
// read by which nothing is decided may have odd cells.
func (c *Call) decode(doc []byte) (odd wire.Findings, err error) {
	reflect.ValueOf(c.Out).Elem().SetZero()
	if c.Safety == Read && !c.Strict {
		return wire.DecodeTolerant(doc, c.maxRows(), c.Out)
	}
	return odd, wire.DecodeRows(doc, c.maxRows(), c.Out)
}

// attempt sends the call once and says how that ended. The n-th attempt is
// signed afresh; its key and body are those of the first. The function shows
// the end to the observer, and whether another exchange follows.
func (f *exchange) attempt(ctx context.Context, n int) (result, func(more bool)) {
	t, c := f.t, f.c
	if err := t.turn(ctx, c); err != nil {
		r := notSent(esim.ErrRateLimited, Never, err)
		r.Message = "waiting for this client's own limiter"
		return r, func(bool) {}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout(t.timeout))
	defer cancel()

	ctx, ended := t.startExchange(ctx, c, n)
	start := time.Now()
	r := t.send(ctx, c, f.requestID())
	if errors.Is(ctx.Err(), context.Canceled) {
		r.Retry = Never // the caller has left
	}
	took := time.Since(start)
	f.log(ctx, n, r, took)
	return r, func(more bool) { ended(r, took, more) }
}

func (t *API) send(ctx context.Context, c *Call, onceID string) result {
	req, err := t.request(ctx, c)
	if err != nil {
		return notSent(esim.ErrInvalidRequest, Never, err)
	}
	client := t.clientOf(c)
	leave, err := client.enter(ctx)
	if err != nil {
		return notSent(esim.ErrUnavailable, Transient, err)
	}
	defer leave()
	if onceID != "" {
		req.Header.Set(t.spec.RequestIDHeader, onceID)
	}
	skew := time.Duration(t.skew.Load())
	requestID, err := t.spec.Authorize(ctx, req, c.Body, t.now().Add(skew))
	if err != nil {
		return unauthorized(err)
	}
	if err = ctx.Err(); err != nil {
		return notSent(esim.ErrUnavailable, Transient, err)
	}
	if t.spec.RequestIDHeader != "" {
		onceID = req.Header.Get(t.spec.RequestIDHeader)
	}
	watch := newConnectionWatch(client.Client)
	req = req.WithContext(watch.trace(ctx))
	resp, err := client.Do(req)
	if err != nil {
		r := classifySendError(watch, err)
		r.onceID, r.requestID, r.sent, r.skew = onceID, requestID, req, skew
		return r
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is written

	buf := bodies.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer recycle(buf)
	*buf = (*buf)[:0]
	r := t.read(c, req, resp, buf)
	r.onceID, r.sent, r.skew = onceID, req, skew
	r.protocol, r.received = resp.Proto, len(*buf)
	r.requestID = firstText(requestID, t.clean(resp.Header.Get("X-Request-Id")))
	return r
}

func (t *API) request(ctx context.Context, c *Call) (*http.Request, error) {
	path, escaped, err := c.expand()
	if err != nil {
		return nil, err
	}
	u := *t.base
	if escaped != "" {
		u.RawPath = u.EscapedPath() + escaped
	}
	u.Path += path
	u.RawQuery = c.Query.Encode()
	var body io.Reader
	if c.Body != nil {
		body = bytes.NewReader(c.Body)
	}
	req, err := http.NewRequestWithContext(ctx, c.Method, u.String(), body)
	if err != nil {
		return nil, errors.New("the request cannot be built")
	}
	maps.Copy(req.Header, c.Header)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", "gzip") // said, so that net/http leaves the decoding to us
	req.Header.Set("User-Agent", "esimkit-esim")
	if c.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Safety != Read {
		req.Header.Set("Accept-Encoding", "identity") // silence would allow any (RFC 9110, section 12.5.3)
		req.GetBody = nil                             // without it net/http cannot send the body twice
		req.Close = true
	}
	return req, nil
}

// read takes in the whole answer, within the limit, and classifies it.
func (t *API) read(c *Call, req *http.Request, resp *http.Response, buf *[]byte) result {
	limit := c.maxBody()
	var body []byte
	var r result
	if resp.StatusCode >= http.StatusOK { // what follows a 1xx is no body, and has no end
		in := &network{in: io.LimitReader(resp.Body, limit+limit/8+minRead)}
		var err error
		body, err = readBody((*buf)[:0], in, resp, limit)
		*buf = body
		switch {
		case in.err != nil:
			r = unknown(esim.ErrUnavailable, Transient, in.err)
		case err != nil:
			r = unknown(esim.ErrMalformedResponse, Never, codingError(err))
			r.answered = true
		case int64(len(body)) > limit:
			r = unknown(esim.ErrMalformedResponse, Never, errors.New("the answer is too large"))
			r.answered = true
		}
	}
	if r.cause != nil {
		r.status = resp.StatusCode
		return r
	}
	return t.classify(c, Answer{
		Status: resp.StatusCode,
		Header: resp.Header,
		Body:   body,
		sent:   sentSecrets(req),
		JSON:   isJSON(resp.Header.Get("Content-Type")),
	})
}

// minRead is how much room a read is given at least.
const minRead = 512

// readBody reads the body to its end, or one byte beyond the limit, into buf. The
// buffer grows in steps of four that end at the limit: all of them together are
// no more than a third above it. A bytes.Buffer would take four times the limit.
func readBody(buf []byte, raw io.Reader, resp *http.Response, limit int64) ([]byte, error) {
	body, err := decoded(resp.Header, raw)
	if err != nil {
		return buf, err
	}
	if n := resp.ContentLength; n >= 0 && n <= limit && body == raw {
		buf = withRoom(buf, int(n)+minRead)
	}
	in := io.LimitReader(body, limit+1)
	for {
		if cap(buf)-len(buf) < minRead {
			buf = withRoom(buf, step(len(buf)+minRead, int(limit)))
		}
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
}

// step returns the smallest step that has room for size bytes.
func step(size, limit int) int {
	room := limit
	for room/4 >= max(size, 16*minRead) {
		room /= 4
	}
	return room + minRead
}

func withRoom(buf []byte, size int) []byte {
	if cap(buf) >= size {
		return buf
	}
	larger := make([]byte, len(buf), size)
	copy(larger, buf)
	return larger
}

// bodies recycles the buffers of answers; nothing decoded points into them.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

const maxRecycled = 1 << 20

func recycle(buf *[]byte) {
	if cap(*buf) > maxRecycled {
		return
	}
	clear(*buf) // it may have held activation codes
	bodies.Put(buf)
}
