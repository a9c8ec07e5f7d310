package inboxtest

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/esimkit/esim/webhook"
)

var fieldChecks = []check{
	{"bodies", keepsBodies},
	{"headers", keepsHeaders},
	{"key, source, time and attempts", keepsTheRest},
	{"the caller's own", keepsItsOwn},
	{"given again as before", keepsForTheNextTime},
}

// wantReceivedNow checks when a message is said to have been received. The
// clock may be that of another machine.
func (t *trial) wantReceivedNow(m webhook.Message) {
	t.Helper()
	if off := time.Since(m.ReceivedAt).Abs(); off > time.Hour {
		t.Errorf("it is said to have been received at %v, %v from now", m.ReceivedAt, off)
	}
	if m.ReceivedAt.Location() != time.UTC {
		t.Errorf("the time is not UTC but %v", m.ReceivedAt.Location())
	}
}

func keepsBodies(t *trial) {
	var every [256]byte
	for i := range every {
		every[i] = byte(i)
	}
	bodies := map[string][]byte{
		"none": nil, "empty": {}, "every byte": every[:], "only zeroes": make([]byte, 3),
		"spaces around": []byte(" {}\r\n"), "no UTF-8": {0xff, 0xfe, 0xed, 0xa0, 0x80},
		"a megabyte": bytes.Repeat(every[:], 1<<12),
	}
	for name, body := range bodies {
		t.wantAdded(webhook.Message{Source: source, Key: name, Body: body}, true)
	}
	for _, m := range t.next(len(bodies), time.Hour) {
		if want := bodies[m.Key]; !bytes.Equal(m.Body, want) {
			t.Errorf("the body %q comes out as %d bytes %.40q, want %d bytes %.40q", m.Key, len(m.Body), m.Body, len(want), want)
		}
		delete(bodies, m.Key)
	}
	if len(bodies) > 0 {
		t.Errorf("%d bodies did not come out", len(bodies))
	}
}

func keepsHeaders(t *trial) {
	headers := map[string]http.Header{
		"none": nil, "empty": {}, "one": {"X-Event": {"order.created"}},
		"several values": {"X-Event": {"b", "a", "b"}}, "several names": {"A": {"1"}, "B": {"2"}},
		"an empty value": {"X-Event": {""}}, "spelled otherwise": {"x-event": {"1"}, "X-Event": {"2"}},
		"quotes": {"X-Event": {`"\u0041" <&> 'x', y`}}, "UTF-8": {"X-Event": {"Zürich \u2028 東京"}},
		"no UTF-8": {"X-Event": {"Z\xfcrich \xff\x80"}}, "a tab": {"X-Event": {"a\tb"}},
	}
	for name, header := range headers {
		t.wantAdded(webhook.Message{Source: source, Key: name, Header: header}, true)
	}
	for _, m := range t.next(len(headers), time.Hour) {
		if want := headers[m.Key]; !maps.EqualFunc(m.Header, want, slices.Equal) {
			t.Errorf("the header %q comes out as %q, want %q", m.Key, m.Header, want)
		}
		delete(headers, m.Key)
	}
	if len(headers) > 0 {
		t.Errorf("%d headers did not come out", len(headers))
	}
}

func keepsTheRest(t *trial) {
	t.add("a", "b")
	given := t.next(9, time.Hour)
	if len(given) != 2 {
		t.Fatalf("Next gives %d messages, want 2", len(given))
	}
	for i, key := range []string{"a", "b"} {
		m := given[i]
		if m.Source != source || m.Key != key || m.Attempts != 1 {
			t.Errorf("source %q, key %q, attempt %d: want %q, %q, 1", m.Source, m.Key, m.Attempts, source, key)
		}
		t.wantReceivedNow(m)
	}
	if given[0].ID == given[1].ID {
		t.Errorf("two messages have the id %d", given[0].ID)
	}
}

// What goes in, and what has come out, is the caller's to change.
func keepsItsOwn(t *trial) {
	m := message("a")
	t.wantAdded(m, true)
	m.Body[0], m.Header["X-Key"][0] = '?', "?"
	m.Header["Y"] = []string{"?"}
	d := t.moment()
	for range 2 {
		got := t.only(d)
		if string(got.Body) != "body of a" || !maps.EqualFunc(got.Header, message("a").Header, slices.Equal) {
			t.Fatalf("what a caller has changed comes out: %q, %q", got.Body, got.Header)
		}
		got.Body[0], got.Header["X-Key"][0] = '!', "!"
		delete(got.Header, "X-Key")
		t.pass(d + time.Millisecond)
	}
}

func keepsForTheNextTime(t *trial) {
	t.add("a")
	first := t.only(0)
	second := t.only(time.Hour)
	if second.ID != first.ID || second.Source != first.Source || second.Key != first.Key || !bytes.Equal(second.Body, first.Body) ||
		!maps.EqualFunc(second.Header, first.Header, slices.Equal) || !second.ReceivedAt.Equal(first.ReceivedAt) {
		t.Errorf("the second time it is another: id %d, key %q, received %v; want %d, %q, %v",
			second.ID, second.Key, second.ReceivedAt, first.ID, first.Key, first.ReceivedAt)
	}
	if second.Attempts != 2 {
		t.Errorf("the second time is attempt %d", second.Attempts)
	}
}
