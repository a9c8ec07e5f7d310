package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
	"github.com/esimkit/esim/esimtest/memory"
)

// mutants are clients that break one promise each, and the group of checks
// that must notice.
var mutants = []struct {
	name  string
	group string
	make  func(m *provider) esim.Client
}{
	{"repeats under a new reference", "faults", func(m *provider) esim.Client { return blindRepeater{m} }},
	{"repeats more often than allowed", "faults", func(m *provider) esim.Client { return eager{m} }},
	{"calls a lost answer rejected", "faults", func(m *provider) esim.Client { return denier{m} }},
	{"calls a lost answer unsent", "faults", func(m *provider) esim.Client { return denier{m}.unsent() }},
	{"calls a lost answer a success", "faults", func(m *provider) esim.Client { return optimist{m} }},
	{"calls everything in doubt", "faults", func(m *provider) esim.Client { return pessimist{m} }},
	{"refuses after a doubt", "repeat", func(m *provider) esim.Client { return forgetful{m} }},
	{"ignores the reference", "repeat", func(m *provider) esim.Client { return anonymous{m} }},
	{"hides the minted reference", "repeat", func(m *provider) esim.Client { return mute{m} }},
	{"takes any content for a reference", "repeat", func(m *provider) esim.Client { return careless{m, new(sync.Map)} }},
	{"takes every purchase for the first", "repeat", func(m *provider) esim.Client { return &stuck{provider: m} }},
	{"keeps references apart by kind", "interference", func(m *provider) esim.Client { return separate{m} }},
	{"looks at the price before the reference", "interference", func(m *provider) esim.Client { return haggler{m} }},
	{"buys without money", "price", func(m *provider) esim.Client { return lender{m} }},
	{"ignores the quote", "price", func(m *provider) esim.Client { return spendthrift{m} }},
	{"invents the total", "price", func(m *provider) esim.Client { return inventor{m} }},
	{"drops an eSIM", "delivery", func(m *provider) esim.Client { return dropper{m} }},
	{"swaps an eSIM", "delivery", func(m *provider) esim.Client { return swapper{m} }},
	{"delivers without activation code", "delivery", func(m *provider) esim.Client { return bare{m} }},
	{"says refunded when it is not", "delivery", func(m *provider) esim.Client { return generous{m} }},
	{"counts in decimal gigabytes", "delivery", func(m *provider) esim.Client { return shrinker{m} }},
	{"shows an old balance", "delivery", func(m *provider) esim.Client { return &stale{provider: m} }},
	{"outlives its context", "context", func(m *provider) esim.Client { return deaf{m} }},
	{"makes up a context", "context", func(m *provider) esim.Client { return trusting{m} }},
	{"sends bad ids", "input", func(m *provider) esim.Client { return cleaner{m} }},
	{"cuts the list short", "catalogue", func(m *provider) esim.Client { return shortener{m} }},
	{"loses a package", "catalogue", func(m *provider) esim.Client { return loser{m} }},
	{"ignores a filter", "catalogue", func(m *provider) esim.Client { return unfiltered{m} }},
	{"promises what it cannot do", "capabilities", func(m *provider) esim.Client { return boaster{m} }},
	{"does what it denies", "capabilities", func(m *provider) esim.Client { return modest{m} }},
	{"sends what is unsupported", "capabilities", func(m *provider) esim.Client { return prober{m} }},
	{"leaks in its errors", "secrets", func(m *provider) esim.Client { return leaker{m} }},
	{"leaks when printed", "secrets", func(m *provider) esim.Client { return exhibitionist{m} }},
	{"returns plain errors", "context", func(m *provider) esim.Client { return plain{m} }},
	{"returns a result with an error", "context", func(m *provider) esim.Client { return ambiguous{m} }},
	{"says that a read may have charged", "context", func(m *provider) esim.Client { return alarmist{m} }},
	{"names another operation", "context", func(m *provider) esim.Client { return misnamed{m} }},
	{"changes its name", "wrapped", func(m *provider) esim.Client { return &loner{m} }},
	{"serves one at a time", "concurrency", func(m *provider) esim.Client { return &single{provider: m} }},
}

// The suite is only worth something if it fails for whoever breaks a promise.
func TestConformanceCatchesMutants(t *testing.T) {
	require.GreaterOrEqual(t, len(mutants), 8)
	for _, mutant := range mutants {
		t.Run(mutant.name, func(t *testing.T) {
			t.Parallel()
			m := &provider{Client: memory.New(memory.WithTimeout(60*time.Millisecond), memory.WithBalance("1000000", "USD"))}
			h := m.harness()
			h.New = func(testing.TB, esim.Settings) esim.Client { return mutant.make(m) }
			findings := findingsOf(t, &h, mutant.group)
			require.NotEmpty(t, findings, "the suite does not notice")
			t.Logf("%d findings, the first: %.300s", len(findings), findings[0])
		})
	}
}

