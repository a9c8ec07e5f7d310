package esimtest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// A shop's own tests need no sockets: the in-memory client loses answers too.
func ExampleMemory() {
	ctx := context.Background()
	m := esimtest.NewMemory()
	m.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})

	request := esim.OrderRequest{PackageID: "jp-1GB-7d", Reference: "cart-8841"}
	_, err := m.Order(ctx, request)
	fmt.Println("charged?", esim.MaybeCharged(err))

	order, err := m.Order(ctx, request) // the same reference
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(order.Status, order.Total, "replayed:", order.Replayed)
	fmt.Println("charges:", len(m.Ledger().Charges()))
	// Output:
	// charged? true
	// completed 2.40 USD replayed: true
	// charges: 1
}

// To prove an adapter of your own, fill in a Harness for the world it talks
// to. This one takes the in-memory client for the provider.
func ExampleConformance() {
	test := func(t *testing.T) { // func TestConformance(t *testing.T)
		provider := esimtest.NewMemory()
		esimtest.Conformance(t, esimtest.Harness{
			New: func(t testing.TB, s esim.Settings) esim.Client {
				return provider // yours: acme.New(acme.Config{Settings: s, …})
			},
			Ledger:        provider.Ledger(),
			Requests:      func() int { return provider.Requests("") },
			PurchaseSends: func() int { return provider.Requests("Order") },
			Package:       esim.Package{ID: "jp-1GB-7d"},
			Other:         esim.Package{ID: "kr-1GB-7d"},
			Inject:        func(f esimtest.Fault) bool { provider.Inject(f); return true },
			Heal:          provider.Heal,
			Secrets:       provider.Secrets,
		})
	}
	_ = test
}
