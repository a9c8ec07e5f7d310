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

// TestWhatCountsAsOvercharged: the total is compared with the quote of all units and
// with MaxTotal, and only where both are amounts of one currency.
func TestWhatCountsAsOvercharged(t *testing.T) {
	money := func(amount, currency string) esim.Money { return usd(t, amount, currency) }
	dollars := func(amount string) esim.Money { return money(amount, "USD") }
	quoted := func(m esim.Money) *esim.Package { return &esim.Package{Price: m} }
	for name, c := range map[string]struct {
		total, ceiling esim.Money
		quote          *esim.Package
		want           string // in the message, "" = no error
	}{
		"nothing to compare with":              {total: dollars("9")},
		"the quote of three units":             {total: dollars("6.00"), quote: quoted(dollars("2"))},
		"a cent above the quote":               {total: dollars("6.01"), quote: quoted(dollars("2")), want: "6.01 USD were charged, above the quote of 6.00 USD"},
		"as much as MaxTotal":                  {total: dollars("7"), ceiling: dollars("7")},
		"above MaxTotal":                       {total: dollars("7.01"), ceiling: dollars("7"), want: "above MaxTotal of 7.00 USD"},
		"above the quote, below MaxTotal":      {total: dollars("6.50"), ceiling: dollars("7"), quote: quoted(dollars("2")), want: "above the quote of 6.00 USD"},
		"above MaxTotal, below the quote":      {total: dollars("5.50"), ceiling: dollars("5"), quote: quoted(dollars("2")), want: "above MaxTotal of 5.00 USD"},
		"above both":                           {total: dollars("9"), ceiling: dollars("7"), quote: quoted(dollars("2")), want: "above the quote of 6.00 USD"},
		"MaxTotal of nothing":                  {total: dollars("1"), ceiling: dollars("0"), want: "above MaxTotal of 0.00 USD"},
		"another currency than the quote":      {total: money("900", "EUR"), quote: quoted(dollars("2"))},
		"another currency than MaxTotal":       {total: money("900", "EUR"), ceiling: dollars("2")},
		"the quote in another, MaxTotal above": {total: dollars("9"), ceiling: dollars("7"), quote: quoted(money("2", "EUR")), want: "above MaxTotal of 7.00 USD"},
		"the total is not stated":              {quote: quoted(dollars("2")), ceiling: dollars("7")},
		"the currency is not stated":           {total: money("900", ""), quote: quoted(dollars("2")), ceiling: dollars("7")},
		"the quote is not stated":              {total: dollars("9"), quote: quoted(esim.Money{})},
		"a quote without a currency":           {total: dollars("9"), quote: quoted(money("2", ""))},
		"no currency in any":                   {total: money("9", ""), quote: quoted(money("2", "")), ceiling: money("7", "")},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Attempt{t: newTransport(t, esim.Settings{}), Order: &esim.Order{ID: "o-1", Total: c.total}}
			a.Quantity, a.Quote, a.MaxTotal = 3, c.quote, c.ceiling
			err := a.overcharged(t.Context())
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, esim.ErrPriceChanged)
			e := assertOutcome(t, esim.OutcomeAccepted, err)
			assert.Contains(t, e.Message, c.want)
			assert.Same(t, a.Order, e.Order)
		})
	}
}
