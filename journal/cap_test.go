package journal_test

import (
	"errors"
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
	"github.com/esimkit/esim/journal"
)

func capped(amount string) shopOption {
	return configured(func(c *journal.Config) { c.DailyCap = map[esim.Provider]esim.Money{"memory": usd(amount)} })
}

// The cap holds to the cent, however many buy at once and in however many
// processes.
func TestDailyCapIsExact(t *testing.T) {
	for _, tc := range []struct {
		limit  string
		bought int32
	}{{"25.00", 10}, {"24.99", 9}, {"2.50", 1}, {"2.49", 0}, {"0", 0}} {
		t.Run(tc.limit, func(t *testing.T) {
			s := openShop(t, capped(tc.limit))
			other := s.replica()
			var bought, over atomic.Int32
			var all sync.WaitGroup
			for i := range 32 {
				all.Go(func() {
					in := []*shop{s, other}[i%2]
					_, err := in.buy(fmt.Sprintf("cart-%d", i))
					switch {
					case err == nil:
						bought.Add(1)
					case errors.Is(err, journal.ErrOverBudget) && !esim.MaybeCharged(err):
						over.Add(1)
					}
				})
			}
			all.Wait()
			assert.Equal(t, tc.bought, bought.Load())
			assert.Equal(t, 32-tc.bought, over.Load())
			assert.Len(t, s.memory.Ledger().Charges(), int(tc.bought))
			assert.Equal(t, int(tc.bought), s.memory.Requests("Order"), "what is over the cap is not sent")
			assert.Len(t, everything(s), int(tc.bought), "and leaves no intent")
		})
	}
}

func TestDailyCapIsOfADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at midnight UTC
		s := openShop(t, capped("5"))
		for day := range 3 {
			for i := range 2 {
				_, err := s.buy(fmt.Sprintf("cart-%d-%d", day, i))
				require.NoError(t, err)
			}
			_, err := s.buy(fmt.Sprintf("over-%d", day))
			s.wantRefused(err, journal.ErrOverBudget)
			time.Sleep(24 * time.Hour)
		}
	})
}

func TestDailyCapIsGivenBack(t *testing.T) {
	s := openShop(t, capped("5"))
	s.memory.Refuse("Order", esim.ErrPackageUnavailable)
	_, err := s.buy("cart-1")
	s.wantRefused(err, esim.ErrPackageUnavailable)
	for i := range 2 {
		_, err = s.buy(fmt.Sprintf("more-%d", i))
		require.NoError(t, err)
	}
	_, err = s.buy("more-2")
	s.wantRefused(err, journal.ErrOverBudget)
	_, err = s.buy("cart-1") // its share is another's now
	s.wantRefused(err, journal.ErrState)
	assert.Len(t, s.memory.Ledger().Charges(), 2)
}

// What is in doubt counts: it may have been charged.
func TestDailyCapCountsDoubt(t *testing.T) {
	s := openShop(t, capped("2.50"))
	s.lose(esimtest.FaultCutBeforeCommit)
	_, err := s.buy("cart-1")
	require.True(t, esim.MaybeCharged(err))
	_, err = s.buy("cart-2")
	s.wantRefused(err, journal.ErrOverBudget)
	_, err = s.buy("cart-1")
	require.NoError(t, err)
}

func TestDailyCapNeedsAPrice(t *testing.T) {
	s := openShop(t, capped("5"))
	euros, err := esim.ParseMoney("3", "EUR")
	require.NoError(t, err)
	for name, r := range map[string]esim.OrderRequest{
		"no price":         {PackageID: small.ID, Reference: "cart-1"},
		"another currency": {PackageID: small.ID, Reference: "cart-1", MaxTotal: euros},
	} {
		_, err = s.client.Order(t.Context(), r)
		s.wantRefused(err, esim.ErrInvalidRequest)
		assert.Zero(t, s.memory.Requests(""), name)
	}
	_, err = s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1", MaxTotal: usd("5")})
	require.NoError(t, err, "a ceiling is a price for the cap")
	_, err = s.buy("cart-2")
	s.wantRefused(err, journal.ErrOverBudget)
	_, err = s.client.TopUp(t.Context(), esim.TopUpRequest{ICCID: "89990000000000000017", PackageID: small.ID, Reference: "top-1", MaxTotal: usd("1")})
	s.wantRefused(err, journal.ErrOverBudget)
}
