package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/esimkit/esim/esimtest/internal/random"
)

// flyHooks is the webhook settings of the API key.
type flyHooks struct {
	events []string
	secret string
	minted []string // every secret since the start but the first
	sent   int
}

// flyEventNames are the events that a webhook can be set for. The provider
// reserves order.completed and sends none.
func flyEventNames() []string {
	return []string{"esim.installed", "esim.profile.updated", "esim.usage.threshold", "esim.status.changed", "esim.provisioned", "order.completed"}
}

// flyRetries are the pauses between the attempts to deliver a webhook.
func flyRetries() []time.Duration {
	return []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
}

// SigningSecret returns the secret that webhooks are signed with now.
func (f *ESIMFly) SigningSecret() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hooks.secret
}

// putWebhook replaces the settings and, like the provider, the secret.
func (f *ESIMFly) putWebhook(c *call) *reply {
	o, err := f.object(c, c.body, "webhook_url", "events")
	if err != nil {
		return f.malformed(c, err)
	}
	url, list := o.str("webhook_url"), o.list("events")
	events := []string{}
	for _, raw := range list {
		var name string
		if json.Unmarshal(raw, &name) != nil || !slices.Contains(flyEventNames(), name) {
			o.fail("events", "a list of known events")
		}
		events = append(events, name)
	}
	if o.err != nil {
		return f.malformed(c, o.err)
	}
	if !acceptableHook(url) {
		f.violate(c, "webhook_url is missing or not https")
		return f.refuseAs(c, http.StatusBadRequest, "MISSING_FIELDS", "webhook_url must be an https URL")
	}
	f.SetWebhook(url)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks.events = events
	f.hooks.secret = secret("whsec_canary_", 1+len(f.hooks.minted))
	f.hooks.minted = append(f.hooks.minted, f.hooks.secret)
	return &reply{status: http.StatusOK, body: join([]member{
		{"success", encode(true)},
		{"message", encode("Webhook settings updated")},
		{"webhook", join([]member{{"url", encode(url)}, {"secret", encode(f.hooks.secret)}, {"events", encode(events)}})},
		{"note", encode("Store the secret now, it is not shown again")},
	})}
}

type flyDelivery struct {
	ID        int     `json:"id"`
	Event     string  `json:"event"`
	Reference *string `json:"order_reference"`
	Status    string  `json:"status"`
	Attempts  int     `json:"attempts"`
	Last      *string `json:"last_attempt"`
	Delivered *string `json:"delivered_at"`
}

func (f *ESIMFly) getWebhook(*call) *reply {
	url := f.outbox.target()
	f.mu.Lock()
	defer f.mu.Unlock()
	webhook := json.RawMessage("null")
	if url != "" {
		webhook = join([]member{{"url", encode(url)}, {"events", encode(f.hooks.events)}, {"api_key_name", encode("production-key")}})
	}
	available := []map[string]string{}
	for _, e := range flyEventNames() {
		available = append(available, map[string]string{"event": e, "description": "Sent on " + e})
	}
	return &reply{status: http.StatusOK, body: join([]member{
		{"success", encode(true)},
		{"webhook", webhook},
		{"available_events", encode(available)},
		{"recent_deliveries", encode(f.recentDeliveries())},
	})}
}

// recentDeliveries sums up the attempts of the last ten webhooks.
func (f *ESIMFly) recentDeliveries() []flyDelivery {
	rows := []flyDelivery{}
	place := map[string]int{}
	for _, d := range f.Deliveries() {
		i, known := place[d.ID]
		if !known {
			i = len(rows)
			place[d.ID] = i
			rows = append(rows, flyDelivery{ID: i + 1, Event: d.Event, Status: "pending"})
			if d.reference != "" {
				rows[i].Reference = &d.reference
			}
		}
		rows[i].Attempts, rows[i].Last = d.Attempt, new(iso(d.Time))
		switch {
		case d.Delivered():
			rows[i].Status, rows[i].Delivered = "delivered", new(iso(d.Time))
		case d.Attempt > len(flyRetries()):
			rows[i].Status = "failed"
		}
	}
	slices.Reverse(rows)
	return rows[:min(len(rows), 10)]
}

