package esimstory

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// WebhookConfig holds the secrets that tell webhooks of eSIM Story from forged
// ones.
type WebhookConfig struct {
	// PathSecret is the last segment of the URL set in the partner account:
	// 16 letters, digits, - and _ or more, best 32 from a random source. The
	// provider signs nothing, so this is the whole proof. The URL must be
	// https; keep it out of access logs.
	PathSecret esim.Secret
	// Older are secrets that are taken too, while the URL is being changed.
	Older []esim.Secret
}

// Webhooks returns the source of eSIM Story's webhooks, for the handler of
// package webhook. A path secret that is empty, too short or has other
// characters is reported by its Check, and then nothing is accepted.
//
// Each webhook is one sold unit and comes as [esim.EventProvisioned]. A unit
// without an ICCID or an activation code is [esim.EventUnknown], with an Order
// that proves no more than that the unit was bought. The provider states no
// time. Event.Order is evidence only: whether reference and unit are known, and
// that nothing on record is replaced, is up to the receiver: the journal, or
// [Apply] with what [ParseDelivery] reads from Event.Raw.
func Webhooks(config WebhookConfig) *adapter.WebhookSource {
	return adapter.NewWebhookSource(adapter.Webhooks{
		Provider: Provider,
		Secrets:  append([]esim.Secret{config.PathSecret}, config.Older...),
		Name:     "path secret",
		Fit:      fitPathSecret,
		InPath:   true,
		Parse:    parseWebhook,
	})
}

func fitPathSecret(text string) error {
	if !isPathSecret(text) {
		return fmt.Errorf("is not %d letters, digits, - and _ or more", minPathSecret)
	}
	return nil
}

func parseWebhook(_ http.Header, body []byte) ([]esim.Event, error) {
	d, err := ParseDelivery(body)
	if err != nil {
		return nil, err
	}
	e := esim.Event{
		Provider: Provider, ICCID: d.ESIM.ICCID, Reference: d.Reference, ItemID: d.TopupID,
		Order: d.Order(), Key: d.key(), Raw: d.Raw,
	}
	if d.Issued {
		e.Kind, e.Status = esim.EventProvisioned, esim.ESIMNew
	}
	return []esim.Event{e}, nil
}

// key is that of the unit and of all that is said about it: an equal delivery is
// a repeat, a differing one must be looked at.
func (d *Delivery) key() string {
	return adapter.EventKey(
		d.TopupID, strings.ToLower(d.OptionID), d.Reference, string(d.ESIM.ICCID),
		d.ESIM.Activation.LPA(), d.ESIM.RawActivation.Reveal(), d.Alternative.LPA(), d.ExpiredDate,
	)
}
