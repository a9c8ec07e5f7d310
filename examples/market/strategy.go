package main

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/esimkit/esim/router"
)

// strategy is a way of choosing among resellers.
type strategy struct {
	name   string
	policy router.Policy // nil = the naive loop
}

func strategies() []strategy {
	return []strategy{
		{"cheapest", router.Cheapest},
		{"preferred", router.Preferred("slow", "broke", "steady")},
		{"weighted", router.Weighted(weights)},
		{"healthiest", router.Healthiest},
		{"naive failover", nil},
	}
}

// compare runs each strategy in a market of its own, as many at once as there
// are processors: they share nothing.
func compare(ctx context.Context, sales int, list []strategy) ([]account, error) {
	accounts, failures := make([]account, len(list)), make([]error, len(list))
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for i, s := range list {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			accounts[i], failures[i] = tryOut(ctx, sales, s)
		})
	}
	all.Wait()
	return accounts, errors.Join(failures...)
}

// tryOut opens a market, lets the travellers come, and reads the books.
func tryOut(ctx context.Context, sales int, s strategy) (account, error) {
	m, err := openMarket(ctx)
	if err != nil {
		return account{}, err
	}
	sell := m.naively
	if s.policy != nil {
		sell, err = m.routed(s.policy)
	}
	if err != nil {
		return account{}, err
	}
	told, err := m.days(ctx, sales, sell)
	if err != nil {
		return account{}, err
	}
	return m.audit(ctx, s, told)
}