// A client that is not broken must pass the same road, or the findings above
// prove nothing.
func TestConformanceFindsNothingInMemory(t *testing.T) {
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			h := memory.New(memory.WithTimeout(60*time.Millisecond), memory.WithBalance("1000000", "USD")).Harness(nil)
			require.Empty(t, findingsOf(t, &h, g.name))
		})
	}
}

// provider is the in-memory client, with what the mutants need to know of it.
type provider struct {
	*memory.Client

	sends  atomic.Int64 // purchases that a mutant says it has sent
	mu     sync.Mutex
	prices map[string]esim.Money
}

func (p *provider) harness() esimtest.Harness {
	h := p.Harness(nil)
	setPrice, sends := h.SetPrice, h.PurchaseSends
	p.prices = map[string]esim.Money{h.Package.ID: h.Package.Price, h.Other.ID: h.Other.Price}
	h.SetPrice = func(id, amount string) {
		p.mu.Lock()
		p.prices[id] = money.Of(amount, "USD")
		p.mu.Unlock()
		setPrice(id, amount)
	}
	h.PurchaseSends = func() int { return sends() + int(p.sends.Load()) }
	return h
}

// price is the present price of a package of the harness.
func (p *provider) price(id string) (esim.Money, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	price, ok := p.prices[id]
	return price, ok
}

func (p *provider) fail(op string, kind esim.Kind, outcome esim.Outcome, message string) *esim.Error {
	return &esim.Error{Provider: p.Provider(), Op: op, Kind: kind, Outcome: outcome, Message: message}
}

// enough findings tell the story.
const enough = 5

func findingsOf(t *testing.T, h *esimtest.Harness, group string) []string {
	t.Helper()
	caps := h.New(t, esim.Settings{}).Capabilities()
	var findings []string
	for _, g := range groups {
		if g.name != group {
			continue
		}
		for _, c := range g.checks(caps) {
			findings = append(findings, record(t, h, group, c)...)
			if len(findings) >= enough {
				return findings
			}
		}
	}
	return findings
}

// spoil lets a mutant change an error.
func spoil(o *esim.Order, err error, change func(e *esim.Error)) (*esim.Order, error) {
	if e, ok := errors.AsType[*esim.Error](err); ok {
		changed := *e
		change(&changed)
		return o, &changed
	}
	return o, err
}

type blindRepeater struct{ *provider }

func (c blindRepeater) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	o, err := c.provider.Order(ctx, r)
	if esim.MaybeCharged(err) {
		again := r
		again.Reference = r.Reference + ".2"
		if o, err = c.provider.Order(ctx, again); err == nil {
			o.Reference = r.Reference
		}
	}
	return o, err
}

type eager struct{ *provider }

func (c eager) TopUp(ctx context.Context, r esim.TopUpRequest) (o *esim.Order, err error) {
	for range 8 {
		if o, err = c.provider.TopUp(ctx, r); err == nil || ctx.Err() != nil {
			break
		}
		c.sends.Add(2) // each send counts
	}
	return o, err
}

type denier struct{ *provider }

func (c denier) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	o, err := c.provider.Order(ctx, r)
	return spoil(o, err, func(e *esim.Error) { e.Outcome = max(e.Outcome, esim.OutcomeRejected) })
}

type unsentDenier struct{ denier }

func (c denier) unsent() esim.Client { return unsentDenier{c} }

func (c unsentDenier) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	o, err := c.provider.Order(ctx, r)
	return spoil(o, err, func(e *esim.Error) { e.Outcome = esim.OutcomeNotSent })
}

type optimist struct{ *provider }

func (c optimist) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	o, err := c.provider.Order(ctx, r)
	if e, ok := errors.AsType[*esim.Error](err); ok && e.Outcome == esim.OutcomeUnknown {
		return &esim.Order{Provider: c.Provider(), Reference: r.Reference, PackageID: r.PackageID}, nil
	}
	return o, err
}

type pessimist struct{ *provider }

func (c pessimist) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	_, err := c.provider.Order(ctx, r)
	return nil, &esim.Error{Provider: c.Provider(), Op: "Order", Kind: esim.ErrUnavailable, Reference: r.Reference, Err: err}
}

type forgetful struct{ *provider }

