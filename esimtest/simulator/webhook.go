package simulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
	"github.com/esimkit/esim/esimtest/internal/random"
)

// Webhook is a webhook as a provider sends it, signed, for testing a receiver
// without a provider. It holds secrets and prints none.
type Webhook struct {
	Path   string // behind the URL of the receiver, such as "esimfly"
	Header http.Header
	Body   []byte
}

// Request returns the webhook as a request to the receiver at a URL, or at a
// path where no network is between:
//
//	r := simulator.ESIMFlyWebhook(secret, event).Request(ctx, "/hooks")
//	handler.ServeHTTP(httptest.NewRecorder(), r)
//
// It panics if the URL is none.
func (w Webhook) Request(ctx context.Context, url string) *http.Request {
	url = strings.TrimSuffix(url, "/") + "/" + w.Path
	r := money.Must(http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(w.Body)))
	r.Header = w.Header.Clone()
	return r
}

// Format prints REDACTED behind the name of the type, whatever the verb.
func (w Webhook) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "simulator.Webhook(REDACTED)") // fmt notices its writer's own errors
}

// MarshalJSON returns the JSON string "REDACTED".
func (w Webhook) MarshalJSON() ([]byte, error) { return []byte(`"REDACTED"`), nil }

// ESIMFlyWebhook writes an event as eSIMfly does and signs it. An event
// without a time gets the present one, one without an ID a new one. The kind
// decides which event it is; those that eSIMfly tells as a change of status
// have the word of Event.ProviderStatus or else that of Event.Status.
// Activation codes are taken from the first eSIM of Event.Order.
func ESIMFlyWebhook(signingSecret esim.Secret, e esim.Event) Webhook {
	at := iso(moment(e.At))
	name, data := flyEventOf(e, at)
	w := Webhook{
		Path: string(esimtest.ESIMFly), Header: http.Header{},
		Body: join([]member{{"event", encode(name)}, {"timestamp", encode(at)}, {"data", join(data)}}),
	}
	id := e.ID
	if id == "" {
		id = "wh_" + strings.ToLower(random.Secret(""))
	}
	w.Header.Set("Content-Type", "application/json")
	w.Header.Set("X-Webhook-Event", name)
	w.Header.Set("X-Webhook-Id", id)
	w.Header.Set("X-Webhook-Timestamp", at)
	w.Header.Set("X-Webhook-Signature", SignESIMFly(signingSecret, w.Body))
	return w
}

