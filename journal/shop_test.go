package journal_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/journal"
)

// The packages that the reseller of these tests sells.
var (
	small = pack("lk-1gb", "2.50")
	large = pack("lk-5gb", "7.00")
)

func pack(id, price string) esim.Package {
	return esim.Package{
		Provider: "memory", ID: id, Name: id, Kind: esim.KindLocal, Countries: []esim.Country{"LK"}, Data: esim.GB,
		ValidityDays: 7, Price: usd(price), Rechargeable: new(true),
	}
}

func usd(amount string) esim.Money {
	m, err := esim.ParseMoney(amount, "USD")
	if err != nil {
		panic(err)
	}
	return m
}

// shop is a journal over a reseller in memory, whose calls a test may replace.
type shop struct {
	*testing.T
	memory *memory.Client
	lender *lender
	store  journal.Store
	config journal.Config

	*journal.Journal
	client esim.Client

	mu   sync.Mutex
	told []string // hooks called, as "delivered cart-1"
}

// lender is the client that the journal is lent: Memory, and what a test puts
// in place of single calls.
type lender struct {
	*memory.Client
	account esim.Account
	order   func(context.Context, esim.OrderRequest) (*esim.Order, error)
	topUp   func(context.Context, esim.TopUpRequest) (*esim.Order, error)

	mu       sync.Mutex
	requests []sentOrder // orders that were sent
}

// sentOrder is an order with what the journal says of the send.
type sentOrder struct {
	esim.OrderRequest
	evidence.Send
}

func (l *lender) Account() esim.Account { return l.account }

func (l *lender) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	l.mu.Lock()
	l.requests = append(l.requests, sentOrder{r, evidence.SendOf(ctx)})
	l.mu.Unlock()
	send := l.Client.Order
	if l.order != nil {
		send = l.order
	}
	order, err := send(ctx, r)
	return order, stated(err, l.Capabilities().OrderRepeat)
}

// stated is the error of an unknown outcome, with what a repeat would do.
func stated(err error, r esim.Repeat) error {
	e, ok := errors.AsType[*esim.Error](err)
	if !ok || e.Outcome != esim.OutcomeUnknown || e.Repeat != esim.RepeatUnknown {
		return err
	}
	said := *e
	said.Repeat = r
	return &said
}

func (l *lender) TopUp(ctx context.Context, r esim.TopUpRequest) (*esim.Order, error) {
	send := l.Client.TopUp
	if l.topUp != nil {
		send = l.topUp
	}
	order, err := send(ctx, r)
	return order, stated(err, l.Capabilities().TopUpRepeat)
}

func (l *lender) sent() []sentOrder {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]sentOrder(nil), l.requests...)
}

type shopOption func(*shop)

// selling changes what the reseller can do.
func selling(opts ...memory.Option) shopOption {
	return func(s *shop) {
		s.memory = memory.New(append([]memory.Option{memory.WithPackages(small, large)}, opts...)...)
	}
}

func configured(change func(*journal.Config)) shopOption {
	return func(s *shop) { change(&s.config) }
}

// keptIn puts the store in the hands of wrap.
func keptIn(wrap func(journal.Store) journal.Store) shopOption {
	return func(s *shop) { s.store = wrap(s.store) }
}

// rejecting is a provider that refuses a reference it knows and cannot be
// asked, as eSIM Story is.
var rejecting = selling(memory.WithIdempotency(esim.IdempotencyRejects),
	memory.WithCapabilities(func(c *esim.Capabilities) { c.GetOrder, c.LookupByReference = false, false }))

// unasked is a provider that replays and cannot be asked.
var unasked = selling(memory.WithCapabilities(func(c *esim.Capabilities) { c.GetOrder, c.LookupByReference = false, false }))

func openShop(t *testing.T, opts ...shopOption) *shop {
	t.Helper()
	s := &shop{T: t, store: journal.NewVolatile()}
	selling()(s)
	s.config.OnDelivered, s.config.OnFailed = s.tells("delivered"), s.tells("failed")
	s.config.OnReview, s.config.OnLate = s.tellsAll("review"), s.tells("late")
	for _, o := range opts {
		o(s)
	}
	s.lender = &lender{Client: s.memory, account: esim.Account{Fingerprint: "a1"}}
	s.start()
	return s
}

// start makes a journal, as a process does that has just begun.
func (s *shop) start() {
	s.Helper()
	s.config.Clients = []esim.Client{s.lender}
	j, err := journal.New(s.store, s.config)
	require.NoError(s, err)
	s.Journal, s.client = j, j.Client(s.memory.Provider())
}

// replica is a further process on the same store and account.
func (s *shop) replica() *shop {
	s.Helper()
	other := &shop{T: s.T, memory: s.memory, lender: s.lender, store: s.store, config: s.config}
	other.start()
	return other
}

func (s *shop) tells(what string) func(context.Context, *journal.Purchase) error {
	return func(_ context.Context, p *journal.Purchase) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = append(s.told, what+" "+p.Reference)
		return nil
	}
}

func (s *shop) tellsAll(what string) func(context.Context, []*journal.Purchase) error {
	one := s.tells(what)
	return func(ctx context.Context, list []*journal.Purchase) error {
		for _, p := range list {
			if err := one(ctx, p); err != nil {
				return err
			}
		}
		return nil
	}
}

// heard returns the hooks called since it was last asked.
func (s *shop) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := s.told
	s.told = nil
	return told
}

func (s *shop) buy(reference string) (*esim.Order, error) {
	return s.client.Order(s.Context(), esim.OrderRequest{PackageID: small.ID, Reference: reference, Quote: &small})
}

func (s *shop) enqueue(reference string) journal.ID {
	s.Helper()
	id, err := s.EnqueueOrder(s.Context(), nil, s.memory.Provider(), esim.OrderRequest{PackageID: small.ID, Reference: reference, Quote: &small})
	require.NoError(s, err)
	return id
}

// work does what is due.
func (s *shop) work() {
	s.Helper()
	_, err := s.Step(s.Context(), 1000)
	require.NoError(s, err)
}

// pass lets simulated time go by, with the journal at work every minute.
func (s *shop) pass(d time.Duration) {
	s.Helper()
	for ; d > 0; d -= time.Minute {
		time.Sleep(min(d, time.Minute))
		s.work()
	}
}

func (s *shop) purchase(reference string) *journal.Purchase {
	s.Helper()
	p, err := s.Lookup(s.Context(), s.memory.Provider(), reference)
	require.NoError(s, err)
	return p
}

func (s *shop) wantState(reference string, want journal.State) *journal.Purchase {
	s.Helper()
	p := s.purchase(reference)
	assert.Equal(s, want, p.State, "%s is %s", reference, p.State)
	return p
}

// charges counts what was charged for a reference.
func (s *shop) charges(reference string) int { return len(s.memory.Ledger().ByReference(reference)) }

// wantRefused checks that a call failed with nothing charged, and why.
func (s *shop) wantRefused(err error, kinds ...error) {
	s.Helper()
	require.Error(s, err)
	assert.False(s, esim.MaybeCharged(err), "%v", err)
	for _, kind := range kinds {
		assert.ErrorIs(s, err, kind)
	}
}

// lose lets the answer to the next order be lost, after it was carried out or
// before.
func (s *shop) lose(kind esimtest.FaultKind) {
	s.memory.Inject(esimtest.Fault{Kind: kind, Op: "Order"})
}

// inBubble runs a test in a bubble where time passes when all wait.
func inBubble(t *testing.T, name string, run func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, run) })
}
