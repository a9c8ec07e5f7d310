package resellers_test

import (
	"context"
	"fmt"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/resellers"
	"github.com/esimkit/esim/esimtest/simulator"
)

// Three resellers and a client for each, without a port and without a
// credential of yours.
func Example() {
	sim, err := simulator.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()
	clients, err := resellers.New(sim, esim.Settings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := clients.ESIMFly.Order(context.Background(), esim.OrderRequest{PackageID: "merhaba-7days-1gb", Reference: "cart-8841"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(order.Status, order.Total, len(order.ESIMs))
	for _, c := range clients.All() {
		fmt.Println(c.Provider(), sim.Server(c.Provider()).Ledger().Count())
	}
	// Output:
	// completed 2.72 USD 1
	// esimfly 1
	// esimstory 0
	// esimfx 0
}
