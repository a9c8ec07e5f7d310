package proof_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimtest/simulator"
)

// moved sends requests to one simulated provider after another, as the same host.
type moved struct{ to http.RoundTripper }

func (m *moved) RoundTrip(r *http.Request) (*http.Response, error) { return m.to.RoundTrip(r) }

// TestNothingGoesOffSaleForAnOddList: a catalogue is read whole, then from a provider
// whose pages lack rows, or have rows with cells that cannot be read. What it
// shows is sold; what it lacks may be there.
func TestNothingGoesOffSaleForAnOddList(t *testing.T) {
	noon := simulator.WithClock(time.Date(2026, 9, 27, 12, 0, 0, 0, time.UTC)) // the same credentials
	for _, c := range []struct {
		provider esim.Provider
		world    string
	}{{esimfly.Provider, "esimfly/short-pages"}, {esimfly.Provider, "esimfly/odd-cells"}, {esimfx.Provider, "esimfx/odd-cells"}} {
		t.Run(c.world, func(t *testing.T) {
			whole := simulator.ForTest(t, simulator.WithoutListeners(), noon)
			odd := simulator.ForTest(t, simulator.WithoutListeners(), noon, simulator.WithWorld(simulator.WorldNamed(c.world)))
			wire := &moved{whole.Server(c.provider).Transport()}
			client := unpacedBy(t, whole, c.provider, wire)
			var last catalog.Report
			shelf, err := catalog.New(catalog.Config{Clients: []esim.Client{client}, OnReport: func(r catalog.Report) { last = r }})
			require.NoError(t, err)
			require.NoError(t, shelf.Sync(t.Context()))
			require.Zero(t, last.Lost)
			all := shelf.Len()
			require.Positive(t, all)
			require.True(t, shelf.Absent(c.provider, "junk"), "a whole list proves absence")

			wire.to = odd.Server(c.provider).Transport()
			if err := shelf.Sync(t.Context()); err != nil { // a fifth of all prices is gone
				require.ErrorIs(t, err, catalog.ErrHeld)
			}
			assert.Positive(t, last.Lost)
			assert.Equal(t, all, shelf.Len())
			assert.False(t, shelf.Absent(c.provider, "junk"), "an odd list proves none")

			wire.to = whole.Server(c.provider).Transport()
			require.NoError(t, shelf.Sync(t.Context()))
			assert.Zero(t, last.Lost)
			assert.True(t, shelf.Absent(c.provider, "junk"))
		})
	}
}
