// Package esim sells eSIMs from several resellers as if they were one.
//
// A reseller (a provider) lists [Package] values, and sells them for money
// from a prepaid balance. An [Order] brings one or more [ESIM] profiles; each
// has an [ActivationCode] that the traveller's device turns, by QR code or
// link, into an installed profile. Later the traveller's [Usage] is read, and
// a top-up puts more data on the same eSIM.
//
// All of that goes through one interface, [Client]. The adapters implement it:
//
//	fly, err := esimfly.New(esimfly.Config{AccessCode: "esf_…", SecretKey: esim.NewSecret("sk_…")})
//	story, err := esimstory.New(…)
//	fx, err := esimfx.New(…)
//
// # Selling one
//
//	for p, err := range esim.Packages(ctx, client, esim.PackageQuery{Countries: []esim.Country{"JP"}}) {
//		…
//	}
//	order, err := client.Order(ctx, esim.OrderRequest{PackageID: p.ID, Reference: "cart-8841", Quote: &p})
//	if order != nil && order.Status == esim.OrderPending {
//		order, err = esim.WaitOrder(ctx, client, order.Ref(), esim.WaitOptions{Quantity: order.Quantity})
//	}
//
// # Money
//
// Every order spends real money, and networks lose answers. So the outcome of
// a purchase is one of four, not two: an [Error] says NotSent, Rejected,
// Accepted or, when nobody can know yet, Unknown. [MaybeCharged] is the one
// question to ask before refunding a customer or ordering elsewhere.
//
// The Reference of an order is its identity: one reference is at most one
// purchase. After an unknown outcome, and only then ([OutcomeOf] tells), the
// same reference may be sent again where the provider replays it, which
// [Capabilities] says; a new one never.
//
// # What is not known
//
// Nothing is invented. A status, unit or date that the library does not know
// is kept raw or left at its zero value, which always means "unknown" or "not
// stated", never a default. Money has a currency, and unknown is neither zero
// nor USD. Data sizes are bytes.
//
// # Secrets
//
// Credentials are [Secret] values and activation codes mask themselves, so
// that no log line, error or %+v shows one. [ActivationCode.LPA] is the way to
// reveal a code, on purpose.
package esim

import (
	"context"
)

// Client is one reseller. Every method may be called from many goroutines,
// obeys its context within milliseconds, and returns errors that are an
// [*Error]. On an error the result is nil or zero; what is known of an
// accepted order is in Error.Order.
//
// To implement a Client of your own embed [UnimplementedClient] by value; to
// wrap one embed the Client you wrap and give it an Unwrap() Client method.
// The conformance suite of package esimtest tells whether an implementation
// keeps the promises made here.
type Client interface {
	// Provider names the reseller.
	Provider() Provider
	// Capabilities tells, without a request, what this client can do.
	Capabilities() Capabilities

	// ListPackages returns one page of the catalogue, with one request.
	// [Packages] iterates over all pages.
	ListPackages(ctx context.Context, q PackageQuery) (*PackagePage, error)
	// ListTopUps returns all packages that can be put on this eSIM now.
	ListTopUps(ctx context.Context, iccid ICCID) ([]Package, error)

	// Order buys new eSIMs. Unless the error says NotSent or Rejected, money
	// may have been spent: see [MaybeCharged].
	Order(ctx context.Context, req OrderRequest) (*Order, error)
	// TopUp buys more data for an eSIM, with the same promise as Order.
	TopUp(ctx context.Context, req TopUpRequest) (*Order, error)
	// GetOrder reads an order again. It never buys.
	GetOrder(ctx context.Context, ref OrderRef) (*Order, error)
	// Cancel takes back what was not used yet, and asks for the money.
	Cancel(ctx context.Context, req CancelRequest) (*Cancellation, error)

	// GetESIM reads one eSIM, with its activation code where the provider
	// shows it again.
	GetESIM(ctx context.Context, iccid ICCID) (*ESIM, error)
	// Usage reads how much data one eSIM has used.
	Usage(ctx context.Context, iccid ICCID) (*Usage, error)
	// Balance reads the prepaid balance of the account. A Currency of ""
	// means that the provider does not state it.
	Balance(ctx context.Context) (Money, error)

	mustEmbedUnimplementedClient()
}

// As finds the first T in a stack of wrapped clients, the way [errors.As]
// does in a stack of errors: c itself, then what its Unwrap() Client returns,
// and so on. It is the way to a provider's extra methods:
//
//	if fly, ok := esim.As[*esimfly.Client](client); ok {
//		err := fly.Suspend(ctx, iccid)
//	}
func As[T any](c Client) (T, bool) {
	for c != nil {
		if t, ok := c.(T); ok {
			return t, true
		}
		w, ok := c.(interface{ Unwrap() Client })
		if !ok {
			break
		}
		c = w.Unwrap()
	}
	var zero T
	return zero, false
}
