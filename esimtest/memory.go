package esimtest

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim"
)

// Memory is an [esim.Client] without a wire: reseller and adapter in one
// value, for the unit tests of a shop. It keeps every promise that an adapter
// makes, and [Conformance] says so: a balance that falls, a ledger, one
// purchase for one reference, prices that change, late delivery, and answers
// that get lost.
//
//	m := esimtest.NewMemory()
//	m.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
//	_, err := shop.Sell(ctx, m, "cart-8841") // the eSIM is paid for, the answer is lost
//	n := len(m.Ledger().Charges())           // 1, however often the shop repeats it
//
// Where the simulator names operations by endpoint, Memory names them by the
// method of Client: "Order", "TopUp", "ListPackages" and so on. It sends
// nothing, so it never repeats a request by itself.
type Memory struct {
	esim.UnimplementedClient

	provider esim.Provider
	caps     esim.Capabilities
	timeout  time.Duration
	delay    time.Duration
	pending  map[string]bool // packages delivered after delay
	packages []esim.Package
	opening  esim.Money
	ledger   *Ledger
	plan     *plan
	seed     int64
	temper   *Temper // nil = as the other options say
	latency  time.Duration

	now    func() time.Time
	sleep  func(time.Duration) // nil = real time passes
	offset atomic.Int64        // nanoseconds that Advance has added to the clock

	mu        sync.Mutex
	shut      bool      // FaultRefuse
	opensAt   time.Time // end of a FaultRefuse with a Delay
	refusals  map[string][]error
	requests  map[string]int
	purchases map[string]*purchase // by reference
	orders    map[string]*memoryOrder
	late      []*memoryOrder // ordered and not told by Deliveries, earliest first
	esims     map[esim.ICCID]*memoryESIM
	codes     []esim.Secret // matching ids made so far
	made      int
}

// memoryOrder is an order as the provider keeps it.
type memoryOrder struct {
	id, reference string
	item          esim.Package
	quantity      int
	total         esim.Money
	createdAt     time.Time
	readyAt       time.Time
	iccids        []esim.ICCID
	topUp         bool
	cancelled     int
}

// memoryESIM is an eSIM as the provider keeps it.
type memoryESIM struct {
	order     string
	activated esim.ActivationCode
	total     esim.DataSize
	used      esim.DataSize
	unlimited bool
	cancelled bool
	createdAt time.Time
	expiresAt time.Time
	plans     []memoryPlan
}

type memoryPlan struct {
	order string
	item  esim.Package
}

// MemoryOption changes how a [Memory] behaves from its start.
type MemoryOption func(*Memory)

// MemoryProvider sets the provider's name; the default is "memory".
func MemoryProvider(p esim.Provider) MemoryOption { return func(m *Memory) { m.provider = p } }

// MemoryPackages sets the catalogue. A package without a price cannot be
// bought. The default is a catalogue of 120 packages in 60 countries.
func MemoryPackages(list ...esim.Package) MemoryOption {
	return func(m *Memory) { m.packages = slices.Clone(list) }
}

// MemoryBalance sets the prepaid balance and the currency of the account; the
// default is 10000 USD. It panics when the amount is not one.
func MemoryBalance(amount, currency string) MemoryOption {
	return func(m *Memory) { m.opening = money(amount, currency) }
}

// MemoryPending makes the packages of these ids arrive late: their orders stay
// pending until so much time has passed, see [Memory.Advance]. Without ids it
// holds for all packages.
func MemoryPending(delay time.Duration, ids ...string) MemoryOption {
	return func(m *Memory) {
		m.delay, m.pending = delay, make(map[string]bool)
		for _, id := range ids {
			m.pending[id] = true
		}
	}
}

// MemoryIdempotency sets what becomes of a second purchase with the same
// reference; the default is [esim.IdempotencyReplays]. With
// [esim.IdempotencyNone] it is refused here, as an adapter must do where the
// provider could not tell the second from the first.
func MemoryIdempotency(i esim.Idempotency) MemoryOption {
	repeat := map[esim.Idempotency]esim.Repeat{
		esim.IdempotencyNone:    esim.RepeatBuys,
		esim.IdempotencyRejects: esim.RepeatUnknown, // a failed order may have given its reference back
		esim.IdempotencyReplays: esim.RepeatSafe,
	}[i]
	return func(m *Memory) {
		m.caps.OrderIdempotency, m.caps.TopUpIdempotency = i, i
		m.caps.OrderRepeat, m.caps.TopUpRepeat = repeat, repeat
	}
}

// MemoryCapabilities changes what the client supports; a call switched off is
// unsupported. Calls cannot be switched on that Memory does not have.
func MemoryCapabilities(change func(*esim.Capabilities)) MemoryOption {
	return func(m *Memory) { change(&m.caps) }
}

