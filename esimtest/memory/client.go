package memory

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// Client is an [esim.Client] without a wire: reseller and adapter in one
// value, for the unit tests of a shop. It keeps every promise that an adapter
// makes, and [conformance.Run] says so: a balance that falls, a ledger, one
// purchase for one reference, prices that change, late delivery, and answers
// that get lost.
//
//	m := memory.New()
//	m.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
//	_, err := shop.Sell(ctx, m, "cart-8841") // the eSIM is paid for, the answer is lost
//	n := len(m.Ledger().Charges())           // 1, however often the shop repeats it
//
// Where the simulator names operations by endpoint, Client names them by the
// method of Client: "Order", "TopUp", "ListPackages" and so on. It sends
// nothing, so it never repeats a request by itself.
type Client struct {
	esim.UnimplementedClient

	provider  esim.Provider
	caps      esim.Capabilities
	timeout   time.Duration
	delay     time.Duration
	pending   map[string]bool // packages delivered after delay
	packages  []esim.Package
	opening   esim.Money
	ledger    *esimtest.Ledger
	plan      *esimtest.FaultPlan
	seed      int64
	behaviour *Behaviour // nil = as the other options say
	latency   time.Duration

	now    func() time.Time
	sleep  func(time.Duration) // nil = real time passes
	offset atomic.Int64        // nanoseconds that Advance has added to the clock

	mu           sync.Mutex
	refusing     bool      // FaultRefuse
	refusesUntil time.Time // end of a FaultRefuse with a Delay
	refusals     map[string][]esim.Kind
	requests     map[string]int
	purchases    map[string]*purchase // by reference
	orders       map[string]*order
	late         []*order // ordered and not yet returned by Deliveries, earliest first
	esims        map[esim.ICCID]*profile
	codes        []esim.Secret // matching ids made so far
	made         int
}

