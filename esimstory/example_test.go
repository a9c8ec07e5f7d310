package esimstory_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimstory"
)

// A partner's price sheet becomes the catalogue of a client.
func ExampleLoadCatalogCSV() {
	packages, err := esimstory.LoadCatalogCSV(strings.NewReader(
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

// What is wrong in a sheet is said all at once.
func ExampleLoadCatalogCSV_findings() {
	_, err := esimstory.LoadCatalogCSV(strings.NewReader(
		`option_id,name,countries,price,currency
option-1,Japan,JP,"4,10",USD
option-2,Atlantis,Atlantis,3,
`))
	fmt.Println(err)
	// Output:
	// esimstory: the price sheet has errors
	// line 2: price: not a decimal number
	// line 3: countries: "Atlantis" is not a country; use ISO 3166-1 codes or names, with ; between them
	// line 3: currency: it is empty, and there is a price
}

// The answer to an order was lost. The webhook, which carries the reference,
// proves the purchase and brings the eSIM.
func ExampleApply() {
	// What was noted down before the order was sent.
	order := &esim.Order{
		Provider: esim.ESIMStory, Reference: "ORDER-123456", Quantity: 1,
		PackageID: "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
	}
	d, err := esimstory.ParseDelivery([]byte(`{
		"topup_id": "20250129123456123456789012",
		"option_id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
		"iccid": "89852341234567890123",
		"download_link": "LPA:1$rsp1.cmlink.com$A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6",
		"external_order_id": "ORDER-123456"
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	changed, err := esimstory.Apply(order, d)
	fmt.Println(changed, err, order.Status)
	fmt.Println(order.ESIMs[0].ICCID, order.ESIMs[0].Activation)

	changed, err = esimstory.Apply(order, d) // the provider repeats itself
	fmt.Println(changed, err)

	d.ESIM.ICCID = "89852340000000000000"
	_, err = esimstory.Apply(order, d)
	fmt.Println(errors.Is(err, esimstory.ErrChangedDelivery))
	// Output:
	// true <nil> completed
	// 89852341234567890123 LPA:1$rsp1.cmlink.com$[redacted]
	// false <nil>
	// true
}

// The provider signs nothing, so the address of the receiver is the secret.
func ExampleDeliveryHandler() {
	secret := esim.NewSecret("mU3q8VnT0xk2Jc7wYb5rPz9s") // from the configuration
	mux := http.NewServeMux()
	mux.Handle("/esimstory/", esimstory.DeliveryHandler(secret, func(_ context.Context, d *esimstory.Delivery) error {
		fmt.Println("store unit", d.TopupID, "of", d.Reference)
		return nil
	}))

	body := `{"topup_id":"20250129123456123456789012","external_order_id":"ORDER-123456"}`
	for _, path := range []string{"/esimstory/mU3q8VnT0xk2Jc7wYb5rPz9s", "/esimstory/guess"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body)))
		fmt.Println(w.Code)
	}
	// Output:
	// store unit 20250129123456123456789012 of ORDER-123456
	// 200
	// 404
}
