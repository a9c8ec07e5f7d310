package esimtest

import (
	"slices"
	"time"

	dec "github.com/govalues/decimal"

	"github.com/esimkit/esim"
)

// Temper is how a reseller treats its customers: what it charges, how fast it
// answers, how often the answer gets lost, when it delivers. It is plain data.
// The functions named Temper… return those that every shop meets; change a
// field, or write one down from scratch:
//
//	t := esimtest.TemperFlaky()
//	t.Mishaps = append(t.Mishaps, esimtest.Mishap{Kind: esimtest.FaultHang, Permille: 1})
//	m := esimtest.NewMemory(esimtest.MemoryTemper(t))
//
// The same seed and the same calls give the same luck, see [MemorySeed]. Where
// answers take time they take real time, unless [MemoryClock] says otherwise.
type Temper struct {
	Name string // for tables

	Prices  int    // permille of those in the catalogue, rounded to 2 decimal places; 0 = 1000
	Balance string // prepaid, in the currency of the account; "" = as [MemoryBalance] says

	Latency  time.Duration // of every answer
	Delivery time.Duration // from an order to its eSIMs; 0 = at once
	// WebhookOnly: what is delivered late is told by webhook, see
	// [Memory.Deliveries], and the client's Capabilities say so.
	WebhookOnly bool

	Mishaps []Mishap // of all calls, reads too
	Down    bool     // no connection is accepted before [Memory.Heal]
}

// Mishap is a share of calls that suffer a fault. Each is drawn by itself, in
// the order of the list, for the calls that the ones before have spared.
type Mishap struct {
	Kind     FaultKind
	Permille int           // of calls
	Delay    time.Duration // of FaultDelay
}

// String returns the name.
func (t Temper) String() string { return t.Name }

// MemoryTemper gives the reseller a temper. It is applied to what the other
// options make of it, whichever comes first. [Memory.Heal] ends its mishaps.
func MemoryTemper(t Temper) MemoryOption {
	t.Mishaps = slices.Clone(t.Mishaps)
	return func(m *Memory) { m.temper = &t }
}

// rule makes the reseller so, before it has sold anything.
func (t *Temper) rule(m *Memory) {
	t.price(m.packages)
	m.latency, m.shut = t.Latency, t.Down
	if t.Balance != "" {
		m.opening = money(t.Balance, m.opening.Currency())
	}
	if t.Delivery > 0 {
		MemoryPending(t.Delivery)(m)
	}
	if t.WebhookOnly {
		m.caps.Fulfilment = esim.FulfilmentWebhook
	}
	for _, h := range t.Mishaps {
		m.Schedule(Schedule{
			Rate: float64(h.Permille) / 1000, Kinds: []FaultKind{h.Kind}, Fault: Fault{Delay: h.Delay},
		})
	}
}

// price puts the reseller's own prices on its packages.
func (t *Temper) price(list []esim.Package) {
	if t.Prices == 0 {
		return
	}
	factor := must(dec.New(int64(t.Prices), 3))
	for i := range list {
		p := &list[i].Price
		*p = must(esim.NewMoney(must(p.Amount().Mul(factor)).Round(2), p.Currency()))
	}
}

// TemperSteady is a reseller as one would like it: the prices of the
// catalogue, an answer in a fifth of a second, never a mishap.
func TemperSteady() Temper {
	return Temper{Name: "steady", Latency: 200 * time.Millisecond}
}

// TemperFlaky is cheap, by a fifth, and pays for it with everybody's nerves:
// of a hundred answers two are lost before the order is made and two after it,
// one is an error of a proxy, one a refusal to talk so often, and five take
// eight seconds.
func TemperFlaky() Temper {
	return Temper{
		Name: "cheap but flaky", Prices: 800, Latency: 400 * time.Millisecond,
		Mishaps: []Mishap{
			{Kind: FaultCutBeforeCommit, Permille: 20},
			{Kind: FaultCutAfterCommit, Permille: 20},
			{Kind: Fault502HTMLBefore, Permille: 5},
			{Kind: Fault502HTMLAfter, Permille: 5},
			{Kind: Fault429, Permille: 10},
			{Kind: FaultDelay, Permille: 50, Delay: 8 * time.Second},
		},
	}
}

// TemperDear costs a quarter more, answers in twenty milliseconds and never
// fails.
func TemperDear() Temper {
	return Temper{Name: "dear but instant", Prices: 1250, Latency: 20 * time.Millisecond}
}

// TemperBroke is steady and a little cheaper, but the shop has paid in no more
// than 1000: after some sales it refuses for want of balance. With "0" as
// Balance it refuses from the start.
func TemperBroke() Temper {
	return Temper{Name: "out of balance", Prices: 950, Latency: 200 * time.Millisecond, Balance: "1000"}
}

// TemperSlow is cheap, by a tenth, and sends its eSIMs eight minutes after the
// order, by webhook only.
func TemperSlow() Temper {
	return Temper{
		Name: "slow webhook", Prices: 900, Latency: 300 * time.Millisecond,
		Delivery: 8 * time.Minute, WebhookOnly: true,
	}
}

// TemperDown accepts no connections, for as long as nobody calls
// [Memory.Heal].
func TemperDown() Temper {
	return Temper{Name: "down", Prices: 850, Latency: 200 * time.Millisecond, Down: true}
}

// Tempers returns all that have a name of their own.
func Tempers() []Temper {
	return []Temper{TemperSteady(), TemperFlaky(), TemperDear(), TemperBroke(), TemperSlow(), TemperDown()}
}
