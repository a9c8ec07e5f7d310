package esim_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
)

type nesting struct{}

// TestObserversNest: each start gets the context of the one before, ends come in
// the opposite order, and what is not set is skipped.
func TestObserversNest(t *testing.T) {
	var log []string
	watch := func(name string) esim.Observer {
		return esim.Observer{
			OperationStart: func(ctx context.Context, op esim.Operation) context.Context {
				within, _ := ctx.Value(nesting{}).(string)
				log = append(log, name+" starts "+op.Name+" in "+within)
				return context.WithValue(ctx, nesting{}, within+name)
			},
			OperationEnd: func(ctx context.Context, op esim.Operation) {
				log = append(log, fmt.Sprint(name, " ends ", op.Name, " in ", ctx.Value(nesting{})))
			},
		}
	}
	deaf := esim.Observer{OperationStart: func(context.Context, esim.Operation) context.Context { return nil }}
	all := esim.Observers(watch("a"), esim.Observer{}, deaf, watch("b"))
	assert.Nil(t, all.WaitStart)
	assert.Nil(t, all.ExchangeEnd)
	op := esim.Operation{Name: "Order"}
	all.OperationEnd(all.OperationStart(t.Context(), op), op)
	assert.Equal(t, []string{"a starts Order in ", "b starts Order in a", "b ends Order in ab", "a ends Order in ab"}, log)
	assert.Nil(t, esim.Observers().OperationStart)
}

func ExampleObservers() {
	audit := esim.Observer{OperationEnd: func(_ context.Context, op esim.Operation) {
		if op.Bought {
			fmt.Println(op.Reference, "bought", op.PackageID, "for", op.Charged)
		}
	}}
	metrics := esim.Observer{ExchangeEnd: func(_ context.Context, x esim.Exchange) {
		fmt.Println(x.Method, x.Path, x.HTTPStatus)
	}}
	settings := esim.Settings{Observer: esim.Observers(audit, metrics)} // for the Config of any adapter

	price, _ := esim.ParseMoney("2.72", "USD")
	settings.Observer.ExchangeEnd(context.Background(), esim.Exchange{Method: "POST", Path: "/orders", HTTPStatus: 200})
	settings.Observer.OperationEnd(context.Background(), esim.Operation{Reference: "cart-1", PackageID: "jp-1gb", Bought: true, Charged: price})
	// Output:
	// POST /orders 200
	// cart-1 bought jp-1gb for 2.72 USD
}
