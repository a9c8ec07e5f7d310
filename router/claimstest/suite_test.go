package claimstest

import (
	"context"
	"testing"
	"time"

	"github.com/esimkit/esim/internal/recorder"
	"github.com/esimkit/esim/router"
)

func TestMemoryClaims(t *testing.T) {
	Run(t, func(testing.TB) router.Claims { return newMemory() })
}

// memory is claims in memory with all the optional methods.
type memory struct{ *router.MemoryClaims }

func newMemory() memory { return memory{router.NewMemoryClaims()} }

func (memory) Now(context.Context) (time.Time, error) { return time.Now(), nil }
func (m memory) Share() (router.Claims, error)        { return m, nil }
func (m memory) Reopen() (router.Claims, error)       { return m, nil }
func (memory) Close() error                           { return nil }

// findings runs the checks of a group as Run does, and returns what they report
// and how many were skipped.
func findings(t *testing.T, name string, open func() router.Claims) (found []string, skipped int) {
	t.Helper()
	return recorder.Findings(t, groups, name, func(tb testing.TB) *trial { return newTrial(tb, open()) })
}

// Checks of what claims have not got are skipped by name, and no others.
func TestOptionalChecksAreSkipped(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{
		"get": 0, "put": 0, "together": 0, "purge": len(purgeChecks), "context": 1,
		"restart": len(restartChecks), "shared": len(sharedChecks),
	} {
		// Nothing but the interface is left of them.
		_, skipped := findings(t, name, func() router.Claims { return struct{ router.Claims }{router.NewMemoryClaims()} })
		if skipped != want {
			t.Errorf("%d checks of %s are skipped, want %d", skipped, name, want)
		}
	}
}

// Sound claims must pass the road on which the broken ones are caught, or that
// proves nothing.
func TestSoundClaimsHaveNoFindings(t *testing.T) {
	t.Parallel()
	checks := 0
	for _, g := range groups {
		checks += len(g.Checks)
		if found, _ := findings(t, g.Name, breaking(func(*broken) {})); len(found) > 0 {
			t.Errorf("findings about sound claims: %q", found)
		}
	}
	if checks < 25 {
		t.Errorf("the suite has %d checks, want 25 at least", checks)
	}
}

// The suite is only worth something if it fails for whoever breaks a rule.
func TestAllBrokenClaimsAreCaught(t *testing.T) {
	if len(mutants) < 25 {
		t.Fatalf("%d broken stores of claims are too few", len(mutants))
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			found, _ := findings(t, m.group, m.open)
			if len(found) == 0 {
				t.Fatal("the suite does not notice")
			}
			t.Logf("%d findings, the first: %.200s", len(found), found[0])
		})
	}
}
