// Package adapter is the kit that clients of eSIM resellers are made of. Whoever
// adds a reseller states facts about its API; the kit does the rest, for every
// adapter in the same way: checks of input, limits, signing, one send at a time,
// bounded and strict reading, retries, and what is known about money.
//
// This page is a guide for whoever writes an adapter. The example of the package
// is a whole one: example_test.go, where the page does not show it.
//
// An adapter may stand in a module of its own. All it needs is public: this
// package, adapter/wire for documents, evidence for what a journal says of one
// send, and esimtest/conformance for the proof.
//
// # Files
//
// An adapter is a package with one file for each question, so that its reader
// knows where to look:
//
//	config.go                      Config, ConfigFromEnv
//	client.go                      New, the [Spec], authentication
//	catalog.go, order.go, esim.go  the methods of [esim.Client]
//	wire.go                        documents by struct tag
//	convert.go                     documents into the neutral model
//	errors.go                      the [Table]
//	webhook.go                     the [Webhooks]
//	extras_*.go                    what only this reseller offers
//
// An adapter starts no goroutine and holds no lock.
//
// # Facts
//
// [Spec] describes the API as a whole. [New] refuses facts that contradict each
// other, with a sentence that names the row: a 5xx that is called rejected, a key
// without replays, units without a loop, an endpoint that spends and is not
// declared.
//
// # Reads
//
// A client embeds [esim.UnimplementedClient] with the provider's name, and so
// refuses what the reseller lacks; Account and Capabilities come from [API]. Each
// method of [esim.Client] that spends nothing is one call of [Operate]. The
// input is checked by its type, by the facts in [Inputs]; an input of the
// adapter's own goes through [OperateOn], and a sequence through [Iterate]. Calls
// and errors that are made under the context belong to the operation: nothing
// passes on its name. [Get] and [Post] make calls, whose paths are templates:
// ids stand in braces and are escaped. [Fetch] carries a call out and returns its
// answer, which says by [Envelope] whether it is a success. Errors of the
// adapter's own come from [API.Invalid], [API.Unsupported], [API.Malformed],
// [API.Incomplete] and [API.Fail]. [API.Together] runs reads side by side.
//
// # Purchases
//
// A [Purchase] states how the reseller sells: how many eSIMs a call buys, which
// key makes two sends the same purchase, and what a repeat would do. It also
// states what is read before, and how one call is sent. [API.Order], [API.TopUp]
// and [API.Buy] carry it out. They hold the reference, the keys, the unresolved
// attempts, the price guard and the loop over units. They hand over what came of
// a partial order, and report a charge above the quote. Where a reseller knows no key,
// [Keyless] states how a purchase shows. An endpoint in Spec.Spends is called by a
// purchase alone.
//
// # What is sent again
//
// [Safety] is about one call, in the words of RFC 9110, section 9.2: [Read] is
// safe. [Replayed] is idempotent by its key. [Keyed], [Guarded] and [Once] are
// not, and reach the provider at most once unless it is proven that nothing did.
// [Repeats] is about the purchase: what a repeat under the same reference would
// do. A purchase of unknown outcome is repeated only where that is
// [esim.RepeatSafe], and no key is sent more than four times.
//
// # Errors
//
// A row of the [Table] says what a refusal means: its kind, its outcome, what may
// help, and what a repeat would do. The zero outcome is unknown: only a refusal
// that is documented to come before the charge is rejected, and only one that
// comes before processing is not sent. A 5xx is unknown, whatever the table says.
// What the kit's own memory knows of a purchase comes first: a refusal of a second
// send proves nothing about the first.
//
// # The rest
//
// [Bearer] is authentication by tokens. [Signer] makes HMAC signatures.
// [Webhooks] states how webhooks are proven and read. [FromEnv] fills a Config
// from the environment, [Print] prints one without its secrets. Package
// adapter/wire has the types for documents: numbers, times, sizes and texts as
// resellers really write them.
//
// # The proof
//
// conformance.Run of package esimtest/conformance drives a client through every
// fault, and compares what it says with what the reseller charged. It needs an
// esimtest.Harness: the client, a simulator of the reseller, and its ledger.
// esimtest.NewLedger and esimtest.NewFaultPlan are made for such a simulator.
package adapter
