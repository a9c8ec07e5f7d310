package journaltest

import (
	"testing"
	"time"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/journal"
)

// Advancer is implemented by stores with a clock that a test can move.
// Without it the checks of leases wait for short ones to end.
type Advancer interface{ Advance(d time.Duration) }

// Sharer is implemented by stores that several processes can use at once.
// Share opens another handle on the same data, as another process would. It is
// closed at the end of the check if it has a Close method.
type Sharer interface {
	Share() (journal.Store, error)
}

// Reopener is implemented by stores that outlive their process. Reopen ends the
// store and opens the same data again, as after a restart. What it returns is
// closed at the end of the check if it has a Close method.
type Reopener interface {
	Reopen() (journal.Store, error)
}

// TestStore proves that a store keeps the promises of [journal.Store]. It calls
// open for each of its checks, for a store with nothing in it.
func TestStore(t *testing.T, open func(t testing.TB) journal.Store) {
	t.Helper()
	suite.Run(t, groups, func(t testing.TB) *trial { return newTrial(t, open(t)) })
}

type (
	check = suite.Check[*trial]
	group = suite.Group[*trial]
)

// groups is the whole suite.
var groups = []group{
	{"create", createChecks},
	{"budget", budgetChecks},
	{"save", saveChecks},
	{"fields", fieldChecks},
	{"named", namedChecks},
	{"list", listChecks},
	{"lease", leaseChecks},
	{"doubtful", doubtfulChecks},
	{"held", heldChecks},
	{"memory", memoryChecks},
	{"context", contextChecks},
	{"life", lifeChecks},
	{"shared", sharedChecks},
}
