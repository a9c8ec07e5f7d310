package journal_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal/internal/simulation"
)

// Every scenario ends as it should when nothing interrupts it.
func TestScenarios(t *testing.T) {
	for _, mode := range simulation.Modes() {
		for _, name := range simulation.Scenarios(mode) {
			t.Run(mode.String()+"/"+name, func(t *testing.T) {
				out, err := simulation.RunCase(t.Context(), simulation.Case{Mode: mode, Scenario: name}, nil)
				require.NoError(t, err)
				assert.Equal(t, simulation.Want(mode, name), out.States, strings.Join(out.Trace, "\n"))
			})
		}
	}
}

// Every scenario again, interrupted at every place and in every way.
func TestCrashMatrix(t *testing.T) {
	stride := 3 // no multiple of the interruptions; simulate -matrix plays all
	if raceEnabled || testing.Short() {
		stride = 41
	}
	cases, err := simulation.Matrix(t.Context())
	require.NoError(t, err)
	var workers sync.WaitGroup
	var next atomic.Int64
	played := make([]int, 2)
	for i := range played {
		workers.Go(func() {
			for n := int(next.Add(1)) - 1; n*stride < len(cases) && !t.Failed(); n = int(next.Add(1)) - 1 {
				c := cases[n*stride]
				if out, err := simulation.RunCase(t.Context(), c, nil); err != nil {
					t.Errorf("%s: %v\n%s", c, err, strings.Join(out.Trace, "\n"))
				}
				played[i]++
			}
		})
	}
	workers.Wait()
	t.Logf("%d cases of %d", played[0]+played[1], len(cases))
	assert.GreaterOrEqual(t, len(cases), 5000*3)
}
