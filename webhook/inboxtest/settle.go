package inboxtest

import "time"

var doneChecks = []check{
	{"is final", doneIsFinal},
	{"after the lease", doneLate},
	{"while another has it", doneMeanwhile},
	{"twice", doneTwice},
	{"one of several", doneOne},
	{"unknown", doneUnknown},
}

var retryChecks = []check{
	{"at once", retryNow},
	{"later", retryLater},
	{"after the lease", retryLate},
	{"when it is done", retryWhenDone},
	{"one of several", retryOne},
	{"unknown", retryUnknown},
}

func doneIsFinal(t *trial) {
	d := t.moment()
	t.add("a")
	t.done(t.only(d).ID)
	t.wantNext(9, time.Hour)
	t.pass(d + time.Millisecond)
	t.wantNext(9, time.Hour)
}

func doneLate(t *trial) {
	t.add("a")
	t.done(t.only(0).ID) // nobody has taken it meanwhile
	t.wantNext(9, time.Hour)
}

// The effect is what counts, not whose turn it was.
func doneMeanwhile(t *trial) {
	d := t.moment()
	t.add("a")
	slow := t.only(0)
	t.only(d)
	t.done(slow.ID)
	t.pass(d + time.Millisecond)
	t.wantNext(9, time.Hour)
}

func doneTwice(t *trial) {
	t.add("a")
	m := t.only(time.Hour)
	t.done(m.ID)
	t.done(m.ID)
	t.wantNext(9, time.Hour)
}

func doneOne(t *trial) {
	t.add("a", "b", "c")
	given := t.wantNext(9, 0, "a", "b", "c")
	t.done(given[1].ID)
	t.wantNext(9, time.Hour, "a", "c")
}

func doneUnknown(t *trial) {
	t.add("a")
	m := t.only(0)
	t.wantUnknown("Done", t.inbox.Done(t.Context(), m.ID+1000))
	t.wantUnknown("Done", t.inbox.Done(t.Context(), 0))
	t.wantUnknown("Done", t.inbox.Done(t.Context(), -m.ID))
	t.wantNext(9, time.Hour, "a")
}

func retryNow(t *trial) {
	t.add("a")
	t.retry(t.only(time.Hour).ID, 0)
	t.wantNext(9, time.Hour, "a")
}

func retryLater(t *trial) {
	d := t.moment()
	t.add("a")
	t.retry(t.only(0).ID, d)
	t.wantNext(9, time.Hour)
	t.pass(d + time.Millisecond)
	t.wantNext(9, time.Hour, "a")
}

// One who was slow may still say when; the next lease counts from its beginning.
func retryLate(t *trial) {
	t.add("a")
	m := t.only(0)
	t.retry(m.ID, time.Hour)
	t.wantNext(9, time.Hour)
	t.retry(m.ID, 0)
	t.wantNext(9, time.Hour, "a")
}

func retryWhenDone(t *trial) {
	t.add("a")
	m := t.only(time.Hour)
	t.done(m.ID)
	t.retry(m.ID, 0)
	t.wantNext(9, time.Hour)
}

func retryOne(t *trial) {
	t.add("a", "b", "c")
	given := t.wantNext(9, time.Hour, "a", "b", "c")
	t.retry(given[1].ID, 0)
	t.wantNext(9, time.Hour, "b")
}

func retryUnknown(t *trial) {
	t.add("a")
	m := t.only(time.Hour)
	t.wantUnknown("Retry", t.inbox.Retry(t.Context(), m.ID+1000, 0))
	t.wantUnknown("Retry", t.inbox.Retry(t.Context(), 0, 0))
	t.wantNext(9, time.Hour)
}
