package main

import (
	"context"
	"fmt"

	"github.com/esimkit/esim"
)

// sell buys the cheapest package for a country and returns the order, with its
// eSIM in hand unless the provider delivers by webhook only. It is the same
// for every provider.
func sell(ctx context.Context, client esim.Client, country esim.Country, reference string) (*esim.Order, error) {
	var best esim.Package
	for p, err := range esim.Packages(ctx, client, esim.PackageQuery{Countries: []esim.Country{country}}) {
		if err != nil {
			return nil, err
		}
		if c, err := p.Price.Cmp(best.Price); best.ID == "" || err == nil && c < 0 {
			best = p
		}
	}
	if best.ID == "" {
		return nil, fmt.Errorf("%s sells nothing for %s", client.Provider(), country.Name())
	}
	// One reference is at most one charge. While the outcome is unknown the
	// same reference may be sent again; another one never.
	request := esim.OrderRequest{PackageID: best.ID, Reference: reference, Quote: &best}
	order, err := client.Order(ctx, request)
	for tries := 0; esim.MaybeCharged(err) && tries < 3; tries++ {
		order, err = client.Order(ctx, request)
	}
	if err != nil {
		return nil, err
	}
	if order.Status == esim.OrderPending && client.Capabilities().GetOrder {
		return esim.WaitOrder(ctx, client, order.Ref(), esim.WaitOptions{})
	}
	return order, nil
}
