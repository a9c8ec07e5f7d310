package journaltest

import (
	"slices"
	"testing"

	"github.com/esimkit/esim/internal/recorder"
	"github.com/esimkit/esim/journal"
)

// findings runs the checks of a group as TestStore does, and returns what
// they report and how many were skipped.
func findings(t *testing.T, name string, open func(testing.TB) journal.Store) (found []string, skipped int) {
	t.Helper()
	i := slices.IndexFunc(groups, func(g group) bool { return g.name == name })
	if i < 0 {
		t.Fatalf("there is no group %s", name)
	}
	for _, c := range groups[i].checks {
		reported, skip := recorder.Run(t, name+"/"+c.name, func(tb testing.TB) { c.run(newTrial(tb, open(tb))) })
		found = append(found, reported...)
		if skip {
			skipped++
		}
	}
	return found, skipped
}
