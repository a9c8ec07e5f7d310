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

// The answer to an order was lost. The webhook, which carries the reference,
// proves the purchase and brings the eSIM.
func ExampleApply() {
	// What was noted down before the order was sent.
	order := &esim.Order{
		Provider: esimstory.Provider, Reference: "ORDER-123456", Quantity: 1,
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
