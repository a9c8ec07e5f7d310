package esimtest

import (
	"context"
	"net"
)

// anchor is a connection of a listener to itself. As long as it lasts the
// system gives the port to nobody, although nothing listens there, and
// connections are refused as at a port that nobody has.
type anchor struct {
	inner, outer net.Conn // nil = not cast
}

// hold casts the anchor, unless somebody is about to. The caller has the lock,
// which is given up meanwhile, and the listener accepts.
func (d *door) hold() {
	if d.anchor.outer == nil {
		d.anchor.outer = must((&net.Dialer{}).DialContext(context.Background(), "tcp", d.addr))
	}
	for d.anchor.inner == nil && !d.closed {
		d.calm.Wait()
	}
}

// keeps takes the connection that is the inner end of the anchor.
func (d *door) keeps(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.anchor.outer == nil || c.RemoteAddr().String() != d.anchor.outer.LocalAddr().String() {
		return false
	}
	d.anchor.inner = c
	d.calm.Broadcast()
	return true
}

// weigh ends the anchor. It is reset, so that it leaves nothing behind.
func (a *anchor) weigh() {
	for _, c := range []net.Conn{a.inner, a.outer} {
		if c != nil {
			reset(c)
		}
	}
	*a = anchor{}
}
