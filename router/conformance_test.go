package router_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/conformance"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
)

// A router over one reseller keeps every promise of a client, with a journal
// beneath and without.
func TestConformance(t *testing.T) {
	for _, journalled := range []bool{false, true} {
		t.Run(fmt.Sprintf("journalled=%v", journalled), func(t *testing.T) {
			t.Parallel()
			conform(t, journalled)
		})
	}
}

func conform(t *testing.T, journalled bool) {
	t.Helper()
	m := memory.New(memory.WithPending(30*time.Second, "kr-3GB-30d"), memory.WithTimeout(300*time.Millisecond))
	claims, store := router.NewMemoryClaims(), journal.NewVolatile() // shared by all routers of the suite, as replicas share them
	h := m.Harness(func(c esim.Client) esim.Client {
		if journalled {
			j, err := journal.New(store, journal.Config{Clients: []esim.Client{c}, MaxDoubtful: -1, BusyWait: -1})
			if err != nil {
				t.Error(err)
			}
			c = j.Client(c.Provider())
		}
		return router.New(router.Config{
			Name: c.Provider(), Clients: []esim.Client{c}, Claims: claims, BalanceAge: -1,
			Breaker: router.Breaker{Failures: -1}, // the suite has it fail on purpose, again and again
		})
	})
	for _, p := range []*esim.Package{&h.Package, &h.Other, &h.Pending} {
		p.ID = "memory:" + p.ID
	}
	h.ReferenceRequired = journalled
	setPrice := h.SetPrice
	h.SetPrice = func(id, amount string) { setPrice(strings.TrimPrefix(id, "memory:"), amount) }
	conformance.Run(t, h)
}
