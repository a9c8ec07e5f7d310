package inboxtest

import "time"

var purgeChecks = []check{
	{"only what is done", purgesDone},
	{"only what was done before", purgesOld},
	{"what comes again is new", purgesKeys},
	{"no id twice", purgesNoID},
}

// always is later than any time of an inbox.
func always() time.Time { return time.Now().Add(24 * 365 * time.Hour) }

func (t *trial) wantPurged(before time.Time, want int64) {
	t.Helper()
	if n := t.purge(before); n != want {
		t.Errorf("Purge removes %d messages, want %d", n, want)
	}
}

func purgesDone(t *trial) {
	t.add("a", "b", "c")
	given := t.wantNext(2, 0, "a", "b")
	t.done(given[0].ID)
	t.retry(given[1].ID, 0)
	t.wantPurged(always(), 1)
	t.wantPurged(always(), 0)
	if n := len(t.next(9, time.Hour)); n != 2 {
		t.Errorf("%d of the 2 messages that are not done are left", n)
	}
}

func purgesOld(t *trial) {
	t.add("a")
	m := t.only(time.Hour)
	t.done(m.ID)
	t.wantPurged(m.ReceivedAt.Add(-time.Hour), 0)
	t.wantPurged(time.Time{}, 0)
	t.wantAdded(message("a"), false)
	t.wantPurged(always(), 1)
}

func purgesKeys(t *trial) {
	t.add("a")
	m := t.only(time.Hour)
	t.done(m.ID)
	t.wantPurged(always(), 1)
	t.wantUnknown("Done", t.inbox.Done(t.Context(), m.ID))
	t.wantUnknown("Retry", t.inbox.Retry(t.Context(), m.ID, 0))
	t.add("a")
	if again := t.only(time.Hour); again.Attempts != 1 {
		t.Errorf("what is new is attempt %d", again.Attempts)
	}
}

// Whoever is slow to say that a message is done must not mean another one.
func purgesNoID(t *trial) {
	t.add("a")
	m := t.only(0)
	t.done(m.ID)
	t.wantPurged(always(), 1)
	t.add("b")
	t.wantUnknown("Done", t.inbox.Done(t.Context(), m.ID))
	t.wantNext(9, time.Hour, "b")
}
