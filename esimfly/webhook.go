package esimfly

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/internal/hmacsign"
)

// Headers of a webhook (eSIMfly docs: api/webhooks).
const (
	headerSignature = "X-Webhook-Signature"
	headerDelivery  = "X-Webhook-Id"
)

// WebhookSource verifies and reads the webhooks of eSIMfly. Get one from
// [Webhooks] and give it to the handler of package webhook.
type WebhookSource struct {
	signers []*hmacsign.Signer
	err     error
}

// Webhooks returns the source of eSIMfly's webhooks, which are signed with
// secret: WebhookSettings.Secret, whole, with its "whsec_". While a secret is
// being replaced, webhooks signed with an older one are taken too. An empty
// secret is reported by [WebhookSource.Check].
func Webhooks(secret esim.Secret, older ...esim.Secret) *WebhookSource {
	s := new(WebhookSource)
	for i, one := range append([]esim.Secret{secret}, older...) {
		text := one.Reveal()
		if text == "" || strings.TrimSpace(text) != text || text == "whsec_" {
			s.err = fmt.Errorf("%w: webhook secret %d of eSIMfly is empty or has white space around it", esim.ErrInvalidRequest, i+1)
			continue
		}
		signer, err := hmacsign.New([]byte(text))
		if err != nil {
			s.err = err
			continue
		}
		s.signers = append(s.signers, signer)
	}
	return s
}

// Name returns "esimfly".
func (s *WebhookSource) Name() string { return string(Provider) }

// Check reports a secret that cannot be used.
func (s *WebhookSource) Check() error { return s.err }

// Headers names what [WebhookSource.Parse] reads beside the body.
func (s *WebhookSource) Headers() []string { return []string{headerDelivery} }

// webhookWindow is how far the time of an event may be from now. The fifth and
// last attempt comes 13 minutes and four timeouts after it, and clocks differ.
const webhookWindow = time.Hour

var (
	errSignature = fmt.Errorf("%w: the signature is missing, doubled or wrong", esim.ErrUnauthorized)
	errStale     = fmt.Errorf("%w: %w: the event is more than an hour from now", esim.ErrUnauthorized, esim.ErrClockSkew)
	errSubpath   = fmt.Errorf("%w: webhooks of eSIMfly have no path of their own", esim.ErrNotFound)
)

// Verify checks that the webhook is from eSIMfly: one X-Webhook-Signature,
// "sha256=" and the HMAC-SHA256 of the body as it came, in hex (eSIMfly docs:
// api/webhooks). An event from more than an hour ago or ahead is refused too,
// by the time in the body: that in the header is not signed. Within the hour a
// webhook can be replayed, so what it says must be recognised by Event.Key.
//
// The error matches [esim.ErrUnauthorized], or [esim.ErrNotFound] where the
// path goes on behind the name of the source.
func (s *WebhookSource) Verify(header http.Header, path string, body []byte, now time.Time) error {
	if path != "" {
		return errSubpath
	}
	signatures := header.Values(headerSignature)
	if s.err != nil || len(signatures) != 1 || !hmacsign.VerifyHex(body, signatures[0], "sha256=", s.signers...) {
		return errSignature
	}
	var e struct {
		At wire.Optional[wire.UTCTime] `json:"timestamp"`
	}
	unread := wire.Decode(body, &e) // signed all the same, and not to be lost
	if unread != nil || e.At.Value.IsZero() {
		return nil //nolint:nilerr // what cannot be read comes as an unknown event
	}
	if age := now.Sub(e.At.Value.Time); age > webhookWindow || age < -webhookWindow {
		return errStale
	}
	return nil
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

var errNoEvent = errors.New("esimfly: webhook without an event name")

// Parse reads the event of a webhook. One with a name that is not known comes
// as [esim.EventUnknown]. The error, for a body that is none of eSIMfly's,
// matches [esim.ErrMalformedResponse] and holds nothing of it.
func (s *WebhookSource) Parse(header http.Header, body []byte) ([]esim.Event, error) {
	var w webhookEvent
	err := wire.Decode(body, &w)
	if err == nil && w.Event == "" {
		err = errNoEvent
	}
	if err != nil {
		return nil, fmt.Errorf("esimfly: webhook: %w: %w", esim.ErrMalformedResponse, err)
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

func statusKind(now, before esim.ESIMStatus) esim.EventKind {
	switch {
	case now == esim.ESIMActive && (before == esim.ESIMNew || before == esim.ESIMUnknown):
		return esim.EventActivated
	case now == esim.ESIMDepleted:
		return esim.EventDepleted
	case now == esim.ESIMExpired:
		return esim.EventExpired
	}
	return esim.EventStatusChanged
}

// order is what the event proves: that this eSIM belongs to that order. How
// many others do is not told, nor what state this one is in by now.
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
		which = []string{d.PackageID.Value.String(), numberText(d.RemainingMB.Value)}
	case eventStatus:
		which = []string{d.ChangedAt.Value.Raw, d.NewStatus.Value.String()}
	}
	told := len(which) > 0 && (d.ICCID.Value != "" || d.OrderID.Value != "")
	for _, part := range which {
		told = told && part != ""
	}
	if !told {
		return digest(string(body))
	}
	return digest(append(about, which...)...)
}

func numberText(n wire.Number) string {
	if !n.Known() {
		return ""
	}
	return n.Decimal().Trim(0).String()
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
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