func (c forgetful) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	o, err := c.provider.Order(ctx, r)
	return spoil(o, err, func(e *esim.Error) {
		if errors.Is(e, esim.ErrInsufficientBalance) {
			e.Outcome = esim.OutcomeRejected
		}
	})
}

type anonymous struct{ *provider }

func (c anonymous) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	ref := r.Reference
	r.Reference = ""
	o, err := c.provider.Order(ctx, r)
	if err == nil && ref != "" {
		o.Reference = ref
	}
	return o, err
}

type mute struct{ *provider }

func (c mute) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	minted := r.Reference == ""
	o, err := c.provider.Order(ctx, r)
	return spoil(o, err, func(e *esim.Error) {
		if minted {
			e.Reference = ""
		}
	})
}

type careless struct {
	*provider
	seen *sync.Map
}

func (c careless) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	if before, seen := c.seen.LoadOrStore(r.Reference, r); seen {
		if first, ok := before.(esim.OrderRequest); ok {
			r = first
		}
	}
	return c.provider.Order(ctx, r)
}

type stuck struct {
	*provider
	mu    sync.Mutex
	first *esim.Order
}

func (c *stuck) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first != nil && c.first.PackageID == r.PackageID {
		again := *c.first
		again.Reference = r.Reference
		return &again, nil
	}
	o, err := c.provider.Order(ctx, r)
	c.first = o
	return o, err
}

type separate struct{ *provider }

func (c separate) TopUp(ctx context.Context, r esim.TopUpRequest) (*esim.Order, error) {
	ref := r.Reference
	r.Reference = "topup." + ref
	o, err := c.provider.TopUp(ctx, r)
	if err == nil {
		o.Reference = ref
	}
	return o, err
}

type haggler struct{ *provider }

func (c haggler) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	if price, ok := c.price(r.PackageID); ok && r.Quote != nil && price != r.Quote.Price {
		e := c.fail("Order", esim.ErrPriceChanged, esim.OutcomeNotSent, "the price has changed")
		e.Reference = r.Reference
		return nil, e
	}
	return c.provider.Order(ctx, r)
}

type lender struct{ *provider }

func (c lender) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	if c.Ledger().Balance().Sign() == 0 {
		c.SetBalance("100")
	}
	return c.provider.Order(ctx, r)
}

type spendthrift struct{ *provider }

func (c spendthrift) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	if r.Quote != nil && r.Quote.Price.Currency() == c.Ledger().Opening().Currency() {
		r.Quote, r.MaxTotal = nil, esim.Money{}
	}
	return c.provider.Order(ctx, r)
}

type inventor struct{ *provider }

func (c inventor) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	o, err := c.provider.Order(ctx, r)
	if err == nil {
		o.Total = money.Of("0", "USD")
	}
	return o, err
}

type dropper struct{ *provider }

func (c dropper) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	o, err := c.provider.Order(ctx, r)
	if err == nil && len(o.ESIMs) > 1 {
		o.ESIMs = o.ESIMs[:1]
	}
	return o, err
}

type swapper struct{ *provider }

func (c swapper) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	o, err := c.provider.Order(ctx, r)
	if err == nil && len(o.ESIMs) > 0 {
		o.ESIMs[0].ICCID = "8932042000010078801"
	}
	return o, err
}

type bare struct{ *provider }

func (c bare) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	o, err := c.provider.Order(ctx, r)
	if err == nil {
		for i := range o.ESIMs {
			o.ESIMs[i].Activation = esim.ActivationCode{}
		}
	}
	return o, err
}

type generous struct{ *provider }

func (c generous) Cancel(ctx context.Context, r esim.CancelRequest) (*esim.Cancellation, error) {
	got, err := c.provider.Cancel(ctx, r)
	if err == nil || ctx.Err() != nil || !errors.Is(err, esim.ErrNotEligible) {
		return got, err
	}
	return &esim.Cancellation{OrderID: r.Order.ID, Refunded: new(true)}, nil
}

type shrinker struct{ *provider }

func (c shrinker) Usage(ctx context.Context, i esim.ICCID) (*esim.Usage, error) {
	u, err := c.provider.Usage(ctx, i)
	if err == nil {
		u.Total = u.Total / esim.GiB * esim.GB
	}
	return u, err
}

type stale struct {
	*provider
	once sync.Once
	kept esim.Money
}

func (c *stale) Balance(ctx context.Context) (esim.Money, error) {
	now, err := c.provider.Balance(ctx)
	if err == nil {
		c.once.Do(func() { c.kept = now })
		return c.kept, nil
	}
	return now, err
}

type deaf struct{ *provider }

func (c deaf) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	if ctx == nil {
		return c.provider.Order(ctx, r)
	}
	return c.provider.Order(context.WithoutCancel(ctx), r)
}

