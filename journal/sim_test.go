package journal_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal/internal/simulation"
)

// How many purchases of calm worlds may need a person, in a thousand. At eSIM
// Story most of them met an empty account: it answers as after a failure.
var reviewShare = map[simulation.Mode]float64{
	simulation.FlyKey: 5, simulation.FX: 25, simulation.FlyNonce: 20, simulation.Story: 100,
}

// The promise, in worlds in which everything goes wrong that can. More of them
// go with
//
//	go run ./journal/internal/simulate -orders 1000000
func TestSimulation(t *testing.T) {
	orders := 10_000
	if raceEnabled || testing.Short() {
		orders = 1_000
	}
	for _, mode := range simulation.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			r, err := simulation.Run(t.Context(), simulation.Options{Mode: mode, Seed: 20260301, Orders: orders})
			if v, ok := errors.AsType[*simulation.Violation](err); ok {
				t.Log(strings.Join(v.Trace, "\n"))
			}
			require.NoError(t, err)
			t.Logf("%d purchases, %d delivered, %d under review, %d requests, %d troubles, %s",
				r.Purchases, r.Delivered, r.Review, r.Requests, r.Crashes, r.Took)
			assert.Equal(t, orders, r.Purchases)
			assert.Greater(t, r.Delivered, orders/2)
			assert.Greater(t, r.Crashes, orders/100)
			assert.LessOrEqual(t, float64(r.CalmReview)*1000, reviewShare[mode]*float64(max(r.Calm, 1000)))
		})
	}
}

// A run can be repeated, or its seed would be of no use.
func TestSimulationRepeats(t *testing.T) {
	for _, mode := range simulation.Modes() {
		o := simulation.Options{Mode: mode, Seed: 7, Orders: 150, Faults: 0.3}
		first, err := simulation.Run(t.Context(), o)
		require.NoError(t, err)
		second, err := simulation.Run(t.Context(), o)
		require.NoError(t, err)
		assert.Equal(t, first.Digest, second.Digest, mode)
		o.Seed++
		other, err := simulation.Run(t.Context(), o)
		require.NoError(t, err)
		assert.NotEqual(t, first.Digest, other.Digest, mode)
	}
}
