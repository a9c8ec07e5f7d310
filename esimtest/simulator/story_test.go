package simulator_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

var shortly = simulator.WebhookBehaviour{Delay: 10 * time.Millisecond}

func TestStoryAuthentication(t *testing.T) {
	w := newWire(t)
	old := strconv.FormatInt(w.sim.Now().Add(-301*time.Second).Unix(), 10)
	for _, c := range []struct {
		change change
		text   string
	}{
		{change{"X-Esim-Story-Access-Key": ""}, "Missing required authentication headers."},
		{change{"X-Esim-Story-Timestamp": ""}, "Missing required authentication headers."},
		{change{"X-Esim-Story-Signature": ""}, "Missing required authentication headers."},
		{change{"X-Esim-Story-Timestamp": old}, "Request timestamp is too old or invalid."},
		{change{"X-Esim-Story-Timestamp": "1769904000000"}, "Request timestamp is too old or invalid."},
		{change{"X-Esim-Story-Timestamp": "+1769904000"}, "Request timestamp is too old or invalid."},
		{change{"X-Esim-Story-Access-Key": "ak_other"}, "Invalid or missing access key. Please provide a valid X-Esim-Story-Access-Key header."},
		{change{"X-Esim-Story-Signature": strings.Repeat("0", 64)}, "Invalid signature."},
		{change{"X-Esim-Story-Signature": strings.ToUpper(w.storyHeaders()["X-Esim-Story-Signature"])}, "Invalid signature."},
	} {
		a := w.story(w.storyBody("r", 1), c.change)
		assert.Equal(t, 401, a.status)
		assert.JSONEq(t, `{"error":{"code":"unauthorized","message":"`+c.text+`"}}`, string(a.body))
	}
	// The key is the decoded secret, and the path is signed with its prefix.
	stamp := strconv.FormatInt(w.sim.Now().Unix(), 10)
	key, err := base64.StdEncoding.DecodeString(w.sim.ESIMStory.SecretKey)
	require.NoError(t, err)
	for _, wrong := range []string{
		mac([]byte(w.sim.ESIMStory.SecretKey), "POST\n/api/v1/api_partner/orders\n"+stamp+"\n"+w.sim.ESIMStory.AccessKey),
		mac(key, "POST\n/v1/api_partner/orders\n"+stamp+"\n"+w.sim.ESIMStory.AccessKey),
	} {
		a := w.story(w.storyBody("r", 1), change{"X-Esim-Story-Timestamp": stamp, "X-Esim-Story-Signature": wrong})
		assert.Equal(t, "Invalid signature.", a.at(t, "error", "message"))
	}
	assert.Equal(t, 0, w.sim.ESIMStory.Ledger().Count())
}

func TestStoryOrder(t *testing.T) {
	w := newWire(t)
	s := w.sim.ESIMStory
	body := fmt.Sprintf(`{"external_order_id":"ORDER-123456","products":[{"option_id":%q,"qty":1},{"option_id":%q,"qty":2},{"option_id":%q,"qty":1}]}`,
		w.storyOption(0), strings.ToUpper(w.storyOption(1)), w.storyOption(0))
	a := w.story(body)
	require.Equal(t, 201, a.status, "%s", a.body)
	rows := a.rows(t, "products")
	require.Len(t, rows, 4)
	ids := map[string]bool{}
	for i := range rows {
		id := a.text(t, "products", i, "topup_id")
		assert.Regexp(t, `^\d{26}$`, id)
		ids[id] = true
	}
	assert.Len(t, ids, 4)
	assert.Equal(t, strings.ToUpper(w.storyOption(1)), a.at(t, "products", 1, "option_id"), "as it was sent")

	c := s.Ledger().ByReference("ORDER-123456")
	require.Len(t, c, 1)
	assert.Equal(t, 4, c[0].Quantity)
	want := sum(t, s.Packages()[0].Price, s.Packages()[0].Price, s.Packages()[1].Price, s.Packages()[1].Price)
	assert.Equal(t, want.String(), c[0].Amount.String())
	checkMoney(t, s.Server)
	assert.Empty(t, s.Violations())

	for _, same := range []string{"ORDER-123456", "order-123456"} {
		again := w.story(w.storyBody(same, 1))
		assert.Equal(t, 422, again.status)
		assert.JSONEq(t, `{"errors":["External order id has already been taken"]}`, string(again.body))
	}
	assert.Equal(t, 1, s.Ledger().Count())
}

func sum(t *testing.T, first esim.Money, more ...esim.Money) esim.Money {
	t.Helper()
	for _, m := range more {
		var err error
		first, err = first.Add(m)
		require.NoError(t, err)
	}
	return first
}

