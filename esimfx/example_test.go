package esimfx_test

import (
	"context"
	"fmt"
	"log"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimtest/simulator"
)

// The simulator stands in for eSIMfx here; with a real account BaseURL is the
// "API domain" of its portal.
func Example() {
	sim, err := simulator.New()
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()
	client, err := esimfx.New(esimfx.Config{
		Settings:  esim.Settings{BaseURL: sim.ESIMFX.URL()},
		ClientID:  sim.ESIMFX.ClientID,
		ClientKey: esim.NewSecret(sim.ESIMFX.ClientKey),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	ctx := context.Background()
	product, err := client.Product(ctx, "esimfx_10G_7D_JP")
	if err != nil {
		log.Fatal(err)
	}
	order, err := client.Order(ctx, esim.OrderRequest{
		PackageID: product.ID,
		Reference: "cart-8841",
		Quote:     &product.Package,
	})
	if err != nil {
		log.Fatal(err) // before a refund or another order ask esim.MaybeCharged(err)
	}
	fmt.Println(product.Name, product.Price)
	fmt.Println(order.Status, order.Delivered(), order.ESIMs[0].Status)
	// Output:
	// Japan_10GB_7Day 12.00 USD
	// completed 1 new
}

// A code that eSIMfx has been seen to answer for want of money, and that
// support has confirmed to come before any charge.
func ExampleConfig_codes() {
	cfg := esimfx.Config{
		Codes: map[int]esimfx.Code{
			40201: {Kind: esim.ErrInsufficientBalance, Refused: true},
			40903: {Kind: esim.ErrDuplicate}, // known, and no proof of anything
		},
	}
	fmt.Println(cfg.Codes[40201].Kind, cfg.Codes[40201].Refused)
	// Output: insufficient balance true
}

// Provider extras are reached through whatever wraps the client.
func ExampleClient_Activate() {
	sim, err := simulator.New()
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()
	client, err := wrapped(sim)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	order, err := client.Order(ctx, esim.OrderRequest{PackageID: "esimfx_10G_7D_JP"})
	if err != nil {
		log.Fatal(err)
	}
	if fx, ok := esim.As[*esimfx.Client](client); ok {
		defer fx.CloseIdleConnections()
		plan, err := fx.Activate(ctx, order.ID)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(plan.Status, plan.Remaining)
	}
	// Output: active 10 GiB
}

// wrapped is a client inside another, as a router or a journal has it.
func wrapped(sim *simulator.Simulator) (esim.Client, error) {
	client, err := esimfx.New(esimfx.Config{
		Settings:  esim.Settings{BaseURL: sim.ESIMFX.URL()},
		ClientID:  sim.ESIMFX.ClientID,
		ClientKey: esim.NewSecret(sim.ESIMFX.ClientKey),
	})
	return wrapper{client}, err
}

type wrapper struct{ esim.Client }

func (w wrapper) Unwrap() esim.Client { return w.Client }
