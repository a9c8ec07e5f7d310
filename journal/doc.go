// Package journal makes purchases that survive everything: the process dies at
// any instruction, the network eats any answer, two replicas get the same job,
// the shop calls twice. Still one reference is at most one charge, and every
// charge ends as an eSIM on record or as an item that a person sees.
//
//	store, err := sqlite.Open("purchases.db") // one machine; or postgres.Open(ctx, pool) for many
//	j, err := journal.New(store, journal.Config{Clients: []esim.Client{fly, story, fx}})
//	go j.Run(ctx)
//
//	client := j.Client(esimfly.Provider) // an esim.Client; purchases need a Reference
//	order, err := client.Order(ctx, esim.OrderRequest{PackageID: p.ID, Reference: "cart-8841", Quote: &p})
//
// # How
//
// The intent is committed before anything is sent, with everything needed to
// send it again the same way. The end of each request is committed after it.
// What is open in between, a request of unknown outcome above all, is found out
// by [Journal.Run]: by the same request again where that is known to be safe
// ([esim.Repeat]), four times at most, else by reading. As soon as nothing more
// can be learnt a person is told. Which way there is follows from [esim.Capabilities] and from a few
// methods that a client may have ([Accounted], [Finder], [Gauge]), so a new
// provider needs no change here.
//
// The states of a purchase and what moves it between them are one table, which
// docs/journal.md shows together with what each state means on call.
//
// # Two ways to buy
//
// The client of [Journal.Client] sends at once and returns what came of it. An
// error with an unknown outcome is then no longer the caller's work: the
// journal finds out, and hooks tell. Only where it matches [ErrNotOnRecord] the
// store did not say whether the purchase is on record: order again under the
// same reference. The same reference again returns the same purchase.
//
// [Journal.EnqueueOrder] only records, in a transaction of the caller if he
// likes, so that "paid" and "to be bought" are on record together. Hooks tell
// what became of it.
//
// # Stores
//
// [NewVolatile] forgets. Module github.com/esimkit/esim/sqlite keeps a file,
// module github.com/esimkit/esim/postgres serves any number of replicas.
// Package journaltest has the tests for a store of your own.
package journal
