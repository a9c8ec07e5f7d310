package esimfly

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

const maxSMS = 500 // characters (eSIMfly docs: api/send-sms)

type actionBody struct {
	iccidBody
	Action string `json:"action"`
}

// Suspend blocks the network access of an eSIM, until [Client.Activate]
// (eSIMfly docs: api/suspend-esim). Nothing is refunded, and suspending twice
// is harmless. Only eSIMs of eSIMfly's own network can be suspended; the error
// for others is of kind [esim.ErrNotEligible].
func (c *Client) Suspend(ctx context.Context, iccid esim.ICCID) error {
	return c.setAccess(ctx, "Suspend", iccid, "suspend")
}

// Activate restores the network access that [Client.Suspend] has blocked. It
// does not start the validity of a new eSIM.
func (c *Client) Activate(ctx context.Context, iccid esim.ICCID) error {
	return c.setAccess(ctx, "Activate", iccid, "activate")
}

func (c *Client) setAccess(ctx context.Context, op string, iccid esim.ICCID, action string) (err error) {
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.ICCID("ICCID", iccid)
	if err = check.Err(); err != nil {
		return err
	}
	call, err := c.post(op, "/esims/suspend", adapter.Replayed, actionBody{iccidBody{iccid}, action})
	if err != nil {
		return err
	}
	call.Out = new(done)
	return c.api.Do(ctx, call)
}

type smsBody struct {
	iccidBody
	Message string `json:"message"`
}

// SendSMS sends a text of 1 to 500 characters to the device of an eSIM
// (eSIMfly docs: api/send-sms). eSIMfly does not say whether it costs
// something. A second send is a second message, so it is never repeated by
// itself.
func (c *Client) SendSMS(ctx context.Context, iccid esim.ICCID, text string) (err error) {
	const op = "SendSMS"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.ICCID("ICCID", iccid)
	if n := utf8.RuneCountInString(text); n < 1 || n > maxSMS {
		check.Fail("text", fmt.Sprintf("must have 1 to %d characters", maxSMS))
	}
	if err = check.Err(); err != nil {
		return err
	}
	call, err := c.post(op, "/esims/send-sms", adapter.Once, smsBody{iccidBody{iccid}, text})
	if err != nil {
		return err
	}
	call.Out = new(done)
	return c.api.Do(ctx, call)
}

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
		ID          wire.Text    `json:"id"`
		Event       string       `json:"event"`
		OrderID     wire.Text    `json:"order_reference"`
		Status      string       `json:"status"`
		Attempts    wire.Number  `json:"attempts"`
		LastAttempt wire.UTCTime `json:"last_attempt"`
		DeliveredAt wire.UTCTime `json:"delivered_at"`
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
		return nil, c.api.FailIn(op, esim.ErrMalformedResponse, esim.OutcomeAccepted, "the answer has no settings; they are set, with an unknown secret")
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
