package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/webhook"
)

// resellers are what the shop sells from: a client each, and a source of
// webhooks where there is a secret to verify them with.
type resellers struct {
	clients []esim.Client
	sources []webhook.Source
	now     func() time.Time // the clock of the resellers
	sim     *simulator.Simulator
	hookURL func(base string) // tells the resellers where the shop is
	hold    func(on bool)     // of simulators: keep back what is delivered after the order
}

// delivery is how long the simulators take for what they do not deliver at once.
const delivery = 3 * time.Second

// simulated is three resellers on loopback, with a traveller who does nothing
// until the operator page says so.
func simulated(seed int64, logger *slog.Logger) (*resellers, error) {
	if seed == 0 {
		seed = time.Now().UnixNano() // another world each time: a kept journal must not meet old order numbers again
	}
	sim, err := simulator.New(simulator.WithSeed(seed), simulator.WithBalance("500"),
		simulator.WithProvisioningDelay(delivery), simulator.WithTravel(-1, 14<<20))
	if err != nil {
		return nil, err
	}
	settings := func(url string) esim.Settings {
		return esim.Settings{
			BaseURL: url, Now: sim.Now, Logger: logger,
			Limiter:    rate.NewLimiter(rate.Inf, 1), // simulators need no pacing
			MaxRetries: -1,                           // the journal repeats, and shows that it does
		}
	}
	fly, flyErr := esimfly.New(esimfly.Config{
		Settings: settings(sim.ESIMFly.URL()), ReplaysVerified: true,
		AccessCode: sim.ESIMFly.AccessCode, SecretKey: esim.NewSecret(sim.ESIMFly.SecretKey),
	})
	story, storyErr := esimstory.New(esimstory.Config{
		Settings: settings(sim.ESIMStory.URL()), Catalog: sim.ESIMStory.Catalog(),
		AccessKey: sim.ESIMStory.AccessKey, SecretKey: esim.NewSecret(sim.ESIMStory.SecretKey),
	})
	fx, fxErr := esimfx.New(esimfx.Config{
		Settings: settings(sim.ESIMFX.URL()),
		ClientID: sim.ESIMFX.ClientID, ClientKey: esim.NewSecret(sim.ESIMFX.ClientKey),
		Codes: map[int]esimfx.Code{simulator.FXCodeInsufficientBalance: {Kind: esim.ErrInsufficientBalance, Refused: true}},
	})
	if err := errors.Join(flyErr, storyErr, fxErr); err != nil {
		sim.Close()
		return nil, err
	}
	path := rand.Text()
	return &resellers{
		clients: []esim.Client{fly, story, fx},
		sources: []webhook.Source{
			esimfly.Webhooks(esim.NewSecret(sim.ESIMFly.WebhookSecret)),
			esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: esim.NewSecret(path)}),
			esimfx.Webhooks(esim.NewSecret(sim.ESIMFX.WebhookToken)),
		},
		now: sim.Now, sim: sim,
		hookURL: func(base string) {
			sim.ESIMFly.SetWebhook(base + "/hooks/esimfly")
			sim.ESIMStory.SetWebhook(base + "/hooks/esimstory/" + path)
			sim.ESIMFX.SetWebhook(base + "/hooks/esimfx")
		},
		hold: func(on bool) {
			sim.ESIMFly.HoldProvisioning(on)
			sim.ESIMStory.Webhooks(simulator.WebhookBehaviour{Withhold: on, Delay: delivery})
			if !on {
				sim.ESIMStory.Release()
			}
		},
	}, nil
}

// fromEnvironment is the resellers whose credentials are in the environment. One without
// a webhook secret is polled; eSIM Story delivers by webhook only, and the
// journal orders nothing there without one.
func fromEnvironment(logger *slog.Logger) (*resellers, error) {
	r := &resellers{now: time.Now, hookURL: func(string) {}}
	makers := []func() (esim.Client, error){
		func() (esim.Client, error) {
			config, err := esimfly.ConfigFromEnv(esim.Settings{})
			if err != nil {
				return nil, err
			}
			return esimfly.New(config)
		},
		func() (esim.Client, error) {
			config, err := esimstory.ConfigFromEnv(esim.Settings{})
			if err != nil {
				return nil, err
			}
			return esimstory.New(config)
		},
		func() (esim.Client, error) {
			config, err := esimfx.ConfigFromEnv(esim.Settings{})
			if err != nil {
				return nil, err
			}
			return esimfx.New(config)
		},
	}
	for _, newClient := range makers {
		c, err := newClient()
		if err != nil {
			logger.Warn("reseller skipped", "error", err)
			continue
		}
		r.clients = append(r.clients, c)
	}
	if len(r.clients) == 0 {
		return nil, errors.New("no credentials in the environment; README.md lists the variables")
	}
	for name, source := range map[string]func(esim.Secret) webhook.Source{
		"ESIMFLY_WEBHOOK_SECRET": func(s esim.Secret) webhook.Source { return esimfly.Webhooks(s) },
		"ESIMSTORY_PATH_SECRET": func(s esim.Secret) webhook.Source {
			return esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: s})
		},
		"ESIMFX_WEBHOOK_TOKEN": func(s esim.Secret) webhook.Source { return esimfx.Webhooks(s) },
	} {
		if value := os.Getenv(name); value != "" {
			r.sources = append(r.sources, source(esim.NewSecret(value)))
		}
	}
	return r, nil
}

func (r *resellers) client(p esim.Provider) (esim.Client, error) {
	for _, c := range r.clients {
		if c.Provider() == p {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no reseller %s", p)
}

// title is a reseller's name as it writes it itself.
func title(p esim.Provider) string {
	switch p {
	case esimfly.Provider:
		return "eSIMfly"
	case esimstory.Provider:
		return "eSIM Story"
	case esimfx.Provider:
		return "eSIMfx"
	}
	return string(p)
}
