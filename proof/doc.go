// Package proof sells through the whole house: catalogue, router, journal, the
// adapters, webhooks and a store, put together as README and docs/router.md
// show, over simulated resellers. It compares what the shop believes with the
// resellers' charge ledgers.
//
// A [Case] is one small story: who is cheapest, what goes wrong, when the
// process dies, how the caller behaves. [Run] plays it in simulated time and
// returns the [Finding]s. [Enumerate] lists the cases of every run, [Draw]
// others by a seed. A [Reseller] is a value, so a further one joins by being
// given; nothing here knows its name.
//
//	scripts/proof 10m                     # as many cases as fit into ten minutes
//	go test -run 'TestProof/<case>' ./    # one of them again
package proof
