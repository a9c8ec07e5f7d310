package pricesheet_test

import (
	"fmt"
	"strings"

	"github.com/esimkit/esim/esimstory/pricesheet"
)

// A partner's price sheet becomes the packages of a client.
func ExampleReadCSV() {
	packages, err := pricesheet.ReadCSV(strings.NewReader(
		`option_id,name,countries,data,days,price,currency
a1b2c3d4-e5f6-7890-abcd-ef1234567890,Japan 5 GB,JP,5 GB,30,4.10,USD
b2c3d4e5-f6a7-8901-bcde-f12345678901,Japan and Korea,Japan; South Korea,unlimited,7,19.00,USD
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range packages {
		fmt.Println(p.Name, p.Kind, p.Countries, p.Price)
	}
	// Output:
	// Japan 5 GB local [JP] 4.10 USD
	// Japan and Korea regional [JP KR] 19.00 USD
}

// Every problem of a sheet is named at once.
func ExampleReadCSV_findings() {
	_, err := pricesheet.ReadCSV(strings.NewReader(
		`option_id,name,countries,price,currency
option-1,Japan,JP,"4,10",USD
option-2,Atlantis,Atlantis,3,
`))
	fmt.Println(err)
	// Output:
	// pricesheet: the price sheet has errors
	// line 2: package 1 "option-1": price: not a decimal number
	// line 3: package 2 "option-2": countries: "Atlantis" is not a country; use ISO 3166-1 codes or names, with ; between them
	// line 3: package 2 "option-2": currency: it is empty, and there is a price
}

// A sheet that a program wrote as one line of JSON.
func ExampleReadJSON() {
	packages, err := pricesheet.ReadJSON(strings.NewReader(
		`[{"option_id":"option-1","name":"Japan","countries":["JP"],"days":30.0,"price":4.1,"currency":"USD"},` +
			`{"option_id":"option-2","name":"World","days":NaN}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range packages {
		fmt.Println(p.ID, p.Name, p.ValidityDays, p.Price)
	}
	// Output:
	// option-1 Japan 30 4.10 USD
	// option-2 World 0 not stated
}

// A shop opens with the packages that can be read.
func ExampleSkip() {
	sheet := strings.NewReader(
		`option_id,name,countries,price,currency
option-1,Japan,JP,4.10,USD
option-2,Tenerife,Canary Islands,3.00,USD
option-3,Korea,KR,0,USD
`)
	packages, err := pricesheet.ReadCSV(sheet, pricesheet.Skip(func(f pricesheet.Finding) {
		fmt.Printf("not on sale: %s (line %d, %s %s)\n", f.ID, f.Line, f.Column, f.Problem)
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range packages {
		fmt.Println("on sale:", p.ID, p.Price)
	}
	// Output:
	// not on sale: option-2 (line 3, countries "Canary Islands" is not a country; use ISO 3166-1 codes or names, with ; between them)
	// not on sale: option-3 (line 4, price it is not more than 0)
	// on sale: option-1 4.10 USD
}