// order is an order as the provider keeps it.
type order struct {
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

// profile is an eSIM as the provider keeps it.
type profile struct {
	order     string
	activated esim.ActivationCode
	total     esim.DataSize
	used      esim.DataSize
	unlimited bool
	cancelled bool
	createdAt time.Time
	expiresAt time.Time
	plans     []plan
}

type plan struct {
	order string
	item  esim.Package
}

// Option changes how a [Client] behaves from its start.
type Option func(*Client)

// WithProvider sets the provider's name; the default is "memory".
func WithProvider(p esim.Provider) Option { return func(m *Client) { m.provider = p } }

// WithPackages sets the catalogue. A package without a price cannot be
// bought. The default is a catalogue of 120 packages in 60 countries.
func WithPackages(list ...esim.Package) Option {
	return func(m *Client) { m.packages = slices.Clone(list) }
}

// WithBalance sets the prepaid balance and the currency of the account; the
// default is 10000 USD. It panics when the amount is not one.
func WithBalance(amount, currency string) Option {
	return func(m *Client) { m.opening = money.Of(amount, currency) }
}

// WithPending makes the packages of these ids arrive late: their orders stay
// pending until so much time has passed, see [Client.Advance]. Without ids it
// holds for all packages.
func WithPending(delay time.Duration, ids ...string) Option {
	return func(m *Client) {
		m.delay, m.pending = delay, make(map[string]bool)
		for _, id := range ids {
			m.pending[id] = true
		}
	}
}

// WithIdempotency sets what becomes of a second purchase with the same
// reference; the default is [esim.IdempotencyReplays]. With
// [esim.IdempotencyNone] it is refused here, as an adapter must do where the
// provider could not tell the second from the first.
func WithIdempotency(i esim.Idempotency) Option {
	repeat := map[esim.Idempotency]esim.Repeat{
		esim.IdempotencyNone:    esim.RepeatBuys,
		esim.IdempotencyRejects: esim.RepeatUnknown, // a failed order may have given its reference back
		esim.IdempotencyReplays: esim.RepeatSafe,
	}[i]
	return func(m *Client) {
		m.caps.OrderIdempotency, m.caps.TopUpIdempotency = i, i
		m.caps.OrderRepeat, m.caps.TopUpRepeat = repeat, repeat
	}
}

// WithCapabilities changes what the client supports; a call switched off is
// unsupported. Calls cannot be switched on that Client does not have.
func WithCapabilities(change func(*esim.Capabilities)) Option {
	return func(m *Client) { change(&m.caps) }
}

// WithTimeout bounds each call, for a [esimtest.FaultHang] under a context without a
// deadline; the default is 30 seconds.
func WithTimeout(d time.Duration) Option { return func(m *Client) { m.timeout = d } }

// WithSeed sets what the draws of [Client.Schedule] and of a [Behaviour] depend
// on; the default is 1.
func WithSeed(seed int64) Option { return func(m *Client) { m.seed = seed } }

// WithClock replaces the real clock by one of the caller's. Where an answer
// takes time, as that of a slow reseller does, sleep is called instead of
// waiting; it should move the clock. A day of sales then takes seconds, and
// whoever measures with the same clock sees the delays. A call that hangs lasts
// as long as [WithTimeout].
func WithClock(now func() time.Time, sleep func(time.Duration)) Option {
	return func(m *Client) { m.now, m.sleep = now, sleep }
}

// New returns a client with everything supported, a full balance and
// nothing sold.
func New(opts ...Option) *Client {
	m := &Client{
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
		opening:   money.Of("10000", "USD"),
		refusals:  make(map[string][]esim.Kind),
		requests:  make(map[string]int),
		purchases: make(map[string]*purchase),
		orders:    make(map[string]*order),
		esims:     make(map[esim.ICCID]*profile),
	}
	for _, o := range opts {
		o(m)
	}
	if m.packages == nil {
		m.packages = catalogue(m.opening.Currency())
	}
	for i := range m.packages {
		m.packages[i].Provider = m.provider
	}
	m.plan = esimtest.NewFaultPlan(m.provider, m.seed)
	if m.behaviour != nil {
		m.behaviour.apply(m)
	}
	m.ledger = esimtest.NewLedger(m.opening, m.Now)
	return m
}

// Provider returns the name set by [WithProvider].
func (m *Client) Provider() esim.Provider { return m.provider }

// Account is one of its own for each provider. It is not live: no money is spent.
func (m *Client) Account() esim.Account { return esim.Account{Fingerprint: string(m.provider)} }

// Capabilities returns what the client supports, as the options of [New] say.
func (m *Client) Capabilities() esim.Capabilities { return m.caps }

// Format prints the name of the type, whatever the verb, and nothing of what
// the client holds.
func (m *Client) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "memory.Client") // fmt collects in memory; there is no error to report
}

// Ledger returns what was charged.
func (m *Client) Ledger() *esimtest.Ledger { return m.ledger }

// SetBalance sets the prepaid balance, as if money was paid in or taken out.
func (m *Client) SetBalance(amount string) {
	m.ledger.SetBalance(money.Of(amount, m.opening.Currency()))
}

// SetPrice changes the price of a package, as happens between listing and
// order. It panics when there is no such package.
func (m *Client) SetPrice(packageID, amount string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.packages, func(p esim.Package) bool { return p.ID == packageID })
	if i < 0 {
		panic("memory: no package " + packageID)
	}
	m.packages[i].Price = money.Of(amount, m.opening.Currency())
}

// UseData has the traveller use so many bytes of an eSIM, which activates it.
// It panics when there is no such eSIM.
func (m *Client) UseData(iccid esim.ICCID, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.esims[iccid]
	if e == nil {
		panic("memory: no eSIM " + string(iccid))
	}
	e.use(m.Now(), esim.DataSize(bytes))
}

// Now returns the time of this client: that of its clock, which is the real one
// unless [WithClock] says otherwise, plus what [Client.Advance] has added.
func (m *Client) Now() time.Time { return m.now().Add(time.Duration(m.offset.Load())) }

// Advance moves the time forward, so that pending orders are delivered and
// plans expire.
func (m *Client) Advance(d time.Duration) { m.offset.Add(max(int64(d), 0)) }

// Requests returns how many calls of a method were carried out, that is, have
// passed the checks that an adapter makes before it sends anything; "" counts
// all methods.
func (m *Client) Requests(op string) int {
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
func (m *Client) Secrets() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]string, len(m.codes))
	for i, code := range m.codes {
		list[i] = code.Reveal()
	}
	return list
}