type trusting struct{ *provider }

func (c trusting) Balance(ctx context.Context) (esim.Money, error) {
	if ctx == nil {
		return c.Ledger().Balance(), nil
	}
	return c.provider.Balance(ctx)
}

type cleaner struct{ *provider }

func (c cleaner) Usage(ctx context.Context, i esim.ICCID) (*esim.Usage, error) {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, string(i))
	return c.provider.Usage(ctx, esim.ICCID(digits))
}

type shortener struct{ *provider }

func (c shortener) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	page, err := c.provider.ListPackages(ctx, q)
	if errors.Is(err, esim.ErrMalformedResponse) {
		return &esim.PackagePage{}, nil
	}
	return page, err
}

type loser struct{ *provider }

func (c loser) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	page, err := c.provider.ListPackages(ctx, q)
	if err == nil && q.Cursor == "" && page.Next != "" {
		page.Packages = slices.Clone(page.Packages[1:])
	}
	return page, err
}

type unfiltered struct{ *provider }

func (c unfiltered) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	q.Search = ""
	return c.provider.ListPackages(ctx, q)
}

type boaster struct{ *provider }

func (c boaster) Usage(context.Context, esim.ICCID) (*esim.Usage, error) {
	return nil, c.fail("Usage", esim.ErrUnsupported, esim.OutcomeNotSent, "not yet")
}

type modest struct{ *provider }

func (c modest) Capabilities() esim.Capabilities {
	caps := c.provider.Capabilities()
	caps.Balance = false
	return caps
}

type prober struct{ *provider }

func (c prober) Capabilities() esim.Capabilities {
	caps := c.provider.Capabilities()
	caps.Balance = false
	return caps
}

func (c prober) Balance(ctx context.Context) (esim.Money, error) {
	if _, err := c.provider.Balance(ctx); err != nil {
		return esim.Money{}, err
	}
	return esim.Money{}, c.fail("Balance", esim.ErrUnsupported, esim.OutcomeNotSent, "the provider has no such endpoint")
}

type leaker struct{ *provider }

func (c leaker) GetESIM(ctx context.Context, i esim.ICCID) (*esim.ESIM, error) {
	e, err := c.provider.GetESIM(ctx, i)
	if err != nil && len(c.Secrets()) > 0 {
		return nil, &esim.Error{
			Provider: c.Provider(), Op: "GetESIM", Kind: esim.ErrMalformedResponse, Outcome: esim.OutcomeRejected,
			Message: fmt.Sprintf("cannot read %q", c.Secrets()[0]), Err: errors.Unwrap(err),
		}
	}
	return e, err
}

type exhibitionist struct{ *provider }

func (c exhibitionist) Format(f fmt.State, _ rune) {
	for _, code := range c.Secrets() {
		_, _ = fmt.Fprint(f, code)
	}
}

type plain struct{ *provider }

func (c plain) Usage(ctx context.Context, i esim.ICCID) (*esim.Usage, error) {
	u, err := c.provider.Usage(ctx, i)
	if err != nil {
		return nil, errors.New("usage failed")
	}
	return u, nil
}

type ambiguous struct{ *provider }

func (c ambiguous) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	o, err := c.provider.Order(ctx, r)
	if err != nil {
		return &esim.Order{}, err
	}
	return o, nil
}

type alarmist struct{ *provider }

func (c alarmist) GetOrder(ctx context.Context, r esim.OrderRef) (*esim.Order, error) {
	o, err := c.provider.GetOrder(ctx, r)
	return spoil(o, err, func(e *esim.Error) { e.Outcome = esim.OutcomeUnknown })
}

type misnamed struct{ *provider }

func (c misnamed) GetOrder(ctx context.Context, r esim.OrderRef) (*esim.Order, error) {
	o, err := c.provider.GetOrder(ctx, r)
	return spoil(o, err, func(e *esim.Error) { e.Op = "getOrder" })
}

// loner goes by another name after each request.
type loner struct{ *provider }

func (c *loner) Provider() esim.Provider { return esim.Provider(fmt.Sprint("loner-", c.Requests(""))) }

type single struct {
	*provider
	busy sync.Mutex
}

func (c *single) Usage(ctx context.Context, i esim.ICCID) (*esim.Usage, error) {
	if !c.busy.TryLock() {
		return nil, c.fail("Usage", esim.ErrUnavailable, esim.OutcomeNotSent, "busy")
	}
	defer c.busy.Unlock()
	wait(ctx, time.Millisecond)
	return c.provider.Usage(ctx, i)
}
