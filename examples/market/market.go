package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
)

// market is a shop and the resellers it buys from.
type market struct {
	clock     *clock
	resellers []*memory.Client
	clients   []esim.Client // of the resellers, each behind the door
	door      *door

	rates esim.Rates
	shelf *catalog.Catalog
	wares []esim.Package // what travellers ask for

	journal *journal.Journal // nil = the shop has none
}

// currency is the shop's own.
const currency = "USD"

// openMarket opens the resellers and reads their catalogues.
func openMarket(ctx context.Context) (*market, error) {
	rates, err := esim.FixedRates("EUR", map[string]string{currency: "1.08"})
	if err != nil {
		return nil, err
	}
	m := &market{clock: new(clock), door: newDoor(), rates: rates}
	for _, s := range stalls() {
		reseller, bad := s.open(ctx, m.clock)
		if bad != nil {
			return nil, bad
		}
		m.resellers = append(m.resellers, reseller)
		m.clients = append(m.clients, m.door.before(reseller))
	}
	m.shelf, err = catalog.New(catalog.Config{Clients: m.clients, Rates: m.rates, Now: m.clock.Now})
	if err != nil {
		return nil, err
	}
	return m, m.stock(ctx)
}

func (m *market) reseller(p esim.Provider) *memory.Client {
	i := slices.IndexFunc(m.resellers, func(r *memory.Client) bool { return r.Provider() == p })
	return m.resellers[i]
}

// stock reads the catalogues before the trouble begins. A flaky reseller takes
// more than one try.
func (m *market) stock(ctx context.Context) error {
	const tries = 10
	m.reseller("down").Heal()
	err := m.shelf.Sync(ctx)
	for n := 1; n < tries && err != nil; n++ {
		err = m.shelf.Sync(ctx)
	}
	if err != nil {
		return fmt.Errorf("the catalogues cannot be read: %w", err)
	}
	m.reseller("down").Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
	for p := range m.shelf.All() {
		if p.Provider == "steady" {
			m.wares = append(m.wares, p)
		}
	}
	return nil
}
