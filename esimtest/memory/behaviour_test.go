package memory_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
)

// stillClock moves only when somebody sleeps by it.
type stillClock struct{ now time.Time }

func (c *stillClock) Now() time.Time        { return c.now }
func (c *stillClock) Sleep(d time.Duration) { c.now = c.now.Add(d) }

func newStillClock() *stillClock {
	return &stillClock{now: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
}

// behaving is a reseller of that behaviour for whom answers take no real time.
func behaving(t memory.Behaviour, more ...memory.Option) (*memory.Client, *stillClock) {
	clock := newStillClock()
	return memory.New(append(more, memory.WithBehaviour(t), memory.WithClock(clock.Now, clock.Sleep))...), clock
}

// luck is what became of some orders, by outcome and ledger.
type luck struct {
	refused, lost, lostAndCharged, slow int
	pattern                             []bool // of failure
}

func try(t *testing.T, m *memory.Client, clock *stillClock, orders int) (l luck) {
	t.Helper()
	for i := range orders {
		ref := "r-" + strconv.Itoa(i)
		began := clock.now
		_, err := m.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Reference: ref})
		charges := len(m.Ledger().ByReference(ref))
		switch {
		case err == nil:
			require.Equal(t, 1, charges)
		case esim.MaybeCharged(err):
			l.lost++
			l.lostAndCharged += charges
		default:
			require.Zero(t, charges)
			l.refused++
		}
		if clock.now.Sub(began) > time.Second {
			l.slow++
		}
		l.pattern = append(l.pattern, err != nil)
	}
	return l
}

func TestFlakyLosesItsShare(t *testing.T) {
	const orders = 4000
	m, clock := behaving(memory.Flaky(), memory.WithBalance("100000", "USD"))
	got := try(t, m, clock, orders)
	// Shares in permille, by the data of the behaviour; the draws are fixed by the seed.
	require.InDelta(t, 50, got.lost*1000/orders, 10)
	require.InDelta(t, 25, got.lostAndCharged*1000/orders, 8)
	require.InDelta(t, 10, got.refused*1000/orders, 5)
	require.InDelta(t, 50, got.slow*1000/orders, 10)
	require.Len(t, m.Ledger().Charges(), orders-got.refused-got.lost+got.lostAndCharged)
}

func TestBehaviourIsTheSameForTheSameSeed(t *testing.T) {
	run := func(seed int64) []bool {
		m, clock := behaving(memory.Flaky(), memory.WithSeed(seed))
		return try(t, m, clock, 200).pattern
	}
	first := run(7)
	require.Equal(t, first, run(7))
	require.NotEqual(t, first, run(8))
}

func TestBehavioursAnswerAsFastAsTheySay(t *testing.T) {
	for _, behaviour := range memory.Behaviours() {
		t.Run(behaviour.String(), func(t *testing.T) {
			behaviour.Faults = nil
			m, clock := behaving(behaviour)
			m.Heal()
			for range 100 {
				_, err := m.Balance(t.Context())
				require.NoError(t, err)
			}
			require.Equal(t, 100*behaviour.Latency, clock.now.Sub(newStillClock().now))
		})
	}
}

func TestBehaviourPrices(t *testing.T) {
	list := func(options ...memory.Option) map[string]string {
		prices := make(map[string]string)
		for p, err := range esim.Packages(t.Context(), memory.New(options...), esim.PackageQuery{}) {
			require.NoError(t, err)
			prices[p.ID] = p.Price.String()
		}
		return prices
	}
	third, err := esim.ParseMoney("0.33", "EUR")
	require.NoError(t, err)
	own := memory.WithPackages(esim.Package{ID: "p", Price: third}, esim.Package{ID: "free of price"})
	dear := memory.WithBehaviour(memory.Behaviour{Prices: 1250})

	require.Equal(t, "2.40 USD", list()[aPackage])
	require.Equal(t, "1.92 USD", list(memory.WithBehaviour(memory.Behaviour{Prices: 800}))[aPackage])
	require.Equal(t, list(), list(memory.WithBehaviour(memory.Steady())))
	require.Equal(t, "0.41 EUR", list(own, dear)["p"], "0.4125")
	require.Equal(t, list(own, dear), list(dear, own), "the order of options does not matter")
	require.Equal(t, list(own)["free of price"], list(own, dear)["free of price"])
}

