// Package esimfx sells the eSIMs of eSIMfx (Nomad) through its reseller API.
//
//	fx, err := esimfx.New(esimfx.Config{
//		Settings:  esim.Settings{BaseURL: esimfx.ProductionURL},
//		ClientID:  "…",
//		ClientKey: esim.NewSecret("…"),
//	})
//
// The base URL has no default: eSIMfx gives each account an "API domain",
// shown in its portal beside the credentials, and a silent default could spend
// money in the wrong place.
//
// # Orders
//
// eSIMfx sells one eSIM a call, at once: the activation code is in the answer.
// Each call carries an X-Idempotency-Key, derived from the account's ClientID,
// the Reference and the number of the unit. It is the same for every attempt,
// in every process, for life. The provider documents that a key prevents a
// second charge for six months; older references must not be repeated. What a
// replay answers, and whether the header is honoured, is not documented. So
// this client never sends a purchase of unknown outcome again by itself. Where
// no answer came its error has [esim.RepeatSafe], an assumption, and a
// RetryAfter of a minute: the caller may repeat it once. Config.NeverRepeat is
// for whoever does not share the assumption. The provider does not mark a
// replayed answer: Order.Replayed is set when this Client has bought the whole
// order under this Reference before, and not after a restart.
//
// An order of several eSIMs is that many calls, one after the other, and stops
// at the first that fails. Its ID is then the ids joined by commas; GetOrder
// and Cancel take such an ID, and ESIM.ItemID is the id of each one's order.
// When only some were bought, Error.Order holds them, and repeating the order
// with the same Reference buys the rest. A unit that this Client knows to be
// bought comes from its memory, and is not sent again.
//
// No price is part of an order. A Quote or a MaxTotal is checked by reading
// the product just before the purchase, so a change in the moment between goes
// unseen; and what was charged is not in the answer, so Order.Total is not
// reported.
//
// # Evidence
//
// The provider publishes an overview with samples, and no page for each
// endpoint. These rest on public integrations of others instead: the bearer
// scheme of the Authorization header (see Config.BareToken), the place of the
// token in the login's answer, and the paths behind [Client.Activate] and
// [Client.Balance]. Blocking an eSIM and listing all orders exist at eSIMfx,
// but how to call them is not public, so they are not offered here.
//
// # Learning codes
//
// eSIMfx answers a failure with a code other than 0, often in HTTP 200, and
// publishes no list of codes. Nothing is guessed: a purchase that ends with a
// code this client has not been taught has [esim.OutcomeUnknown]. A read that
// ends with one is an error of kind [esim.ErrUnavailable], with code and
// message as they came. One exception is an assumption, and costs nothing: a
// question about one eSIM or one product is then of kind [esim.ErrNotFound] or
// [esim.ErrPackageUnavailable]. Config.Codes teaches what a code means. Learn
// one safely:
//
//   - Ask eSIMfx for the list; a written answer is the best evidence.
//   - Codes of reads cost nothing to find: look up an ICCID, an order and a
//     product that do not exist, and teach their kinds with Refused false.
//   - To see the code of a refused purchase, take an account that holds test
//     money and make the refusal certain: a product that does not exist, a
//     balance below the price. Note Balance before and after, look at the
//     order list of the portal, and wait an hour before looking again.
//   - Set Refused only when no money moved and no order appeared, and when the
//     code cannot also mean "this key is being processed" or "this key was
//     used". A code taught as Refused by mistake turns a charge into a claim
//     that nothing was charged.
//   - A code without Refused stays in doubt on purchases, and is not repeated.
//
// Without taught codes a refused purchase is in doubt. So product and balance are
// read before each one, and what is certain to be refused is not sent.
package esimfx
