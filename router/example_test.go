package router_test

import (
	"context"
	"fmt"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/router"
)

// The cheapest reseller has run out of balance, so the next one makes the sale.
func Example() {
	ctx := context.Background()
	w := newWorld(false) // three resellers that sell the same
	w.resellers[esimfly.Provider].SetBalance("1")

	best := router.New(router.Config{
		Clients: []esim.Client{w.resellers[esimfly.Provider], w.resellers[esimfx.Provider], w.resellers[esimstory.Provider]},
		Catalog: w.shelf, Policy: router.Cheapest, BalanceAge: -1,
	})
	most, err := esim.ParseMoney("7", "USD")
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := best.Order(ctx, esim.OrderRequest{PackageID: "esimfly:jp-0", Reference: "cart-8841", MaxTotal: most})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(order.Provider, order.Total)

	decision, err := best.Explain(ctx, order)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(decision)
	// Output:
	// esimfx 6.50 USD
	// cart-8841: asked for esimfly:jp-0
	//   1  esimfly:jp-0 at 5.50 USD
	//   2  esimfx:jp-1 at 6.50 USD
	//   -  esimstory:jp-2 at 7.50 USD: price above ceiling
	//  #1  esimfly:jp-0 as cart-8841: refused: insufficient balance: the balance does not cover 5.50 USD
	//  #2  esimfx:jp-1 as r2-09376ab0-c4ef-57f6-b769-9ba7d2a91bf7: won
	// sold by esimfx
}

// A view of the same router for sales that must leave 15 %.
func ExampleRouter_With() {
	m := memory.New()
	all := router.New(router.Config{Clients: []esim.Client{m}, BalanceAge: -1})
	price, err := esim.ParseMoney("2.40", "USD")
	if err != nil {
		fmt.Println(err)
		return
	}
	quote := esim.Package{Provider: "memory", ID: "jp-1GB-7d", Price: price}
	for _, selling := range []string{"2.80", "2.90"} {
		paid, err := esim.ParseMoney(selling, "USD")
		if err != nil {
			fmt.Println(err)
			return
		}
		view := all.With(router.Needs{SellingPrice: paid, MinMargin: 150})
		_, err = view.Order(context.Background(), esim.OrderRequest{PackageID: quote.ID, Quote: &quote})
		fmt.Println(selling, esim.OutcomeOf(err))
	}
	// Output:
	// 2.80 not sent
	// 2.90 accepted
}
