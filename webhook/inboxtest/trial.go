package inboxtest

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/webhook"
)

// source is where the messages of these checks come from.
const source = "north"

// trial is one check under way.
type trial struct {
	testing.TB
	inbox webhook.Inbox
}

func newTrial(t testing.TB, inbox webhook.Inbox) *trial { return &trial{t, inbox} }

func message(key string) webhook.Message {
	return webhook.Message{Source: source, Key: key, Body: []byte("body of " + key), Header: http.Header{"X-Key": {key}}}
}

// add adds new messages by their keys.
func (t *trial) add(keys ...string) {
	t.Helper()
	for _, key := range keys {
		t.wantAdded(message(key), true)
	}
}

// wantAdded adds a message and checks whether that was news.
func (t *trial) wantAdded(m webhook.Message, want bool) {
	t.Helper()
	added, err := t.inbox.Add(t.Context(), m)
	if err != nil {
		t.Fatalf("Add of %q: %v", m.Key, err)
	}
	if added != want {
		t.Errorf("Add of %q of %q: added is %t, want %t", m.Key, m.Source, added, want)
	}
}

func (t *trial) next(n int, lease time.Duration) []webhook.Message {
	t.Helper()
	given, err := t.inbox.Next(t.Context(), n, lease)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return given
}

// wantNext takes up to n messages and checks which they are, in which order.
func (t *trial) wantNext(n int, lease time.Duration, want ...string) []webhook.Message {
	t.Helper()
	given := t.next(n, lease)
	var keys []string
	for i := range given {
		keys = append(keys, given[i].Key)
	}
	if !slices.Equal(keys, want) {
		t.Fatalf("Next of %d gives %q, want %q", n, keys, want)
	}
	return given
}

// only takes the one message that is due.
func (t *trial) only(lease time.Duration) webhook.Message {
	t.Helper()
	given := t.next(9, lease)
	if len(given) != 1 {
		t.Fatalf("Next gives %d messages, want 1", len(given))
	}
	return given[0]
}

func (t *trial) done(id int64) {
	t.Helper()
	if err := t.inbox.Done(t.Context(), id); err != nil {
		t.Fatalf("Done: %v", err)
	}
}

func (t *trial) retry(id int64, after time.Duration) {
	t.Helper()
	if err := t.inbox.Retry(t.Context(), id, after); err != nil {
		t.Fatalf("Retry: %v", err)
	}
}

func (t *trial) purge(before time.Time) int64 {
	t.Helper()
	p, ok := t.inbox.(Purger)
	if !ok {
		t.Skipf("the inbox is not a Purger: it never forgets")
	}
	n, err := p.Purge(t.Context(), before)
	if err != nil {
		t.Fatalf("Purge: %v", err)
	}
	return n
}

// wantUnknown checks the error about an id that the inbox does not have.
func (t *trial) wantUnknown(call string, err error) {
	t.Helper()
	if !errors.Is(err, esim.ErrNotFound) {
		t.Errorf("%s of an id that was never given, or is forgotten: error %v, want esim.ErrNotFound", call, err)
	}
}

// pass lets time go by on the inbox's clock.
func (t *trial) pass(d time.Duration) {
	if clock, ok := t.inbox.(Advancer); ok {
		clock.Advance(d)
		return
	}
	time.Sleep(d)
}

// moment is a lease that a check can wait out, and that nothing else outlasts.
func (t *trial) moment() time.Duration {
	if _, ok := t.inbox.(Advancer); ok {
		return time.Minute
	}
	return 120 * time.Millisecond
}
