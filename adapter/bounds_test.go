package adapter

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const extraHeap = 16 << 20

// allocated returns how many bytes f allocates in all: no peak is higher.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// bomb returns a gzip stream of very many spaces, which is where JSON could begin.
func bomb(t *testing.T, size int) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	spaces := bytes.Repeat([]byte(" "), 1<<16)
	for range size / len(spaces) {
		_, err := z.Write(spaces)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return packed.Bytes()
}

func TestBombs(t *testing.T) {
	packed := bomb(t, 32<<20)
	spaces := bytes.Repeat([]byte(" "), 1<<16)
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	endless := func(c net.Conn, text string) {
		for {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
		}
	}
	stream := func(c net.Conn) {
		for range 100 << 20 / len(spaces) {
			if _, err := c.Write(spaces); err != nil {
				return
			}
		}
	}
	for name, answer := range map[string]func(c net.Conn){
		"100 MB with a length": func(c net.Conn) {
			sends(head + "Content-Length: 104857600\r\n\r\n")(c)
			stream(c)
		},
		"100 MB without a length": func(c net.Conn) {
			sends(head + "\r\n")(c)
			stream(c)
		},
		"a length that is a lie": func(c net.Conn) {
			sends(head + "Content-Length: 9223372036854775807\r\n\r\n{}")(c)
		},
		"gzip bomb": func(c net.Conn) {
			sends(head + "Content-Encoding: gzip\r\n\r\n")(c)
			_, _ = c.Write(packed) // the client may have had enough
		},
		"header without end":      func(c net.Conn) { endless(c, head+"X-A: "+strings.Repeat("a", 1<<10)) },
		"headers without end":     func(c net.Conn) { sends(head)(c); endless(c, "X-A: "+strings.Repeat("a", 1<<10)+"\r\n") },
		"informational, no end":   func(c net.Conn) { endless(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") },
		"status line without end": func(c net.Conn) { endless(c, "HTTP/1.1 200 "+strings.Repeat("a", 1<<10)) },
		"chunk extensions": func(c net.Conn) {
			sends(head + "Transfer-Encoding: chunked\r\n\r\n")(c)
			endless(c, "1;"+strings.Repeat("a", 1<<10)+"\r\n \r\n")
		},
		"trailers without end": func(c net.Conn) {
			sends(head + "Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\n")(c)
			endless(c, "X-A: "+strings.Repeat("a", 1<<10)+"\r\n")
		},
		"many members": func(c net.Conn) {
			body := `{"x":[` + strings.Repeat("0,", 1_000_000) + `0]`
			sends(whole(200, "application/json", body))(c)
		},
	} {
		for _, call := range []Call{read(), order(Replayed, "")} {
			t.Run(name+"/"+call.op, func(t *testing.T) {
				s := serveRequests(t, func(c net.Conn, _ *http.Request) bool {
					answer(c)
					return false
				})
				tr := instant(t, esim.Settings{BaseURL: s.url, Timeout: 20 * time.Second})
				var err error
				used := allocated(func() { err = tr.Do(t.Context(), call) })
				e := asError(t, err)
				assert.Equal(t, call.Safety != Read, e.Outcome == esim.OutcomeUnknown)
				assert.Less(t, used, uint64(extraHeap))
				assert.Equal(t, int32(1), s.requests.Load())
			})
		}
	}
}

func TestHeaderFloodOverTLSIsBounded(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	for _, client := range []*httpClient{tr.reads, tr.checks, tr.effects} {
		assert.Equal(t, int64(64<<10), standard(t, client.Transport).MaxResponseHeaderBytes)
	}
}

func TestSlowLoris(t *testing.T) {
	var pace atomic.Int64
	pace.Store(int64(5 * time.Millisecond))
	drip := func(c net.Conn, text string) {
		tick := time.NewTicker(time.Duration(pace.Load()))
		defer tick.Stop()
		for i := range len(text) {
			if _, err := io.WriteString(c, text[i:i+1]); err != nil {
				return
			}
			<-tick.C
		}
	}
	long := strings.Repeat(" ", 1000)
	for name, answer := range map[string]func(c net.Conn){
		"headers": func(c net.Conn) { drip(c, "HTTP/1.1 200 OK\r\nX-A: "+long) },
		"body": func(c net.Conn) {
			sends("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")(c)
			drip(c, long)
		},
	} {
		for _, call := range []Call{read(), order(Once, "")} {
			t.Run(name+"/"+call.op, func(t *testing.T) {
				s := serveRequests(t, func(c net.Conn, _ *http.Request) bool {
					answer(c)
					return false
				})
				tr := instant(t, esim.Settings{BaseURL: s.url, Timeout: 150 * time.Millisecond})
				begun := time.Now()
				err := tr.Do(t.Context(), call)
				asError(t, err)
				assert.Less(t, time.Since(begun), 150*time.Millisecond+time.Second)
			})
		}
	}
}

func TestBodyLimitIsExact(t *testing.T) {
	pad := func(size int) string { return fine + strings.Repeat(" ", size-len(fine)) }
	for _, c := range []struct {
		limit int64
		size  int
		ok    bool
	}{{0, 4 << 20, true}, {0, 4<<20 + 1, false}, {100, 100, true}, {100, 101, false}} {
		s := inTurn(says(200, pad(c.size)))
		tr := instant(t, esim.Settings{Transport: s})
		call := order(Replayed, "")
		call.MaxBody = c.limit
		err := tr.Do(t.Context(), call)
		if c.ok {
			require.NoError(t, err, c.size)
			continue
		}
		e := assertOutcome(t, esim.OutcomeUnknown, err)
		require.ErrorIs(t, err, esim.ErrMalformedResponse)
		assert.Equal(t, 200, e.HTTPStatus)
		assert.Contains(t, e.Error(), "too large")
	}
}

// TestBuffersAreNotShared: what was decoded stays as it was while the buffer
// it came in serves the next answer.
func TestBuffersAreNotShared(t *testing.T) {
	first := `{"ok":true,"id":"FIRST-ID","items":["one"],"extra":{"k":"first"},"total":12.50}`
	second := strings.Map(func(r rune) rune { return 'Z' }, first)
	s := inTurn(says(200, first), says(200, second))
	tr := instant(t, esim.Settings{Transport: s})
	out := new(reply)
	call := read()
	call.Out = out
	require.NoError(t, tr.Do(t.Context(), call))
	for range 20 {
		asError(t, tr.Do(t.Context(), read()))
	}
	assert.Equal(t, "FIRST-ID", out.ID)
	assert.Equal(t, []string{"one"}, out.Items)
	assert.JSONEq(t, `{"k":"first"}`, string(out.Extra))
	assert.Equal(t, "12.50", out.Total.String())
}

func TestBuffersAreClearedAndSmall(t *testing.T) {
	buf := []byte("LPA:1$smdp.example.test$SECRET")
	recycle(&buf)
	assert.NotContains(t, string(buf), "SECRET")

	large := bytes.Repeat([]byte("x"), maxRecycled+1)
	recycle(&large)
	assert.Equal(t, byte('x'), large[0], "a large one is left to the collector")
}
