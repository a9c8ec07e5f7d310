package adapter

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func usd(t *testing.T, amount, currency string) esim.Money {
	t.Helper()
	m, err := esim.ParseMoney(amount, currency)
	require.NoError(t, err)
	return m
}

// TestABalanceRefusesOnlyWhereItIsKnownToPay.
func TestABalanceRefusesOnlyWhereItIsKnownToPay(t *testing.T) {
	for name, c := range map[string]struct {
		seen     []string // before; "sale" between
		balance  string
		currency string
		refused  bool
	}{
		"never seen in funds":         {nil, "0", "USD", false},
		"seen in funds":               {[]string{"20"}, "0", "USD", true},
		"enough":                      {[]string{"20"}, "12", "USD", false},
		"a cent less":                 {[]string{"20"}, "11.99", "USD", true},
		"no currency":                 {[]string{"20"}, "11", "", true},
		"nothing, in no currency":     {[]string{"20"}, "0", "", true},
		"another currency":            {[]string{"20"}, "11", "EUR", false},
		"on invoice, sells and owes":  {[]string{"0", "sale", "-12"}, "-12", "USD", false},
		"on invoice, sells and stays": {[]string{"0", "sale", "0"}, "0", "USD", false},
	} {
		var log bytes.Buffer
		tr := newTransport(t, esim.Settings{
			Transport: inTurn(accepts), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		for _, s := range c.seen {
			if s == "sale" {
				require.NoError(t, tr.Do(t.Context(), order(Keyed, "k")))
				continue
			}
			tr.SawBalance(usd(t, s, c.currency))
		}
		log.Reset()
		err := tr.covers(t.Context(), "Order", usd(t, c.balance, c.currency), usd(t, "12", "USD"))
		if !c.refused {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, assertOutcome(t, esim.OutcomeNotSent, err), esim.ErrInsufficientBalance, name)
		assert.Contains(t, log.String(), "balance is too low", name)
		assert.Contains(t, err.Error(), "the balance of "+c.balance, name)
	}
}

func TestTogethersAreReadSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTransport(t, esim.Settings{})
		begun := time.Now()
		pause := func(context.Context) { time.Sleep(time.Second) }
		tr.Together(t.Context(), pause, pause, pause)
		assert.Equal(t, time.Second, time.Since(begun))
		assert.PanicsWithValue(t, "a bug", func() {
			tr.Together(t.Context(), pause, func(context.Context) { panic("a bug") })
		})
	})
}
