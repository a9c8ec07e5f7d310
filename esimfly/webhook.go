package esimfly

import (
	"errors"
	"net/http"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// Headers of a webhook (eSIMfly docs: api/webhooks).
const (
	headerSignature = "X-Webhook-Signature"
	headerDelivery  = "X-Webhook-Id"
)

// Webhooks returns the source of eSIMfly's webhooks, for the handler of package
// webhook. They are signed with secret: WebhookSettings.Secret, whole, with its
// "whsec_". While a secret is being replaced, webhooks signed with an older one are
// taken too. A secret that cannot be used is reported by Check.
//
// A webhook has one X-Webhook-Signature, "sha256=" and the HMAC-SHA256 of the body
// as it came, in hex (eSIMfly docs: api/webhooks). An event from more than an hour
// ago or ahead is refused too, by the time in the body: that in the header is not
// signed. Within the hour a webhook can be replayed, so what it says must be
// recognised by Event.Key.
func Webhooks(secret esim.Secret, older ...esim.Secret) *adapter.WebhookSource {
	return adapter.NewWebhookSource(adapter.Webhooks{
		Provider: Provider, Name: "secret", Secrets: append([]esim.Secret{secret}, older...), Fit: isWhole,
		Signature: headerSignature, Prefix: "sha256=",
		At: statedTime, Window: webhookWindow,
		Headers: []string{headerDelivery}, Parse: parseWebhook,
	})
}

func isWhole(secret string) error {
	if secret == "whsec_" {
		return errors.New("is no more than its prefix")
	}
	return nil
}

// webhookWindow is how far the time of an event may be from now. The fifth and
// last attempt comes 13 minutes and four timeouts after it, and clocks differ.
const webhookWindow = time.Hour

// statedTime is when the event was made. A time that is there and cannot be read is
// as far from now as one can be.
func statedTime(body []byte) time.Time {
	var e struct {
		At wire.Raw `json:"timestamp"`
	}
	if wire.Decode(body, &e) != nil || wire.IsEmpty(e.At) {
		return time.Time{} // signed all the same, and not to be lost
	}
	var at wire.UTCTime
	if wire.Decode(e.At, &at) != nil || at.IsZero() {
		return time.Unix(0, 0)
	}
	return at.Time
}

// webhookEvent is the body of a webhook (eSIMfly docs: api/webhooks, in the
// wording of April and of September 2026). Everything beside the event's name
// is optional, and what has an odd form counts as absent.
type webhookEvent struct {
	Event     wire.Text                   `json:"event"`
	Timestamp wire.Optional[wire.UTCTime] `json:"timestamp"`
	Data      struct {
		ICCID       wire.Optional[wire.Text]    `json:"iccid"`
		ESIMID      wire.Optional[wire.Text]    `json:"esim_id"`
		OrderID     wire.Optional[wire.Text]    `json:"order_reference"`
		InstalledAt wire.Optional[wire.UTCTime] `json:"installed_at"`
		ChangedAt   wire.Optional[wire.UTCTime] `json:"changed_at"`
		ReportedAt  wire.Optional[wire.UTCTime] `json:"reported_at"`
		Profile     wire.Optional[wire.Text]    `json:"profile_status"`
		OldStatus   wire.Optional[wire.Text]    `json:"old_status"`
		NewStatus   wire.Optional[wire.Text]    `json:"new_status"`
		PackageID   wire.Optional[wire.Text]    `json:"package_id"`
		RemainingMB wire.Optional[wire.Number]  `json:"threshold_remaining_mb"`
		Percent     wire.Optional[wire.Number]  `json:"used_percent"`
		UsedGB      wire.Optional[wire.Number]  `json:"used_gb"`
		TotalGB     wire.Optional[wire.Number]  `json:"total_gb"`
		LPA         wire.Optional[wire.Text]    `json:"lpa_string"`
		Apple       wire.Optional[wire.Text]    `json:"direct_apple_install_url"`
		Android     wire.Optional[wire.Text]    `json:"direct_android_install_url"`
		QR          wire.Optional[wire.Text]    `json:"qr_code_url"`
	} `json:"data"`
}

// parseWebhook reads the event of a webhook. One with a name that is not known comes
// as [esim.EventUnknown].
func parseWebhook(header http.Header, body []byte) ([]esim.Event, error) {
	var w webhookEvent
	if err := wire.Decode(body, &w); err != nil {
		return nil, err
	}
	if w.Event == "" {
		return nil, errors.New("it has no event name")
	}
	e := w.convert()
	e.ID = header.Get(headerDelivery)
	e.Key = w.key(body)
	e.Raw = esim.NewSecret(string(body))
	return []esim.Event{e}, nil
}

// The events that eSIMfly sends (eSIMfly docs: api/webhooks). There is none
// for an order that fails: that must be found by asking.
const (
	eventProvisioned = "esim.provisioned"
	eventInstalled   = "esim.installed"
	eventProfile     = "esim.profile.updated"
	eventThreshold   = "esim.usage.threshold"
	eventStatus      = "esim.status.changed"
)

func (w *webhookEvent) convert() esim.Event {
	d := &w.Data
	e := esim.Event{
		Provider: Provider, Name: w.Event.String(), At: w.Timestamp.Value.Time,
		ICCID: iccidOf(d.ICCID.Value), ItemID: d.ESIMID.Value.String(), OrderID: d.OrderID.Value.String(),
	}
	switch w.Event {
	case eventProvisioned:
		e.Kind, e.Status = esim.EventProvisioned, esim.ESIMNew
		e.Order = w.order(&e)
	case eventInstalled:
		e.Kind, e.Status = esim.EventInstalled, esim.ESIMInstalled
		e.At = firstTime(d.InstalledAt, w.Timestamp)
	case eventProfile:
		// What the SM-DP+ says of the profile is no state of the plan.
		e.Kind, e.ProviderStatus = esim.EventStatusChanged, d.Profile.Value.String()
		e.At = firstTime(d.ChangedAt, w.Timestamp)
	case eventThreshold:
		e.Kind = esim.EventUsage
		e.Used, e.Total = d.UsedGB.Value.Size(esim.GiB), d.TotalGB.Value.Size(esim.GiB)
		e.ThresholdPercent = min(max(d.Percent.Value.Int(), 0), 100)
		e.At = firstTime(d.ReportedAt, w.Timestamp)
	case eventStatus:
		e.Status, e.ProviderStatus = esimStatus(d.NewStatus.Value, ""), d.NewStatus.Value.String()
		e.Kind = statusKind(e.Status, esimStatus(d.OldStatus.Value, ""))
		e.At = firstTime(d.ChangedAt, w.Timestamp)
	}
	return e
}

// statusKinds are the changes that have a kind of their own.
var statusKinds = map[esim.ESIMStatus]esim.EventKind{
	esim.ESIMActive: esim.EventActivated, esim.ESIMDepleted: esim.EventDepleted, esim.ESIMExpired: esim.EventExpired,
}

func statusKind(now, before esim.ESIMStatus) esim.EventKind {
	again := now == esim.ESIMActive && before != esim.ESIMNew && before != esim.ESIMUnknown
	if kind, own := statusKinds[now]; own && !again {
		return kind
	}
	return esim.EventStatusChanged
}

// order is what the event proves: that this eSIM belongs to that order. How
// many others do is not stated, nor what state this one is in by now.
func (w *webhookEvent) order(e *esim.Event) *esim.Order {
	unit := esim.ESIM{ICCID: e.ICCID}
	wire.PutActivation(&unit, w.Data.LPA.Value, w.Data.Apple.Value, w.Data.Android.Value, w.Data.QR.Value)
	if e.OrderID == "" || unit.ICCID == "" {
		return nil
	}
	return &esim.Order{Provider: Provider, ID: e.OrderID, Status: esim.OrderPending, ESIMs: []esim.ESIM{unit}}
}

// key tells events apart by what they are about: the documents warn that one
// may be sent again under another delivery id, and that id is not signed. What
// cannot be told apart so is known by its body.
func (w *webhookEvent) key(body []byte) string {
	d := &w.Data
	about := []string{w.Event.String(), d.ICCID.Value.String(), d.OrderID.Value.String()}
	var which []string
	switch w.Event {
	case eventProvisioned:
		which = []string{d.LPA.Value.String() + d.Apple.Value.String() + d.Android.Value.String()}
	case eventInstalled:
		which = []string{d.InstalledAt.Value.Raw}
	case eventProfile:
		which = []string{d.ChangedAt.Value.Raw, d.Profile.Value.String()}
	case eventThreshold:
		which = []string{d.PackageID.Value.String(), d.RemainingMB.Value.String()}
	case eventStatus:
		which = []string{d.ChangedAt.Value.Raw, d.NewStatus.Value.String()}
	}
	stated := len(which) > 0 && (d.ICCID.Value != "" || d.OrderID.Value != "")
	for _, part := range which {
		stated = stated && part != ""
	}
	if !stated {
		return adapter.EventKey(string(body))
	}
	return adapter.EventKey(append(about, which...)...)
}

// firstTime returns the first time that is stated.
func firstTime(times ...wire.Optional[wire.UTCTime]) (at time.Time) {
	for _, t := range times {
		if !t.Value.IsZero() {
			return t.Value.Time
		}
	}
	return at
}
