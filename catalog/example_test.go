package catalog_test

import (
	"context"
	"fmt"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/esimtest/memory"
)

// reseller sells what it is given.
func reseller(name esim.Provider, currency string, list ...esim.Package) esim.Client {
	return memory.New(memory.WithProvider(name), memory.WithBalance("1000", currency), memory.WithPackages(list...))
}

func plan(id, price, currency string, gb esim.DataSize, days int, countries ...esim.Country) esim.Package {
	amount, err := esim.ParseMoney(price, currency)
	if err != nil {
		panic(err)
	}
	return esim.Package{ID: id, Name: id, Countries: countries, Data: gb * esim.GB, ValidityDays: days, Price: amount}
}

func shelves() *catalog.Catalog {
	rates, err := esim.FixedRates("USD", map[string]string{"EUR": "0.80"})
	if err != nil {
		panic(err)
	}
	cat, err := catalog.New(catalog.Config{
		Clients: []esim.Client{
			reseller("north", "USD", plan("japan-5", "9.00", "USD", 5, 15, "JP"), plan("taiwan-3", "6.50", "USD", 3, 15, "TW")),
			reseller("south", "EUR", plan("japan-5gb", "7.90", "EUR", 5, 15, "JP"), plan("asia-8", "12.00", "EUR", 8, 30, "JP", "KR", "TW")),
		},
		Rates: rates,
	})
	if err != nil {
		panic(err)
	}
	if err := cat.Sync(context.Background()); err != nil { // a shop lets cat.Run do that
		panic(err)
	}
	return cat
}

// The cheapest offers for Japan of at least 5 GB, compared in dollars.
func ExampleCatalog_Search() {
	page := shelves().Search(catalog.Query{Countries: []esim.Country{"JP"}, MinData: 5 * esim.GB, Currency: "USD"})
	for _, o := range page.Offers {
		fmt.Println(o.Provider, o.ID, o.Total, "=", o.Compared)
	}
	// Output:
	// north japan-5 9.00 USD = 9.00 USD
	// south japan-5gb 7.90 EUR = 9.875 USD
	// south asia-8 12.00 EUR = 15.00 USD
}

// Six days in Japan, then four in Taiwan.
func ExampleCatalog_Trip() {
	answer := shelves().Trip(catalog.TripQuery{
		Legs:     []catalog.Leg{{Country: "JP", Days: 6, Data: 3 * esim.GB}, {Country: "TW", Days: 4, Data: 2 * esim.GB}},
		Currency: "USD",
	})
	for _, trip := range answer.Trips {
		for _, p := range trip.Plans {
			fmt.Println(p.Offer.Provider, p.Offer.ID, "for legs", p.Legs)
		}
		fmt.Println(trip.Total)
		fmt.Println(trip.Why)
	}
	// Output:
	// south asia-8 for legs [0 1]
	// 15.00 USD
	// one plan for JP and TW at 15.00 USD beats two plans at 15.50 USD together
}

// Two resellers sell the same product under names of their own.
func ExampleCatalog_Same() {
	group := shelves().Same("north", "japan-5")
	fmt.Println(group.Rule)
	for _, o := range group.Offers {
		fmt.Println(o.Provider, o.ID, o.Price)
	}
	// Output:
	// covers JP; sold as 5 GB; 15 days; network not stated
	// south japan-5gb 7.90 EUR
	// north japan-5 9.00 USD
}
