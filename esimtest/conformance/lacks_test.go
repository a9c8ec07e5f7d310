package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
)

// A harness that leaves out what the client's capabilities call for is refused
// before anything runs.
func TestHarnessMustBeComplete(t *testing.T) {
	everything := memory.New().Capabilities()
	whole := memory.New().Harness(nil)
	require.NoError(t, lacks(&whole, everything))
	require.NoError(t, lacks(&whole, esim.Capabilities{}))
	readOnly := esim.Capabilities{Usage: true}
	webhookOnly := esim.Capabilities{Order: true}
	for field, c := range map[string]struct {
		caps  esim.Capabilities
		strip func(h *esimtest.Harness)
	}{
		"Ledger":            {everything, func(h *esimtest.Harness) { h.Ledger = nil }},
		"Requests":          {everything, func(h *esimtest.Harness) { h.Requests = nil }},
		"PurchaseSends":     {everything, func(h *esimtest.Harness) { h.PurchaseSends = nil }},
		"Secrets":           {everything, func(h *esimtest.Harness) { h.Secrets = nil }},
		"Inject":            {everything, func(h *esimtest.Harness) { h.Inject = nil }},
		"Heal":              {everything, func(h *esimtest.Harness) { h.Heal = nil }},
		"Package and Other": {everything, func(h *esimtest.Harness) { h.Other = h.Package }},
		"TopUpICCID":        {everything, func(h *esimtest.Harness) { h.TopUpICCID = nil }},
		"Sold":              {readOnly, func(*esimtest.Harness) {}},
		"Deliver":           {webhookOnly, func(*esimtest.Harness) {}},
	} {
		h := whole
		c.strip(&h)
		require.ErrorContains(t, lacks(&h, c.caps), "Harness."+field+" is not set")
	}
}
