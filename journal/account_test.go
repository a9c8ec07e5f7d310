package journal_test

import (
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

// change gives the shop credentials of another account.
func (s *shop) changeAccount() {
	s.Helper()
	s.lender = &lender{Client: s.memory, account: esim.Account{Fingerprint: "a2"}}
	s.start()
}

// What is in doubt can be found out with the account it was begun with alone.
func TestAccountChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, rejecting)
		id := bring(s, journal.Unknown)
		old := s.lender
		s.changeAccount()
		_, err := s.buy("cart-1")
		require.ErrorIs(t, err, journal.ErrAccountChanged)
		assert.True(t, esim.MaybeCharged(err))
		for range 50 {
			time.Sleep(2 * time.Hour)
			if _, err = s.Reconcile(t.Context(), id); err != nil {
				require.ErrorIs(t, err, journal.ErrInHand)
			}
			s.work()
		}
		s.wantState("cart-1", journal.Review)
		assert.Empty(t, s.lender.sent(), "nothing is sent to another account")
		assert.Len(t, old.sent(), 1)
		_, err = s.buy("cart-2")
		require.NoError(t, err, "and new purchases go on")
	})
}

func TestAccountChangedAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		bring(s, journal.Unknown)
		old := s.lender
		s.changeAccount()
		s.pass(time.Hour)
		s.wantState("cart-1", journal.Unknown)
		s.lender = old
		s.start()
		s.pass(2 * time.Hour)
		s.wantState("cart-1", journal.Delivered)
		assert.Equal(t, 1, s.charges("cart-1"))
	})
}

func TestAccountChangedInOtherStates(t *testing.T) {
	for state, want := range map[journal.State]error{
		journal.Delivered: nil, journal.Rejected: journal.ErrAccountChanged, journal.NotExecuted: journal.ErrAccountChanged,
		journal.Ready: journal.ErrAccountChanged, journal.Review: journal.ErrUnderReview,
	} {
		t.Run(state.String(), func(t *testing.T) {
			s := openShop(t, rejecting)
			bring(s, state)
			s.changeAccount()
			_, err := s.buy("cart-1")
			if want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, want)
			}
			s.work()
			assert.Empty(t, s.lender.sent(), "nothing is sent to another account")
		})
	}
}

// A provider that is not configured any more: what is open ends before a person.
func TestClientTakenAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t)
		bring(s, journal.Unknown)
		s.config.Clients = nil
		j, err := journal.New(s.store, s.config)
		require.NoError(t, err)
		s.Journal = j
		s.pass(80 * time.Hour)
		s.wantState("cart-1", journal.Review)
		assert.Equal(t, []string{"late cart-1", "review cart-1"}, s.heard())
	})
}

// While the clock has gone back nothing is sent again, but questions are asked.
func TestClockGoneBack(t *testing.T) {
	for _, tc := range []struct {
		name string
		opts []shopOption
		want journal.State
	}{
		{"a provider that can be asked", []shopOption{keptIn(sick), selling(memory.WithIdempotency(esim.IdempotencyReplays))}, journal.Delivered},
		{"a provider that cannot", []shopOption{keptIn(sick), unasked}, journal.Unknown},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			s := openShop(t, tc.opts...)
			bring(s, journal.Unknown)
			s.store.(*sickStore).clock = journal.ErrClockSuspect //nolint:forcetypeassert // made by keptIn
			s.pass(10 * time.Minute)
			s.wantState("cart-1", tc.want)
			assert.Len(t, s.lender.sent(), 1)
			assert.Equal(t, 1, s.charges("cart-1"))
		})
	}
}

// A clock that has gone back without the store noticing.
func TestClockBehindTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offset := time.Duration(0)
		s := openShop(t, unasked)
		s.store = journal.NewVolatileAt(func() time.Time { return time.Now().Add(offset) })
		s.start()
		time.Sleep(10 * time.Hour)
		id := bring(s, journal.Unknown)
		offset = -2 * time.Hour
		for range 10 {
			_, err := s.Reconcile(t.Context(), id)
			require.NoError(t, err)
		}
		assert.Len(t, s.lender.sent(), 1, "nothing is sent again")
		offset = 0
		time.Sleep(time.Minute)
		_, err := s.Reconcile(t.Context(), id)
		require.NoError(t, err)
		assert.Len(t, s.lender.sent(), 2)
	})
}

// Behind the window in which the provider surely knows the reference nothing
// is sent again.
func TestResendWindow(t *testing.T) {
	for _, tc := range []struct {
		name  string
		after time.Duration
		sent  int
	}{{"in it", 19 * time.Hour, 2}, {"behind it", 21 * time.Hour, 1}} {
		inBubble(t, tc.name, func(t *testing.T) {
			s := openShop(t, unasked)
			s.lose(esimtest.FaultCutAfterCommit)
			_, err := s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1", Until: time.Now().Add(48 * time.Hour)})
			require.True(t, esim.MaybeCharged(err))
			time.Sleep(tc.after)
			_, err = s.Reconcile(t.Context(), journal.IDOf("memory", "cart-1"))
			require.NoError(t, err)
			assert.Len(t, s.lender.sent(), tc.sent)
		})
	}
}
