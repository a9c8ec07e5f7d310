package journal_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/journal"
)

// An eSIMfly order is lost on its way, and the probe under its request id is
// refused for want of money, which uses the id up. Journal and client agree that
// nothing is in doubt any more. Once funded, the reference buys, if a return
// value told of the failure; a hook has closed it.
func TestOrderedAgainAfterARefusedProbe(t *testing.T) {
	for name, hooked := range map[string]bool{"told by a return value": false, "told by OnFailed": true} {
		t.Run(name, func(t *testing.T) {
			var failed []string
			m := openMarket(t, func(c *journal.Config) {
				c.OnFailed = func(_ context.Context, p *journal.Purchase) error {
					failed = append(failed, p.Reference)
					return nil
				}
			})
			client := m.j.Client(esimfly.Provider)
			item := m.pick(client)
			req := esim.OrderRequest{PackageID: item.ID, Reference: "cart-1", Quote: &item}
			m.down.Store(true)
			_, err := client.Order(t.Context(), req)
			require.True(t, esim.MaybeCharged(err))
			m.down.Store(false)
			m.sim.ESIMFly.SetBalance("0")
			m.sim.Advance(5 * time.Second)
			if hooked {
				_, err = m.j.Step(t.Context(), 100)
				require.NoError(t, err)
				require.Equal(t, []string{"cart-1"}, failed)
			} else {
				_, err = client.Order(t.Context(), req)
				require.ErrorIs(t, err, esim.ErrInsufficientBalance)
				require.Equal(t, esim.OutcomeRejected, esim.OutcomeOf(err))
			}
			p, err := m.j.Lookup(t.Context(), esimfly.Provider, "cart-1")
			require.NoError(t, err)
			assert.Equal(t, journal.Rejected, p.State)
			assert.Zero(t, p.Doubt)

			m.sim.ESIMFly.SetBalance("100")
			m.sim.Advance(time.Minute)
			_, err = client.Order(t.Context(), req)
			if hooked {
				require.ErrorIs(t, err, journal.ErrReferenceEnded)
				assert.Empty(t, m.sim.ESIMFly.Ledger().Charges())
				return
			}
			require.NoError(t, err)
			assert.Len(t, m.sim.ESIMFly.Ledger().Charges(), 1)
			assert.Empty(t, failed)
			assert.Empty(t, m.sim.ESIMFly.Violations())
		})
	}
}
