package adapter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestStatusOfSeveral(t *testing.T) {
	for _, row := range []struct{ a, b, want esim.OrderStatus }{
		{esim.OrderCompleted, esim.OrderCompleted, esim.OrderCompleted},
		{esim.OrderCancelled, esim.OrderCancelled, esim.OrderCancelled},
		{esim.OrderCompleted, esim.OrderPending, esim.OrderPending},
		{esim.OrderPending, esim.OrderUnknown, esim.OrderPending},
		{esim.OrderCompleted, esim.OrderCancelled, esim.OrderUnknown},
		{esim.OrderUnknown, esim.OrderCompleted, esim.OrderUnknown},
	} {
		for _, pair := range [][2]esim.OrderStatus{{row.a, row.b}, {row.b, row.a}} {
			var sum esim.Order
			AddUnit(&sum, "o-1", pair[0], esim.ESIM{ICCID: "89440000000000000000"})
			AddUnit(&sum, "", pair[1], esim.ESIM{ItemID: "nothing of it has come"})
			assert.Equal(t, row.want, sum.Status)
			assert.Equal(t, "o-1", sum.ID)
			assert.Equal(t, 2, sum.Quantity)
			assert.Len(t, sum.ESIMs, 1)
		}
	}
}

// TestAConflictAfterASaleKeepsTheSale: an order of this very call comes back,
// though a later unit's key turns out to be taken.
func TestAConflictAfterASaleKeepsTheSale(t *testing.T) {
	api := newTransport(t, esim.Settings{})
	taken := func() error {
		return api.failIn("Order", esim.ErrReferenceConflict, esim.OutcomeNotSent, "another content")
	}
	a := &Attempt{t: api, facts: &Purchase{Single: true, Max: 2}, Order: &esim.Order{ID: "o-1", Quantity: 1}}
	var e *esim.Error
	require.ErrorAs(t, a.stopped(t.Context(), taken()), &e)
	assert.Equal(t, esim.OutcomeAccepted, e.Outcome)
	require.ErrorIs(t, e, esim.ErrReferenceConflict)
	assert.Same(t, a.Order, e.Order)

	a.Order = new(esim.Order)
	require.ErrorAs(t, a.stopped(t.Context(), taken()), &e)
	assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
}
