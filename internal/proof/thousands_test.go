package proof_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

const (
	seed      = 20261122 // of the schedule; another one is another ten thousand
	faultRate = 0.10
	callers   = 16
	attempts  = 5 // of a caller for one order
	pause     = 50 * time.Millisecond
)

// market is a provider in which ten thousand orders are placed.
type market struct {
	server *simulator.Server
	client esim.Client
	item   esim.Package
	// keyOf is what the provider's ledger calls a reference.
	keyOf func(reference string) string
}

// books are what the callers believe in the end, by reference.
type books struct {
	mu      sync.Mutex
	inHand  map[string]*esim.Order // bought
	refused map[string]error       // surely not bought
	open    map[string]error       // maybe bought
}

// TestTenThousandOrders places orders under a schedule in which one request in
// ten suffers a fault, by callers that do what they are told to: repeat with
// the same reference where MayRepeat, after a moment when the provider was not
// reached, and only a few times. In the end the provider's
// ledger and the callers' books must agree to the charge.
func TestTenThousandOrders(t *testing.T) {
	for _, provider := range []esim.Provider{esimfly.Provider, esimstory.Provider, esimfx.Provider} {
		t.Run(string(provider), func(t *testing.T) {
			sim := simulator.ForTest(t, simulator.WithSeed(seed), simulator.WithBalance("100000000"), simulator.WithProvisioningDelay(5*time.Millisecond))
			m := open(t, sim, provider)
			deliveries := deliver(t, sim)
			for _, s := range schedules() {
				m.server.Schedule(s)
			}

			b := m.trade(t, orders())
			m.server.Heal()
			sim.Advance(time.Hour)

			t.Logf("seed %d: %d charged, %d in hand, %d refused, %d open", seed,
				len(m.server.Ledger().Charges()), len(b.inHand), len(b.refused), len(b.open))
			if provider == esimstory.Provider {
				b.settle(t, deliveries(), m.item)
			}
			m.audit(t, b)
			require.Empty(t, violations(m.server), "the client broke the provider's protocol")
			require.Empty(t, sim.Strays(), "a redirect was followed")
		})
	}
}

// orders is how many are placed; the short run is the same in small.
func orders() int {
	if testing.Short() {
		return 1_000
	}
	return 10_000
}

// schedules are the faults that orders, and at eSIMfx logins, suffer: all but
// a body that comes byte by byte, which takes seconds and is left to the
// matrix, and a login that is refused, after which a caller is right to stop.
func schedules() []esimtest.Schedule {
	without := func(list []esimtest.FaultKind, kinds ...esimtest.FaultKind) []esimtest.FaultKind {
		return slices.DeleteFunc(list, func(k esimtest.FaultKind) bool { return slices.Contains(kinds, k) })
	}
	detail := esimtest.Fault{Delay: 5 * time.Millisecond}
	onLogins := without(esimtest.AllFaults(), esimtest.FaultSlowBody, esimtest.FaultErrorBefore, esimtest.FaultErrorAfter)
	return []esimtest.Schedule{
		{Op: "order", Rate: faultRate, Kinds: without(esimtest.AllFaults(), esimtest.FaultSlowBody), Fault: detail},
		{Op: "auth", Rate: faultRate, Kinds: onLogins, Fault: detail},
	}
}

func open(t *testing.T, sim *simulator.Simulator, p esim.Provider) market {
	same := func(reference string) string { return reference }
	settings := esim.Settings{Timeout: time.Second}
	if p == esimfly.Provider {
		h := sim.ESIMFly.Harness(newFly(sim, false))
		return market{sim.ESIMFly.Server, h.New(t, settings), h.Package, same}
	}
	if p == esimstory.Provider {
		h := sim.ESIMStory.Harness(newStory(sim, nil), applyWebhook)
		return market{sim.ESIMStory.Server, h.New(t, settings), h.Package, same}
	}
	h := sim.ESIMFX.Harness(newFX(sim, learned))
	// A key is for life: were it made otherwise, orders in doubt while the
	// library is updated would be bought twice.
	keyOf := func(reference string) string {
		return uuid.NewSHA1(uuid.NameSpaceOID, []byte("esimkit/esim/esimfx/"+sim.ESIMFX.ClientID+"/"+reference+"/0")).String()
	}
	return market{sim.ESIMFX.Server, h.New(t, settings), h.Package, keyOf}
}

// trade lets the callers place n orders.
func (m market) trade(t *testing.T, n int) *books {
	b := &books{inHand: map[string]*esim.Order{}, refused: map[string]error{}, open: map[string]error{}}
	work := make(chan string)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for reference := range work {
				o, err := m.persist(t.Context(), reference)
				b.enter(reference, o, err)
			}
		})
	}
	for i := range n {
		work <- fmt.Sprintf("t10k-%05d", i)
	}
	close(work)
	all.Wait()
	return b
}

