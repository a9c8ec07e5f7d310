package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
)

// realShop lists packages and balances of the resellers whose credentials are
// in the environment, and buys only what buy asks for.
func realShop(ctx context.Context, w io.Writer, buy string) error {
	clients := configured(w)
	if len(clients) == 0 {
		return errors.New("no credentials in the environment; README.md lists the variables")
	}
	if err := shelf(ctx, w, clients, "JP"); err != nil {
		return err
	}
	heading(w, "Balances")
	for _, c := range clients {
		balance, err := c.Balance(ctx)
		if err != nil {
			fmt.Fprintf(w, "  %s: %v\n", c.Provider(), err)
			continue
		}
		fmt.Fprintf(w, "  %s: %s\n", c.Provider(), balance)
	}
	if buy == "" {
		fmt.Fprintln(w, "\nNothing was bought. -buy PROVIDER buys the cheapest of these, for real money.")
		return nil
	}
	for _, c := range clients {
		if c.Provider() == esim.Provider(buy) {
			reference := "quickstart-" + rand.Text()
			fmt.Fprintf(w, "\nBuying under the reference %s; keep it until you have the eSIM.\n", reference)
			order, err := sell(ctx, c, "JP", reference)
			if err != nil {
				return err
			}
			return handOver(w, order)
		}
	}
	return fmt.Errorf("no credentials for %s", buy)
}

// configured makes a client of each reseller that the environment knows.
func configured(w io.Writer) []esim.Client {
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
	var clients []esim.Client
	for _, newClient := range makers {
		c, err := newClient()
		if err != nil {
			fmt.Fprintln(w, "  skipped:", err)
			continue
		}
		clients = append(clients, c)
	}
	return clients
}
