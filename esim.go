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
	"errors"
	"slices"
)

// names holds the words of an enumeration whose values count from 0; the
// first word stands for the zero value and for every value out of range.
type names[E ~int] []string

func (n names[E]) text(e E) string {
	if int(e) < 0 || int(e) >= len(n) {
		return n[0]
	}
	return n[e]
}

func (n names[E]) parse(e *E, text []byte) error {
	i := slices.Index(n, string(text))
	if i < 0 {
		return errors.New("esim: unknown word for this enumeration")
	}
	*e = E(i)
	return nil
}
