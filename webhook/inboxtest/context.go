package inboxtest

import (
	"context"
	"fmt"
	"time"

	"github.com/esimkit/esim/internal/suite"
)

var contextChecks = []check{
	{"ended before Add", contextOfAdd},
	{"ended before Next", contextOfNext},
	{"ended before Done and Retry", contextOfSettle},
	{"ended before Purge", contextOfPurge},
	{"ended for one of many", contextOfOne},
}

func (t *trial) wantCut(call string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s returns no error though its context has ended", call)
	}
}

// A sender who was told nothing repeats; what then counts is the inbox.
func contextOfAdd(t *trial) {
	added, err := t.inbox.Add(suite.Ended(t), message("a"))
	t.wantCut("Add", err)
	if added {
		t.Errorf("Add says that it has added the message, and returns an error")
	}
	if _, err := t.inbox.Add(t.Context(), message("a")); err != nil {
		t.Errorf("Add after one whose context had ended: %v", err)
	}
	t.wantNext(9, time.Hour, "a")
}

func contextOfNext(t *trial) {
	t.add("a")
	given, err := t.inbox.Next(suite.Ended(t), 9, time.Hour)
	t.wantCut("Next", err)
	if len(given) > 0 {
		t.Errorf("Next returns %d messages and an error", len(given))
	}
	t.wantNext(9, time.Hour, "a")
}

func contextOfSettle(t *trial) {
	t.add("a")
	m := t.only(time.Hour)
	t.wantCut("Retry", t.inbox.Retry(suite.Ended(t), m.ID, 0))
	t.wantCut("Done", t.inbox.Done(suite.Ended(t), m.ID))
	t.retry(m.ID, 0)
	t.wantNext(9, time.Hour, "a")
}

func contextOfPurge(t *trial) {
	p, ok := t.inbox.(Purger)
	if !ok {
		t.Skipf("the inbox is not a Purger: it never forgets")
	}
	t.add("a")
	t.done(t.only(time.Hour).ID)
	_, err := p.Purge(suite.Ended(t), always())
	t.wantCut("Purge", err)
	t.wantAdded(message("a"), false)
}

func contextOfOne(t *trial) {
	const n = 24
	suite.Together(n, func(i int) {
		ctx := t.Context()
		if i%2 == 0 {
			late, cancel := context.WithTimeout(ctx, time.Duration(i)*20*time.Microsecond)
			defer cancel()
			ctx = late
		}
		added, err := t.inbox.Add(ctx, message(fmt.Sprint(i)))
		if i%2 == 1 && (err != nil || !added) {
			t.Errorf("a call beside others whose context had ended: added %t, error %v", added, err)
		}
	})
	for i := 1; i < n; i += 2 {
		t.wantAdded(message(fmt.Sprint(i)), false)
	}
}
