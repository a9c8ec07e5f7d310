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
	return c.tell(ctx, "Suspend", iccid, adapter.Post("/esims/suspend", adapter.Replayed, actionBody{iccidBody{iccid}, "suspend"}))
}

// Activate restores the network access that [Client.Suspend] has blocked. It
// does not start the validity of a new eSIM.
func (c *Client) Activate(ctx context.Context, iccid esim.ICCID) error {
	return c.tell(ctx, "Activate", iccid, adapter.Post("/esims/suspend", adapter.Replayed, actionBody{iccidBody{iccid}, "activate"}))
}

// SendSMS sends a text of 1 to 500 characters to the device of an eSIM
// (eSIMfly docs: api/send-sms). eSIMfly does not say whether it costs
// something. A second send is a second message, so it is never repeated by
// itself.
func (c *Client) SendSMS(ctx context.Context, iccid esim.ICCID, text string) error {
	return c.tell(ctx, "SendSMS", iccid, adapter.Post("/esims/send-sms", adapter.Once, smsBody{iccidBody{iccid}, text}), func(check *adapter.Check) {
		if n := utf8.RuneCountInString(text); n < 1 || n > maxSMS {
			check.Fail("text", fmt.Sprintf("must have 1 to %d characters", maxSMS))
		}
	})
}

type smsBody struct {
	iccidBody
	Message string `json:"message"`
}

// tell sends something of which the answer says no more than whether it worked.
func (c *Client) tell(ctx context.Context, op string, iccid esim.ICCID, call adapter.Call, checks ...func(*adapter.Check)) error {
	_, err := adapter.OperateOn(ctx, c.api, op, iccid, func(check *adapter.Check, iccid esim.ICCID) {
		check.ICCID("ICCID", iccid)
		for _, more := range checks {
			more(check)
		}
	}, func(ctx context.Context, _ esim.ICCID) (*envelope, error) {
		return adapter.Fetch[envelope](ctx, c.api, call)
	})
	return err
}

// WebhookSettings is where eSIMfly sends webhooks, and of which events.
type WebhookSettings struct {
	URL    string   `json:"url"` // "" = none is set
	Events []string `json:"events,omitempty"`

	// Secret signs the webhooks. It is returned once, by SetWebhook.
	Secret esim.Secret `json:"-"`

	// What follows is returned by Webhook only.
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
// Keep the Secret of the answer: it is not returned again. After an unknown
// outcome the secret may be another, so call it again.
func (c *Client) SetWebhook(ctx context.Context, url string, events []string) (*WebhookSettings, error) {
	return adapter.OperateOn(ctx, c.api, "SetWebhook", webhookBody{url, events}, func(check *adapter.Check, body webhookBody) {
		check.URL("url", body.URL)
		if len(body.Events) == 0 {
			check.Fail("events", "is empty, and eSIMfly does not say what that means")
		}
		if slices.ContainsFunc(body.Events, func(e string) bool { return e == "" || strings.ContainsAny(e, " \t\r\n") }) {
			check.Fail("events", "has a name that is none")
		}
	}, c.setWebhook)
}

func (c *Client) setWebhook(ctx context.Context, body webhookBody) (*WebhookSettings, error) {
	call := adapter.Post("/webhooks", adapter.Once, body)
	call.Method = http.MethodPut
	out, err := adapter.Fetch[webhookAnswer](ctx, c.api, call)
	if err == nil && out.Webhook == nil {
		err = c.api.Fail(ctx, esim.ErrMalformedResponse, esim.OutcomeAccepted, "the answer has no settings; they are set, with an unknown secret")
	}
	if err != nil {
		return nil, err
	}
	return out.convert(), nil
}

// Webhook reads the webhook settings of the API key, without the secret, and
// the last deliveries (eSIMfly docs: api/webhooks).
func (c *Client) Webhook(ctx context.Context) (*WebhookSettings, error) {
	return adapter.Operate(ctx, c.api, "Webhook", adapter.None{}, func(ctx context.Context, _ adapter.None) (*WebhookSettings, error) {
		out, err := adapter.Fetch[webhookAnswer](ctx, c.api, adapter.Get("/webhooks"))
		if err != nil {
			return nil, err
		}
		return out.convert(), nil
	})
}
