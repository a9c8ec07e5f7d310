package simulator

import (
	"net"
	"net/netip"

	"github.com/esimkit/esim/esimtest/internal/money"
)

// portHold is a connection of a listener to itself. As long as it lasts the
// system gives the port to nobody, although nothing listens there, and
// connections are refused as at a port that nobody has.
type portHold struct {
	inner, outer net.Conn // nil = the port is not held
}

// hold holds the port, unless that has begun. The caller has the lock, which is
// given up meanwhile, and the listener accepts.
func (d *door) hold() {
	if d.port.outer == nil {
		d.port.outer = money.Must(net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(d.addr))))
	}
	for d.port.inner == nil && !d.closed {
		d.calm.Wait()
	}
}

// holds takes a connection that is the inner end of the hold.
func (d *door) holds(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.port.outer == nil || c.RemoteAddr().String() != d.port.outer.LocalAddr().String() {
		return false
	}
	d.port.inner = c
	d.calm.Broadcast()
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