// MemoryTimeout bounds each call, for a [FaultHang] under a context without a
// deadline; the default is 30 seconds.
func MemoryTimeout(d time.Duration) MemoryOption { return func(m *Memory) { m.timeout = d } }

// MemorySeed sets what the draws of [Memory.Schedule] and of a [Temper] depend
// on; the default is 1.
func MemorySeed(seed int64) MemoryOption { return func(m *Memory) { m.seed = seed } }

// MemoryClock replaces the real clock by one of the caller's. Where an answer
// takes time, as that of a slow reseller does, sleep is called instead of
// waiting; it should move the clock. A day of sales then takes seconds, and
// whoever measures with the same clock sees the delays. A call that hangs lasts
// as long as [MemoryTimeout].
func MemoryClock(now func() time.Time, sleep func(time.Duration)) MemoryOption {
	return func(m *Memory) { m.now, m.sleep = now, sleep }
}

// NewMemory returns a client with everything supported, a full balance and
// nothing sold.
func NewMemory(opts ...MemoryOption) *Memory {
	m := &Memory{
		provider: "memory",
		caps: esim.Capabilities{
			ListPackages: true, ListTopUps: true, Order: true, TopUp: true, GetOrder: true,
			Cancel: true, GetESIM: true, Usage: true, Balance: true,
			LookupByReference: true, MaxQuantity: 20,
			OrderIdempotency: esim.IdempotencyReplays, TopUpIdempotency: esim.IdempotencyReplays,
			OrderRepeat: esim.RepeatSafe, TopUpRepeat: esim.RepeatSafe,
			Fulfilment: esim.FulfilmentPolled, PriceGuard: esim.PriceGuardEnforced,
			PollInterval: 5 * time.Millisecond,
		},
		timeout:   30 * time.Second,
		seed:      1,
		now:       time.Now,
		opening:   money("10000", "USD"),
		refusals:  make(map[string][]error),
		requests:  make(map[string]int),
		purchases: make(map[string]*purchase),
		orders:    make(map[string]*memoryOrder),
		esims:     make(map[esim.ICCID]*memoryESIM),
	}
	for _, o := range opts {
		o(m)
	}
	if m.packages == nil {
		m.packages = memoryCatalogue(m.opening.Currency())
	}
	for i := range m.packages {
		m.packages[i].Provider = m.provider
	}
	m.plan = &plan{provider: m.provider, seed: m.seed, drawn: make(map[string]uint64)}
	if m.temper != nil {
		m.temper.rule(m)
	}
	m.ledger = newLedger(m.Now, m.opening, rules{})
	return m
}

// Provider returns the name set by [MemoryProvider].
func (m *Memory) Provider() esim.Provider { return m.provider }

// Capabilities returns what [NewMemory] was told to support.
func (m *Memory) Capabilities() esim.Capabilities { return m.caps }

// Format prints the name of the type, whatever the verb: what a client holds
// is nobody's business.
func (m *Memory) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "esimtest.Memory") // fmt collects in memory; there is no error to report
}

// Ledger returns what was charged.
func (m *Memory) Ledger() *Ledger { return m.ledger }

// SetBalance sets the prepaid balance, as if money was paid in or taken out.
func (m *Memory) SetBalance(amount string) {
	m.ledger.setBalance(money(amount, m.opening.Currency()))
}

// SetPrice changes the price of a package, as happens between listing and
// order. It panics when there is no such package.
func (m *Memory) SetPrice(packageID, amount string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.packages, func(p esim.Package) bool { return p.ID == packageID })
	if i < 0 {
		panic("esimtest: no package " + packageID)
	}
	m.packages[i].Price = money(amount, m.opening.Currency())
}

// UseData has the traveller use so many bytes of an eSIM, which activates it.
// It panics when there is no such eSIM.
func (m *Memory) UseData(iccid esim.ICCID, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.esims[iccid]
	if e == nil {
		panic("esimtest: no eSIM " + string(iccid))
	}
	e.use(m.Now(), esim.DataSize(bytes))
}

// Now returns the time of this client: that of its clock, which is the real one
// unless [MemoryClock] says otherwise, plus what [Memory.Advance] has added.
func (m *Memory) Now() time.Time { return m.now().Add(time.Duration(m.offset.Load())) }

// Advance moves the time forward, so that pending orders are delivered and
// plans expire.
func (m *Memory) Advance(d time.Duration) { m.offset.Add(max(int64(d), 0)) }

// Requests returns how many calls of a method were carried out, that is, have
// passed the checks that an adapter makes before it sends anything; "" counts
// all methods.
func (m *Memory) Requests(op string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if op != "" {
		return m.requests[op]
	}
	sum := 0
	for n := range maps.Values(m.requests) {
		sum += n
	}
	return sum
}

// Secrets returns the matching ids made so far. None of them may turn up in a
// log or an error.
func (m *Memory) Secrets() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]string, len(m.codes))
	for i, code := range m.codes {
		list[i] = code.Reveal()
	}
	return list
}
