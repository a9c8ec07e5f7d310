package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// postman takes the webhooks that the provider sends and brings them to one of
// the replicas: late, twice, out of order, without the reference, or never.
type postman struct{ w *world }

// letter is what becomes of a webhook.
type letter struct {
	lost      bool
	after     time.Duration
	again     bool // a second time, a while later
	anonymous bool // without the reference of the order
}

// RoundTrip implements [http.RoundTripper]. It runs while the provider holds
// its clock, so the webhook is only put aside.
func (m *postman) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	l := letter{}
	if !m.w.healthy {
		l = m.w.fate.letter(m.w)
	}
	if l.anonymous {
		body = withoutReference(body)
	}
	if !l.lost {
		m.bring(body, l.after)
	}
	if l.again {
		m.bring(body, l.after+time.Minute)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

// bring delivers a webhook until somebody has taken it, as a shop does that
// keeps what comes in.
func (m *postman) bring(body []byte, after time.Duration) {
	w := m.w
	w.in(after, func() bool {
		r := w.idle(w.ops % len(w.replicas))
		if r == nil {
			return false
		}
		taken := false
		w.act(r, nil, "takes a webhook", func(ctx context.Context) {
			request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/esimstory/"+receiverSecret, bytes.NewReader(body))
			answer := httptest.NewRecorder()
			r.deliver.ServeHTTP(answer, request)
			taken = answer.Code == http.StatusOK
		})
		return taken
	})
}

// withoutReference is a webhook that tells the unit only.
func withoutReference(body []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return body
	}
	delete(fields, "external_order_id")
	text, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return text
}

// stray is a webhook of somebody else: it names a reference of ours and
// another product.
func (m *postman) stray(reference, packageID, unit string) {
	text := strings.NewReplacer("REF", reference, "PKG", packageID, "UNIT", unit).Replace(
		`{"topup_id":"UNIT","option_id":"PKG","external_order_id":"REF","iccid":"8985234000000000017","smdp":"rsp.example.com",` +
			`"activate_code":"STRAY","download_link":"LPA:1$rsp.example.com$STRAY"}`)
	m.bring([]byte(text), 0)
}
