package simulator

import (
	"context"
	"net"
)

// portHold is a connection of a listener to itself. As long as it lasts the
// system gives the port to nobody, although nothing listens there, and
// connections are refused as at a port that nobody has.
type portHold struct {
	inner, outer net.Conn // nil = the port is not held
}

// hold holds the port, unless that has begun. The caller has the lock, which is
// given up meanwhile, and the listener accepts.
func (l *listener) hold() {
	if l.port.outer == nil {
		outer, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", l.addr)
		if err != nil {
			return // the port may be lost to another, which resume finds out
		}
		l.port.outer = outer
	}
	for l.port.inner == nil && !l.closed {
		l.changed.Wait()
	}
}

// holds takes a connection that is the inner end of the hold.
func (l *listener) holds(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.port.outer == nil || c.RemoteAddr().String() != l.port.outer.LocalAddr().String() {
		return false
	}
	l.port.inner = c
	l.changed.Broadcast()
	return true
}

// release ends the hold. It is reset, so that it leaves nothing behind.
func (h *portHold) release() {
	for _, c := range []net.Conn{h.inner, h.outer} {
		if c != nil {
			reset(c)
		}
	}
	*h = portHold{}
}
