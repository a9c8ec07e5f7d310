package journal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/conformance"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
)

func TestConformance(t *testing.T) {
	m := memory.New()
	h := m.Harness(func(c esim.Client) esim.Client {
		j, err := journal.New(journal.NewVolatileAt(m.Now), journal.Config{
			Clients: []esim.Client{c}, MaxDoubtful: -1, Lease: 600 * time.Millisecond, BusyWait: -1,
		})
		require.NoError(t, err)
		return j.Client(c.Provider())
	})
	h.ReferenceRequired = true
	conformance.Run(t, h)
}
