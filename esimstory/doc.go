// Package esimstory sells the eSIMs of eSIM Story through [esim.Client].
//
// The partner API of eSIM Story has one call, which orders, and one webhook,
// which delivers (docs.esimstory.com, endpoints/create-order). So three things
// are different from other resellers:
//
//   - An order is never delivered in the answer. It comes back pending, each
//     unit with an ItemID and nothing else. What the traveller needs arrives
//     by webhook only, at the URL set in the partner account, one request a
//     unit; an account without such a URL never gets it. Serve that URL with
//     [DeliveryHandler] and put each [Delivery] into its order with [Apply].
//   - An order cannot be looked up. After an outcome of
//     [esim.OutcomeUnknown] the webhooks are the evidence: they carry the
//     caller's reference. Whether a repeat would be refused or buy again is not
//     documented ([esim.RepeatUnknown]), so none is sent, not even on a second
//     call with the reference, unless [Config].RepeatsVerified.
//   - There is no catalogue. Options and prices come as a partner's price
//     sheet: read it with package pricesheet and hand it over as
//     [Config].Catalog. Then packages can be listed, and quotes and
//     ceilings are checked against the sheet.
//
// Everything else, top-ups, usage, balance, cancelling, has no endpoint: those
// calls match [errors.ErrUnsupported] and send nothing.
//
// [Client.OrderLines] buys several kinds of eSIM at once.
package esimstory
