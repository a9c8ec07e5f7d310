// Package resellers connects the three adapters to a simulator in one line, for
// tests and programs that sell from all of them.
package resellers

import (
	"errors"

	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/simulator"
)

// Clients are a client of each reseller.
type Clients struct {
	ESIMFly   *esimfly.Client
	ESIMStory *esimstory.Client
	ESIMFX    *esimfx.Client
}

// All returns the three clients.
func (c *Clients) All() []esim.Client { return []esim.Client{c.ESIMFly, c.ESIMStory, c.ESIMFX} }

// New returns clients of the three resellers that the simulator plays, with its
// credentials, and its catalogue as eSIM Story's price sheet. The settings hold
// for all three. With a Transport, requests go to [simulator.Server.URL]; without
// one, through [simulator.Simulator.Transport], which needs no port. Without a
// Limiter they wait for none, and without Now the clock is the simulator's.
// BaseURL is the simulator's in any case.
func New(sim *simulator.Simulator, s esim.Settings) (*Clients, error) {
	baseURL := (*simulator.Server).URL
	if s.Transport == nil {
		s.Transport, baseURL = sim.Transport(), (*simulator.Server).LocalURL
	}
	if s.Now == nil {
		s.Now = sim.Now
	}
	if s.Limiter == nil {
		s.Limiter = rate.NewLimiter(rate.Inf, 1)
	}
	at := func(server *simulator.Server) esim.Settings {
		own := s
		own.BaseURL = baseURL(server)
		return own
	}
	fly, flyErr := esimfly.New(esimfly.Config{
		Settings: at(sim.ESIMFly.Server), AccessCode: sim.ESIMFly.AccessCode, SecretKey: esim.NewSecret(sim.ESIMFly.SecretKey),
	})
	story, storyErr := esimstory.New(esimstory.Config{
		Settings: at(sim.ESIMStory.Server), AccessKey: sim.ESIMStory.AccessKey, SecretKey: esim.NewSecret(sim.ESIMStory.SecretKey),
		Catalog: sim.ESIMStory.Catalog(),
	})
	fx, fxErr := esimfx.New(esimfx.Config{
		Settings: at(sim.ESIMFX.Server), ClientID: sim.ESIMFX.ClientID, ClientKey: esim.NewSecret(sim.ESIMFX.ClientKey),
	})
	if err := errors.Join(flyErr, storyErr, fxErr); err != nil {
		return nil, err
	}
	return &Clients{ESIMFly: fly, ESIMStory: story, ESIMFX: fx}, nil
}