func TestBrokeRunsDry(t *testing.T) {
	m, clock := behaving(memory.Broke(), memory.WithBalance("5", "EUR"))
	require.Equal(t, "1000.00 EUR", m.Ledger().Opening().String())
	got := try(t, m, clock, 450) // at 2.28
	require.Equal(t, 450-438, got.refused)
	require.Len(t, m.Ledger().Charges(), 438)
	_, err := m.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Reference: "one more"})
	require.ErrorIs(t, err, esim.ErrInvalidRequest, "a reference has no spaces")
	_, err = m.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Reference: "one-more"})
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)

	empty := memory.Broke()
	empty.Balance = "0"
	m, _ = behaving(empty)
	_, err = m.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Reference: "one-more"})
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
}

func TestSlowDeliversByWebhook(t *testing.T) {
	m, clock := behaving(memory.Slow())
	require.Equal(t, esim.FulfilmentWebhook, m.Capabilities().Fulfilment)
	first := order(t, m, "r-1")
	require.Equal(t, esim.OrderPending, first.Status)
	clock.Sleep(5 * time.Minute)
	order(t, m, "r-2")
	require.Empty(t, m.Deliveries())

	clock.Sleep(3 * time.Minute)
	delivered := m.Deliveries()
	require.Len(t, delivered, 1)
	require.Equal(t, first.ID, delivered[0].ID)
	require.Equal(t, "r-1", delivered[0].Reference)
	require.Equal(t, esim.OrderCompleted, delivered[0].Status)
	require.Len(t, delivered[0].ESIMs, 1)
	require.Empty(t, m.Deliveries(), "delivered once")

	m.Advance(10 * time.Minute)
	require.Len(t, m.Deliveries(), 1)

	prompt, _ := behaving(memory.Steady())
	order(t, prompt, "r-1")
	require.Empty(t, prompt.Deliveries(), "the answer had it all")
	require.Len(t, m.Ledger().Charges(), 2)
}

func TestDownUntilHealed(t *testing.T) {
	m, clock := behaving(memory.Down())
	require.Equal(t, 20, try(t, m, clock, 20).refused)
	require.Zero(t, m.Requests(""), "nothing has arrived")
	m.Heal()
	order(t, m, "r-0")
	require.Len(t, m.Ledger().Charges(), 1)
}

func TestMemoryHangsByItsClock(t *testing.T) {
	m, clock := behaving(memory.Behaviour{}, memory.WithTimeout(time.Hour))
	for n, kind := range []esimtest.FaultKind{esimtest.FaultHang, esimtest.FaultHangAfterCommit} {
		began := clock.now
		m.Inject(esimtest.Fault{Kind: kind, Op: "Order"})
		_, err := m.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Reference: kind.String()})
		require.True(t, esim.MaybeCharged(err))
		require.Equal(t, time.Hour, clock.now.Sub(began))
		require.Len(t, m.Ledger().Charges(), n)
	}
}

// With the real clock an answer takes real time, and whoever does not wait for
// it must learn that it may have bought.
func TestLatencyTakesRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := memory.New(memory.WithBehaviour(memory.Steady()))
		began := time.Now()
		order(t, m, "r-1")
		require.Equal(t, 200*time.Millisecond, time.Since(began))

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := m.Order(ctx, esim.OrderRequest{PackageID: aPackage, Reference: "r-2"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, esim.MaybeCharged(err))
		require.Equal(t, 300*time.Millisecond, time.Since(began))
		require.Len(t, m.Ledger().Charges(), 2)
	})
}
