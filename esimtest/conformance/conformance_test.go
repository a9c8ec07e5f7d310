package conformance_test

import (
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/conformance"
	"github.com/esimkit/esim/esimtest/memory"
)

// impatient is a timeout of the in-memory client that lets hanging calls end
// soon.
const impatient = 60 * time.Millisecond

func TestMemoryConforms(t *testing.T) {
	for _, i := range []esim.Idempotency{esim.IdempotencyReplays, esim.IdempotencyRejects, esim.IdempotencyNone} {
		t.Run(i.String(), func(t *testing.T) {
			t.Parallel()
			m := memory.New(
				memory.WithIdempotency(i), memory.WithTimeout(impatient), memory.WithBalance("1000000", "USD"),
				memory.WithPending(time.Second, "jp-3GB-30d"),
			)
			conformance.Run(t, m.Harness(nil))
		})
	}
}

// A client that can do little must say so, and the suite must be content.
func TestLittleClientsConform(t *testing.T) {
	for name, change := range map[string]func(*esim.Capabilities){
		"nothing": func(c *esim.Capabilities) { *c = esim.Capabilities{} },
		"lists only": func(c *esim.Capabilities) {
			*c = esim.Capabilities{ListPackages: true, Balance: true}
		},
		"orders without lookups": func(c *esim.Capabilities) {
			c.TopUp, c.ListTopUps, c.LookupByReference, c.Usage = false, false, false, false
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := memory.New(memory.WithTimeout(impatient), memory.WithCapabilities(change))
			conformance.Run(t, m.Harness(nil))
		})
	}
}
