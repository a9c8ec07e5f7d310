package simulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/esimtest/simulator"
)

// The harnesses say what cannot be injected instead of pretending.
func TestHarnessesKnowTheirWorld(t *testing.T) {
	sim := simulator.ForTest(t)
	none := func(testing.TB, esim.Settings) esim.Client { return memory.New() }
	fly := sim.ESIMFly.Harness(none)
	story := sim.ESIMStory.Harness(none, func(*esim.Order, []byte) error { return nil })
	fx := sim.ESIMFX.Harness(none)

	for _, h := range []esimtest.Harness{fly, story, fx} {
		require.NotEmpty(t, h.Package.ID)
		require.NotEmpty(t, h.Other.ID)
		require.NotEqual(t, h.Package.ID, h.Other.ID)
		require.NotEmpty(t, h.Secrets())
		require.False(t, h.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "NoSuchMethod"}))
		require.True(t, h.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"}))
		h.Heal()
	}
	require.NotEmpty(t, fly.Pending.ID)
	require.True(t, fly.Inject(esimtest.Fault{Kind: esimtest.FaultTruncatedPage, Op: "ListPackages"}))
	require.False(t, fx.Inject(esimtest.Fault{Kind: esimtest.FaultTruncatedPage, Op: "ListPackages"}), "nobody could notice")
	require.True(t, fx.Inject(esimtest.Fault{Kind: esimtest.FaultRepeatedCursor, Op: "ListPackages"}))
	require.False(t, story.Inject(esimtest.Fault{Kind: esimtest.FaultHang, Op: "ListPackages"}), "there is no such endpoint")
	require.False(t, fx.Inject(esimtest.Fault{Kind: esimtest.FaultClockSkew, Op: "Order"}), "tokens have no time stamp")
}

func TestCatalogIsThePriceSheet(t *testing.T) {
	sim := simulator.ForTest(t)
	infos, sheet := sim.ESIMStory.Packages(), sim.ESIMStory.Catalog()
	require.Len(t, sheet, len(infos))
	for i, p := range sheet {
		require.Equal(t, esimtest.ESIMStory, p.Provider)
		require.Equal(t, infos[i].ID, p.ID)
		require.Equal(t, infos[i].Price, p.Price)
		require.EqualValues(t, infos[i].Bytes, p.Data)
		require.NotEmpty(t, p.Countries)
		require.NotEqual(t, esim.KindUnknown, p.Kind)
	}
}

// Time moves with the simulator, so tests never wait for it.
func TestHarnessAdvances(t *testing.T) {
	sim := simulator.ForTest(t)
	h := sim.ESIMFX.Harness(func(testing.TB, esim.Settings) esim.Client { return memory.New() })
	before := sim.Now()
	h.Advance(time.Hour)
	require.GreaterOrEqual(t, sim.Now().Sub(before), time.Hour)
}
