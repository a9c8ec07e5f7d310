package conformance

import (
	"testing"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/internal/recorder"
)

// record runs one check as Run does and returns what it finds.
func record(t *testing.T, h *esimtest.Harness, group string, c check) []string {
	t.Helper()
	findings, _ := recorder.Run(t, group+"/"+c.name, func(tb testing.TB) { c.run(newTrial(tb, h)) })
	return findings
}
