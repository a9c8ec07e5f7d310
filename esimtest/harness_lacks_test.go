package esimtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// A harness that leaves out what the client's capabilities call for is told
// so before anything runs.
func TestHarnessMustBeComplete(t *testing.T) {
	everything := NewMemory().Capabilities()
	whole := NewMemory().Harness(nil)
	require.NoError(t, whole.lacks(everything))
	require.NoError(t, whole.lacks(esim.Capabilities{}))
	readOnly := esim.Capabilities{Usage: true}
	webhookOnly := esim.Capabilities{Order: true}
	for field, c := range map[string]struct {
		caps  esim.Capabilities
		strip func(h *Harness)
	}{
		"Ledger":            {everything, func(h *Harness) { h.Ledger = nil }},
		"Requests":          {everything, func(h *Harness) { h.Requests = nil }},
		"PurchaseSends":     {everything, func(h *Harness) { h.PurchaseSends = nil }},
		"Secrets":           {everything, func(h *Harness) { h.Secrets = nil }},
		"Inject":            {everything, func(h *Harness) { h.Inject = nil }},
		"Heal":              {everything, func(h *Harness) { h.Heal = nil }},
		"Package and Other": {everything, func(h *Harness) { h.Other = h.Package }},
		"TopUpICCID":        {everything, func(h *Harness) { h.TopUpICCID = nil }},
		"Sold":              {readOnly, func(*Harness) {}},
		"Deliver":           {webhookOnly, func(*Harness) {}},
	} {
		h := whole
		c.strip(&h)
		require.ErrorContains(t, h.lacks(c.caps), "Harness."+field+" is not set")
	}
}
