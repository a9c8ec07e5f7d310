package router_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/router"
)

// schedules lets two or three replicas make the same sale at once, each at its
// own pace, while resellers refuse and answers get lost. Now and then one is
// frozen for so long that the others carry on without it.
func schedules(t *testing.T, rule string, n int) (problems []string) {
	t.Helper()
	for seed := range n {
		synctest.Test(t, func(t *testing.T) {
			if why := schedule(t, rule, uint64(seed)); why != "" {
				problems = append(problems, fmt.Sprintf("seed %d: %s", seed, why))
			}
		})
	}
	return problems
}

func schedule(t *testing.T, rule string, seed uint64) string {
	chance := rand.New(rand.NewPCG(seed, 1))
	w, began := newWorld(true), time.Now()
	for _, p := range providers {
		m := w.resellers[p]
		for range chance.IntN(3) {
			switch chance.IntN(4) {
			case 0, 1:
				m.Refuse("Order", []esim.Kind{esim.ErrPackageUnavailable, esim.ErrInsufficientBalance, esim.ErrPriceChanged}[chance.IntN(3)])
			case 2:
				m.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
			case 3:
				m.Inject(esimtest.Fault{Kind: esimtest.FaultCutBeforeCommit, Op: "Order"})
			}
		}
	}
	var mu sync.Mutex // chance is not safe for concurrent use
	pace := func(string) {
		mu.Lock()
		pause := time.Duration(chance.IntN(200)) * time.Millisecond
		frozen := chance.IntN(12) == 0
		mu.Unlock()
		if frozen {
			pause = long
		}
		time.Sleep(pause) // of the bubble's clock
	}
	type answer struct {
		order *esim.Order
		err   error
	}
	var answers []answer
	var all sync.WaitGroup
	for i := range 2 + chance.IntN(2) {
		config := w.config([]router.Policy{router.Cheapest, policies["own"], policies["weighted"]}[i])
		config.Clients = w.clients(nil, hooked("router", pace))
		config.Claims = hookedClaims{w.claims, pace}
		r := router.NewWithout(config, rule)
		all.Go(func() {
			for range 3 {
				order, err := buy(t.Context(), r, "cart-1")
				mu.Lock()
				answers = append(answers, answer{order, err})
				mu.Unlock()
				time.Sleep(time.Second)
			}
		})
	}
	all.Wait()
	w.heal()
	order, err := buy(t.Context(), router.NewWithout(w.config(router.Cheapest), rule), "cart-1")
	if why := w.truth(order, err); why != "" {
		return why
	}
	if over := time.Since(began) > 15*time.Minute; err != nil && !(over && esim.MaybeCharged(err)) { // then a person is told
		return "everybody is well again, and the sale fails: " + err.Error()
	}
	for _, a := range answers {
		if a.err == nil && err == nil && a.order.ID != order.ID {
			return "two orders: " + a.order.ID + " and " + order.ID
		}
	}
	return ""
}

// Replicas that share claims and a journal charge once, whatever their pace.
func TestReplicas(t *testing.T) {
	assert.Empty(t, schedules(t, "", fewer(2000)))
}
