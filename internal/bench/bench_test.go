package bench_test

import (
	"net/http"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest/simulator"
)

func newClient(tb testing.TB, sim *simulator.Simulator) *esimfly.Client {
	tb.Helper()
	c, err := esimfly.New(esimfly.Config{
		AccessCode: sim.ESIMFly.AccessCode, SecretKey: esim.NewSecret(sim.ESIMFly.SecretKey),
		Settings: esim.Settings{BaseURL: sim.ESIMFly.URL(), Limiter: rate.NewLimiter(rate.Inf, 1), Now: sim.Now},
	})
	require.NoError(tb, err)
	tb.Cleanup(c.CloseIdleConnections)
	return c
}

func pooled() *http.Transport {
	tr := &http.Transport{Proxy: http.ProxyFromEnvironment}
	tr.MaxIdleConnsPerHost = 64
	return tr
}

func fresh() *http.Transport {
	tr := pooled()
	tr.DisableKeepAlives = true
	return tr
}

func syncPackage(tb testing.TB, sim *simulator.Simulator) string {
	tb.Helper()
	for _, p := range sim.ESIMFly.Packages() {
		if !p.Async && !p.Unlimited {
			return p.ID
		}
	}
	tb.Fatal("no package that is delivered at once")
	return ""
}

// BenchmarkListPackages reads one page of 100 packages.
func BenchmarkListPackages(b *testing.B) {
	sim := simulator.ForTest(b)
	b.Run("impl=handwritten", func(b *testing.B) {
		h := newHandwritten(sim, pooled())
		defer h.http.CloseIdleConnections()
		b.ReportAllocs()
		for b.Loop() {
			list, err := h.listPackages(b.Context())
			if err != nil || len(list) != 100 {
				b.Fatal(len(list), err)
			}
		}
	})
	b.Run("impl=esimfly", func(b *testing.B) {
		c := newClient(b, sim)
		b.ReportAllocs()
		for b.Loop() {
			page, err := c.ListPackages(b.Context(), esim.PackageQuery{PageSize: 100})
			if err != nil || len(page.Packages) != 100 {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkOrder buys one eSIM, on a fresh connection in both clients.
func BenchmarkOrder(b *testing.B) {
	sim := simulator.ForTest(b, simulator.WithBalance("1000000000"))
	id := syncPackage(b, sim)
	b.Run("impl=handwritten", func(b *testing.B) {
		h := newHandwritten(sim, fresh())
		b.ReportAllocs()
		for b.Loop() {
			if _, err := h.order(b.Context(), id); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("impl=esimfly", func(b *testing.B) {
		c := newClient(b, sim)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Order(b.Context(), esim.OrderRequest{PackageID: id}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestSameResult: the comparison is fair only if both clients make the same
// packages of the same page.
func TestSameResult(t *testing.T) {
	sim := simulator.ForTest(t)
	h := newHandwritten(sim, pooled())
	defer h.http.CloseIdleConnections()
	byHand, err := h.listPackages(t.Context())
	require.NoError(t, err)
	page, err := newClient(t, sim).ListPackages(t.Context(), esim.PackageQuery{PageSize: 100})
	require.NoError(t, err)
	require.Len(t, page.Packages, len(byHand))
	for i, p := range page.Packages {
		want := byHand[i]
		require.Equal(t, want.ID, p.ID)
		require.Equal(t, want.Price, p.Price, p.ID)
		require.Equal(t, want.Data, p.Data, p.ID)
		if len(want.Countries) > 0 {
			require.Equal(t, want.Countries, p.Countries, p.ID)
		}
		if len(want.Networks) > 0 {
			require.Equal(t, want.Networks, p.Networks, p.ID)
		}
	}
}

// TestListAllocations holds the adapter to 0.6 of the allocations, which
// unlike times are the same on every machine.
func TestListAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("no memory is measured under the race detector")
	}
	sim := simulator.ForTest(t)
	h, c := newHandwritten(sim, pooled()), newClient(t, sim)
	defer h.http.CloseIdleConnections()
	byHand := testing.AllocsPerRun(20, func() {
		_, err := h.listPackages(t.Context())
		require.NoError(t, err)
	})
	ours := testing.AllocsPerRun(20, func() {
		_, err := c.ListPackages(t.Context(), esim.PackageQuery{PageSize: 100})
		require.NoError(t, err)
	})
	t.Logf("allocations a page: %.0f by hand, %.0f ours, ratio %.2f", byHand, ours, ours/byHand)
	require.LessOrEqual(t, ours, 0.6*byHand)
}

// TestBigCatalogueHoldsOnePage iterates over 100,000 packages and measures
// what stays on the heap on the way.
func TestBigCatalogueHoldsOnePage(t *testing.T) {
	if raceEnabled {
		t.Skip("no memory is measured under the race detector")
	}
	sim := simulator.ForTest(t, simulator.WithPackages(100_000))
	c := newClient(t, sim)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	// One pass fills the simulator's own cache of encoded pages.
	for _, err := range esim.Packages(t.Context(), c, esim.PackageQuery{PageSize: 100}) {
		require.NoError(t, err)
	}
	before, n, peak := heap(), 0, uint64(0)
	for _, err := range esim.Packages(t.Context(), c, esim.PackageQuery{PageSize: 100}) {
		require.NoError(t, err)
		if n++; n%20_000 == 0 {
			peak = max(peak, heap())
		}
	}
	require.Equal(t, 100_000, n)
	grown := int64(peak) - int64(before)
	t.Logf("heap grew by %d kB over 100,000 packages", grown>>10)
	// The set of ids seen takes about 40 bytes each; 100,000 packages as
	// values would take more than 100 MB.
	require.Less(t, grown, int64(16<<20))
}
