// Package esimfly speaks with the eSIMfly Business API: catalogue, orders,
// top-ups, cancellation, usage and diagnostics, all seventeen endpoints that
// its documents (docs.esimfly.net) describe.
//
//	client, err := esimfly.New(esimfly.Config{
//		AccessCode: "esf_…",
//		SecretKey:  esim.NewSecret("sk_…"),
//	})
//
// [Client] is an [esim.Client]; what eSIMfly has beyond that are further
// methods of it, such as [Client.LiveStatus] and [Client.Orders].
//
// # Orders
//
// An order carries the caller's reference as eSIMfly's idempotency_key. The
// documents say that a second order with the same key returns the first and
// charges nothing. They have said so only since September 2026, and a failure
// code frees the key. So a lost answer is an error with [esim.OutcomeUnknown]
// and [esim.RepeatUnknown]. Nothing in doubt is sent again, unless
// [Config].ReplaysVerified says that this was seen to work. After a failure
// code, such as ORDER_PROCESSING_ERROR, a repeat would buy ([esim.RepeatBuys]),
// verified or not: look for the order with [Client.FindOrders].
//
// Some packages are delivered minutes after they were paid. Such an order has
// [esim.OrderPending]; see [esim.WaitOrder].
//
// # Top-ups
//
// eSIMfly has no key for top-ups: whatever is sent twice is bought twice. The
// client sends a top-up once, one at a time for each eSIM. It recognises a lost
// one by the data that the eSIM has gained; see [Client.TopUp].
package esimfly
