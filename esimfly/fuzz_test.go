package esimfly

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/internal/golden"
)

// seed adds every recorded answer whose file name matches.
func seed(f *testing.F, pattern string) {
	files, err := filepath.Glob(golden.Recorded(f, "esimfly") + "/" + pattern + ".resp.json")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		doc, err := os.ReadFile(file)
		require.NoError(f, err)
		var answers []struct {
			Body json.RawMessage `json:"body"`
			Text *string         `json:"text"`
		}
		require.NoError(f, json.Unmarshal(doc, &answers))
		for _, a := range answers {
			if f.Add([]byte(a.Body)); a.Text != nil {
				f.Add([]byte(*a.Text))
			}
		}
	}
}

// succeeds reports whether a document says success:true at its top, read by
// another library.
func succeeds(doc []byte) bool {
	var top map[string]json.RawMessage
	return json.Unmarshal(doc, &top) == nil && string(top["success"]) == "true"
}

// requireBounded: whatever stands for an ICCID can be printed.
func requireBounded(t *testing.T, iccid esim.ICCID) {
	require.LessOrEqual(t, len(iccid), 64)
	require.False(t, isPlaceholder(wire.Text(iccid)), "%q", iccid)
	for _, c := range []byte(iccid) {
		require.True(t, c >= ' ' && c <= '~', "%q", iccid)
	}
}

func FuzzOrderAnswer(f *testing.F) {
	seed(f, "order_*")
	f.Fuzz(func(t *testing.T, doc []byte) {
		var out orderAnswer
		if wire.Decode(doc, &out) != nil {
			return
		}
		ok, valid := out.Accepted()
		if ok && (!valid || !succeeds(doc)) {
			t.Fatalf("accepted without success: %q", doc)
		}
		o := &esim.Order{ID: out.ID.Value.String(), Status: orderStatus(out.Status.Value), Quantity: 2, Total: out.total(nil)}
		fulfil(o, out.rows(), out.Pending.Value, out.Status.Value)
		seen := map[esim.ICCID]bool{}
		for _, e := range o.ESIMs {
			if e.ICCID == "" {
				require.False(t, e.Activation.IsZero() && e.RawActivation.IsZero(), "an empty eSIM")
				continue
			}
			requireBounded(t, e.ICCID)
			require.False(t, seen[e.ICCID], "one eSIM twice")
			seen[e.ICCID] = true
		}
		require.Len(t, seen, o.Delivered())
		if o.Status == esim.OrderCompleted && o.Delivered() == 0 {
			require.Contains(t, o.ID, topUpPrefix)
		}
	})
}

func FuzzStatusAnswer(f *testing.F) {
	seed(f, "getorder_*")
	f.Fuzz(func(t *testing.T, doc []byte) {
		var out statusAnswer
		if wire.Decode(doc, &out) != nil {
			return
		}
		if ok, valid := out.Accepted(); ok && valid && (out.Order == nil || !succeeds(doc)) {
			t.Fatalf("accepted: %q", doc)
		}
	})
}

func FuzzTopUpAnswer(f *testing.F) {
	seed(f, "topup_*")
	f.Fuzz(func(t *testing.T, doc []byte) {
		var out topUpAnswer
		if wire.Decode(doc, &out) != nil {
			return
		}
		if ok, _ := out.Accepted(); ok && !succeeds(doc) {
			t.Fatalf("accepted: %q", doc)
		}
	})
}

func FuzzRefusal(f *testing.F) {
	seed(f, "*_4*")
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, status := range []int{200, 400, 403, 404, 409} {
			v := refuse(adapter.Answer{Status: status, Body: doc, JSON: true})
			require.Error(t, v.Kind)
			if v.Outcome == esim.OutcomeUnknown {
				continue
			}
			require.True(t, v.Recognised, "%d %q", status, doc)
			_, listed := rules.Find(status, v.Code)
			require.True(t, listed, "%d %q", status, doc)
			require.NotEqual(t, esim.OutcomeAccepted, v.Outcome)
			require.False(t, succeeds(doc))
		}
	})
}

func FuzzPackagePage(f *testing.F) {
	seed(f, "listpackages_*")
	seed(f, "listtopups_*")
	f.Fuzz(func(t *testing.T, doc []byte) {
		var out answer[pageOf[packageRow]]
		if wire.Decode(doc, &out) != nil {
			return
		}
		ok, valid := out.Accepted()
		if !ok || !valid {
			return
		}
		require.True(t, succeeds(doc))
		rows := out.Data.rows()
		if _, _, err := (page{1, 100}).last(out.Data.Pagination, len(rows)); err != nil {
			return
		}
		var on arenas
		for i := range rows {
			p := rows[i].convert(&on)
			require.GreaterOrEqual(t, p.Data, esim.DataSize(0))
			require.False(t, p.Unlimited && p.Data != 0)
			require.GreaterOrEqual(t, p.ValidityDays, 0)
			for _, code := range p.Countries {
				require.True(t, code.Valid(), "%q", code)
			}
		}
	})
}

func FuzzESIMPage(f *testing.F) {
	seed(f, "*esim*_*")
	f.Fuzz(func(t *testing.T, doc []byte) {
		var out answer[pageOf[esimRow]]
		if wire.Decode(doc, &out) != nil || out.Data == nil {
			return
		}
		for _, row := range out.Data.rows() {
			e := row.listed(new(wire.Places))
			requireBounded(t, e.ICCID)
			require.False(t, e.Usage.Unlimited && e.Usage.Remaining != 0)
		}
	})
}

func FuzzUsage(f *testing.F) {
	seed(f, "usage_*")
	f.Fuzz(func(t *testing.T, doc []byte) {
		var out answer[usageData]
		if wire.Decode(doc, &out) != nil {
			return
		}
		if ok, valid := out.Accepted(); !ok || !valid {
			return
		}
		u := out.Data.convert(usageICCID)
		require.True(t, u.Unlimited || out.Data.Data.Remaining.Known(), "nothing is known, and reads as used up")
		require.GreaterOrEqual(t, min(u.Total, u.Used, u.Remaining), esim.DataSize(0))
		before := adapter.BeforeImage{ICCID: u.ICCID, Total: u.Total, Unlimited: u.Unlimited, ExpiresAt: u.ExpiresAt}
		require.False(t, gained(before, u, 0), "nothing has happened")
	})
}

func FuzzCursor(f *testing.F) {
	for _, text := range []string{"1x100", "2x2", "01x100", "x", "10000x100", "１x1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := parseCursor(text)
		if !ok {
			return
		}
		require.Equal(t, text, p.cursor())
		require.True(t, p.number >= 1 && p.number <= maxPages && p.size >= 1 && p.size <= maxPageSize)
	})
}
