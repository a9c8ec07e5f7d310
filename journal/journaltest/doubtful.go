package journaltest

import (
	"fmt"
	"time"

	"github.com/esimkit/esim/journal"
)

var doubtfulChecks = []check{
	{"what counts", doubtfulCounts},
	{"since when", doubtfulSince},
	{"per account", doubtfulPerAccount},
	{"as it changes", doubtfulFollows},
}

func (t *trial) wantDoubtful(account string, want int) {
	t.Helper()
	t.wantDoubtfulSince(account, t.base.Add(-time.Minute), want)
}

func (t *trial) wantDoubtfulSince(account string, since time.Time, want int) {
	t.Helper()
	n, err := t.store.Doubtful(t.Context(), account, since)
	if err != nil || n != want {
		t.Errorf("%d purchases of %s are doubtful since %s, error %v, want %d", n, account, since, err, want)
	}
}

// inDoubt is an entry that came into doubt now.
func (t *trial) inDoubt(s journal.State, doubt int) func(*journal.Entry) {
	return func(e *journal.Entry) {
		e.State, e.Doubt, e.Attempts, e.DoubtAt = s, doubt, max(doubt, 1), t.base
		if s.Open() {
			e.NextAt = e.UpdatedAt.Add(time.Hour)
		}
	}
}

func doubtfulCounts(t *trial) {
	t.wantDoubtful(account, 0)
	for i, s := range journal.States() {
		for doubt := range 3 {
			t.created(north, fmt.Sprintf("cart-%d-%d", i, doubt), t.inDoubt(s, doubt))
		}
	}
	t.wantDoubtful(account, 6) // sending, unknown and review, with a doubt of one and of two
	t.created(north, "under way", t.inDoubt(journal.Sending, 1), func(e *journal.Entry) { e.DoubtAt = time.Time{} })
	t.wantDoubtful(account, 6) // its first request may yet be answered
}

func doubtfulSince(t *trial) {
	for i, ago := range []time.Duration{0, time.Minute, 15 * time.Minute, time.Hour} {
		t.created(north, fmt.Sprintf("cart-%d", i), t.inDoubt(journal.Unknown, 1), func(e *journal.Entry) { e.DoubtAt = t.base.Add(-ago) })
	}
	t.wantDoubtfulSince(account, t.base.Add(time.Microsecond), 0)
	t.wantDoubtfulSince(account, t.base, 1)
	t.wantDoubtfulSince(account, t.base.Add(-15*time.Minute), 3)
	t.wantDoubtfulSince(account, t.base.Add(-48*time.Hour), 4)
}

func doubtfulPerAccount(t *trial) {
	t.created(north, "cart-1", t.inDoubt(journal.Unknown, 1))
	t.created(north, "cart-2", t.inDoubt(journal.Unknown, 1), func(e *journal.Entry) { e.Account = "north:other" })
	t.created(south, "cart-3", t.inDoubt(journal.Review, 1), func(e *journal.Entry) { e.Account = "south:1" })
	t.wantDoubtful(account, 1)
	t.wantDoubtful("north:other", 1)
	t.wantDoubtful("south:1", 1)
	t.wantDoubtful("north", 0)
}

func doubtfulFollows(t *trial) {
	e := t.created(north, "cart-1", due(t.base))
	t.wantDoubtful(account, 0)
	e.State, e.Attempts, e.Doubt = journal.Sending, 1, 1
	e = t.save(e)
	t.wantDoubtful(account, 0)
	e.State, e.DoubtAt = journal.Unknown, t.base
	e = t.save(e)
	t.wantDoubtful(account, 1)
	e.State, e.Attempts, e.Doubt = journal.Sending, 2, 2
	e = t.save(e)
	t.wantDoubtful(account, 1)
	e.State, e.NextAt = journal.Review, time.Time{}
	e = t.save(e)
	t.wantDoubtful(account, 1)
	e.State, e.Doubt = journal.Delivered, 0
	t.save(e)
	t.wantDoubtful(account, 0)
}
