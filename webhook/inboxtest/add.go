package inboxtest

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/webhook"
)

var addChecks = []check{
	{"known when it comes again", addsOnce},
	{"known while somebody has it", addsOnceWhileLeased},
	{"known when it is done", addsOnceWhenDone},
	{"the first one counts", addKeepsTheFirst},
	{"keys are those of a source", addPerSource},
	{"keys that are nearly the same", addTellsKeysApart},
	{"no source or no key", addNeedsANameForIt},
	{"the same from many at once", addsOnceTogether},
	{"what the inbox decides is not the caller's", addIgnoresTheRest},
}

func addsOnce(t *trial) {
	t.add("a")
	t.wantAdded(message("a"), false)
	t.wantNext(9, time.Hour, "a")
}

func addsOnceWhileLeased(t *trial) {
	t.add("a")
	t.wantNext(9, time.Hour, "a")
	t.wantAdded(message("a"), false)
	t.wantNext(9, time.Hour)
}

func addsOnceWhenDone(t *trial) {
	t.add("a")
	t.done(t.only(time.Hour).ID)
	t.wantAdded(message("a"), false)
	t.wantNext(9, time.Hour)
}

func addKeepsTheFirst(t *trial) {
	t.add("a")
	other := message("a")
	other.Body = []byte("another body")
	t.wantAdded(other, false)
	if m := t.only(time.Hour); string(m.Body) != "body of a" {
		t.Errorf("the body is %q, want that of the first", m.Body)
	}
}

func addPerSource(t *trial) {
	t.add("a")
	other := message("a")
	other.Source = "south"
	t.wantAdded(other, true)
	given := t.wantNext(9, time.Hour, "a", "a")
	if given[0].Source != source || given[1].Source != "south" {
		t.Errorf("the sources are %q and %q", given[0].Source, given[1].Source)
	}
}

func addTellsKeysApart(t *trial) {
	long := strings.Repeat("k", 199)
	keys := []string{"a", "A", "a ", " a", "ä", "a\u0308", "a\n", long + "1", long + "2"}
	t.add(keys...)
	t.wantNext(99, time.Hour, keys...)
}

func addNeedsANameForIt(t *trial) {
	for _, m := range []webhook.Message{{Source: source, Body: []byte("x")}, {Key: "a", Body: []byte("x")}, {}} {
		if added, err := t.inbox.Add(t.Context(), m); err == nil || added {
			t.Errorf("Add with source %q and key %q: added %t, error %v, want an error", m.Source, m.Key, added, err)
		}
	}
	t.wantNext(9, time.Hour)
}

func addsOnceTogether(t *trial) {
	var won atomic.Int32
	suite.Together(16, func(int) {
		added, err := t.inbox.Add(t.Context(), message("a"))
		if err != nil {
			t.Errorf("Add: %v", err)
		}
		if added {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d of 16 were told that their message is new, want 1", won.Load())
	}
	t.wantNext(9, time.Hour, "a")
}

func addIgnoresTheRest(t *trial) {
	m := message("a")
	m.ID, m.Attempts, m.ReceivedAt = 77, 8, time.Now().Add(24*time.Hour)
	t.wantAdded(m, true)
	t.add("b")
	given := t.wantNext(9, time.Hour, "a", "b")
	if given[0].ID == given[1].ID || given[0].Attempts != 1 {
		t.Errorf("ids %d and %d, attempt %d: want two ids, attempt 1", given[0].ID, given[1].ID, given[0].Attempts)
	}
	t.wantReceivedNow(given[0])
}
