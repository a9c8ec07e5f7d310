package webhook_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/webhook"
)

// FuzzStandardVerify: nothing but the signed bytes under the signed id and
// time is accepted.
func FuzzStandardVerify(f *testing.F) {
	body := []byte(`{"type":"a"}`)
	w := simulator.StandardWebhook(standardName, standardKey, "msg_1", present, body)
	source := webhook.Standard(standardName, standardKey)
	stamp, signature := w.Header.Get("Webhook-Timestamp"), w.Header.Get("Webhook-Signature")
	f.Add("msg_1", stamp, signature, body)
	f.Add("msg_1", stamp, "v1,AAAA "+signature, body)
	f.Add("msg_1."+stamp, stamp, signature, body)
	f.Add("", "", "", []byte{})
	f.Fuzz(func(t *testing.T, id, at, list string, sent []byte) {
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {at}, "Webhook-Signature": {list}}
		accepted := source.Verify(h, "", sent, present) == nil
		genuine := id == "msg_1" && at == stamp && bytes.Equal(sent, body)
		if accepted && (!genuine || !strings.Contains(list, signature)) {
			t.Fatalf("accepted id %q, time %q, signatures %q", id, at, list)
		}
		if genuine && list == signature && !accepted {
			t.Fatal("the genuine one was refused")
		}
	})
}

// FuzzStandardParse: one event with the raw body comes of anything.
func FuzzStandardParse(f *testing.F) {
	source := webhook.Standard(standardName, standardKey)
	f.Add("msg_1", []byte(`{"type":"a","timestamp":"2026-09-13T12:00:00Z"}`))
	f.Add("", []byte("\xff"))
	f.Fuzz(func(t *testing.T, id string, body []byte) {
		events, err := source.Parse(http.Header{"Webhook-Id": {id}}, body)
		if err != nil || len(events) != 1 || events[0].Raw.Reveal() != string(body) || events[0].Key != id {
			t.Fatalf("%v, %v", events, err)
		}
	})
}

// FuzzHandler: whatever is sent wherever, the answer is one that is documented,
// and what was taken has reached onEvent.
func FuzzHandler(f *testing.F) {
	for _, w := range genuine() {
		f.Add("POST", "/hooks/"+w.Path, w.Header.Get("X-Webhook-Signature"), w.Header.Get("Token"), w.Body)
	}
	f.Add("GET", "//", "", "", []byte{})
	answers := map[int]bool{200: true, 401: true, 404: true, 405: true}
	f.Fuzz(func(t *testing.T, method, path, signature, token string, body []byte) {
		b := newBench(t)
		header := http.Header{"X-Webhook-Signature": {signature}, "Token": {token}}
		code := b.status(request(t, method, path, header, bytes.NewReader(body)))
		events := b.take()
		if !answers[code] || (code == 200) != (len(events) > 0) || (code == 200) != (b.inbox.adds == 1) {
			t.Fatalf("HTTP %d with %d events", code, len(events))
		}
		for _, e := range events {
			if e.Provider == "" || e.Key == "" || e.Raw.Reveal() != string(body) {
				t.Fatalf("event %v", e)
			}
			if e.Order != nil && (e.Order.Provider != e.Provider || e.Order.Status != esim.OrderPending) {
				t.Fatalf("evidence of %v", e)
			}
		}
	})
}
