package claimstest

import (
	"context"
	"testing"
	"time"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/router"
)

// Purger is implemented by claims that can be forgotten. Purge removes those
// that were last written before a time, and returns how many.
type Purger interface {
	Purge(ctx context.Context, before time.Time) (int64, error)
}

// Clock is implemented by claims whose times are not those of this machine.
type Clock interface {
	Now(ctx context.Context) (time.Time, error)
}

// Sharer is implemented by claims that several processes can use at once. Share
// opens another handle on the same data, as another process would. It is closed
// at the end of the check if it has a Close method.
type Sharer interface {
	Share() (router.Claims, error)
}

// Reopener is implemented by claims that outlive their process. Reopen ends the
// claims and opens the same data again, as after a restart. What it returns is
// closed at the end of the check if it has a Close method.
type Reopener interface {
	Reopen() (router.Claims, error)
}

// Run proves that claims keep the promises of [router.Claims]. It calls open for
// each of its checks, for a store with no claim in it.
func Run(t *testing.T, open func(t testing.TB) router.Claims) {
	t.Helper()
	suite.Run(t, groups, func(t testing.TB) *trial { return newTrial(t, open(t)) })
}

type (
	check = suite.Check[*trial]
	group = suite.Group[*trial]
)

// groups is the whole suite.
var groups = []group{
	{"get", getChecks},
	{"put", putChecks},
	{"together", togetherChecks},
	{"purge", purgeChecks},
	{"context", contextChecks},
	{"restart", restartChecks},
	{"shared", sharedChecks},
}
