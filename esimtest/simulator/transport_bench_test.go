package simulator_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest/simulator"
)

type unlimited struct{}

func (unlimited) Wait(context.Context) error { return nil }

// BenchmarkOrder is an order through the adapter, without a socket, and a
// second of simulated time.
func BenchmarkOrder(b *testing.B) {
	sim := simulator.ForTest(b, simulator.WithClock(newYear), simulator.WithoutListeners(), simulator.WithBalance("1000000000"), simulator.WithTravel(-1, 0))
	c, err := esimfly.New(esimfly.Config{
		AccessCode: sim.ESIMFly.AccessCode,
		SecretKey:  esim.NewSecret(sim.ESIMFly.SecretKey),
		Settings: esim.Settings{
			BaseURL: sim.ESIMFly.URL(), Now: sim.Now, Limiter: unlimited{},
			Transport: sim.ESIMFly.Transport(),
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	before, n := heap(), 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		o, err := c.Order(b.Context(), esim.OrderRequest{PackageID: "PHAJHEAYP", Reference: "ref-" + strconv.Itoa(n)})
		if err != nil || len(o.ESIMs) != 1 {
			b.Fatal(o, err)
		}
		sim.Advance(time.Second)
	}
	b.StopTimer()
	b.ReportMetric(float64(heap()-before)/float64(n), "kept-B/op")
	if sim.ESIMFly.Ledger().Count() != n {
		b.Fatal("charges: ", sim.ESIMFly.Ledger().Count())
	}
}
