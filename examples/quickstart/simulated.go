package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/resellers"
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
	clients, clientsErr := resellers.New(sim, esim.Settings{Transport: http.DefaultTransport}) // over loopback
	post, postErr := openPostbox()
	if err := errors.Join(clientsErr, postErr); err != nil {
		return nil, err
	}
	s := &shop{sim: sim, fly: clients.ESIMFly, story: clients.ESIMStory, fx: clients.ESIMFX, post: post}
	s.sim.ESIMStory.SetWebhook(s.post.URL())
	return s, nil
}

func (s *shop) close() {
	s.sim.Close()
	s.post.close()
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
