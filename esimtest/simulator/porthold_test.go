package simulator_test

import (
	"net"
	"net/url"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest"
)

// While connections are refused the port belongs to nobody else: a stranger
// who got it would be talked to.
func TestRefusingKeepsThePort(t *testing.T) {
	w := newWire(t)
	s := w.sim.ESIMFly
	u, err := url.Parse(s.URL())
	require.NoError(t, err)
	own, err := net.ResolveTCPAddr("tcp", u.Host)
	require.NoError(t, err)
	other, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = other.Close() }()
	for range 3 {
		s.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
		s.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse}) // once more changes nothing
		_, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", u.Host)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		c, err := (&net.Dialer{LocalAddr: own}).DialContext(t.Context(), "tcp", other.Addr().String())
		if err == nil {
			_ = c.Close()
		}
		require.ErrorIs(t, err, syscall.EADDRINUSE, "the port was given away")
		s.Heal()
		assert.Equal(t, 200, w.flyGet("/balance").status)
	}
	s.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
}

// Several requests can suffer the fault at once.
func TestRefusingTwiceAtOnce(t *testing.T) {
	w := newWire(t)
	for range 20 {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { w.sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse}) })
		}
		all.Wait()
		require.Error(t, w.flyGet("/balance").err)
		w.sim.ESIMFly.Heal()
		require.NoError(t, w.flyGet("/balance").err)
	}
}
