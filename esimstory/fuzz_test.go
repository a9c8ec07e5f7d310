package esimstory

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/internal/golden"
)

// FuzzOrderAnswer: whatever a 200 says, success means the units that were
// ordered, each with an id of its own, and an answer without a unit is never
// taken for an order.
func FuzzOrderAnswer(f *testing.F) {
	for _, answers := range readAll(f, golden.Recorded(f, "esimstory")+"/*.resp.json") {
		var list []golden.Answer
		if err := json.Unmarshal(answers, &list); err != nil {
			f.Fatal(err)
		}
		for _, a := range list {
			if a.Text != nil {
				a.Body = json.RawMessage(*a.Text)
			}
			f.Add([]byte(a.Body))
		}
	}
	lines := []Line{{OptionID: optionA, Quantity: 1}, {OptionID: optionB, Quantity: 2}}
	f.Fuzz(func(t *testing.T, body []byte) {
		var answer orderAnswer
		if wire.Decode(body, &answer) != nil {
			return
		}
		ok, valid := answer.Accepted()
		if ok != valid || ok != (len(answer.Products) > 0) {
			t.Fatalf("accepted %t, valid %t with %d products", ok, valid, len(answer.Products))
		}
		list := answer.units()
		seen := map[string]bool{}
		for _, u := range list {
			if u.ItemID == "" || seen[u.ItemID] {
				t.Fatalf("unit id %q", u.ItemID)
			}
			seen[u.ItemID] = true
		}
		for _, p := range answer.Products {
			if p.TopupID != "" && !seen[p.TopupID.String()] {
				t.Fatal("a unit was dropped")
			}
		}
		if answer.compare(lines) == "" && len(list) != 3 {
			t.Fatalf("complete with %d units", len(list))
		}
	})
}

// FuzzRefusal: no answer is recognised as a refusal that proves nothing was
// bought, unless one of the texts in the table is in it, and none that does not.
func FuzzRefusal(f *testing.F) {
	for _, d := range documented {
		f.Add(d.status, []byte(d.body))
	}
	f.Add(422, []byte(`{"errors":{"a":["b"]}}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		v := refuse(adapter.Answer{Status: status, Body: body, JSON: true})
		if v.Kind == "" || v.Outcome == esim.OutcomeAccepted {
			t.Fatalf("kind %v, outcome %v", v.Kind, v.Outcome)
		}
		if status >= 200 && status < 300 && (v.Recognised || v.Outcome != esim.OutcomeUnknown) {
			t.Fatalf("HTTP %d is taken for a refusal: %+v", status, v)
		}
		if v.Recognised && v.Message == "" {
			t.Fatal("recognised without a text")
		}
		if status != 422 || v.Outcome == esim.OutcomeUnknown {
			return
		}
		folded := strings.ToLower(v.Message)
		for _, danger := range []string{"already been taken", "esim request failed", "api connection error"} {
			if strings.Contains(folded, danger) {
				t.Fatalf("outcome %v for %q", v.Outcome, v.Message)
			}
		}
	})
}

// FuzzParseDelivery: an issued unit has all it needs, and no problem quotes
// the body.
func FuzzParseDelivery(f *testing.F) {
	for _, body := range readAll(f, golden.Recorded(f, "esimstory")+"/deliveries/*.body.json") {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := ParseDelivery(body)
		if err != nil {
			if d != nil || !errors.Is(err, esim.ErrMalformedResponse) {
				t.Fatalf("%v, %v", d, err)
			}
			return
		}
		if d.TopupID == "" || d.ESIM.ItemID != d.TopupID || d.Raw.Reveal() != string(body) {
			t.Fatalf("unit %q", d.TopupID)
		}
		if d.Issued != (d.ESIM.ICCID != "" && d.ESIM.Activation.IsZero() == !d.ESIM.RawActivation.IsZero()) {
			t.Fatal("issued without an eSIM")
		}
		if _, err := esim.ParseICCID(string(d.ESIM.ICCID)); d.ESIM.ICCID != "" && err != nil {
			t.Fatal(err)
		}
		if _, err := esim.ParseActivationCode(d.ESIM.Activation.LPA()); !d.ESIM.Activation.IsZero() && err != nil {
			t.Fatal(err)
		}
		if !d.Alternative.IsZero() && !d.Mismatch {
			t.Fatal("two codes and no flag")
		}
		order := &esim.Order{Reference: d.Reference, Quantity: 1}
		if _, err := Apply(order, d); err == nil && d.Issued != (order.Status == esim.OrderCompleted) {
			t.Fatalf("issued %t, order %v", d.Issued, order.Status)
		}
		if changed, err := Apply(order, d); changed || len(order.ESIMs) > 0 && err != nil {
			t.Fatalf("an equal repeat: %t, %v", changed, err)
		}
	})
}

func readAll(f *testing.F, pattern string) [][]byte {
	f.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		f.Fatalf("no files match %s: %v", pattern, err)
	}
	docs := make([][]byte, len(files))
	for i, file := range files {
		if docs[i], err = os.ReadFile(file); err != nil {
			f.Fatal(err)
		}
	}
	return docs
}
