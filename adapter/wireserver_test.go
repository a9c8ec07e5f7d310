package adapter

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// wireServer is an HTTP server made by hand, which does what no proper server
// does. It counts the requests that reached it whole.
type wireServer struct {
	url      string
	conns    atomic.Int32
	requests atomic.Int32
	listener net.Listener
}

// serveConns hands each connection to handle and closes it afterwards.
func serveConns(t testing.TB, handle func(s *wireServer, c net.Conn)) *wireServer {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &wireServer{url: "http://" + l.Addr().String(), listener: l}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		open []net.Conn
	)
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.conns.Add(1)
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close() //nolint:errcheck // handle may have closed it
				handle(s, c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close() //nolint:errcheck // the end
		mu.Lock()
		for _, c := range open {
			c.Close() //nolint:errcheck // the end
		}
		mu.Unlock()
		wg.Wait()
	})
	return s
}

// serveRequests reads requests and hands each to answer, until that is false.
func serveRequests(t testing.TB, answer func(c net.Conn, r *http.Request) (more bool)) *wireServer {
	t.Helper()
	return serveConns(t, func(s *wireServer, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			s.requests.Add(1)
			if !answer(c, r) {
				return
			}
		}
	})
}

// serveText answers each request with a text of bytes, and closes.
func serveText(t testing.TB, text string) *wireServer {
	t.Helper()
	return serveRequests(t, func(c net.Conn, _ *http.Request) bool {
		_, err := io.WriteString(c, text)
		return err != nil
	})
}

// whole is a well-formed answer.
func whole(status int, contentType, body string) string {
	return "HTTP/1.1 " + strconv.Itoa(status) + " X\r\nContent-Type: " + contentType +
		"\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// reset closes a connection with RST instead of FIN.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // then it ends with FIN, and the test fails
	}
}

// standard is the *http.Transport that rt is expected to be.
func standard(t *testing.T, rt http.RoundTripper) *http.Transport {
	t.Helper()
	transport, ok := rt.(*http.Transport)
	require.True(t, ok, "%T", rt)
	return transport
}
