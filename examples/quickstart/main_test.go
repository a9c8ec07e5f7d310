package main

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// TestSimulatedShop runs the tour and reads the proof at its end: each
// reference once, and nothing that was not asked for.
func TestSimulatedShop(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, simulatedShop(t.Context(), &out))
	text := out.String()
	_, proof, found := strings.Cut(text, "== The proof")
	require.True(t, found)
	charges := regexp.MustCompile(`(?m)^  (esim\w+) +(order|topup) +(\S+)`).FindAllStringSubmatch(proof, -1)
	count := map[string]int{}
	for _, c := range charges {
		count[c[1]+" "+c[2]]++
		count[c[3]]++
	}
	assert.Equal(t, 2, count["esimfly order"])
	assert.Equal(t, 1, count["esimfly topup"])
	assert.Equal(t, 1, count["esimstory order"])
	assert.Equal(t, 1, count["esimfx order"])
	assert.Equal(t, 1, count["esimfx topup"])
	assert.Len(t, charges, 6)
	for _, reference := range []string{"cart-0001", "cart-0002", "cart-0004"} {
		assert.Equal(t, 1, count[reference], reference)
	}
	assert.Contains(t, text, "█", "a QR code was drawn")
	assert.NotRegexp(t, `LPA:1\$[^$\s]+\$[^\[\s]`, text, "activation codes are masked")
}

// TestSellChargesOnce loses answers in a row; the ledger shows one charge.
func TestSellChargesOnce(t *testing.T) {
	s, err := openShop()
	require.NoError(t, err)
	t.Cleanup(s.close)
	s.sim.ESIMFly.Inject(esimtest.Fault{Op: "order", Kind: esimtest.FaultCutAfterCommit, Times: 2})
	order, err := sell(t.Context(), s.fly, "JP", "test-1")
	require.NoError(t, err)
	assert.Equal(t, 1, order.Delivered())
	assert.Len(t, s.sim.ESIMFly.Ledger().Charges(), 1)

	_, err = sell(t.Context(), s.fly, "JP", "")
	require.Error(t, err, "without a reference a repeat would be another purchase")
	assert.Len(t, s.sim.ESIMFly.Ledger().Charges(), 1)

	// eSIM Story replays nothing, so a doubt is the caller's to settle.
	s.sim.ESIMStory.Inject(esimtest.Fault{Op: "order", Kind: esimtest.FaultCutAfterCommit, Times: 9})
	_, err = sell(t.Context(), s.story, "JP", "test-2")
	assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
	assert.Equal(t, 1, s.sim.ESIMStory.Requests("order"))
}

func TestBuyWantsLive(t *testing.T) {
	require.Error(t, run(t.Context(), false, "esimfly"))
	for _, name := range []string{"ESIMFLY_ACCESS_CODE", "ESIMSTORY_ACCESS_KEY", "ESIMFX_CLIENT_ID"} {
		t.Setenv(name, "")
	}
	err := run(t.Context(), true, "")
	require.Error(t, err)
	_, ours := errors.AsType[*esim.Error](err)
	assert.False(t, ours, "no credentials is no error of a provider")
}

// TestLiveShop lets the live shop speak with the simulator: it buys only what
// it is told to.
func TestLiveShop(t *testing.T) {
	sim := esimtest.NewSimulator(t)
	for name, value := range map[string]string{
		"ESIMFLY_ACCESS_CODE": "", "ESIMSTORY_ACCESS_KEY": "",
		"ESIMFX_BASE_URL": sim.ESIMFX.URL(), "ESIMFX_CLIENT_ID": sim.ESIMFX.ClientID, "ESIMFX_CLIENT_KEY": sim.ESIMFX.ClientKey,
	} {
		t.Setenv(name, value)
	}
	var out bytes.Buffer
	require.NoError(t, realShop(t.Context(), &out, ""))
	assert.Empty(t, sim.ESIMFX.Ledger().Charges())
	assert.Contains(t, out.String(), "Nothing was bought")
	require.NoError(t, realShop(t.Context(), &out, "esimfx"))
	assert.Len(t, sim.ESIMFX.Ledger().Charges(), 1)
	require.Error(t, realShop(t.Context(), &out, "esimfly"), "no credentials for it")
}
