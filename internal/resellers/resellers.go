// Package resellers connects the three adapters to a simulator, for tests that
// sell from all of them.
package resellers

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
)

// Clients are the clients of eSIMfly, eSIM Story and eSIMfx. They sign by the
// simulator's clock, repeat nothing and wait for no limiter. Their requests go
// through wrap, unless it is nil, to the simulator in this process.
func Clients(t testing.TB, sim *esimtest.Simulator, wrap func(http.RoundTripper) http.RoundTripper) []esim.Client {
	t.Helper()
	settings := func(s *esimtest.Server) esim.Settings {
		transport := s.Transport()
		if wrap != nil {
			transport = wrap(transport)
		}
		return esim.Settings{
			BaseURL: s.URL(), HTTPClient: &http.Client{Transport: transport}, Now: sim.Now,
			Limiter: rate.NewLimiter(rate.Inf, 1), MaxRetries: -1,
		}
	}
	fly, err := esimfly.New(esimfly.Config{
		Settings: settings(sim.ESIMFly.Server), AccessCode: sim.ESIMFly.AccessCode, SecretKey: esim.NewSecret(sim.ESIMFly.SecretKey),
	})
	require.NoError(t, err)
	story, err := esimstory.New(esimstory.Config{
		Settings: settings(sim.ESIMStory.Server), AccessKey: sim.ESIMStory.AccessKey, SecretKey: esim.NewSecret(sim.ESIMStory.SecretKey),
		Catalog: sim.ESIMStory.Catalog(),
	})
	require.NoError(t, err)
	fx, err := esimfx.New(esimfx.Config{
		Settings: settings(sim.ESIMFX.Server), ClientID: sim.ESIMFX.ClientID, ClientKey: esim.NewSecret(sim.ESIMFX.ClientKey),
	})
	require.NoError(t, err)
	return []esim.Client{fly, story, fx}
}
