package main

import (
	"context"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// stall is a reseller of the market: its temper, its currency, and which part
// of the goods it sells.
type stall struct {
	name     esim.Provider
	temper   esimtest.Temper
	currency string
	sells    func(product int) bool
}

func stalls() []stall {
	everything := func(int) bool { return true }
	return []stall{
		{"steady", esimtest.TemperSteady(), "USD", everything},
		{"flaky", esimtest.TemperFlaky(), "USD", func(n int) bool { return n%3 != 0 }},
		{"dear", esimtest.TemperDear(), "USD", everything},
		{"broke", esimtest.TemperBroke(), "USD", everything},
		{"slow", esimtest.TemperSlow(), "EUR", func(n int) bool { return n%2 == 0 }},
		{"down", esimtest.TemperDown(), "USD", func(n int) bool { return n%5 != 0 }},
	}
}

// weights spread the sales, so that the shop depends on nobody.
var weights = map[esim.Provider]int{"steady": 50, "flaky": 20, "slow": 20, "dear": 10}

// open makes the reseller, on the clock of the market, with money enough for
// any number of sales unless its temper says otherwise.
func (s stall) open(ctx context.Context, c *clock) (*esimtest.Memory, error) {
	goods, err := s.goods(ctx)
	if err != nil {
		return nil, err
	}
	return esimtest.NewMemory(
		esimtest.MemoryProvider(s.name),
		esimtest.MemoryBalance("100000000", s.currency),
		esimtest.MemoryPackages(goods...),
		esimtest.MemoryTemper(s.temper),
		esimtest.MemoryClock(c.Now, c.Sleep),
	), nil
}

// goods are the products that it sells, under ids of its own: that they are the
// same as those of others, the catalogue has to find out.
func (s stall) goods(ctx context.Context) ([]esim.Package, error) {
	var list []esim.Package
	n := 0
	all := esimtest.NewMemory(esimtest.MemoryBalance("0", s.currency))
	for p, err := range esim.Packages(ctx, all, esim.PackageQuery{}) {
		if err != nil {
			return nil, err
		}
		if s.sells(n) {
			p.ID = string(s.name) + "-" + p.ID
			list = append(list, p)
		}
		n++
	}
	return list, nil
}
