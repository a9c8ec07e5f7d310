package esimfx

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// headerToken holds the Secret Key of the portal (eSIMfx docs: Project
// Context, webhooks).
const headerToken = "Token"

// Webhooks returns the source of eSIMfx's webhooks. The token is the Secret
// Key that was set for them in the portal; while it is being changed, older
// ones are taken too. It is sent as it is, so the URL must be https. It proves
// who sent the webhook and nothing of what it says: there is neither a signature
// nor a time.
func Webhooks(token esim.Secret, older ...esim.Secret) *adapter.WebhookSource {
	return adapter.NewWebhookSource(adapter.Webhooks{
		Provider: Provider, Name: "token", Secrets: append([]esim.Secret{token}, older...),
		Token: headerToken, Parse: parseWebhook,
	})
}

// parseWebhook reads the event of a webhook. What its body looks like is not
// documented, except that it names the eSIM or the order (eSIMfx docs: Project
// Context, webhooks), so an event is a hint: read the order or the eSIM again.
func parseWebhook(_ http.Header, body []byte) ([]esim.Event, error) {
	var w webhookBody
	if err := wire.Decode(body, &w); err != nil {
		return nil, err
	}
	if !wire.IsObject(body) {
		return nil, errors.New("not an object")
	}
	e := w.convert(body)
	if e.ICCID == "" && e.OrderID == "" {
		return nil, errors.New("without an ICCID or order id")
	}
	e.Raw = esim.NewSecret(string(body))
	return []esim.Event{e}, nil
}

// The events that can be switched on in the portal (eSIMfx docs: FAQ, and
// Project Context, webhooks).
const (
	eventUsage      = "DATA_USAGE" // a threshold set in the portal was reached
	eventActivation = "ACTIVATION" // first contact with a local network
	eventExpiration = "EXPIRATION" // validity over, or all data used
)

// webhookBody is a webhook. The names of its members are guesses, several for
// each meaning, so what is not there or has an odd form counts as absent.
type webhookBody struct {
	webhookPart

	Type      wire.Optional[wire.Text] `json:"event_type"`
	TypeCamel wire.Optional[wire.Text] `json:"eventType"`
	Event     wire.Optional[wire.Text] `json:"event"`
	Plain     wire.Optional[wire.Text] `json:"type"`
	Notify    wire.Optional[wire.Text] `json:"notify_type"`

	Data    wire.Optional[webhookPart] `json:"data"`
	Payload wire.Optional[webhookPart] `json:"payload"`
	Content wire.Optional[webhookPart] `json:"content"`
}

// webhookPart is what may stand at the top or one level below.
type webhookPart struct {
	ICCID        wire.Optional[wire.Text] `json:"iccid"`
	OrderID      wire.Optional[wire.Text] `json:"order_id"`
	OrderIDCamel wire.Optional[wire.Text] `json:"orderId"`
	ESIM         wire.Optional[struct {
		ICCID wire.Optional[wire.Text] `json:"iccid"`
	}] `json:"esim"`
	Order wire.Optional[struct {
		ID wire.Optional[wire.Text] `json:"id"`
	}] `json:"order"`

	Threshold  wire.Optional[wire.Number] `json:"threshold"`
	Percentage wire.Optional[wire.Number] `json:"percentage"`
	Used       wire.Optional[wire.Number] `json:"used_amount"`
	Limit      wire.Optional[wire.Number] `json:"upper_limit_amount"`
	Unit       wire.Optional[wire.Text]   `json:"amount_unit"`
	Time       wire.Optional[wire.Time]   `json:"time"`
	Timestamp  wire.Optional[wire.Time]   `json:"timestamp"`
	EventTime  wire.Optional[wire.Time]   `json:"event_time"`
}

// or fills what is missing from other, which is less likely to be meant.
func (p webhookPart) or(other webhookPart) webhookPart {
	p.ICCID.Value = wire.First(p.ICCID.Value, p.ESIM.Value.ICCID.Value, other.ICCID.Value, other.ESIM.Value.ICCID.Value)
	p.OrderID.Value = wire.First(p.OrderID.Value, p.OrderIDCamel.Value, p.Order.Value.ID.Value,
		other.OrderID.Value, other.OrderIDCamel.Value, other.Order.Value.ID.Value)
	p.Threshold.Value = p.Threshold.Value.Or(p.Percentage.Value).Or(other.Threshold.Value).Or(other.Percentage.Value)
	if !p.Used.Value.Known() && !p.Limit.Value.Known() { // the three belong together
		p.Used, p.Limit, p.Unit = other.Used, other.Limit, other.Unit
	}
	for _, t := range []wire.Time{p.Timestamp.Value, p.EventTime.Value, other.Time.Value, other.Timestamp.Value, other.EventTime.Value} {
		if p.Time.Value.IsZero() {
			p.Time.Value = t
		}
	}
	return p
}

func (w *webhookBody) convert(body []byte) esim.Event {
	name := wire.First(w.Type.Value, w.TypeCamel.Value, w.Event.Value, w.Plain.Value, w.Notify.Value)
	part := w.or(w.Data.Value).or(w.Payload.Value).or(w.Content.Value)
	e := esim.Event{
		Provider: Provider, Name: name.String(), At: part.Time.Value.Time,
		OrderID: part.OrderID.Value.String(),
	}
	if iccid, err := esim.ParseICCID(part.ICCID.Value.String()); err == nil {
		e.ICCID = iccid
	}
	percent := min(max(part.Threshold.Value.Int(), 0), 100)
	word := strings.NewReplacer(" ", "_", "-", "_").Replace(name.Upper())
	switch word {
	case eventUsage:
		e.Kind, e.ThresholdPercent = esim.EventUsage, percent
		e.Used, e.Total = size(part.Used.Value, part.Unit.Value), size(part.Limit.Value, part.Unit.Value)
		if percent == 100 {
			e.Kind = esim.EventDepleted
		}
	case eventActivation:
		e.Kind, e.Status = esim.EventActivated, esim.ESIMActive
	case eventExpiration:
		// Of a plan: the eSIM may have others.
		e.Kind = esim.EventExpired
	}
	e.Key = webhookKey(&e, word, body)
	return e
}

// webhookKey tells events apart by what they are about, where that is enough;
// otherwise by the body.
func webhookKey(e *esim.Event, word string, body []byte) string {
	about := []string{word, string(e.ICCID), e.OrderID}
	switch {
	case e.OrderID != "" && word == eventUsage && e.ThresholdPercent > 0:
		about = append(about, strconv.Itoa(e.ThresholdPercent))
	case e.OrderID != "" && e.Kind != esim.EventUnknown && word != eventUsage && !e.At.IsZero():
		about = append(about, e.At.String())
	default:
		about = []string{string(body)}
	}
	return adapter.EventKey(about...)
}
