package esimfly

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

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
		Provider: esim.ESIMFly, Name: w.Event.String(), At: w.Timestamp.Value.Time,
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
	return &esim.Order{Provider: esim.ESIMFly, ID: e.OrderID, Status: esim.OrderPending, ESIMs: []esim.ESIM{unit}}
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
func firstTime(times ...wire.Lenient[wire.Time]) (at time.Time) {
	for _, t := range times {
		if !t.Value.IsZero() {
			return t.Value.Time
		}
	}
	return at
}
