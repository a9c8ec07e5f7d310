package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimtest/simulator"
)

// instructions are what the shop is told by its supervisor.
type instructions struct {
	Store   string  `json:"store"`
	Address string  `json:"address"` // of the file or the database
	Run     string  `json:"run"`     // begins every reference
	Orders  int     `json:"orders"`
	Fly     account `json:"fly"`
	FX      account `json:"fx"`
}

type account struct {
	URL     string `json:"url"`
	ID      string `json:"id"`
	Key     string `json:"key"`
	Package string `json:"package"`
}

const instructionsVariable = "CRASHPROOF_INSTRUCTIONS"

func (in *instructions) environment() (string, error) {
	text, err := json.Marshal(in)
	return instructionsVariable + "=" + string(text), err
}

func readInstructions() (*instructions, error) {
	text := os.Getenv(instructionsVariable)
	if text == "" {
		return nil, errors.New("-shop is for the program itself; run it without")
	}
	in := new(instructions)
	return in, json.Unmarshal([]byte(text), in)
}

// accounts are the shop's at the simulated resellers.
func accounts(sim *simulator.Simulator) (fly, fx account) {
	fly = account{sim.ESIMFly.URL(), sim.ESIMFly.AccessCode, sim.ESIMFly.SecretKey, sim.ESIMFly.Packages()[0].ID}
	fx = account{sim.ESIMFX.URL(), sim.ESIMFX.ClientID, sim.ESIMFX.ClientKey, sim.ESIMFX.Packages()[0].ID}
	return fly, fx
}

// clients are the shop's clients, with timeouts short enough for a
// demonstration.
func (in *instructions) clients() (clients []esim.Client, err error) {
	fly, err := esimfly.New(esimfly.Config{
		AccessCode: in.Fly.ID, SecretKey: esim.NewSecret(in.Fly.Key), ReplaysVerified: true,
		Settings: settingsFor(in.Fly.URL),
	})
	if err != nil {
		return nil, err
	}
	fx, err := esimfx.New(esimfx.Config{
		ClientID: in.FX.ID, ClientKey: esim.NewSecret(in.FX.Key), Settings: settingsFor(in.FX.URL),
	})
	if err != nil {
		return nil, err
	}
	return []esim.Client{fly, fx}, nil
}

func settingsFor(url string) esim.Settings {
	return esim.Settings{BaseURL: url, Timeout: 500 * time.Millisecond, Limiter: unlimited{}}
}

// unlimited paces nothing: the simulated resellers do not mind.
type unlimited struct{}

// Wait returns at once.
func (unlimited) Wait(ctx context.Context) error { return ctx.Err() }
