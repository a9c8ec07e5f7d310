package esimfly

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// WebhookSettings is where eSIMfly sends webhooks, and of which events.
type WebhookSettings struct {
	URL    string   `json:"url"` // "" = none is set
	Events []string `json:"events,omitempty"`

	// Secret signs the webhooks. It is told once, by SetWebhook.
	Secret esim.Secret `json:"-"`

	// What follows is told by Webhook only.
	KeyName    string            `json:"key_name,omitempty"`
	Available  []string          `json:"available,omitempty"` // events there are
	Deliveries []WebhookDelivery `json:"deliveries,omitempty"`
}

// WebhookDelivery is one of the last ten deliveries.
type WebhookDelivery struct {
	ID          string    `json:"id"`
	Event       string    `json:"event"`
	OrderID     string    `json:"order_id,omitempty"`
	Status      string    `json:"status"` // delivered, failed
	Attempts    int       `json:"attempts"`
	LastAttempt time.Time `json:"last_attempt,omitzero"`
	DeliveredAt time.Time `json:"delivered_at,omitzero"`
}

type webhookAnswer struct {
	envelope
	Webhook *struct {
		URL     string    `json:"url"`
		Secret  wire.Text `json:"secret"`
		Events  []string  `json:"events"`
		KeyName string    `json:"api_key_name"`
	} `json:"webhook"`
	Available []struct {
		Event string `json:"event"`
	} `json:"available_events"`
	Deliveries []struct {
		ID          wire.Text   `json:"id"`
		Event       string      `json:"event"`
		OrderID     wire.Text   `json:"order_reference"`
		Status      string      `json:"status"`
		Attempts    wire.Number `json:"attempts"`
		LastAttempt wire.Time   `json:"last_attempt"`
		DeliveredAt wire.Time   `json:"delivered_at"`
	} `json:"recent_deliveries"`
}

// Accepted reports success. Without a webhook none is set.
func (a *webhookAnswer) Accepted() (ok, valid bool) { return a.accepted(true) }

func (a *webhookAnswer) convert() *WebhookSettings {
	s := new(WebhookSettings)
	if w := a.Webhook; w != nil {
		s.URL, s.Events, s.KeyName, s.Secret = w.URL, w.Events, w.KeyName, esim.NewSecret(w.Secret.String())
	}
	for _, e := range a.Available {
		s.Available = append(s.Available, e.Event)
	}
	for _, d := range a.Deliveries {
		s.Deliveries = append(s.Deliveries, WebhookDelivery{
			ID: d.ID.String(), Event: d.Event, OrderID: d.OrderID.String(), Status: d.Status,
			Attempts: d.Attempts.Int(), LastAttempt: d.LastAttempt.Time, DeliveredAt: d.DeliveredAt.Time,
		})
	}
	return s
}

type webhookBody struct {
	URL    string   `json:"webhook_url"`
	Events []string `json:"events"`
}

// SetWebhook sets the URL that eSIMfly sends webhooks to, for the API key of
// this client, and the events it sends (eSIMfly docs: api/webhooks).
//
// Each call replaces the secret, even one that changes the events alone.
// Keep the Secret of the answer: it is not told again. After an unknown
// outcome the secret may be another, so call it again.
func (c *Client) SetWebhook(ctx context.Context, url string, events []string) (_ *WebhookSettings, err error) {
	const op = "SetWebhook"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.URL("url", url)
	if len(events) == 0 {
		check.Fail("events", "is empty, and eSIMfly does not say what that means")
	}
	if slices.ContainsFunc(events, func(e string) bool { return e == "" || strings.ContainsAny(e, " \t\r\n") }) {
		check.Fail("events", "has a name that is none")
	}
	if err = check.Err(); err != nil {
		return nil, err
	}
	call, err := c.post(op, "/webhooks", adapter.Once, webhookBody{url, events})
	if err != nil {
		return nil, err
	}
	var out webhookAnswer
	call.Method, call.Out = http.MethodPut, &out
	if err := c.api.Do(ctx, call); err != nil {
		return nil, err
	}
	if out.Webhook == nil {
		return nil, c.api.Fail(op, esim.ErrMalformedResponse, esim.OutcomeAccepted, "the answer has no settings; they are set, with an unknown secret")
	}
	return out.convert(), nil
}

// Webhook reads the webhook settings of the API key, without the secret, and
// the last deliveries (eSIMfly docs: api/webhooks).
func (c *Client) Webhook(ctx context.Context) (_ *WebhookSettings, err error) {
	const op = "Webhook"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	var out webhookAnswer
	call := get(op, "/webhooks", nil)
	call.Out = &out
	if err := c.api.Do(ctx, call); err != nil {
		return nil, err
	}
	return out.convert(), nil
}
