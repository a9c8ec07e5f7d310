package conformance_test

import (
	"testing"
	"time"

	"github.com/esimkit/esim/esimtest/conformance"
	"github.com/esimkit/esim/esimtest/memory"
)

func TestSteadyTempersConform(t *testing.T) {
	for _, temper := range []memory.Behaviour{memory.Steady(), memory.Dear()} {
		t.Run(temper.String(), func(t *testing.T) {
			t.Parallel()
			temper.Latency = time.Millisecond
			m := memory.New(
				memory.WithBehaviour(temper), memory.WithTimeout(impatient), memory.WithBalance("1000000", "USD"),
			)
			conformance.Run(t, m.Harness(nil))
		})
	}
}
