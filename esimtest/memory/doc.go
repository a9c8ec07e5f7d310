// Package memory is an [esim.Client] without a wire: reseller and adapter in
// one value, for the unit tests of a shop. It keeps a balance and a ledger,
// charges once for one reference, delivers late, and loses answers on demand.
//
//	m := memory.New()
//	m.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
//	_, err := shop.Sell(ctx, m, "cart-8841") // the eSIM is paid for, the answer is lost
//	n := len(m.Ledger().Charges())           // 1, however often the shop repeats it
//
// # Behaviours
//
// [WithBehaviour] makes the reseller cheap but flaky, dear but instant, out of
// balance, slow, or down: see [Behaviours]. A few of them, with [WithClock],
// are a market in which a shop's choices can be tried on many thousand sales.
package memory