// persist is the caller.
func (m market) persist(ctx context.Context, reference string) (o *esim.Order, err error) {
	err = repeated(ctx, func(ctx context.Context) error {
		o, err = m.client.Order(ctx, esim.OrderRequest{PackageID: m.item.ID, Reference: reference})
		return err
	})
	return o, err
}

// repeated makes a purchase under one reference, and repeats it as long as it
// is of use.
func repeated(ctx context.Context, buy func(context.Context) error) (err error) {
	for range attempts {
		err = buy(ctx)
		switch {
		case err == nil:
			return nil
		case esim.MaybeCharged(err) && esim.MayRepeat(err):
		case esim.MaybeCharged(err):
			return err
		case unsent(err) || errors.Is(err, esim.ErrRateLimited):
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		default:
			return err
		}
	}
	return err
}

func unsent(err error) bool {
	e, ok := errors.AsType[*esim.Error](err)
	return ok && e.Outcome == esim.OutcomeNotSent
}

func (b *books) enter(reference string, o *esim.Order, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.inHand[reference] = o
	case esim.MaybeCharged(err):
		b.open[reference] = err
	default:
		b.refused[reference] = err
	}
}

// deliver receives eSIM Story's webhooks as a shop would, from the first
// order on. The function returned gives what came, by reference.
func deliver(t *testing.T, sim *simulator.Simulator) func() map[string][]*esimstory.Delivery {
	var mu sync.Mutex
	came := map[string][]*esimstory.Delivery{}
	path := esim.NewSecret("a-path-that-nobody-can-guess-0001")
	receiver := httptest.NewServer(esimstory.DeliveryHandler(path, func(_ context.Context, d *esimstory.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		came[d.Reference] = append(came[d.Reference], d)
		return nil
	}))
	t.Cleanup(receiver.Close)
	sim.ESIMStory.SetWebhook(receiver.URL + "/" + path.Reveal())
	return func() map[string][]*esimstory.Delivery {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(came)
	}
}

// settle applies the webhooks: to the orders in hand, and to those in doubt,
// for which they are the only evidence there is.
func (b *books) settle(t *testing.T, came map[string][]*esimstory.Delivery, item esim.Package) {
	for reference, list := range came {
		o := b.inHand[reference]
		if o == nil {
			require.Contains(t, b.open, reference, "a webhook for an order that is neither in hand nor open")
			o = &esim.Order{Provider: esimstory.Provider, Reference: reference, PackageID: item.ID, Quantity: 1, Status: esim.OrderPending}
			b.inHand[reference] = o
			delete(b.open, reference)
		}
		for _, d := range list {
			_, err := esimstory.Apply(o, d)
			require.NoError(t, err, reference)
		}
	}
	t.Logf("after the webhooks: %d in hand, %d open", len(b.inHand), len(b.open))
}

// audit compares the books with the ledger: no reference is charged twice,
// every charge is an order in hand or an open item, and what is in hand was
// paid for and is what was paid for.
func (m market) audit(t *testing.T, b *books) {
	charges := map[string]esimtest.Charge{}
	for _, c := range m.server.Ledger().Charges() {
		_, twice := charges[c.Reference]
		require.False(t, twice, "%s is charged twice", c.Reference)
		require.Equal(t, 1, c.Quantity)
		charges[c.Reference] = c
	}
	for reference, o := range b.inHand {
		c, paid := charges[m.keyOf(reference)]
		require.True(t, paid, "%s is in hand and was not charged", reference)
		require.Len(t, o.ESIMs, 1, reference)
		require.Equal(t, []string{string(o.ESIMs[0].ICCID)}, c.ICCIDs, reference)
		require.False(t, o.ESIMs[0].Activation.IsZero(), reference)
		require.Equal(t, reference, o.Reference)
		delete(charges, m.keyOf(reference)) // accounted for
	}
	for reference, err := range b.refused {
		require.NotContains(t, charges, m.keyOf(reference), "said not to be charged: %v", err)
	}
	paidOpen := 0
	for reference := range b.open {
		if _, paid := charges[m.keyOf(reference)]; paid {
			paidOpen++
			delete(charges, m.keyOf(reference))
		}
	}
	t.Logf("of %d open items %d were charged", len(b.open), paidOpen)
	assert.Empty(t, charges, "charged, and lost")
	assert.Less(t, len(b.refused)+len(b.open)-paidOpen, orders()/20, "hardly anything was bought, so little is proven")

	ledger := m.server.Ledger()
	sum, err := ledger.Balance().Add(ledger.Total())
	require.NoError(t, err)
	require.Equal(t, ledger.Opening(), sum)
}