// SignESIMFly returns the X-Webhook-Signature of a body.
func SignESIMFly(secret esim.Secret, body []byte) string {
	m := hmac.New(sha256.New, []byte(secret.Reveal()))
	m.Write(body)
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

func flyEventOf(e esim.Event, at string) (name string, data []member) {
	data = []member{{"iccid", encode(e.ICCID)}}
	if e.ItemID != "" {
		data = append(data, member{"esim_id", encode(e.ItemID)})
	}
	data = append(data, member{"order_reference", encode(e.OrderID)})
	switch e.Kind {
	case esim.EventProvisioned:
		code := activationOf(e)
		return "esim.provisioned", append(data,
			member{"lpa_string", encode(code.LPA())}, member{"direct_apple_install_url", encode(code.AppleInstallURL())})
	case esim.EventInstalled:
		return "esim.installed", append(data, member{"source", encode("installation")}, member{"installed_at", encode(at)})
	case esim.EventUsage:
		left := int64(max(e.Total-e.Used, 0))
		return "esim.usage.threshold", append(data,
			member{"source", encode("usage_threshold")}, member{"threshold_remaining_mb", encode(left >> 20)},
			member{"used_percent", encode(e.ThresholdPercent)}, member{"used_gb", encode(inGB(int64(e.Used)))},
			member{"total_gb", encode(inGB(int64(e.Total)))}, member{"remaining_gb", encode(inGB(left))},
			member{"package_id", encode(random.Hash(e.OrderID) >> 36)}, member{"reported_at", encode(at)})
	case esim.EventActivated, esim.EventStatusChanged, esim.EventDepleted, esim.EventExpired:
		old, word := "ACTIVE", e.ProviderStatus
		if word == "" {
			word = strings.ToUpper(flyStatusOf(e).String())
		}
		if e.Kind == esim.EventActivated {
			old = "NEW"
		}
		return "esim.status.changed", append(data, member{"source", encode("status")},
			member{"old_status", encode(old)}, member{"new_status", encode(word)}, member{"changed_at", encode(at)})
	case esim.EventUnknown, esim.EventExpiring, esim.EventBalanceLow: // written by its Name
	}
	if e.Name == "" {
		e.Name = "esim.unheard.of"
	}
	return e.Name, data
}

func flyStatusOf(e esim.Event) esim.ESIMStatus {
	switch e.Kind {
	case esim.EventActivated:
		return esim.ESIMActive
	case esim.EventDepleted:
		return esim.ESIMDepleted
	case esim.EventExpired:
		return esim.ESIMExpired
	default:
		return e.Status
	}
}

// ESIMStoryWebhook writes the delivery of one unit as eSIM Story does, which
// signs nothing: the path holds the secret. The unit is Event.ItemID; package
// and activation code are taken from Event.Order and its first eSIM.
func ESIMStoryWebhook(pathSecret esim.Secret, e esim.Event) Webhook {
	list := []member{{"topup_id", encode(e.ItemID)}}
	if e.Order != nil {
		list = append(list, member{"option_id", encode(e.Order.PackageID)})
	}
	list = append(list, member{"iccid", encode(e.ICCID)})
	if code := activationOf(e); !code.IsZero() {
		list = append(list, member{"smdp", encode(code.SMDPAddress)}, member{"activate_code", encode(code.MatchingID)},
			member{"download_link", encode(code.LPA())})
	}
	list = append(list, member{"expired_date", encode(moment(e.At).AddDate(0, 0, 180).Format(time.DateOnly))},
		member{"external_order_id", encode(e.Reference)})
	return Webhook{
		Path:   string(esimtest.ESIMStory) + "/" + pathSecret.Reveal(),
		Header: http.Header{"Content-Type": {"application/json"}}, Body: join(list),
	}
}

// ESIMFXWebhook writes an event as the simulated eSIMfx does, with the token
// in its header. The provider publishes no body, so this one is invented. Of
// the kinds there are EventActivated, EventUsage and EventExpired; any other
// is written by its Name.
func ESIMFXWebhook(token esim.Secret, e esim.Event) Webhook {
	body := fxEvent{Type: e.Name, ICCID: string(e.ICCID), OrderID: e.OrderID, Time: fxTime(moment(e.At))}
	switch e.Kind {
	case esim.EventActivated:
		body.Type = "ACTIVATION"
	case esim.EventUsage:
		body.Type, body.Threshold = "DATA_USAGE", e.ThresholdPercent
	case esim.EventExpired:
		body.Type = "EXPIRATION"
	default:
		if body.Type == "" {
			body.Type = "UNHEARD_OF"
		}
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Token", token.Reveal())
	return Webhook{Path: string(esimtest.ESIMFX), Header: h, Body: encode(body)}
}

// StandardWebhook signs a body as the Standard Webhooks project specifies
// (v1), for a source of that name. The secret is base64 behind "whsec_"; it
// panics if that is not so.
func StandardWebhook(name string, secret esim.Secret, id string, at time.Time, body []byte) Webhook {
	key := money.Must(base64.StdEncoding.DecodeString(strings.TrimPrefix(secret.Reveal(), "whsec_")))
	stamp := strconv.FormatInt(at.Unix(), 10)
	m := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(m, "%s.%s.%s", id, stamp, body) // a hash takes everything
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", stamp)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
	return Webhook{Path: name, Header: h, Body: body}
}

func activationOf(e esim.Event) esim.ActivationCode {
	if e.Order == nil || len(e.Order.ESIMs) == 0 {
		return esim.ActivationCode{}
	}
	return e.Order.ESIMs[0].Activation
}

// moment is a time, or the present one.
func moment(at time.Time) time.Time {
	if at.IsZero() {
		return time.Now()
	}
	return at
}
