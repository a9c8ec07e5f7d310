// Package conformance is the suite that every client must pass: an adapter, a
// router, a journal, a decorator. [Run] drives a client through an
// [esimtest.Harness], with every fault that the harness can produce, and holds
// each result against the ledger.
//
//	func TestConformance(t *testing.T) {
//		sim := simulator.ForTest(t)
//		conformance.Run(t, sim.ESIMFly.Harness(func(t testing.TB, s esim.Settings) esim.Client {
//			…
//		}))
//	}
//
// The simulators and the client in memory make their own harness; a provider
// of your own needs one that is filled in by hand.
package conformance
