package inboxtest

import (
	"fmt"
	"sync"
	"time"

	"github.com/esimkit/esim/internal/suite"
)

var nextChecks = []check{
	{"nothing in it", nextOfNothing},
	{"in the order of arrival", nextInOrder},
	{"at most so many", nextSoMany},
	{"no more than none", nextOfNone},
	{"those longest due first", nextLongestDue},
}

var leaseChecks = []check{
	{"not while somebody has it", leasesOnce},
	{"again when it is over", leasesAgain},
	{"of nothing", leasesOfNothing},
	{"counts attempts", leasesCount},
	{"to one of many", leasesToOne},
	{"while others add", leasesWhileOthersAdd},
}

func nextOfNothing(t *trial) { t.wantNext(9, time.Hour) }

func nextInOrder(t *trial) {
	keys := []string{"c", "a", "d", "b", "e"}
	t.add(keys...)
	t.wantNext(9, time.Hour, keys...)
}

func nextSoMany(t *trial) {
	t.add("a", "b", "c", "d")
	t.wantNext(1, time.Hour, "a")
	t.wantNext(2, time.Hour, "b", "c")
	t.wantNext(2, time.Hour, "d")
}

func nextOfNone(t *trial) {
	t.add("a")
	t.wantNext(0, time.Hour)
	if m := t.only(time.Hour); m.Attempts != 1 {
		t.Errorf("to be asked for none counted as an attempt: %d", m.Attempts)
	}
}

func nextLongestDue(t *trial) {
	t.add("a", "b")
	d := t.moment()
	given := t.wantNext(2, time.Hour, "a", "b")
	t.retry(given[0].ID, d)
	t.retry(given[1].ID, 0) // due long before a
	t.pass(d + time.Millisecond)
	t.add("c")
	t.wantNext(9, time.Hour, "b", "a", "c")
}

func leasesOnce(t *trial) {
	t.add("a", "b")
	t.wantNext(1, time.Hour, "a")
	t.wantNext(9, time.Hour, "b")
	t.wantNext(9, time.Hour)
}

func leasesAgain(t *trial) {
	d := t.moment()
	t.add("a", "b")
	t.wantNext(1, d, "a")
	t.wantNext(1, time.Hour, "b")
	t.pass(d + time.Millisecond)
	t.wantNext(9, time.Hour, "a")
	t.wantNext(9, time.Hour)
}

func leasesOfNothing(t *trial) {
	t.add("a", "b")
	t.wantNext(9, 0, "a", "b") // each once in a call
	if n := len(t.next(9, time.Hour)); n != 2 {
		t.Errorf("%d of 2 messages are due after a lease of nothing", n)
	}
}

func leasesCount(t *trial) {
	t.add("a")
	for attempt := 1; attempt <= 3; attempt++ {
		m := t.only(time.Hour)
		if m.Attempts != attempt {
			t.Fatalf("given out %d times it is attempt %d", attempt, m.Attempts)
		}
		t.retry(m.ID, 0)
	}
}

func leasesToOne(t *trial) {
	const n = 60
	for i := range n {
		t.add(fmt.Sprint("m", i))
	}
	given := newTally()
	suite.Together(12, func(int) {
		for range n {
			list, err := t.inbox.Next(t.Context(), 3, time.Hour)
			if err != nil {
				t.Errorf("Next: %v", err)
				return
			}
			for i := range list {
				given.count(list[i].Key)
			}
			if given.distinct() == n {
				return
			}
		}
	})
	t.wantEachOnce(given, n)
}

func leasesWhileOthersAdd(t *trial) {
	const adders, each = 6, 20
	given := newTally()
	work := func(n int) int {
		list, err := t.inbox.Next(t.Context(), n, time.Hour)
		if err != nil {
			t.Errorf("Next: %v", err)
		}
		for i := range list {
			given.count(list[i].Key)
			if err := t.inbox.Done(t.Context(), list[i].ID); err != nil {
				t.Errorf("Done: %v", err)
			}
		}
		return len(list)
	}
	suite.Together(adders, func(a int) {
		for i := range each {
			if added, err := t.inbox.Add(t.Context(), message(fmt.Sprint(a, " ", i))); err != nil || !added {
				t.Errorf("Add: added %t, error %v", added, err)
			}
			work(2)
		}
	})
	for range adders * each {
		if work(9) == 0 {
			break
		}
	}
	t.wantEachOnce(given, adders*each)
}

// tally is how often each message was given out.
type tally struct {
	mu    sync.Mutex
	times map[string]int
}

func newTally() *tally { return &tally{times: make(map[string]int)} }

func (c *tally) count(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times[key]++
}

func (c *tally) distinct() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.times)
}

func (t *trial) wantEachOnce(c *tally, n int) {
	t.Helper()
	if len(c.times) != n {
		t.Errorf("%d of %d messages were given out", len(c.times), n)
	}
	for key, times := range c.times {
		if times != 1 {
			t.Errorf("%q was given to %d at once", key, times)
		}
	}
}
