package journaltest

import (
	"testing"

	"github.com/esimkit/esim/internal/recorder"
	"github.com/esimkit/esim/journal"
)

// findings runs the checks of a group as TestStore does, and returns what
// they report and how many were skipped.
func findings(t *testing.T, name string, open func(testing.TB) journal.Store) (found []string, skipped int) {
	t.Helper()
	return recorder.Findings(t, groups, name, func(tb testing.TB) *trial { return newTrial(tb, open(tb)) })
}
