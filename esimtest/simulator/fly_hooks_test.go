package simulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFlyProvisionedWebhook(t *testing.T) {
	w, r := newWire(t), newReceiver(t)
	f := w.sim.ESIMFly
	f.SetWebhook(r.URL)
	ref := w.flyPost("/esims/order", `{"packageCode":"RB85_4D","quantity":2}`).text(t, "orderReference")
	w.sim.Advance(time.Second)
	assert.Empty(t, r.take(), "not ready yet")
	w.sim.Advance(time.Second)
	got := r.take()
	require.Len(t, got, 2)
	for i, d := range got {
		assert.Equal(t, "esim.provisioned", d.body["event"])
		assert.Equal(t, "esim.provisioned", d.header.Get("X-Webhook-Event"))
		assert.Equal(t, "eSIMfly-Webhook/1.0", d.header.Get("User-Agent"))
		assert.Equal(t, "application/json", d.header.Get("Content-Type"))
		assert.NotEmpty(t, d.header.Get("X-Webhook-Id"))
		assert.Equal(t, d.body["timestamp"], d.header.Get("X-Webhook-Timestamp"))
		assert.Equal(t, "sha256="+mac([]byte(f.WebhookSecret), d.raw), d.header.Get("X-Webhook-Signature"))
		data, ok := d.body["data"].(map[string]any)
		require.True(t, ok)
		assert.Equal(t, ref, data["order_reference"])
		assert.Equal(t, f.Ledger().Charges()[0].ICCIDs[i], data["iccid"])
	}
	assert.NotEqual(t, got[0].header.Get("X-Webhook-Id"), got[1].header.Get("X-Webhook-Id"))
}

// TestFlyWebhookRetries also shows that Advance stops at each attempt's own
// time.
func TestFlyWebhookRetries(t *testing.T) {
	w, r := newWire(t), newReceiver(t)
	f := w.sim.ESIMFly
	f.SetWebhook(r.URL)
	r.refuse = 4
	w.flyPost("/esims/order", `{"packageCode":"RB85_4D"}`)
	w.sim.Advance(time.Minute)
	list := f.Deliveries()
	require.Len(t, list, 3)
	w.sim.Advance(time.Hour)
	list = f.Deliveries()
	require.Len(t, list, 5)
	for i, pause := range []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute} {
		assert.Equal(t, i+1, list[i].Attempt)
		assert.Equal(t, 503, list[i].Status)
		assert.False(t, list[i].Delivered())
		assert.InDelta(t, pause.Seconds(), list[i+1].Time.Sub(list[i].Time).Seconds(), 2)
	}
	assert.True(t, list[4].Delivered())
	assert.Equal(t, list[0].ID, list[4].ID)
	recent := w.flyGet("/webhooks")
	assert.Equal(t, "delivered", recent.at(t, "recent_deliveries", 0, "status"))
	assert.Equal(t, "5", recent.at(t, "recent_deliveries", 0, "attempts"))

	r.refuse = 99
	w.flyPost("/esims/order", `{"packageCode":"RB85_4D"}`)
	w.sim.Advance(24 * time.Hour)
	failed := w.flyGet("/webhooks")
	status := map[any]int{}
	for i := range failed.rows(t, "recent_deliveries") {
		status[failed.at(t, "recent_deliveries", i, "status")]++
	}
	assert.Positive(t, status["failed"])
}

