package journaltest

import (
	"fmt"
	"time"

	"github.com/esimkit/esim/journal"
)

var doubtfulChecks = []check{
	{"what counts", doubtfulCounts},
	{"per account", doubtfulPerAccount},
	{"as it changes", doubtfulFollows},
}

func (t *trial) wantDoubtful(account string, want int) {
	t.Helper()
	n, err := t.store.Doubtful(t.Context(), account)
	if err != nil || n != want {
		t.Errorf("%d purchases of %s are doubtful, error %v, want %d", n, account, err, want)
	}
}

func inDoubt(s journal.State, doubt int) func(*journal.Entry) {
	return func(e *journal.Entry) {
		e.State, e.Doubt, e.Attempts = s, doubt, max(doubt, 1)
		if s.Open() {
			e.NextAt = e.UpdatedAt.Add(time.Hour)
		}
	}
}

func doubtfulCounts(t *trial) {
	t.wantDoubtful(account, 0)
	for i, s := range journal.States() {
		for doubt := range 3 {
			t.created(north, fmt.Sprintf("cart-%d-%d", i, doubt), inDoubt(s, doubt))
		}
	}
	t.wantDoubtful(account, 4) // sending and unknown, with a doubt of one and of two
}

func doubtfulPerAccount(t *trial) {
	t.created(north, "cart-1", inDoubt(journal.Unknown, 1))
	t.created(north, "cart-2", inDoubt(journal.Unknown, 1), func(e *journal.Entry) { e.Account = "north:other" })
	t.created(south, "cart-3", inDoubt(journal.Sending, 1), func(e *journal.Entry) { e.Account = "south:1" })
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
	t.wantDoubtful(account, 1)
	e.State = journal.Unknown
	e = t.save(e)
	t.wantDoubtful(account, 1)
	e.State, e.Doubt, e.NextAt = journal.Delivered, 0, time.Time{}
	t.save(e)
	t.wantDoubtful(account, 0)
}