func TestStoryRefusals(t *testing.T) {
	w := newWire(t)
	id := w.storyOption(0)
	line := func(l string) string { return `{"external_order_id":"r","products":[` + l + `]}` }
	for body, want := range map[string]string{
		``:        `{"error":"Invalid JSON format"}`,
		`{`:       `{"error":"Invalid JSON format"}`,
		`{} junk`: `{"error":"Invalid JSON format"}`,
		`{"external_order_id":"a","external_order_id":"b"}`: `{"error":"Invalid JSON format"}`,
		`{"products":[{"option_id":"` + id + `","qty":1}]}`: `{"errors":["External order id can't be blank"]}`,
		`{"external_order_id":"  ","products":[]}`:          `{"errors":["External order id can't be blank","Products can't be blank"]}`,
		line(``):                           `{"errors":["Products can't be blank"]}`,
		line(`{"qty":1}`):                  `{"errors":["Option id can't be blank"]}`,
		line(`{"option_id":"` + id + `"}`): `{"errors":["Qty must be greater than 0"]}`,
		line(`{"option_id":"` + id + `","qty":0}`):     `{"errors":["Qty must be greater than 0"]}`,
		line(`{"option_id":"` + id + `","qty":1.5}`):   `{"errors":["Request is invalid: field qty is not an integer"]}`,
		line(`{"option_id":"` + id + `","qty":"one"}`): `{"errors":["Request is invalid: field qty is not an integer"]}`,
		`{"external_order_id":null,"products":null}`:   `{"errors":["External order id can't be blank","Products can't be blank"]}`,
		`{"external_order_id":7,"products":[]}`:        `{"errors":["Request is invalid: field external_order_id is not a string"]}`,
		`[]`:                                           `{"errors":["Request is invalid: body is not a JSON object"]}`,
		line(`{"option_id":"no-such-option","qty":1}`): `{"errors":["Product with option_id not found"]}`,
		line(`{"option_id":"` + id + `","qty":1001}`):  `{"errors":["eSIM Request failed - Status: 400, Message: quantity too large"]}`,
	} {
		a := w.story(body)
		assert.JSONEq(t, want, string(a.body), body)
		if strings.Contains(want, `"errors"`) {
			assert.Equal(t, 422, a.status, body)
		} else {
			assert.Equal(t, 400, a.status, body)
		}
	}
	assert.Equal(t, 400, w.story(w.storyBody("r", 1), change{"Content-Type": "text/plain"}).status)
	assert.Equal(t, 201, w.story(w.storyBody("r", 1)).status, "no refusal has used up the reference")
	w.sim.ESIMStory.SetBalance("0")
	assert.JSONEq(t, `{"errors":["eSIM Request failed - Status: 402, Message: Insufficient balance"]}`, string(w.story(w.storyBody("poor", 1)).body))
	assert.Equal(t, 1, w.sim.ESIMStory.Ledger().Count())
}

func TestStoryErrorFaults(t *testing.T) {
	w := newWire(t)
	s := w.sim.ESIMStory
	fail := func(kind esimtest.FaultKind, status int, message string) answer {
		s.Inject(esimtest.Fault{Kind: kind, Status: status, Message: message})
		return w.story(w.storyBody("r-"+message, 1))
	}
	assert.JSONEq(t, `{"errors":["API connection error (Order ID: 52731)"]}`, string(fail(esimtest.FaultErrorAfter, 0, "").body))
	assert.Equal(t, 1, s.Ledger().Count())
	e11 := fail(esimtest.FaultErrorBefore, 422, "eSIM Request failed - Status: 9999, Message: internal")
	assert.Equal(t, 422, e11.status)
	assert.JSONEq(t, `{"error":{"code":"unauthorized","message":"Missing secret key in partner record."}}`,
		string(fail(esimtest.FaultErrorBefore, 401, "Missing secret key in partner record.").body))
	assert.JSONEq(t, `{"error":"Internal server error"}`, string(fail(esimtest.Fault500Before, 0, "").body))
	assert.JSONEq(t, `{"error":"oops"}`, string(fail(esimtest.FaultErrorBefore, 500, "oops").body))
	assert.Equal(t, 1, s.Ledger().Count())
}

// Whether a failed order uses up its reference is not documented, so there
// are two worlds.
func TestStoryReferencesOfFailedOrders(t *testing.T) {
	for _, reserved := range []bool{false, true} {
		var worlds []simulator.World
		if reserved {
			worlds = append(worlds, simulator.WorldNamed("esimstory/ids-kept-on-arrival"))
		}
		w := newWire(t, simulator.WithWorld(worlds...))
		s := w.sim.ESIMStory
		s.Inject(esimtest.Fault{Kind: esimtest.FaultErrorBefore})
		assert.Equal(t, 422, w.story(w.storyBody("r", 1)).status)
		again := w.story(w.storyBody("r", 1))
		if reserved {
			assert.Contains(t, string(again.body), "already been taken")
			assert.Equal(t, 0, s.Ledger().Count())
		} else {
			assert.Equal(t, 201, again.status)
			assert.Equal(t, 1, s.Ledger().Count())
		}
	}
}