func TestFlyWebhookSettings(t *testing.T) {
	w, r := newWire(t), newReceiver(t)
	f := w.sim.ESIMFly
	assert.Nil(t, w.flyGet("/webhooks").at(t, "webhook"))
	put := func(body string) answer { return w.fly(http.MethodPut, "/webhooks", body) }
	a := put(`{"webhook_url":"` + r.URL + `","events":["esim.installed"]}`)
	require.Equal(t, 200, a.status, "%s", a.body)
	secret := a.text(t, "webhook", "secret")
	assert.NotEqual(t, f.WebhookSecret, secret)
	assert.Equal(t, secret, f.SigningSecret())
	b := put(`{"webhook_url":"` + r.URL + `","events":["esim.provisioned","esim.usage.threshold"]}`)
	assert.NotEqual(t, secret, b.text(t, "webhook", "secret"), "each call rotates")
	view := w.flyGet("/webhooks")
	assert.Equal(t, []any{"esim.provisioned", "esim.usage.threshold"}, view.at(t, "webhook", "events"))
	assert.NotContains(t, view.at(t, "webhook"), "secret")
	assert.Len(t, view.rows(t, "available_events"), 6)

	_, iccid := w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	f.UseData(iccid, 900<<20)
	w.sim.Advance(time.Second)
	got := r.take()
	require.Len(t, got, 2, "500 and 200 MB; the other events are not wanted")
	for i, mb := range []any{500.0, 200.0} {
		data, ok := got[i].body["data"].(map[string]any)
		require.True(t, ok)
		assert.Equal(t, mb, data["threshold_remaining_mb"])
		assert.Equal(t, "sha256="+mac([]byte(f.SigningSecret()), got[i].raw), got[i].header.Get("X-Webhook-Signature"))
	}

	assert.Equal(t, "MISSING_FIELDS", put(`{"events":[]}`).at(t, "code"))
	assert.Equal(t, 400, put(`{"webhook_url":"`+r.URL+`","events":["order.paid"]}`).status)
	assert.Equal(t, 400, put(`{"webhook_url":"http://hooks.example.test/x","events":[]}`).status)
	assert.Equal(t, 400, put(`{"webhook_url":1}`).status)
}

func TestFlyLifeIsAnnounced(t *testing.T) {
	w, r := newWire(t), newReceiver(t)
	w.sim.ESIMFly.SetWebhook(r.URL)
	w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	w.sim.Advance(time.Hour)
	assert.Empty(t, r.events("event"))
	w.sim.Advance(2 * time.Hour)
	assert.Equal(t, []string{"esim.installed", "esim.profile.updated", "esim.status.changed"}, r.events("event"))
	w.sim.Advance(8 * time.Hour)
	assert.Equal(t, []string{"esim.usage.threshold"}, r.events("event"))
	w.sim.Advance(24 * time.Hour)
	assert.Equal(t, []string{"esim.usage.threshold", "esim.usage.threshold", "esim.usage.threshold", "esim.status.changed"}, r.events("event"))
	w.sim.Advance(10 * 24 * time.Hour)
	got := r.take()
	require.Len(t, got, 1)
	data, ok := got[0].body["data"].(map[string]any)
	require.True(t, ok)
	assert.Equal(t, "DEPLETED", data["old_status"])
	assert.Equal(t, "USED_EXPIRED", data["new_status"])
}

func TestFlyCallbackReplacesTheDefault(t *testing.T) {
	w, usual, other := newWire(t), newReceiver(t), newReceiver(t)
	w.sim.ESIMFly.SetWebhook(usual.URL)
	w.flyPost("/esims/order", `{"packageCode":"RB85_4D","callbackUrl":"`+other.URL+`/cb"}`)
	w.sim.Advance(2 * time.Second)
	assert.Empty(t, usual.take())
	assert.Len(t, other.take(), 1)
}

// Without Advance, webhooks go out as real time passes.
func TestWebhooksInRealTime(t *testing.T) {
	w, r := newWire(t), newReceiver(t)
	w.sim.ESIMStory.SetWebhook(r.URL)
	w.sim.ESIMStory.Webhooks(shortly)
	require.Equal(t, 201, w.story(w.storyBody("r", 1)).status)
	require.Eventually(t, func() bool { return len(w.sim.ESIMStory.Deliveries()) == 1 }, 5*time.Second, 5*time.Millisecond)
	assert.Len(t, r.take(), 1)
}

func TestUnreachableReceiver(t *testing.T) {
	w := newWire(t)
	r := newReceiver(t)
	r.Close()
	for _, url := range []string{r.URL, "http://127.0.0.1:0/", ":"} {
		w.sim.ESIMStory.SetWebhook(url)
		w.story(w.storyBody("r-"+url, 1))
		w.sim.Advance(2 * time.Second)
	}
	list := w.sim.ESIMStory.Deliveries()
	require.Len(t, list, 3)
	for _, d := range list {
		assert.False(t, d.Delivered())
		assert.NotEmpty(t, d.Error)
	}
}
