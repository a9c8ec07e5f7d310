package journal_test

import (
	"context"
	"fmt"
	"sync"
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

// Run, in several processes at once, brings everything to an end.
func TestRunReachesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, selling(memory.WithPending(40*time.Minute, large.ID)))
		other := s.replica()
		ctx, cancel := context.WithCancel(t.Context())
		var workers sync.WaitGroup
		for _, process := range []*shop{s, other} {
			workers.Go(func() { assert.ErrorIs(t, process.Journal.Run(ctx), context.Canceled) })
		}
		const n = 60
		for i := range n {
			kinds := []esimtest.FaultKind{
				0, esimtest.FaultCutAfterCommit, esimtest.FaultCutBeforeCommit, esimtest.Fault500After, esimtest.Fault429, esimtest.FaultHang,
			}
			if kind := kinds[i%len(kinds)]; kind != 0 {
				s.lose(kind)
			}
			item := []esim.Package{small, large}[i%2]
			req := esim.OrderRequest{PackageID: item.ID, Reference: fmt.Sprintf("cart-%d", i), Quote: &item}
			if i%4 < 2 {
				_, err := s.EnqueueOrder(t.Context(), nil, "memory", req)
				require.NoError(t, err)
				continue
			}
			_, err := s.client.Order(t.Context(), req)
			assert.True(t, err == nil || esim.MaybeCharged(err) || esim.OutcomeOf(err) == esim.OutcomeRejected, "%v", err)
		}
		time.Sleep(5 * time.Hour)
		cancel()
		workers.Wait()
		synctest.Wait()

		delivered := 0
		for p, err := range s.Purchases(t.Context(), journal.Query{}) {
			require.NoError(t, err)
			assert.False(t, p.State.Open(), "%s is %s", p.Reference, p.State)
			want := 0
			if p.State == journal.Delivered {
				want = 1
				delivered++
				assert.Len(t, p.Order.ESIMs, 1)
				assert.NotEmpty(t, p.Order.ESIMs[0].Activation.LPA())
			}
			assert.Equal(t, want, s.charges(p.Reference), "%s is %s", p.Reference, p.State)
		}
		assert.Greater(t, delivered, n*3/4)
		told := make(map[string]bool)
		for _, hook := range s.heard() {
			told[hook] = true
		}
		for p, err := range s.Purchases(t.Context(), journal.Query{States: []journal.State{journal.Delivered}}) {
			require.NoError(t, err)
			assert.True(t, told["delivered "+p.Reference], "%s was not told", p.Reference)
		}
	})
}

// Run looks at once at what is enqueued, and ends when the journal is closed.
func TestRunIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, configured(func(c *journal.Config) { c.Tick = time.Hour }))
		var worker sync.WaitGroup
		worker.Go(func() { assert.ErrorIs(t, s.Journal.Run(t.Context()), journal.ErrClosed) })
		time.Sleep(time.Minute)
		began := time.Now()
		s.enqueue("cart-1")
		synctest.Wait()
		assert.Less(t, time.Since(began), time.Second)
		s.wantState("cart-1", journal.Delivered)
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
		require.NoError(t, s.Close(t.Context()))
		time.Sleep(2 * time.Hour)
		worker.Wait()
	})
}

// A store in trouble does not end Run.
func TestRunOutlivesTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, keptIn(sick))
		store := s.store.(*sickStore) //nolint:forcetypeassert // made by keptIn
		s.enqueue("cart-1")
		store.writes, store.reads = journal.ErrReadOnly, journal.ErrReadOnly
		for range 30 { // one look after the other, so that nothing races with the change
			time.Sleep(time.Minute)
			_, err := s.Step(t.Context(), 10)
			assert.True(t, err == nil || assert.ErrorIs(t, err, journal.ErrReadOnly))
		}
		assert.LessOrEqual(t, s.charges("cart-1"), 1)
		store.heal()
		s.pass(2 * time.Hour)
		s.wantState("cart-1", journal.Delivered)
		assert.Equal(t, 1, s.charges("cart-1"))
	})
}

// Step does no more than it is told to.
func TestStepCounts(t *testing.T) {
	s := openShop(t)
	for i := range 5 {
		s.enqueue(fmt.Sprintf("cart-%d", i))
	}
	n, err := s.Step(t.Context(), 2)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	assert.Len(t, s.memory.Ledger().Charges(), 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n, err = s.Step(ctx, 5)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, n)
	n, err = s.Step(t.Context(), 100)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
}

// Reconcile is Run by hand, one step of one purchase.
func TestReconcile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		p, err := s.Reconcile(t.Context(), s.enqueue("cart-1"))
		require.NoError(t, err)
		assert.Equal(t, journal.Delivered, p.State)
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())

		s.lose(esimtest.FaultCutAfterCommit)
		_, err = s.buy("cart-2")
		require.True(t, esim.MaybeCharged(err))
		p, err = s.Reconcile(t.Context(), journal.IDOf("memory", "cart-2"))
		require.NoError(t, err)
		assert.Equal(t, journal.Delivered, p.State)

		again, err := s.Reconcile(t.Context(), p.ID) // of what has ended does nothing
		require.NoError(t, err)
		assert.Equal(t, journal.Delivered, again.State)
		assert.Equal(t, 1, s.charges("cart-2"))
		_, err = s.Reconcile(t.Context(), "no such id")
		require.ErrorIs(t, err, journal.ErrNotFound)
	})
}

// A page at a time, all of them, and twice if asked.
func TestPurchases(t *testing.T) {
	s := openShop(t)
	const n = 230
	for i := range n {
		s.enqueue(fmt.Sprintf("cart-%03d", i))
	}
	all := s.Purchases(t.Context(), journal.Query{States: []journal.State{journal.Ready}})
	for range 2 {
		seen := make(map[string]bool)
		for p, err := range all {
			require.NoError(t, err)
			seen[p.Reference] = true
		}
		assert.Len(t, seen, n)
	}
	for _, err := range all { // and it can be left
		require.NoError(t, err)
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	errs := 0
	for p, err := range s.Purchases(ctx, journal.Query{}) {
		require.ErrorIs(t, err, context.Canceled)
		assert.Nil(t, p)
		errs++
	}
	assert.Equal(t, 1, errs)
}

// The same reference enqueued again is the same purchase, in whatever state.
func TestEnqueueAgain(t *testing.T) {
	s := openShop(t)
	id := s.enqueue("cart-1")
	assert.Equal(t, id, s.enqueue("cart-1"))
	s.work()
	assert.Equal(t, id, s.enqueue("cart-1"))
	s.work()
	assert.Equal(t, 1, s.charges("cart-1"))
	assert.Equal(t, journal.IDOf("memory", "cart-1"), id)

	topUp, err := s.EnqueueTopUp(t.Context(), nil, "memory", esim.TopUpRequest{
		ICCID: s.purchase("cart-1").Order.ESIMs[0].ICCID, PackageID: large.ID, Reference: "top-1", Quote: &large,
	})
	require.NoError(t, err)
	s.work()
	p, err := s.Journal.Get(t.Context(), topUp)
	require.NoError(t, err)
	assert.Equal(t, journal.Delivered, p.State)
	assert.Equal(t, 1, s.charges("top-1"))
}
