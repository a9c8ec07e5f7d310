package simulator_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/simulator"
)

var hookMoment = time.Date(2026, 4, 13, 10, 5, 30, 0, time.UTC)

func hookEvent(kind esim.EventKind) esim.Event {
	return esim.Event{
		Kind: kind, ICCID: "8981100000012345678", OrderID: "order_1", Reference: "cart-1", ItemID: "20250129123456123456789012", At: hookMoment,
		Used: esim.GiB, Total: 5 * esim.GiB, ThresholdPercent: 20,
		Order: &esim.Order{PackageID: "option", ESIMs: []esim.ESIM{{Activation: esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "CANARY"}}}},
	}
}

func TestSignESIMFly(t *testing.T) {
	body := `{"event":"esim.provisioned","timestamp":"2026-04-13T10:05:30.000Z","data":{"order_reference":"order_1776079539762_hvkrk","iccid":"8981100000012345678","lpa_string":"LPA:1$rsp.example.com$ACTIVATION-CODE","package_name":"Japan 12 GB 4 Days"}}`
	assert.Equal(t, "sha256=3507538b9ccaa3d8596a957c572502d9994443b29de832822afb3b7a3aaf59d9",
		simulator.SignESIMFly(esim.NewSecret("whsec_test_vector_0001"), []byte(body)))
}

// object is a JSON object and where to find things in it.
func object(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(text, &m), "%s", text)
	return m
}

func TestESIMFlyWebhook(t *testing.T) {
	secret := esim.NewSecret("whsec_canary")
	for kind, want := range map[esim.EventKind][3]string{
		esim.EventProvisioned:   {"esim.provisioned", "lpa_string", "LPA:1$rsp.example.com$CANARY"},
		esim.EventInstalled:     {"esim.installed", "installed_at", "2026-04-13T10:05:30.000Z"},
		esim.EventUsage:         {"esim.usage.threshold", "source", "usage_threshold"},
		esim.EventActivated:     {"esim.status.changed", "new_status", "ACTIVE"},
		esim.EventDepleted:      {"esim.status.changed", "new_status", "DEPLETED"},
		esim.EventExpired:       {"esim.status.changed", "new_status", "EXPIRED"},
		esim.EventStatusChanged: {"esim.status.changed", "new_status", "UNKNOWN"},
		esim.EventUnknown:       {"esim.unheard.of", "order_reference", "order_1"},
	} {
		w := simulator.ESIMFlyWebhook(secret, hookEvent(kind))
		body := object(t, w.Body)
		data, ok := body["data"].(map[string]any)
		require.True(t, ok)
		assert.Equal(t, want[0], body["event"])
		assert.Equal(t, want[0], w.Header.Get("X-Webhook-Event"))
		assert.Equal(t, want[2], data[want[1]])
		assert.Equal(t, "8981100000012345678", data["iccid"])
		m := hmac.New(sha256.New, []byte("whsec_canary"))
		m.Write(w.Body)
		assert.Equal(t, "sha256="+hex.EncodeToString(m.Sum(nil)), w.Header.Get("X-Webhook-Signature"))
		if kind == esim.EventUsage {
			assert.InDelta(t, 5, data["total_gb"], 0)
			assert.InDelta(t, 4096, data["threshold_remaining_mb"], 0)
		}
	}
	named := hookEvent(esim.EventStatusChanged)
	named.ID, named.ProviderStatus = "wh_5", "FROZEN"
	w := simulator.ESIMFlyWebhook(secret, named)
	assert.Equal(t, "wh_5", w.Header.Get("X-Webhook-Id"))
	assert.Contains(t, string(w.Body), `"new_status":"FROZEN"`)
	first, second := simulator.ESIMFlyWebhook(secret, esim.Event{}), simulator.ESIMFlyWebhook(secret, esim.Event{})
	assert.NotEqual(t, first.Header.Get("X-Webhook-Id"), second.Header.Get("X-Webhook-Id"))
}

func TestOtherWebhooks(t *testing.T) {
	story := simulator.ESIMStoryWebhook(esim.NewSecret("canary-path"), hookEvent(esim.EventProvisioned))
	assert.Equal(t, "esimstory/canary-path", story.Path)
	body := object(t, story.Body)
	assert.Equal(t, "LPA:1$rsp.example.com$CANARY", body["download_link"])
	assert.Equal(t, "cart-1", body["external_order_id"])
	assert.Equal(t, "option", body["option_id"])
	assert.NotContains(t, object(t, simulator.ESIMStoryWebhook(esim.NewSecret("x"), esim.Event{}).Body), "download_link")

	for kind, name := range map[esim.EventKind]string{esim.EventActivated: "ACTIVATION", esim.EventUsage: "DATA_USAGE", esim.EventExpired: "EXPIRATION", esim.EventInstalled: "UNHEARD_OF"} {
		fx := simulator.ESIMFXWebhook(esim.NewSecret("canary-token"), hookEvent(kind))
		assert.Equal(t, []string{"canary-token"}, fx.Header.Values("token"))
		assert.Equal(t, name, object(t, fx.Body)["event_type"])
		assert.Equal(t, kind == esim.EventUsage, object(t, fx.Body)["threshold"] != nil)
	}

	key := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef"))
	std := simulator.StandardWebhook("them", esim.NewSecret("whsec_"+key), "msg_1", hookMoment, []byte("{}"))
	m := hmac.New(sha256.New, []byte("0123456789abcdef"))
	m.Write([]byte("msg_1.1776074730.{}"))
	assert.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)), std.Header.Get("webhook-signature"))
	assert.Panics(t, func() { simulator.StandardWebhook("them", esim.NewSecret("whsec_?"), "", hookMoment, nil) })
}

func TestWebhookRequest(t *testing.T) {
	w := simulator.ESIMStoryWebhook(esim.NewSecret("canary-path"), hookEvent(esim.EventProvisioned))
	for base, want := range map[string]string{
		"/hooks": "/hooks/esimstory/canary-path", "": "/esimstory/canary-path", "http://127.0.0.1:1/a/": "http://127.0.0.1:1/a/esimstory/canary-path",
	} {
		r := w.Request(t.Context(), base)
		assert.Equal(t, want, r.URL.String())
		assert.Equal(t, http.MethodPost, r.Method)
		sent, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		assert.Equal(t, w.Body, sent)
		r.Header.Set("Content-Type", "x")
		assert.Equal(t, "application/json", w.Header.Get("Content-Type"), "the request has a header of its own")
	}
	assert.Panics(t, func() { w.Request(t.Context(), "http://a b") })
	text, err := json.Marshal(map[string]any{"w": w, "p": &w})
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s %d %v", w, w, w, w, w, []simulator.Webhook{w})+string(text), "canary")
}