// emit sends an event about an eSIM to the order's callback or the account's
// webhook, if the account wants it.
func (f *ESIMFly) emit(event string, s *sim, data ...member) {
	o := f.byRef[s.order]
	url := f.outbox.target()
	if o.callback != "" {
		url = o.callback
	}
	if url == "" || !slices.Contains(f.hooks.events, event) {
		return
	}
	f.hooks.sent++
	now := f.now()
	id := fmt.Sprintf("wh_%d_%s", f.hooks.sent, random.Letters(8, random.Lower, f.options.seed, random.Hash("webhook"), uint64(f.hooks.sent))) //nolint:gosec // counts from 1
	f.outbox.post(0, parcel{
		id: id, event: event, url: url, reference: o.reference, retries: flyRetries(),
		body: join([]member{{"event", encode(event)}, {"timestamp", encode(iso(now))}, {"data", join(data)}}),
		header: func(body []byte) http.Header {
			h := http.Header{}
			h.Set("Content-Type", "application/json")
			h.Set("User-Agent", "eSIMfly-Webhook/1.0")
			h.Set("X-Webhook-Event", event)
			h.Set("X-Webhook-Id", id)
			h.Set("X-Webhook-Timestamp", iso(now))
			h.Set("X-Webhook-Signature", f.sign(body))
			return h
		},
	})
}

func (f *ESIMFly) sign(body []byte) string {
	m := hmac.New(sha256.New, []byte(f.SigningSecret()))
	m.Write(body)
	signature := "sha256=" + hex.EncodeToString(m.Sum(nil))
	f.remember(signature)
	return signature
}

func (f *ESIMFly) announceReady(o *flyOrder, s *sim) {
	f.emit("esim.provisioned", s,
		member{"order_reference", encode(o.reference)}, member{"iccid", encode(s.iccid)}, member{"qr_code_url", encode(s.qrDataURI())},
		member{"lpa_string", encode(s.lpa())}, member{"direct_apple_install_url", encode(s.appleURL())},
		member{"direct_android_install_url", encode(s.androidURL())}, member{"package_name", encode(o.item.name)})
}

// about is what every event on an eSIM begins with.
func about(s *sim, source string, more ...member) []member {
	return append([]member{
		{"iccid", encode(s.iccid)},
		{"esim_id", encode(flyESIMID(s))},
		{"package_code", encode(s.item.id)},
		{"order_reference", encode(s.order)},
		{"source", encode(source)},
	}, more...)
}

// refresh brings an eSIM up to date and sends what happened meanwhile.
func (f *ESIMFly) refresh(s *sim, now time.Time) {
	f.watch(s, now, func() { f.fleet.settle(s, now) })
}

// watch compares an eSIM before and after a change and sends the events that
// are due.
func (f *ESIMFly) watch(s *sim, now time.Time, change func()) {
	was, installed, left := s.reported, s.installed(), s.bundles[0].bytes-s.bundles[0].used
	change()
	is, b := flyWords(s, now).status, s.bundles[0]
	if !installed && s.installed() && s.item.network {
		f.emit("esim.installed", s, about(s, "installation", member{"eid", encode(s.eid)}, member{"imsi", encode(s.imsi)},
			member{"installed_at", encode(iso(s.installedAt))})...)
		f.emit("esim.profile.updated", s, about(s, "profile", member{"profile_status", encode("Enable")}, member{"profile", encode("Enabled")},
			member{"previous_profile_status", encode("BPP installation")}, member{"eid", encode(s.eid)}, member{"imsi", encode(s.imsi)},
			member{"changed_at", encode(iso(s.installedAt))})...)
	}
	for _, mb := range []int64{500, 200, 100, 50} {
		if s.item.network && !b.unlimited && left > mb<<20 && b.bytes-b.used <= mb<<20 {
			f.emit("esim.usage.threshold", s, about(s, "usage_threshold", member{"threshold_remaining_mb", encode(mb)},
				member{"used_percent", encode(flyUse(s).Percentage)}, member{"used_gb", encode(inGB(b.used))},
				member{"total_gb", encode(inGB(b.bytes))}, member{"remaining_gb", encode(inGB(b.bytes - b.used))},
				member{"package_id", encode(213328289 + s.number)}, member{"reported_at", encode(iso(now))})...)
		}
	}
	if s.reported = is; was != is {
		f.emit("esim.status.changed", s, about(s, "status", member{"old_status", encode(was)}, member{"new_status", encode(is)},
			member{"changed_at", encode(iso(now))}, member{"expiry_date", encode(isoOrNull(b.expiresAt))})...)
	}
	f.fleet.expect(s, now)
}
