package main

import (
	"context"
	"errors"
	"slices"

	"github.com/esimkit/esim"
)

// naively is the warning. It takes the cheapest reseller and on any error the
// next one, as if an error meant that nothing was bought. Sooner or later the
// answer gets lost after the order was made, and the traveller is charged
// twice, by two resellers who both did right. Do not sell like this.
func (m *market) naively(ctx context.Context, s sale) (*esim.Order, error) {
	var failures error
	for _, p := range m.byPrice(s.wanted) {
		client := m.door.client(p.Provider)
		if s.instant && client.Capabilities().Fulfilment == esim.FulfilmentWebhook {
			continue
		}
		order, err := client.Order(ctx, request(p, s.reference))
		if err == nil {
			return order, nil
		}
		failures = errors.Join(failures, err) // "failed", so on to the next: this is the bug
	}
	return nil, failures
}

// byPrice are the offers for the same product, cheapest first.
func (m *market) byPrice(wanted esim.Package) []esim.Package {
	offers := slices.Clone(m.shelf.Equivalents(wanted.Provider, wanted.ID))
	slices.SortStableFunc(offers, func(a, b esim.Package) int {
		return m.inDollars(a.Price).Compare(m.inDollars(b.Price))
	})
	return offers
}
