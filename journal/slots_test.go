package journal_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
)

// counted is a client in memory whose orders are counted while they last.
type counted struct {
	*memory.Client
	now, most, sent atomic.Int32
}

func resell(p esim.Provider) *counted {
	return &counted{Client: memory.New(memory.WithProvider(p), memory.WithPackages(small))}
}

func (r *counted) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	r.sent.Add(1)
	r.most.Store(max(r.most.Load(), r.now.Add(1)))
	defer r.now.Add(-1)
	return r.Client.Order(ctx, req)
}

// lasts lets the next n orders take so long.
func (r *counted) lasts(n int, d time.Duration) {
	for range n {
		r.Inject(esimtest.Fault{Kind: esimtest.FaultDelay, Op: "Order", Delay: d})
	}
}

// leases counts the calls of Lease.
type leases struct {
	journal.Store
	n atomic.Int32
}

func (s *leases) Lease(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
	s.n.Add(1)
	return s.Store.Lease(ctx, slots, d)
}

// running is a journal with Run under way, until the test ends.
func running(t *testing.T, store journal.Store, config journal.Config) *journal.Journal {
	t.Helper()
	j, err := journal.New(store, config)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var worker sync.WaitGroup
	worker.Go(func() { assert.ErrorIs(t, j.Run(ctx), context.Canceled) })
	t.Cleanup(func() { stop(); worker.Wait() })
	synctest.Wait()
	return j
}

func enqueue(t *testing.T, j *journal.Journal, p esim.Provider, n int) {
	t.Helper()
	for i := range n {
		_, err := j.EnqueueOrder(t.Context(), nil, p, esim.OrderRequest{PackageID: small.ID, Reference: fmt.Sprint(p, "-", i)})
		require.NoError(t, err)
	}
}

// A reseller that hangs, with twice as many orders as it has workers, delays no
// order at another one.
func TestHangingResellerDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick := resell("slow"), resell("quick")
		for range 8 {
			slow.Inject(esimtest.Fault{Kind: esimtest.FaultHang, Op: "Order"})
		}
		j := running(t, journal.NewVolatile(), journal.Config{Clients: []esim.Client{slow, quick}})
		enqueue(t, j, "slow", 8)
		synctest.Wait()
		require.EqualValues(t, 4, slow.now.Load(), "workers of the reseller that hangs")
		for i := range 3 {
			began := time.Now()
			_, err := j.EnqueueOrder(t.Context(), nil, "quick", esim.OrderRequest{PackageID: small.ID, Reference: fmt.Sprint("quick-", i)})
			require.NoError(t, err)
			synctest.Wait()
			assert.Len(t, quick.Ledger().Charges(), i+1)
			assert.Zero(t, time.Since(began))
			time.Sleep(10 * time.Second)
		}
		assert.EqualValues(t, 4, slow.most.Load())
	})
}

// Workers that become free go on with the queue at once, and never more of
// them than there are for each provider.
func TestWorkersOfEachProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		north, south := resell("north"), resell("south")
		north.lasts(9, 10*time.Second)
		south.lasts(9, time.Second)
		j := running(t, journal.NewVolatile(), journal.Config{Clients: []esim.Client{north, south}, Workers: 2, Tick: time.Hour})
		enqueue(t, j, "north", 9)
		enqueue(t, j, "south", 9)
		time.Sleep(5*time.Second + time.Millisecond)
		assert.Len(t, south.Ledger().Charges(), 9)
		assert.Empty(t, north.Ledger().Charges())
		time.Sleep(45 * time.Second)
		assert.Len(t, north.Ledger().Charges(), 9)
		assert.EqualValues(t, 2, north.most.Load())
		assert.EqualValues(t, 2, south.most.Load())
		assert.EqualValues(t, 18, north.sent.Load()+south.sent.Load())
	})
}

// Run looks at purchases of a reseller that the journal has no client of, too,
// while another one hangs, and puts them before a person in time.
func TestRunLooksAtResellersWithoutClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, gone, slow := journal.NewVolatile(), resell("gone"), resell("slow")
		before, err := journal.New(store, journal.Config{Clients: []esim.Client{gone}})
		require.NoError(t, err)
		gone.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
		_, err = before.Client("gone").Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		require.True(t, esim.MaybeCharged(err))

		slow.lasts(100, 100*time.Hour)
		var reviewed atomic.Int32
		j := running(t, store, journal.Config{Clients: []esim.Client{slow}, OnReview: func(context.Context, []*journal.Purchase) error {
			reviewed.Add(1)
			return nil
		}})
		enqueue(t, j, "slow", 8)
		time.Sleep(73 * time.Hour)
		p, err := j.Lookup(t.Context(), "gone", "cart-1")
		require.NoError(t, err)
		assert.Equal(t, journal.Review, p.State)
		assert.Positive(t, reviewed.Load())
		assert.EqualValues(t, 1, gone.sent.Load())
	})
}

// A journal that has nothing to do asks its store once a tick, for all
// providers, and not at all while everybody is busy.
func TestIdleRunLeasesOnceATick(t *testing.T) {
	for _, providers := range []int{1, 3, 10} {
		inBubble(t, fmt.Sprint(providers), func(t *testing.T) {
			var config journal.Config
			for i := range providers {
				config.Clients = append(config.Clients, resell(esim.Provider(fmt.Sprint("p", i))))
			}
			store := &leases{Store: journal.NewVolatile()}
			running(t, store, config)
			time.Sleep(100*time.Second + time.Millisecond)
			assert.EqualValues(t, 101, store.n.Load(), "once at the start and once each second")
		})
	}
}

// Step asks for one purchase of one provider at a time, which a store finds
// without sorting all that is due, and no queue keeps another provider waiting.
func TestStepTakesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy, quiet := resell("busy"), resell("quiet")
		store := &slotsAsked{Store: journal.NewVolatile()}
		j, err := journal.New(store, journal.Config{Clients: []esim.Client{busy, quiet}, AllowVolatile: true})
		require.NoError(t, err)
		for i := range 20 {
			_, err = j.EnqueueOrder(t.Context(), nil, "busy", esim.OrderRequest{PackageID: small.ID, Reference: fmt.Sprint("cart-", i)})
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		_, err = j.EnqueueOrder(t.Context(), nil, "quiet", esim.OrderRequest{PackageID: small.ID, Reference: "cart"})
		require.NoError(t, err)
		n, err := j.Step(t.Context(), 2)
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		assert.EqualValues(t, 1, busy.sent.Load())
		assert.EqualValues(t, 1, quiet.sent.Load())
		n, err = j.Step(t.Context(), 100)
		require.NoError(t, err)
		assert.Equal(t, 19, n)
		assert.EqualValues(t, 20, busy.sent.Load())
		for _, asked := range store.slots {
			assert.Len(t, asked, 3, "%v", asked)
			assert.Equal(t, 1, asked["busy"]+asked["quiet"]+asked[""], "%v", asked)
		}
	})
}

// slotsAsked notes the slots of each Lease.
type slotsAsked struct {
	journal.Store
	slots []journal.Slots
}

func (s *slotsAsked) Lease(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
	s.slots = append(s.slots, slots)
	return s.Store.Lease(ctx, slots, d)
}
