package memory_test

import (
	"context"
	"fmt"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
)

// A shop's own tests need no sockets: the in-memory client loses answers too.
func Example() {
	ctx := context.Background()
	m := memory.New()
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
