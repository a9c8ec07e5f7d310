package esimstory

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// WebhookConfig says how webhooks of eSIM Story are told from forged ones.
type WebhookConfig struct {
	// PathSecret is the last segment of the URL set in the partner account:
	// 16 letters, digits, - and _ or more, best 32 from a random source. The
	// provider signs nothing, so this is the whole proof. The URL must be
	// https; keep it out of access logs.
	PathSecret esim.Secret
	// Older are secrets that are taken too, while the URL is being changed.
	Older []esim.Secret
}

// WebhookSource verifies and reads the webhooks of eSIM Story. Get one from
// [Webhooks] and give it to the handler of package webhook.
type WebhookSource struct {
	secrets []esim.Secret
	err     error
}

// Webhooks returns the source of eSIM Story's webhooks. A path secret that is
// empty, too short or has other characters is reported by
// [WebhookSource.Check].
//
// Each webhook is one sold unit and comes as [esim.EventProvisioned]. Its
// Event.Order is evidence only: whether reference and unit are known, and that
// nothing on record is replaced, is up to who takes it in, the journal or
// [Apply] with what [ParseDelivery] reads from Event.Raw.
func Webhooks(config WebhookConfig) *WebhookSource {
	s := new(WebhookSource)
	for i, secret := range append([]esim.Secret{config.PathSecret}, config.Older...) {
		if !isPathSecret(secret.Reveal()) {
			s.err = fmt.Errorf("%w: path secret %d of eSIM Story is not %d letters, digits, - and _ or more",
				esim.ErrInvalidRequest, i+1, minPathSecret)
		}
		s.secrets = append(s.secrets, secret)
	}
	return s
}

// Name returns "esimstory".
func (s *WebhookSource) Name() string { return string(Provider) }

// Check reports a secret that cannot be used.
func (s *WebhookSource) Check() error { return s.err }

// Headers returns none: all that a webhook tells is in its body.
func (s *WebhookSource) Headers() []string { return nil }

var errPathSecret = fmt.Errorf("%w: wrong path", esim.ErrNotFound)

// Verify compares what follows the name of the source in the path with the
// path secrets, in constant time. The error matches [esim.ErrNotFound], as if
// there was nothing at that path.
func (s *WebhookSource) Verify(_ http.Header, path string, _ []byte, _ time.Time) error {
	match := false
	for _, secret := range s.secrets {
		if secret.Equal(esim.NewSecret(path)) {
			match = true // and go on, so that time does not tell which it was
		}
	}
	if !match || s.err != nil {
		return errPathSecret
	}
	return nil
}

// Parse reads a webhook with [ParseDelivery]. A unit without an ICCID or an
// activation code is [esim.EventUnknown], with an Order that proves no more
// than that the unit was bought. The provider states no time.
func (s *WebhookSource) Parse(_ http.Header, body []byte) ([]esim.Event, error) {
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

// key is that of the unit and all that is told of it: an equal delivery is a
// repeat, a differing one must be looked at.
func (d *Delivery) key() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		d.TopupID, strings.ToLower(d.OptionID), d.Reference, string(d.ESIM.ICCID),
		d.ESIM.Activation.LPA(), d.ESIM.RawActivation.Reveal(), d.Alternative.LPA(), d.ExpiredDate,
	}, "\x00")))
	return hex.EncodeToString(sum[:])
}
