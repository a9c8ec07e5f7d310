package inboxtest

import (
	"testing"

	"github.com/esimkit/esim/internal/recorder"
	"github.com/esimkit/esim/webhook"
)

func TestMemoryInbox(t *testing.T) {
	Run(t, func(testing.TB) webhook.Inbox { return webhook.NewMemoryInbox() })
}

// An inbox with all the optional methods goes through every check.
func TestInboxWithEverything(t *testing.T) {
	Run(t, func(testing.TB) webhook.Inbox { return lasting{webhook.NewMemoryInbox()} })
}

// lasting plays that its memory is a disk.
type lasting struct{ *webhook.MemoryInbox }

func (l lasting) Share() (webhook.Inbox, error)  { return l, nil }
func (l lasting) Reopen() (webhook.Inbox, error) { return l, nil }
func (lasting) Close() error                     { return nil }

// findings runs the checks of a group as Run does, and returns what they report
// and how many were skipped.
func findings(t *testing.T, name string, open func() webhook.Inbox) (found []string, skipped int) {
	t.Helper()
	return recorder.Findings(t, groups, name, func(tb testing.TB) *trial { return newTrial(tb, open()) })
}

// Checks of what an inbox has not got are skipped by name, and no others.
func TestOptionalChecksAreSkipped(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{
		"add": 0, "purge": len(purgeChecks), "context": 1, "restart": len(restartChecks), "shared": len(sharedChecks),
	} {
		// Nothing but the interface is left of it.
		_, skipped := findings(t, name, func() webhook.Inbox { return struct{ webhook.Inbox }{webhook.NewMemoryInbox()} })
		if skipped != want {
			t.Errorf("%d checks of %s are skipped, want %d", skipped, name, want)
		}
	}
}

// A sound inbox must pass the road on which the broken ones are caught, or
// that proves nothing.
func TestSoundInboxHasNoFindings(t *testing.T) {
	t.Parallel()
	checks := 0
	for _, g := range groups {
		checks += len(g.Checks)
		if found, _ := findings(t, g.Name, breaking(func(*broken) {})); len(found) > 0 {
			t.Errorf("findings about a sound inbox: %q", found)
		}
	}
	if checks < 45 {
		t.Errorf("the suite has %d checks, want 45 at least", checks)
	}
}

// The suite is only worth something if it fails for whoever breaks a rule.
func TestEveryBrokenInboxIsCaught(t *testing.T) {
	if len(mutants) < 25 {
		t.Fatalf("%d broken inboxes are too few", len(mutants))
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
