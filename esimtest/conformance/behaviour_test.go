package conformance_test

import (
	"testing"
	"time"

	"github.com/esimkit/esim/esimtest/conformance"
	"github.com/esimkit/esim/esimtest/memory"
)

func TestSteadyBehavioursConform(t *testing.T) {
	for _, behaviour := range []memory.Behaviour{memory.Steady(), memory.Dear()} {
		t.Run(behaviour.String(), func(t *testing.T) {
			t.Parallel()
			behaviour.Latency = time.Millisecond
			m := memory.New(
				memory.WithBehaviour(behaviour), memory.WithTimeout(impatient), memory.WithBalance("1000000", "USD"),
			)
			conformance.Run(t, m.Harness(nil))
		})
	}
}
