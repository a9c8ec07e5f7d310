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

// listener is where a provider is reached. It opens its port when somebody asks
// for the address, refuses and resets connections on demand, and opens again on
// the same port. Requests of this process need no port.
type listener struct {
	handler    http.Handler
	server     *http.Server
	closing    chan struct{} // closed when the simulator ends
	clock      *clock
	local      string // address for requests of this process; nothing listens there
	socketless bool   // never opens a port

	active sync.WaitGroup // requests being handled, and accept loops

	mu      sync.Mutex
	changed *sync.Cond // a connection has become idle or has ended
	addr    string     // to listen on
	opened  bool       // the address is settled
	err     error      // why it does not listen, though it should
	ln      net.Listener
	stopped bool     // refuses connections
	port    portHold // while it is stopped
	resets  int      // connections to reset on accept
	idle    map[net.Conn]struct{}
	busy    map[net.Conn]struct{}
	inside  int    // requests of connections being handled
	unarm   func() // keeps a stopped listener from resuming after a while; nil = it would not
	closed  bool
}

func newListener(addr, local string, h http.HandlerFunc, c *clock, socketless bool) *listener {
	l := &listener{
		handler: h, closing: make(chan struct{}), clock: c, socketless: socketless, addr: addr, local: local,
		idle: map[net.Conn]struct{}{}, busy: map[net.Conn]struct{}{},
	}
	l.changed = sync.NewCond(&l.mu)
	l.server = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 30 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState:         l.track,
	}
	return l
}

// address is where connections are taken, or refused. The first call opens the
// port. Without one, the address is one at which nothing listens.
func (l *listener) address() string {
	_ = l.open() // kept in err
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addr
}

// open opens the port, unless it has been.
func (l *listener) open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened || l.closed {
		return l.err
	}
	l.opened = true
	if l.socketless {
		l.addr = l.local
		return nil
	}
	if l.err = l.listen(); l.err != nil {
		l.addr = l.local
		return l.err
	}
	if l.stopped {
		l.leavePort()
	}
	return nil
}

// at reports whether a request of this process to that host is for this
// listener.
func (l *listener) at(host string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return host == l.local || l.opened && host == l.addr
}

// problem is why it does not listen, though it should; nil = it does.
func (l *listener) problem() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// listen opens the port and serves it. The first time a port 0 is replaced by
// the one the system has chosen. The caller has the lock.
func (l *listener) listen() error {
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", l.addr)
	if err != nil {
		return err
	}
	l.ln, l.addr = ln, reachable(ln.Addr().String())
	l.active.Go(func() {
		// It always ends with an error, when the listener is stopped or closed.
		_ = l.server.Serve(&resetting{Listener: ln, owner: l})
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

// stop refuses connections from now on, idle ones included, and resumes after
// the time given, if one is. The port stays this listener's own.
func (l *listener) stop(after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	l.leavePort()
	l.dropIdle()
	l.disarm()
	if after > 0 && !l.closed {
		l.unarm = l.clock.wait(after, l.resume)
	}
}

// leavePort stops listening and holds the port. The caller has the lock.
func (l *listener) leavePort() {
	if l.ln != nil && !l.closed {
		l.hold()
	}
	if l.ln != nil {
		_ = l.ln.Close() // nobody to tell
		l.ln = nil
	}
}

func (l *listener) disarm() {
	if l.unarm != nil {
		l.unarm()
		l.unarm = nil
	}
}

// resume listens on the same port again, which was held meanwhile.
func (l *listener) resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped, l.resets = false, 0
	if l.socketless || !l.opened || l.ln != nil || l.closed {
		return
	}
	l.err = l.listen()
	l.port.release()
}

// resetNext resets the next n connections, and ends idle ones so that there
// will be new ones.
func (l *listener) resetNext(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.resets += n
	l.dropIdle()
}

// dropIdle ends the connections without a request. One whose answer has just
// been sent becomes idle in a moment, which is waited for: the client may
// already be about to use it again. Then it is waited for the client to close
// its side, so that it will not try a dead connection.
func (l *listener) dropIdle() {
	if l.socketless {
		return
	}
	l.await(func() bool { return len(l.busy) <= l.inside })
	for c := range l.idle {
		if half, ok := c.(*net.TCPConn); ok {
			_ = half.CloseWrite() // fails only if it has ended already
		}
	}
	l.await(func() bool { return len(l.idle) == 0 })
	for c := range l.idle {
		_ = c.Close() // nobody to tell
	}
	clear(l.idle)
}

// await waits for a change of connections, though not for long.
func (l *listener) await(done func() bool) {
	const patience = 500 * time.Millisecond
	end := time.Now().Add(patience)
	late := time.AfterFunc(patience, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.changed.Broadcast()
	})
	defer late.Stop()
	for !done() && time.Now().Before(end) {
		l.changed.Wait()
	}
}

func (l *listener) track(c net.Conn, s http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.idle, c)
	delete(l.busy, c)
	switch s {
	case http.StateNew, http.StateIdle: // a client may dial ahead
		l.idle[c] = struct{}{}
	case http.StateActive:
		l.busy[c] = struct{}{}
	case http.StateHijacked, http.StateClosed:
	}
	l.changed.Broadcast()
}

// enter counts a request in, unless the simulator is closed.
func (l *listener) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.active.Add(1)
	l.inside++
	return true
}

func (l *listener) leave() {
	l.mu.Lock()
	l.inside--
	l.mu.Unlock()
	l.active.Done()
}

// admission is what becomes of a request of this process.
type admission int

const (
	connRefused admission = iota // no connection
	connReset                    // a connection that is reset at once
	admitted                     // to be counted out with active.Done
)

// accept counts a request of this process in, if it is admitted.
func (l *listener) accept() admission {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed || l.stopped:
		return connRefused
	case l.resets > 0:
		l.resets--
		return connReset
	}
	l.active.Add(1)
	return admitted
}

// close ends all connections and waits for the requests being handled.
func (l *listener) close() {
	l.mu.Lock()
	l.closed = true
	l.disarm()
	l.port.release()
	l.changed.Broadcast()
	l.mu.Unlock()
	close(l.closing)
	_ = l.server.Close() // the errors of listeners that are closed already
	l.active.Wait()
}

func (l *listener) takeReset() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.resets == 0 {
		return false
	}
	l.resets--
	return true
}

// resetting is a listener that resets connections when its owner says so.
type resetting struct {
	net.Listener
	owner *listener
}

// Accept implements [net.Listener].
func (r *resetting) Accept() (net.Conn, error) {
	for {
		c, err := r.Listener.Accept()
		switch {
		case err != nil:
			return c, err
		case r.owner.holds(c):
		case r.owner.takeReset():
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
