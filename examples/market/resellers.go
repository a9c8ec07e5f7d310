package main

import (
	"context"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/memory"
)

// stall is a reseller of the market: its temper, its currency, and which part
// of the goods it sells.
type stall struct {
	name     esim.Provider
	temper   memory.Behaviour
	currency string
	sells    func(product int) bool
}

func stalls() []stall {
	everything := func(int) bool { return true }
	return []stall{
		{"steady", memory.Steady(), "USD", everything},
		{"flaky", memory.Flaky(), "USD", func(n int) bool { return n%3 != 0 }},
		{"dear", memory.Dear(), "USD", everything},
		{"broke", memory.Broke(), "USD", everything},
		{"slow", memory.Slow(), "EUR", func(n int) bool { return n%2 == 0 }},
		{"down", memory.Down(), "USD", func(n int) bool { return n%5 != 0 }},
	}
}

// weights spread the sales, so that the shop depends on nobody.
var weights = map[esim.Provider]int{"steady": 50, "flaky": 20, "slow": 20, "dear": 10}

// open makes the reseller, on the clock of the market, with money enough for
// any number of sales unless its temper says otherwise.
func (s stall) open(ctx context.Context, c *clock) (*memory.Client, error) {
	goods, err := s.goods(ctx)
	if err != nil {
		return nil, err
	}
	return memory.New(
		memory.WithProvider(s.name),
		memory.WithBalance("100000000", s.currency),
		memory.WithPackages(goods...),
		memory.WithBehaviour(s.temper),
		memory.WithClock(c.Now, c.Sleep),
	), nil
}

// goods are the products that it sells, under ids of its own: that they are the
// same as those of others, the catalogue has to find out.
func (s stall) goods(ctx context.Context) ([]esim.Package, error) {
	var list []esim.Package
	n := 0
	all := memory.New(memory.WithBalance("0", s.currency))
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
