package inboxtest

import (
	"context"
	"testing"
	"time"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/webhook"
)

// Advancer is implemented by inboxes with a clock that a test can move. Without
// it the checks of leases wait for short ones to end.
type Advancer interface{ Advance(d time.Duration) }

// Purger is implemented by inboxes that can forget. Purge removes messages that
// were done before a time, and returns how many.
type Purger interface {
	Purge(ctx context.Context, before time.Time) (int64, error)
}

// Sharer is implemented by inboxes that several processes can use at once.
// Share opens another handle on the same data, as another process would. It is
// closed at the end of the check if it has a Close method.
type Sharer interface {
	Share() (webhook.Inbox, error)
}

// Reopener is implemented by inboxes that outlive their process. Reopen ends
// the inbox and opens the same data again, as after a restart. What it returns
// is closed at the end of the check if it has a Close method.
type Reopener interface {
	Reopen() (webhook.Inbox, error)
}

// Run proves that an inbox keeps the promises of [webhook.Inbox]. It calls open
// for each of its checks, for an inbox with nothing in it.
func Run(t *testing.T, open func(t testing.TB) webhook.Inbox) {
	t.Helper()
	suite.Run(t, groups, func(t testing.TB) *trial { return newTrial(t, open(t)) })
}

type (
	check = suite.Check[*trial]
	group = suite.Group[*trial]
)

// groups is the whole suite.
var groups = []group{
	{"add", addChecks},
	{"fields", fieldChecks},
	{"next", nextChecks},
	{"lease", leaseChecks},
	{"done", doneChecks},
	{"retry", retryChecks},
	{"purge", purgeChecks},
	{"context", contextChecks},
	{"restart", restartChecks},
	{"shared", sharedChecks},
}
