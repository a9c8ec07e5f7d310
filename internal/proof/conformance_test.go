package proof_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/conformance"
	"github.com/esimkit/esim/esimtest/simulator"
)

// TestConformance runs the suite for every adapter over the simulator of its
// provider, in the worlds in which it behaves differently.
func TestConformance(t *testing.T) {
	type world struct {
		name    string
		harness func(sim *simulator.Simulator) esimtest.Harness
	}
	worlds := []world{
		{"esimfly", func(sim *simulator.Simulator) esimtest.Harness {
			return sim.ESIMFly.Harness(newFly(sim, false))
		}},
		{"esimfly with verified replays", func(sim *simulator.Simulator) esimtest.Harness {
			return sim.ESIMFly.Harness(newFly(sim, true))
		}},
		{"esimstory with a price sheet", func(sim *simulator.Simulator) esimtest.Harness {
			return sim.ESIMStory.Harness(newStory(sim, sim.ESIMStory.Catalog()), applyWebhook)
		}},
		{"esimstory without", func(sim *simulator.Simulator) esimtest.Harness {
			return sim.ESIMStory.Harness(newStory(sim, nil), applyWebhook)
		}},
		{"esimfx", func(sim *simulator.Simulator) esimtest.Harness {
			return sim.ESIMFX.Harness(newFX(sim, nil))
		}},
		{"esimfx with learned codes", func(sim *simulator.Simulator) esimtest.Harness {
			return sim.ESIMFX.Harness(newFX(sim, learned))
		}},
	}
	sideBySide(t, worlds, func(w world) string { return w.name }, func(t *testing.T, _ int, w world) {
		sim := simulator.ForTest(t, simulator.WithBalance("10000000"))
		conformance.Run(t, w.harness(sim))
		require.Empty(t, sim.Strays(), "a redirect was followed")
	})
}
