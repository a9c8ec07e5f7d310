package proof

import (
	"net/http"
	"testing"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/webhook"
)

// Reseller is a reseller as the proof takes it: its client, its simulator, its
// webhooks and its prices.
type Reseller struct {
	Provider esim.Provider
	// Forms are the ways in which its client can be configured, such as
	// "verified"; nil means one way, "".
	Forms []string
	// Refuses are the obstacles after which it surely has not sold.
	Refuses []Ahead
	// Faults are what a purchase of it can suffer.
	Faults []esimtest.Fault
	// Worlds are what its documents allow and its simulator does not do by
	// itself.
	Worlds []World
	// MaxCharges is how often one reference may be charged where the world
	// breaks a sentence: the requests that the table of repeats allows.
	MaxCharges func(form string) int
	// Open opens an account at its simulator, for one case.
	Open func(c *Conditions) *Account
}

// World is a behaviour of a reseller.
type World struct {
	Name      string
	Breaks    string // the sentence that it breaks; "" = none
	Recharges bool   // a second request under one reference can be charged too
}

// Conditions are those under which an account is opened.
type Conditions struct {
	T    testing.TB
	Form string            // of Reseller.Forms
	Post http.RoundTripper // carries webhooks to the shop

	// Worlds are those that the resellers live in, by name.
	Worlds map[esim.Provider]string

	simulator *simulator.Simulator
}

// Account is an account at a simulated reseller, and the hands of whoever
// moves the world.
type Account struct {
	// NewClient makes the client of a process. The settings hold the transport.
	NewClient func(esim.Settings) (esim.Client, error)
	BaseURL   string
	Transport http.RoundTripper

	// Source verifies and reads its webhooks, and Webhooks tells the simulator
	// where they go; nil where it sends none.
	Source   webhook.Source
	Webhooks func(url string)

	// Package is the product of the proof, [Product], as the reseller sells it.
	Package    string
	SetPrice   func(packageID, amount string)
	SetBalance func(amount string)

	// Inject spoils purchases, Heal ends all faults.
	Inject func(esimtest.Fault)
	Heal   func()

	// Key is the idempotency key of a request, and whether it is a purchase.
	Key func(r *http.Request, body []byte) (key string, buys bool)
	// Charges is the ledger; Charge.Reference is the key.
	Charges func() []esimtest.Charge
	// Violations are the mistakes of the client against the protocol.
	Violations func() []string
}

// Product is what every reseller of a case sells: 1 GB in Japan for 7 days.
var Product = struct {
	Country esim.Country
	Bytes   int64
	Days    int
}{"JP", 1 << 30, 7}
