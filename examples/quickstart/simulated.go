package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/simulator"
)

// shop is the three simulated resellers and a client for each.
type shop struct {
	sim   *simulator.Simulator
	fly   esim.Client
	story esim.Client
	fx    esim.Client
	post  *postbox // where eSIM Story delivers
}

func (s *shop) clients() []esim.Client { return []esim.Client{s.fly, s.story, s.fx} }

func openShop() (*shop, error) {
	sim, err := simulator.New(simulator.WithProvisioningDelay(2 * time.Second))
	if err != nil {
		return nil, err
	}
	s := &shop{sim: sim}
	settings := func(url string) esim.Settings {
		return esim.Settings{
			BaseURL: url, Now: s.sim.Now,
			Limiter: rate.NewLimiter(rate.Inf, 1), // simulators need no pacing
		}
	}
	var errs [4]error
	s.fly, errs[0] = esimfly.New(esimfly.Config{
		Settings:   settings(s.sim.ESIMFly.URL()),
		AccessCode: s.sim.ESIMFly.AccessCode, SecretKey: esim.NewSecret(s.sim.ESIMFly.SecretKey),
	})
	s.story, errs[1] = esimstory.New(esimstory.Config{
		Settings:  settings(s.sim.ESIMStory.URL()),
		AccessKey: s.sim.ESIMStory.AccessKey, SecretKey: esim.NewSecret(s.sim.ESIMStory.SecretKey),
		Catalog: priceSheet(s.sim.ESIMStory),
	})
	s.fx, errs[2] = esimfx.New(esimfx.Config{
		Settings: settings(s.sim.ESIMFX.URL()),
		ClientID: s.sim.ESIMFX.ClientID, ClientKey: esim.NewSecret(s.sim.ESIMFX.ClientKey),
	})
	s.post, errs[3] = openPostbox()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	s.sim.ESIMStory.SetWebhook(s.post.URL())
	return s, nil
}

func (s *shop) close() {
	s.sim.Close()
	s.post.close()
}

// priceSheet is the catalogue of a reseller that has no catalogue call, as the
// partner would get it by mail.
func priceSheet(p *simulator.ESIMStory) []esim.Package {
	var sheet []esim.Package
	for _, info := range p.Packages() {
		row := esim.Package{
			Provider: esimstory.Provider, ID: info.ID, Name: info.Name, Region: info.Region,
			Data: esim.DataSize(info.Bytes), Unlimited: info.Unlimited, ValidityDays: info.Days,
			Price: info.Price,
		}
		for _, c := range info.Countries {
			row.Countries = append(row.Countries, esim.Country(c))
		}
		sheet = append(sheet, row)
	}
	return sheet
}

func simulatedShop(ctx context.Context, w io.Writer) error {
	s, err := openShop() //nolint:contextcheck // its servers live until close, not until ctx ends
	if err != nil {
		return err
	}
	defer s.close()
	fmt.Fprintln(w, "Three resellers, simulated on loopback. No money is spent.")

	if err = shelf(ctx, w, s.clients(), "JP"); err != nil {
		return err
	}
	heading(w, "An order at each")
	pending, err := s.pendingThenCompleted(ctx, w)
	if err != nil {
		return err
	}
	if err = s.deliveredByWebhook(ctx, w); err != nil {
		return err
	}
	atOnce, err := sell(ctx, s.fx, "JP", "cart-0003")
	if err != nil {
		return err
	}
	announce(w, atOnce)

	heading(w, "What the traveller gets")
	if err = handOver(w, pending); err != nil {
		return err
	}
	recovered, err := s.lostAnswer(ctx, w)
	if err != nil {
		return err
	}
	if err = s.onTheRoad(ctx, w, recovered, atOnce); err != nil {
		return err
	}
	return s.proof(w)
}
