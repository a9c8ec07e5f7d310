package journal_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

func barred(reference string) esim.OrderRequest {
	return esim.OrderRequest{PackageID: small.ID, Reference: reference}
}

// What can be closed, by the state it is in.
func TestBarInEachState(t *testing.T) {
	closes := map[journal.State]bool{journal.Ready: true, journal.Rejected: true, journal.NotExecuted: true}
	for state := range roads() {
		t.Run(state.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openShop(t, rejecting)
				bring(s, state)
				sent := len(s.lender.requests)
				charged := len(s.memory.Ledger().Charges())
				err := s.Bar(t.Context(), "memory", barred("cart-1"))
				if !closes[state] {
					require.ErrorIs(t, err, journal.ErrState)
					return
				}
				require.NoError(t, err)
				require.NoError(t, s.Bar(t.Context(), "memory", barred("cart-1")), "again")
				_, err = s.buy("cart-1")
				s.wantRefused(err)
				require.ErrorIs(t, err, journal.ErrBarred)
				_, err = s.EnqueueOrder(t.Context(), nil, "memory", barred("cart-1"))
				require.ErrorIs(t, err, journal.ErrState)
				s.work()
				assert.Len(t, s.lender.requests, sent, "nothing is sent any more")
				assert.Len(t, s.memory.Ledger().Charges(), charged)
			})
		})
	}
}

// A reference that was never seen can be closed, by whoever comes first.
func TestBarBeforeTheFirstOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, rejecting)
		bar, ok := esim.As[interface {
			Bar(ctx context.Context, req esim.OrderRequest) error
		}](s.client)
		require.True(t, ok)
		require.NoError(t, bar.Bar(t.Context(), barred("cart-1")))
		_, err := s.buy("cart-1")
		s.wantRefused(err)
		require.ErrorIs(t, err, journal.ErrBarred)
		assert.Empty(t, s.lender.requests)

		_, err = s.Resume(t.Context(), s.memory.Provider(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
		require.True(t, esim.MaybeCharged(err), "the caller says that the record may be behind")
		assert.Empty(t, s.lender.requests)

		other := barred("cart-1")
		other.PackageID = large.ID
		require.ErrorIs(t, bar.Bar(t.Context(), other), esim.ErrReferenceConflict)
		require.ErrorIs(t, s.Bar(t.Context(), "nobody", barred("cart-1")), esim.ErrUnsupported)
		require.ErrorIs(t, s.Bar(t.Context(), "memory", barred("")), esim.ErrInvalidRequest)
	})
}

// Closing and buying at once: one of them wins, never both.
func TestBarAndOrderAtOnce(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			s := openShop(t, rejecting)
			var failed error
			var all sync.WaitGroup
			all.Go(func() { failed = s.Bar(t.Context(), "memory", barred("cart-1")) })
			order, err := s.buy("cart-1")
			all.Wait()
			if failed == nil {
				require.ErrorIs(t, err, journal.ErrBarred)
				assert.Empty(t, s.memory.Ledger().Charges())
				return
			}
			require.ErrorIs(t, failed, journal.ErrState)
			require.NoError(t, err)
			assert.NotEmpty(t, order.ESIMs)
			assert.Len(t, s.memory.Ledger().Charges(), 1)
		})
	}
}
