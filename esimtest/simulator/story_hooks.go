package simulator

import (
	"net/http"
	"strings"
	"time"

	"github.com/esimkit/esim/esimtest/internal/random"
)

// WebhookBehaviour is how eSIM Story delivers what was bought, one request for
// each unit.
type WebhookBehaviour struct {
	Delay          time.Duration // simulated time after the order
	BeforeResponse bool          // send before the order is answered, whatever Delay says
	Repeat         int           // further deliveries of the same payload, a minute apart
	Withhold       bool          // do not send until Release
	CamelCase      bool          // field names as the upstream supplier writes them
	OmitLink       bool          // leave out download_link
	ChangeICCID    bool          // a second delivery follows with another ICCID
}

// Webhooks sets how orders from now on are delivered. The default is a Delay
// of 2 s or what [WithProvisioningDelay] says.
func (s *ESIMStory) Webhooks(b WebhookBehaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = b
}

// Release sends the webhooks that were withheld, or not sent because there
// was nowhere to send them.
func (s *ESIMStory) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.hooks
	b.Delay, b.Withhold = 0, false
	for _, u := range s.units {
		if !u.sent {
			s.mail(u, b)
		}
	}
}

// dispatch sends the webhooks of an order at their time.
func (s *ESIMStory) dispatch(units []*storyUnit) {
	s.mu.Lock()
	b := s.hooks
	var now []parcel
	for _, u := range units {
		switch {
		case b.Withhold:
		case b.BeforeResponse:
			if p, ok := s.pack(u, b); ok {
				u.sent = true
				now = append(now, p)
			}
		default:
			s.mail(u, b)
		}
	}
	s.mu.Unlock()
	for _, p := range now {
		s.outbox.hurry(p)
	}
}

// mail hands a unit's webhook to the outbox, with the repeats asked for.
func (s *ESIMStory) mail(u *storyUnit, b WebhookBehaviour) {
	p, ok := s.pack(u, b)
	if !ok {
		return
	}
	u.sent = true
	for i := range b.Repeat + 1 {
		s.outbox.post(b.Delay+time.Duration(i)*time.Minute, p)
	}
	if b.ChangeICCID {
		other := *u
		changed := *u.sim
		changed.iccid = random.Luhn(changed.iccid[:len(changed.iccid)-2] + "7")
		other.sim = &changed
		if p, ok := s.pack(&other, b); ok {
			s.outbox.post(b.Delay+time.Minute, p)
		}
	}
}

// pack writes the payload; false when there is nowhere to send it.
func (s *ESIMStory) pack(u *storyUnit, b WebhookBehaviour) (parcel, bool) {
	url := s.outbox.target()
	if url == "" {
		return parcel{}, false
	}
	image := "https://func-usimsa-prod-01.azurewebsites.net/api/iccid/qrcode/" + strings.ReplaceAll(u.sim.lpa(), "$", "%24") + "/120"
	fields := []struct{ snake, camel, value string }{
		{"topup_id", "topupId", u.topupID},
		{"option_id", "optionId", u.option},
		{"iccid", "iccid", u.sim.iccid},
		{"smdp", "smdp", u.sim.smdp},
		{"activate_code", "activateCode", u.sim.matchingID},
		{"download_link", "downloadLink", u.sim.lpa()},
		{"qrcode_img_url", "qrcodeImgUrl", image},
		{"expired_date", "expiredDate", u.expiry()},
		{"external_order_id", "externalOrderId", u.reference},
	}
	var list []member
	for _, f := range fields {
		switch {
		case b.OmitLink && f.snake == "download_link":
		case b.CamelCase && f.snake != "external_order_id": // eSIM Story's own field
			list = append(list, member{f.camel, encode(f.value)})
		default:
			list = append(list, member{f.snake, encode(f.value)})
		}
	}
	return parcel{
		id: u.topupID, event: "delivery", url: url, body: join(list), reference: u.reference,
		header: func([]byte) http.Header { return http.Header{"Content-Type": {"application/json"}} },
	}, true
}
