package proof_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest"
)

// TestConformance runs the suite for every adapter over the simulator of its
// provider, in the worlds in which it behaves differently.
func TestConformance(t *testing.T) {
	type world struct {
		name    string
		harness func(sim *esimtest.Simulator) esimtest.Harness
	}
	worlds := []world{
		{"esimfly", func(sim *esimtest.Simulator) esimtest.Harness {
			return sim.ESIMFly.Harness(newFly(sim, false))
		}},
		{"esimfly with verified replays", func(sim *esimtest.Simulator) esimtest.Harness {
			return sim.ESIMFly.Harness(newFly(sim, true))
		}},
		{"esimstory with a price sheet", func(sim *esimtest.Simulator) esimtest.Harness {
			return sim.ESIMStory.Harness(newStory(sim, sim.ESIMStory.Catalog()), applyWebhook)
		}},
		{"esimstory without", func(sim *esimtest.Simulator) esimtest.Harness {
			return sim.ESIMStory.Harness(newStory(sim, nil), applyWebhook)
		}},
		{"esimfx", func(sim *esimtest.Simulator) esimtest.Harness {
			return sim.ESIMFX.Harness(newFX(sim, nil))
		}},
		{"esimfx with learned codes", func(sim *esimtest.Simulator) esimtest.Harness {
			return sim.ESIMFX.Harness(newFX(sim, learned))
		}},
	}
	sideBySide(t, worlds, func(w world) string { return w.name }, func(t *testing.T, _ int, w world) {
		sim := esimtest.NewSimulator(t, esimtest.WithBalance("10000000"))
		esimtest.Conformance(t, w.harness(sim))
		require.Empty(t, sim.Strays(), "a redirect was followed")
	})
}
