package esimfx

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/internal/golden"
)

// seed adds the recorded answers whose case begins with one of the prefixes.
func seed(f *testing.F, prefixes ...string) {
	for _, prefix := range prefixes {
		files, err := filepath.Glob(golden.Recorded(f, "esimfx") + "/" + prefix + "*.resp.json")
		if err != nil || len(files) == 0 {
			f.Fatal("no recorded answers for ", prefix, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			var answers []golden.Answer
			if err := json.Unmarshal(data, &answers); err != nil {
				f.Fatal(err)
			}
			for _, a := range answers {
				f.Add([]byte(a.Body))
			}
		}
	}
	for _, body := range badAnswers {
		f.Add([]byte(body))
	}
}

// hasCodeZero is what success takes, read by another library and lax about
// the letter case only in its favour.
func hasCodeZero(doc []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(bytes.TrimPrefix(doc, []byte("\ufeff")), &members) != nil {
		return false
	}
	code := strings.Trim(string(members["code"]), `"`)
	digits, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(code, "-")), "e")
	return code != "" && strings.Trim(digits, "0.") == "" && strings.Contains(digits, "0")
}

func FuzzEnvelope(f *testing.F) {
	seed(f, "order", "getorder", "cancel", "login")
	c, err := New(testConfig(nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var sold answer[*orderData]
		if wire.Decode(doc, &sold) == nil {
			if ok, valid := sold.Accepted(); ok && valid {
				if !hasCodeZero(doc) {
					t.Fatalf("accepted without code 0: %q", doc)
				}
				order := &esim.Order{}
				bad := c.add(t.Context(), &adapter.Attempt{Order: order}, sold.Data)
				if bad == nil && order.Status != esim.OrderPending && (order.ID == "" || order.Delivered() != 1) {
					t.Fatalf("complete without an eSIM: %q", doc)
				}
				if (sold.Data.ESIM.ICCID != "" || sold.Data.ICCID != "") && len(order.ESIMs) != 1 {
					t.Fatalf("an eSIM was dropped: %q", doc)
				}
			}
		}
		v := c.refuse(adapter.Answer{Status: 200, Header: http.Header{}, Body: doc, JSON: true})
		if v.Recognised && (hasCodeZero(doc) || v.Code == "") {
			t.Fatalf("a success or nothing taken for a refusal: %q", doc)
		}
		if !v.Recognised && v.Outcome != esim.OutcomeUnknown {
			t.Fatalf("certain about an answer that is none: %q", doc)
		}
	})
}

func FuzzPage(f *testing.F) {
	seed(f, "packages", "product", "topups")
	f.Fuzz(func(t *testing.T, doc []byte) {
		var page answer[productsData]
		if _, err := wire.DecodeTolerant(doc, 1_000, &page); err != nil {
			return
		}
		if ok, valid := page.Accepted(); !ok || !valid {
			return
		}
		packages, lost, _ := page.Data.packages()
		if len(packages)+lost != len(page.Data.Products) {
			t.Fatalf("a row that is neither there nor lost: %q", doc)
		}
		for _, p := range packages {
			if p.ID == "" || p.Data < 0 || p.Unlimited && p.Data != 0 {
				t.Fatalf("an impossible package %+v from %q", p, doc)
			}
			for _, country := range p.Countries {
				if !country.Valid() {
					t.Fatalf("country %q from %q", country, doc)
				}
			}
		}
		cursor, ok := wire.Cursor(page.Data.Next)
		if cursor == "" || !ok {
			return
		}
		start, ok := wire.CursorKey(cursor)
		if !ok {
			t.Fatalf("own cursor refused: %q", page.Data.Next)
		}
		if _, err := wire.Encode(productsRequest{PageStart: start}); err != nil {
			t.Fatalf("cursor cannot be sent: %q", page.Data.Next)
		}
	})
}

func FuzzCursor(f *testing.F) {
	for _, cursor := range []string{"", "e30", "eyJpZCI6IngifQ", "bnVsbA", "%", "eyJhIjoxLCJhIjoyfQ"} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		start, ok := wire.CursorKey(cursor)
		if !ok {
			return
		}
		body, err := wire.Encode(productsRequest{PageStart: start, PageSize: 1})
		if err != nil || !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("cursor %q makes the body %q, %v", cursor, body, err)
		}
		var sent struct {
			PageStart map[string]any `json:"page_start"`
			PageSize  int            `json:"page_size"`
		}
		if err := json.Unmarshal(body, &sent); err != nil || sent.PageSize != 1 {
			t.Fatalf("cursor %q breaks out of its place: %q", cursor, body)
		}
	})
}

func FuzzUsage(f *testing.F) {
	seed(f, "usage", "orderusage")
	f.Fuzz(func(t *testing.T, doc []byte) {
		var plans answer[plansData]
		if wire.Decode(doc, &plans) != nil {
			return
		}
		if ok, valid := plans.Accepted(); !ok || !valid {
			return
		}
		u := &esim.Usage{}
		orders := plans.Data.orders()
		for i := range orders {
			plan, err := orders[i].plan()
			if err != nil {
				return
			}
			if plan.Total < 0 || plan.Used < 0 || plan.Remaining < 0 || plan.Remaining > plan.Total {
				t.Fatalf("an impossible plan %+v from %q", plan, doc)
			}
			u.Plans = append(u.Plans, plan)
		}
		adapter.SumPlans(u)
		if u.Total < 0 || u.Used < 0 || u.Remaining < 0 || u.Remaining > u.Total {
			t.Fatalf("an impossible sum %+v from %q", u, doc)
		}
	})
}
