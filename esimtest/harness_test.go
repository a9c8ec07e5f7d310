package esimtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// counting is a decorator as users write them.
type counting struct {
	esim.Client
	calls *int
}

func (c counting) Unwrap() esim.Client { return c.Client }

func TestDecoratorsConform(t *testing.T) {
	m := esimtest.NewMemory(esimtest.MemoryTimeout(impatient), esimtest.MemoryBalance("1000000", "USD"))
	esimtest.Conformance(t, m.Harness(func(c esim.Client) esim.Client { return counting{c, new(int)} }))
}

// readOnly reads what others have bought.
type readOnly struct{ *esimtest.Memory }

func (c readOnly) Capabilities() esim.Capabilities {
	caps := c.Memory.Capabilities()
	caps.Order, caps.TopUp, caps.CallbackURL = false, false, false
	return caps
}

func (c readOnly) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	_, err := esim.UnimplementedClient{}.Order(ctx, r)
	return nil, named(c, err)
}

func (c readOnly) TopUp(ctx context.Context, r esim.TopUpRequest) (*esim.Order, error) {
	_, err := esim.UnimplementedClient{}.TopUp(ctx, r)
	return nil, named(c, err)
}

func named(c esim.Client, err error) error {
	if e, ok := errors.AsType[*esim.Error](err); ok {
		e.Provider = c.Provider()
	}
	return err
}

func TestReadOnlyClientsConform(t *testing.T) {
	m := esimtest.NewMemory(esimtest.MemoryTimeout(impatient))
	h := m.Harness(func(esim.Client) esim.Client { return readOnly{m} })
	h.TopUpICCID = nil
	h.Sold = func(t testing.TB) *esim.Order {
		o, err := m.Order(t.Context(), esim.OrderRequest{PackageID: aPackage})
		require.NoError(t, err)
		return o
	}
	esimtest.Conformance(t, h)
}

// The harnesses say what cannot be injected instead of pretending.
func TestHarnessesKnowTheirWorld(t *testing.T) {
	sim := esimtest.NewSimulator(t)
	none := func(testing.TB, esim.Settings) esim.Client { return esimtest.NewMemory() }
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
	sim := esimtest.NewSimulator(t)
	infos, sheet := sim.ESIMStory.Packages(), sim.ESIMStory.Catalog()
	require.Len(t, sheet, len(infos))
	for i, p := range sheet {
		require.Equal(t, esim.ESIMStory, p.Provider)
		require.Equal(t, infos[i].ID, p.ID)
		require.Equal(t, infos[i].Price, p.Price)
		require.EqualValues(t, infos[i].Bytes, p.Data)
		require.NotEmpty(t, p.Countries)
		require.NotEqual(t, esim.KindUnknown, p.Kind)
	}
}

// Time moves with the simulator, so tests never wait for it.
func TestHarnessAdvances(t *testing.T) {
	sim := esimtest.NewSimulator(t)
	h := sim.ESIMFX.Harness(func(testing.TB, esim.Settings) esim.Client { return esimtest.NewMemory() })
	before := sim.Now()
	h.Advance(time.Hour)
	require.GreaterOrEqual(t, sim.Now().Sub(before), time.Hour)
}
