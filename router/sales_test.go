package router_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/router"
)

// With one reseller down, what another can sell is sold.
func TestTenThousandSalesWithOneResellerDown(t *testing.T) {
	sales := fewer(10_000)
	w := newWorld(true)
	w.resellers[esimfly.Provider].Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
	r := router.New(w.config(router.Cheapest))
	sold := 0
	for i := range sales {
		if _, err := buy(t.Context(), r, fmt.Sprintf("cart-%d", i)); err == nil {
			sold++
		}
	}
	t.Logf("%d of %d sold", sold, sales)
	assert.GreaterOrEqual(t, sold, sales*999/1000)
	assert.Len(t, w.charges(), sold)
	d, err := r.ExplainReference(t.Context(), fmt.Sprintf("cart-%d", sales-1))
	require.NoError(t, err)
	assert.Equal(t, router.BreakerOpen, d.Candidates[slices.IndexFunc(d.Candidates, func(c router.Considered) bool {
		return c.Provider == esimfly.Provider
	})].Health.Breaker, "it is left alone by now")
}

// What routing adds to a purchase: the same one at the reseller, and through a
// router over three, by turns, so that both meet the same machine.
func BenchmarkOrder(b *testing.B) {
	w, claims := newWorld(false), router.NewMemoryClaims()
	w.claims = claims
	r, direct := router.New(w.config(router.Cheapest)), newWorld(false).resellers[esimfly.Provider]
	sides := []struct {
		name, id string
		c        esim.Client
		took     []time.Duration
	}{{name: "direct", id: "jp-0", c: direct}, {name: "routed", id: asked, c: r}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for k := range sides {
			s := &sides[k]
			req := esim.OrderRequest{PackageID: s.id, Reference: fmt.Sprintf("cart-%d", i)}
			began := time.Now()
			_, err := s.c.Order(b.Context(), req)
			s.took = append(s.took, time.Since(began))
			if err != nil {
				b.Fatal(err)
			}
		}
		if i%1000 == 999 { // or the collector has ever more to look through
			_, err := claims.Purge(b.Context(), time.Now())
			require.NoError(b, err)
		}
		if i%50_000 == 49_999 {
			direct.SetBalance("1000000")
			w.resellers[esimfly.Provider].SetBalance("1000000")
		}
	}
	at := func(side, percent int) float64 {
		took := sides[side].took
		slices.Sort(took)
		return float64(took[len(took)*percent/100].Nanoseconds())
	}
	for _, percent := range []int{50, 99} {
		b.ReportMetric(at(0, percent), fmt.Sprintf("direct-p%d-ns", percent))
		b.ReportMetric(at(1, percent)-at(0, percent), fmt.Sprintf("overhead-p%d-ns", percent))
	}
}
