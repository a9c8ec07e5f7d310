package proof_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/simulator"
)

// opaqueIDs are ids as resellers make them. A list shows them, so they can be
// ordered.
var opaqueIDs = []string{
	"asia 5gb", "eu/5gb/30", "a,b", "ümlaut", "a#b", "a|b", "a..b", "5gb(30d)", "a&b=c", "a?b", "a%2fb", "a+b", `a"b\c`, "..", ".", "日本 5gb", "a:b", strings.Repeat("x", 128),
}

// noIDs cannot be sent back, so no list shows them.
var noIDs = []string{"a\nb", "a\x00b", strings.Repeat("x", 129)}

// TestListedPackagesCanBeOrdered: what a list shows is sold under that very id.
func TestListedPackagesCanBeOrdered(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithoutListeners(), simulator.WithPackageIDs(append(slices.Clone(opaqueIDs), noIDs...)...))
	for _, p := range []esim.Provider{esimfly.Provider, esimfx.Provider, esimstory.Provider} {
		t.Run(string(p), func(t *testing.T) {
			if p == esimstory.Provider { // a price sheet with these is refused
				sim = simulator.ForTest(t, simulator.WithoutListeners(), simulator.WithPackageIDs(opaqueIDs...))
			}
			c := unpaced(t, sim, p, nil)
			listed := map[string]esim.Package{}
			for one, err := range esim.Packages(t.Context(), c, esim.PackageQuery{}) {
				require.NoError(t, err)
				listed[one.ID] = one
			}
			for i, id := range opaqueIDs {
				if !assert.Contains(t, listed, id) {
					continue
				}
				quote := listed[id]
				o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: id, Reference: "cart-" + strings.Repeat("i", i+1), Quote: &quote})
				require.NoError(t, err, id)
				assert.Equal(t, id, o.PackageID)
				assert.Equal(t, i+1, sim.Server(p).Ledger().Count(), id)
			}
			for _, id := range append([]string{"", "\xff"}, noIDs...) {
				assert.NotContains(t, listed, id)
				_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: id, Reference: "cart-no"})
				require.ErrorIs(t, err, esim.ErrInvalidRequest, "%q", id)
			}
			assert.Equal(t, len(opaqueIDs), sim.Server(p).Ledger().Count())
		})
	}
}
