package esimtest

import (
	"testing"
	"time"

	"github.com/esimkit/esim"
)

// Harness is what [conformance.Run] needs to know of a client under test and of
// the world it talks to: a simulated reseller, or a sandbox that can be told
// to misbehave. [simulator.ESIMFly.Harness], [simulator.ESIMStory.Harness], [simulator.ESIMFX.Harness] and
// [memory.Client.Harness] make one; for a provider of your own fill it in by hand.
//
// Functions marked optional may be nil. A check that needs one then skips and
// says which it missed.
type Harness struct {
	// New returns a new client for this world. The settings are what the
	// suite varies: Logger, Timeout, MaxRetries, Observer. Base URL, clock and
	// limiter are the harness's to add; the limiter should not slow it down.
	// A client that keeps connections must close them in a t.Cleanup.
	New NewClient

	// Ledger is the provider's own record of what it has charged. Required.
	Ledger ChargeBook
	// Requests counts the requests that have reached the provider, for any
	// operation. Required.
	Requests func() int
	// PurchaseSends counts those of them that were orders or top-ups. Required.
	PurchaseSends func() int

	// ReferenceRequired: the client mints no reference of its own and refuses a
	// purchase without one.
	ReferenceRequired bool

	// Package and Other are two different packages for sale, with their
	// prices. Required where the client supports Order.
	Package, Other esim.Package
	// Pending is a package whose order is not delivered at once; optional.
	Pending esim.Package
	// Listed is how many packages the catalogue has; optional, 0 = not known.
	Listed int

	// Sold returns an order that was delivered earlier. Required where the
	// client supports GetOrder, GetESIM, Usage, ListTopUps or Cancel, and not
	// Order.
	Sold func(t testing.TB) *esim.Order
	// TopUpICCID returns an eSIM that can be topped up, another one each
	// time. Required where the client supports TopUp.
	TopUpICCID func(t testing.TB) esim.ICCID
	// Deliver makes happen what completes an order, and returns the order as
	// it is then. Where GetOrder is supported it is optional: without it the
	// suite calls Advance and then [esim.WaitOrder].
	Deliver func(t testing.TB, o *esim.Order) *esim.Order

	// Inject lets the next request of an operation suffer the fault, of which
	// Op names the method of Client ("Order", "TopUp", "ListPackages", …; a
	// method that makes several requests means the principal one). False
	// means that this world cannot produce it. Required where the client
	// supports Order or TopUp.
	Inject func(f Fault) bool
	// Heal ends all faults. Required with Inject.
	Heal func()

	// Secrets returns what must never be printed: credentials, tokens,
	// signatures, matching ids. Required.
	Secrets func() []string

	Advance    func(d time.Duration)               // moves the provider's clock; optional
	SetBalance func(amount string)                 // sets the prepaid balance; optional
	SetPrice   func(packageID, amount string)      // changes a price; optional
	UseData    func(iccid esim.ICCID, bytes int64) // lets a traveller use data; optional
}

// NewClient makes a client with the settings given, or fails the test.
type NewClient func(t testing.TB, s esim.Settings) esim.Client

// ChargeBook is a provider's record of charges; [Ledger] is one.
type ChargeBook interface {
	// Charges returns every movement of money in order.
	Charges() []Charge
	// Balance returns what is left of the prepaid balance.
	Balance() esim.Money
}
