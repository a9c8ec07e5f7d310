package esimfly_test

import (
	"context"
	"fmt"
	"log"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest/simulator"
)

// A sale against the simulator. With a real account leave Settings out; the
// rest stays as it is.
func Example() {
	sim, err := simulator.New()
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()
	client, err := esimfly.New(esimfly.Config{
		Settings:   esim.Settings{BaseURL: sim.ESIMFly.URL(), Now: sim.Now},
		AccessCode: sim.ESIMFly.AccessCode,
		SecretKey:  esim.NewSecret(sim.ESIMFly.SecretKey),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	ctx := context.Background()
	page, err := client.ListPackages(ctx, esim.PackageQuery{Countries: []esim.Country{"TR"}})
	if err != nil {
		log.Fatal(err)
	}
	quote := page.Packages[0]
	order, err := client.Order(ctx, esim.OrderRequest{PackageID: quote.ID, Reference: "cart-8841", Quote: &quote})
	if err != nil {
		log.Fatal(err, " maybe charged: ", esim.MaybeCharged(err))
	}
	fmt.Println(quote.Name, quote.Data, order.Total)
	fmt.Println(order.Status, order.ESIMs[0].Activation)
	// Output:
	// Turkey 1 GB 7 Days 1 GiB 2.72 USD
	// completed LPA:1$rsp-3104.idemia.io$[redacted]
}
