package inboxtest

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim/internal/suite"
)

var restartChecks = []check{
	{"what is open is there", restartKeepsOpen},
	{"what is done is known", restartKeepsDone},
	{"leases and attempts", restartKeepsLeases},
}

var sharedChecks = []check{
	{"what one adds the other gets", sharedSees},
	{"each message to one", sharedLeases},
	{"the same message at both", sharedAdds},
}

// again is the inbox after a restart.
func (t *trial) again() *trial {
	t.Helper()
	r, ok := t.inbox.(Reopener)
	if !ok {
		t.Skipf("the inbox is not a Reopener: it ends with its process")
	}
	inbox, err := r.Reopen()
	if err != nil {
		t.Fatalf("Reopen: %v", err)
	}
	u := newTrial(t.TB, inbox)
	suite.CloseAtEnd(u, inbox)
	return u
}

func restartKeepsOpen(t *trial) {
	t.add("a", "b")
	t = t.again()
	given := t.wantNext(9, time.Hour, "a", "b")
	if string(given[0].Body) != "body of a" || given[0].Header.Get("X-Key") != "a" {
		t.Errorf("after a restart it is another message: %q, %q", given[0].Body, given[0].Header)
	}
}

func restartKeepsDone(t *trial) {
	t.add("a")
	m := t.only(0)
	t.done(m.ID)
	t = t.again()
	t.wantNext(9, time.Hour)
	t.wantAdded(message("a"), false)
	t.done(m.ID)
}

func restartKeepsLeases(t *trial) {
	t.add("a", "b")
	t.wantNext(1, time.Hour, "a")
	t.retry(t.only(0).ID, 0)
	t = t.again()
	if m := t.only(time.Hour); m.Key != "b" || m.Attempts != 2 {
		t.Errorf("after a restart %q is given out, attempt %d; want b, attempt 2", m.Key, m.Attempts)
	}
}

// other is a further handle on the same data.
func (t *trial) other() *trial {
	t.Helper()
	s, ok := t.inbox.(Sharer)
	if !ok {
		t.Skipf("the inbox is not a Sharer: one process has it for itself")
	}
	inbox, err := s.Share()
	if err != nil {
		t.Fatalf("Share: %v", err)
	}
	u := newTrial(t.TB, inbox)
	suite.CloseAtEnd(u, inbox)
	return u
}

func sharedSees(t *trial) {
	u := t.other()
	t.add("a")
	u.wantAdded(message("a"), false)
	m := u.only(time.Hour)
	t.wantNext(9, time.Hour)
	t.retry(m.ID, 0)
	m = u.only(time.Hour)
	t.done(m.ID)
	u.retry(m.ID, 0)
	u.wantNext(9, time.Hour)
}

func sharedLeases(t *trial) {
	handles := []*trial{t, t.other(), t.other()}
	const n = 45
	for i := range n {
		handles[i%3].add(fmt.Sprint("m", i))
	}
	given := newTally()
	suite.Together(9, func(i int) {
		for range n {
			list, err := handles[i%3].inbox.Next(t.Context(), 2, time.Hour)
			if err != nil {
				t.Errorf("Next: %v", err)
				return
			}
			for k := range list {
				given.count(list[k].Key)
			}
		}
	})
	t.wantEachOnce(given, n)
}

func sharedAdds(t *trial) {
	handles := []*trial{t, t.other(), t.other()}
	var won atomic.Int32
	suite.Together(18, func(i int) {
		added, err := handles[i%3].inbox.Add(t.Context(), message("a"))
		if err != nil {
			t.Errorf("Add: %v", err)
		}
		if added {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d of 18 were told that their message is new, want 1", won.Load())
	}
	t.wantNext(9, time.Hour, "a")
}