func TestStoryDeliveries(t *testing.T) {
	w, r := newWire(t), newReceiver(t)
	s := w.sim.ESIMStory
	s.SetWebhook(r.URL)
	a := w.story(w.storyBody("ORDER-1", 2))
	assert.Empty(t, r.take())
	w.sim.Advance(2 * time.Second)
	got := r.take()
	require.Len(t, got, 2, "one for each unit")
	for i, d := range got {
		assert.Equal(t, a.at(t, "products", i, "topup_id"), d.body["topup_id"])
		assert.Equal(t, "ORDER-1", d.body["external_order_id"])
		assert.Equal(t, s.Units()[i].ICCID, d.body["iccid"])
		assert.Equal(t, fmt.Sprintf("LPA:1$%s$%s", d.body["smdp"], d.body["activate_code"]), d.body["download_link"])
		assert.Contains(t, d.body["qrcode_img_url"], "%24")
		date, ok := d.body["expired_date"].(string)
		require.True(t, ok)
		_, err := time.Parse(time.DateOnly, date)
		require.NoError(t, err)
		assert.Len(t, d.body, 9)
		assert.Empty(t, d.header.Get("Authorization"))
	}
	assert.True(t, s.Units()[0].WebhookSent)
	s.UseData(s.Units()[0].ICCID, 1)
	w.sim.Advance(24 * time.Hour)
	assert.Empty(t, r.take(), "no retries, and nothing tells of usage")
}

func TestStoryWebhookBehaviour(t *testing.T) {
	order := func(t *testing.T, b simulator.WebhookBehaviour) (*wire, *receiver) {
		t.Helper()
		w, r := newWire(t), newReceiver(t)
		w.sim.ESIMStory.SetWebhook(r.URL)
		w.sim.ESIMStory.Webhooks(b)
		require.Equal(t, 201, w.story(w.storyBody("r", 1)).status)
		return w, r
	}
	t.Run("before the answer", func(t *testing.T) {
		_, r := order(t, simulator.WebhookBehaviour{BeforeResponse: true})
		assert.Len(t, r.take(), 1)
	})
	t.Run("late", func(t *testing.T) {
		w, r := order(t, simulator.WebhookBehaviour{Delay: 48 * time.Hour})
		w.sim.Advance(47 * time.Hour)
		assert.Empty(t, r.take())
		w.sim.Advance(time.Hour)
		assert.Len(t, r.take(), 1)
	})
	t.Run("repeated", func(t *testing.T) {
		w, r := order(t, simulator.WebhookBehaviour{Repeat: 2})
		w.sim.Advance(time.Hour)
		got := r.take()
		require.Len(t, got, 3)
		assert.Equal(t, got[0].raw, got[2].raw)
	})
	t.Run("withheld", func(t *testing.T) {
		w, r := order(t, simulator.WebhookBehaviour{Withhold: true})
		w.sim.Advance(time.Hour)
		assert.Empty(t, r.take())
		assert.False(t, w.sim.ESIMStory.Units()[0].WebhookSent)
		w.sim.ESIMStory.Release()
		w.sim.ESIMStory.Release()
		w.sim.Advance(time.Second)
		assert.Len(t, r.take(), 1)
	})
	t.Run("upstream names, no link", func(t *testing.T) {
		w, r := order(t, simulator.WebhookBehaviour{CamelCase: true, OmitLink: true})
		w.sim.Advance(time.Second)
		got := r.take()
		require.Len(t, got, 1)
		assert.Contains(t, got[0].body, "topupId")
		assert.Contains(t, got[0].body, "activateCode")
		assert.NotContains(t, got[0].raw, "LPA:1$")
	})
	t.Run("another ICCID", func(t *testing.T) {
		w, r := order(t, simulator.WebhookBehaviour{ChangeICCID: true})
		w.sim.Advance(time.Hour)
		got := r.take()
		require.Len(t, got, 2)
		assert.Equal(t, got[0].body["topup_id"], got[1].body["topup_id"])
		assert.NotEqual(t, got[0].body["iccid"], got[1].body["iccid"])
		assert.Equal(t, w.sim.ESIMStory.Units()[0].ICCID, got[0].body["iccid"])
	})
	t.Run("nowhere to send", func(t *testing.T) {
		w := newWire(t)
		w.story(w.storyBody("r", 1))
		w.sim.Advance(time.Hour)
		assert.Empty(t, w.sim.ESIMStory.Deliveries())
		r := newReceiver(t)
		w.sim.ESIMStory.SetWebhook(r.URL)
		w.sim.ESIMStory.Release()
		w.sim.Advance(time.Second)
		assert.Len(t, r.take(), 1)
	})
}

func TestStoryReferenceInFlight(t *testing.T) {
	w := newWire(t, simulator.WithProcessingTime(300*time.Millisecond))
	results := make(chan int, 2)
	for range 2 {
		go func() { results <- w.story(w.storyBody("r", 1)).status }()
	}
	assert.Equal(t, http.StatusCreated+http.StatusUnprocessableEntity, <-results+<-results)
	assert.Equal(t, 1, w.sim.ESIMStory.Ledger().Count())
}
