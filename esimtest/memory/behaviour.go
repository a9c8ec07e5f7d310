package memory

import (
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// Behaviour is how a reseller treats its customers: what it charges, how fast it
// answers, how often the answer gets lost, when it delivers. It is plain data.
// Functions such as [Steady] and [Flaky] return those that every shop meets; change a
// field, or write one down from scratch:
//
//	t := memory.Flaky()
//	t.Faults = append(t.Faults, memory.FaultRate{Kind: esimtest.FaultHang, Permille: 1})
//	m := memory.New(memory.WithBehaviour(t))
//
// The same seed and the same calls give the same luck, see [WithSeed]. Where
// answers take time they take real time, unless [WithClock] says otherwise.
type Behaviour struct {
	Name string // for tables

	Prices  int    // permille of those in the catalogue, rounded to 2 decimal places; 0 = 1000
	Balance string // prepaid, in the currency of the account; "" = as [WithBalance] says

	Latency  time.Duration // of every answer
	Delivery time.Duration // from an order to its eSIMs; 0 = at once
	// WebhookOnly: what is delivered late is reported by webhook, see
	// [Client.Deliveries], and the client's Capabilities say so.
	WebhookOnly bool

	Faults []FaultRate // of all calls, reads too
	Down   bool        // no connection is accepted before [Client.Heal]
}

// FaultRate is a share of calls that suffer a fault. Each is drawn by itself, in
// the order of the list, for the calls that the ones before have spared.
type FaultRate struct {
	Kind     esimtest.FaultKind
	Permille int           // of calls
	Delay    time.Duration // of FaultDelay
}

// String returns the name.
func (t Behaviour) String() string { return t.Name }

// WithBehaviour makes the reseller behave so. It is applied to what the other
// options make of it, whichever comes first. [Client.Heal] ends its faults.
func WithBehaviour(t Behaviour) Option {
	t.Faults = slices.Clone(t.Faults)
	return func(m *Client) { m.behaviour = &t }
}

// apply makes the reseller behave so, before it has sold anything.
func (t *Behaviour) apply(m *Client) {
	t.price(m.packages)
	m.latency, m.refusing = t.Latency, t.Down
	if t.Balance != "" {
		m.opening = money.Of(t.Balance, m.opening.Currency())
	}
	if t.Delivery > 0 {
		WithPending(t.Delivery)(m)
	}
	if t.WebhookOnly {
		m.caps.Fulfilment = esim.FulfilmentWebhook
	}
	for _, h := range t.Faults {
		m.Schedule(esimtest.Schedule{
			Rate: float64(h.Permille) / 1000, Kinds: []esimtest.FaultKind{h.Kind}, Fault: esimtest.Fault{Delay: h.Delay},
		})
	}
}

// price puts the reseller's own prices on its packages.
func (t *Behaviour) price(list []esim.Package) {
	if t.Prices == 0 {
		return
	}
	for i := range list {
		list[i].Price = money.Thousandths(list[i].Price, t.Prices)
	}
}

// Steady is a reseller as one would like it: the prices of the
// catalogue, an answer in a fifth of a second, no faults.
func Steady() Behaviour {
	return Behaviour{Name: "steady", Latency: 200 * time.Millisecond}
}

// Flaky is cheaper by a fifth and unreliable: of a hundred answers two are lost
// before the order is made, and two after it. One is an error of a proxy, one
// is a 429, and five take eight seconds.
func Flaky() Behaviour {
	return Behaviour{
		Name: "cheap but flaky", Prices: 800, Latency: 400 * time.Millisecond,
		Faults: []FaultRate{
			{Kind: esimtest.FaultCutBeforeCommit, Permille: 20},
			{Kind: esimtest.FaultCutAfterCommit, Permille: 20},
			{Kind: esimtest.Fault502HTMLBefore, Permille: 5},
			{Kind: esimtest.Fault502HTMLAfter, Permille: 5},
			{Kind: esimtest.Fault429, Permille: 10},
			{Kind: esimtest.FaultDelay, Permille: 50, Delay: 8 * time.Second},
		},
	}
}

// Dear costs a quarter more, answers in twenty milliseconds and never
// fails.
func Dear() Behaviour {
	return Behaviour{Name: "dear but instant", Prices: 1250, Latency: 20 * time.Millisecond}
}

// Broke is steady and a little cheaper, but the shop has paid in no more
// than 1000: after some sales it refuses for want of balance. With "0" as
// Balance it refuses from the start.
func Broke() Behaviour {
	return Behaviour{Name: "out of balance", Prices: 950, Latency: 200 * time.Millisecond, Balance: "1000"}
}

// Slow is cheap, by a tenth, and sends its eSIMs eight minutes after the
// order, by webhook only.
func Slow() Behaviour {
	return Behaviour{
		Name: "slow webhook", Prices: 900, Latency: 300 * time.Millisecond,
		Delivery: 8 * time.Minute, WebhookOnly: true,
	}
}

// Down accepts no connections, for as long as nobody calls
// [Client.Heal].
func Down() Behaviour {
	return Behaviour{Name: "down", Prices: 850, Latency: 200 * time.Millisecond, Down: true}
}

// Behaviours returns all that have a name of their own.
func Behaviours() []Behaviour {
	return []Behaviour{Steady(), Flaky(), Dear(), Broke(), Slow(), Down()}
}
