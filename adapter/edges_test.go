package adapter

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// TestNoRepeatMeansNone: with MaxRetries -1 not even a key in progress is asked
// for again.
func TestNoRepeatMeansNone(t *testing.T) {
	s := inTurn(code(409, "BUSY"), accepts)
	tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: -1})
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Replayed, "k")))
	assert.Equal(t, int32(1), s.sends.Load())
}

// TestProtocolSwitchEnds: what follows a 101 is no body, and has no end that a
// context would bring about.
func TestProtocolSwitchEnds(t *testing.T) {
	s := serveRequests(t, func(c net.Conn, _ *http.Request) bool {
		_, err := c.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n"))
		_, _ = c.Read(make([]byte, 1)) // until the client leaves
		return err != nil
	})
	for _, call := range []Call{order(Once, "k"), read()} {
		begun := time.Now()
		e := asError(t, instant(t, esim.Settings{BaseURL: s.url, Timeout: 20 * time.Second}).Do(t.Context(), call))
		require.ErrorIs(t, e, esim.ErrMalformedResponse)
		assert.Equal(t, 101, e.HTTPStatus)
		assert.Equal(t, call.Safety != Read, esim.MaybeCharged(e))
		assert.Less(t, time.Since(begun), 5*time.Second)
	}
}
