package simulator

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// door is the way into a provider: it can be shut and opened again on the same
// port, and resets connections on demand. It is a listener, unless only
// requests of this process are to come in.
type door struct {
	handler http.Handler
	server  *http.Server
	closing chan struct{} // closed when the simulator ends
	clock   *clock
	unheard bool // no listener

	active sync.WaitGroup // requests being handled, and accept loops

	mu     sync.Mutex
	calm   *sync.Cond // a connection has become idle or has ended
	addr   string
	ln     net.Listener // nil = shut, or unheard
	barred bool         // shut
	port   portHold     // while it is shut
	resets int          // connections to reset on accept
	idle   map[net.Conn]struct{}
	busy   map[net.Conn]struct{}
	inside int    // requests of connections being handled
	stay   func() // keeps a shut door from opening after a while; nil = it would not
	closed bool
}

func newDoor(addr string, h http.HandlerFunc, c *clock, unheard bool) (*door, error) {
	d := &door{
		handler: h, closing: make(chan struct{}), clock: c, unheard: unheard, addr: addr,
		idle: map[net.Conn]struct{}{}, busy: map[net.Conn]struct{}{},
	}
	d.calm = sync.NewCond(&d.mu)
	d.server = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 30 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState:         d.track,
	}
	return d, d.listen()
}

func (d *door) address() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.addr
}

// listen opens the port and serves it. The first time a port 0 is replaced by
// the one the system has chosen.
func (d *door) listen() error {
	if d.unheard {
		d.addr = reachable(d.addr)
		return nil
	}
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", d.addr)
	if err != nil {
		return err
	}
	d.ln, d.addr = ln, reachable(ln.Addr().String())
	d.active.Go(func() {
		// It always ends with an error, when the door is shut or closed.
		_ = d.server.Serve(&resetting{Listener: ln, door: d})
	})
	return nil
}

// reachable is the address to dial for a listener of all addresses.
func reachable(addr string) string {
	if host, port, err := net.SplitHostPort(addr); err == nil && net.ParseIP(host).IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// shut refuses connections from now on, idle ones included, and opens again
// after the time given, if one is. The port stays this listener's own.
func (d *door) shut(after time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.barred = true
	if d.ln != nil && !d.closed {
		d.hold()
	}
	if d.ln != nil {
		_ = d.ln.Close() // nobody to tell
		d.ln = nil
	}
	d.dropIdle()
	d.remain()
	if after > 0 && !d.closed {
		d.stay = d.clock.wait(after, d.open)
	}
}

func (d *door) remain() {
	if d.stay != nil {
		d.stay()
		d.stay = nil
	}
}

// open listens on the same port again, which was held meanwhile.
func (d *door) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.barred, d.resets = false, 0
	if d.unheard || d.ln != nil || d.closed {
		return
	}
	if err := d.listen(); err != nil {
		panic("simulator: cannot listen on " + d.addr + " again: " + err.Error())
	}
	d.port.release()
}

// resetNext resets the next n connections, and ends idle ones so that there
// will be new ones.
func (d *door) resetNext(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.resets += n
	d.dropIdle()
}

// dropIdle ends the connections without a request. One whose answer has just
// been sent becomes idle in a moment, which is waited for: the client may
// already be about to use it again. Then it is waited for the client to close
// its side, so that it will not try a dead connection.
func (d *door) dropIdle() {
	if d.unheard {
		return
	}
	d.await(func() bool { return len(d.busy) <= d.inside })
	for c := range d.idle {
		if half, ok := c.(*net.TCPConn); ok {
			_ = half.CloseWrite() // fails only if it has ended already
		}
	}
	d.await(func() bool { return len(d.idle) == 0 })
	for c := range d.idle {
		_ = c.Close() // nobody to tell
	}
	clear(d.idle)
}

// await waits for a change of connections, though not for long.
func (d *door) await(done func() bool) {
	const patience = 500 * time.Millisecond
	end := time.Now().Add(patience)
	late := time.AfterFunc(patience, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.calm.Broadcast()
	})
	defer late.Stop()
	for !done() && time.Now().Before(end) {
		d.calm.Wait()
	}
}

func (d *door) track(c net.Conn, s http.ConnState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.idle, c)
	delete(d.busy, c)
	switch s {
	case http.StateNew, http.StateIdle: // a client may dial ahead
		d.idle[c] = struct{}{}
	case http.StateActive:
		d.busy[c] = struct{}{}
	case http.StateHijacked, http.StateClosed:
	}
	d.calm.Broadcast()
}

// enter counts a request in, unless the simulator is closed.
func (d *door) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.active.Add(1)
	d.inside++
	return true
}

func (d *door) leave() {
	d.mu.Lock()
	d.inside--
	d.mu.Unlock()
	d.active.Done()
}

// welcome is what a request of this process meets at the door.
type welcome int

const (
	refused    welcome = iota // no connection
	torn                      // a connection that is reset at once
	letThrough                // to be counted out with active.Done
)

// knock counts a request of this process in, if it is let through.
func (d *door) knock() welcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed || d.barred:
		return refused
	case d.resets > 0:
		d.resets--
		return torn
	}
	d.active.Add(1)
	return letThrough
}

// close ends all connections and waits for the requests being handled.
func (d *door) close() {
	d.mu.Lock()
	d.closed = true
	d.remain()
	d.port.release()
	d.calm.Broadcast()
	d.mu.Unlock()
	close(d.closing)
	_ = d.server.Close() // the errors of listeners that are closed already
	d.active.Wait()
}

func (d *door) takeReset() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.resets == 0 {
		return false
	}
	d.resets--
	return true
}

// resetting is a listener that resets connections when the door says so.
type resetting struct {
	net.Listener
	door *door
}

// Accept implements [net.Listener].
func (l *resetting) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		switch {
		case err != nil:
			return c, err
		case l.door.holds(c):
		case l.door.takeReset():
			reset(c)
		default:
			return c, nil
		}
	}
}

// reset closes a connection so that the other side sees a reset, not an end.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // then it is an ordinary close
	}
	_ = c.Close() // nobody to tell
}

// cut resets the connection of a request.
func cut(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if errors.Is(err, http.ErrNotSupported) || c == nil {
		panic(http.ErrAbortHandler)
	}
	reset(c)
}
