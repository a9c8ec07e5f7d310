package simulator

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/random"
)

// ESIMStory simulates the eSIM Story partner API: one endpoint, one webhook.
//
// What the provider leaves open is decided so, unless a [World] decides
// otherwise. An accepted order answers 201. An external_order_id is taken from
// the start of its order, and free again when the order was refused; its letter
// case does not count. Too little balance is an upstream failure, of which
// nothing was bought. Webhooks are not retried.
type ESIMStory struct {
	*Server
	AccessKey string
	SecretKey string // base64

	macs *macPool

	mu      sync.Mutex // guards what follows
	fleet   fleet
	keys    *keyStore[[]*storyUnit] // by external_order_id in lower case
	units   []*storyUnit
	byICCID map[string]*sim
	hooks   WebhookBehaviour
}

const storyPath = "/api/v1/api_partner/orders"

func newESIMStory(o *options, c *clock) *ESIMStory {
	key := []byte(secret("key_canary_", 0))
	s := &ESIMStory{
		Server:    newServer(esimtest.ESIMStory, "/api", o, c, newCatalogue(o.packages, "USD", o.named(storyItems(o)))),
		AccessKey: secret("ak_canary_", 0),
		SecretKey: base64.StdEncoding.EncodeToString(key),
		macs:      newMACPool(key),
		fleet:     newFleet(o, esimtest.ESIMStory, brand{prefix: "8985234", digits: 20, smdp: "rsp1.cmlink.com", alphabet: random.Hex}),
		byICCID:   map[string]*sim{},
		hooks:     WebhookBehaviour{Delay: o.provisioning},
	}
	s.keys = newKeyStore[[]*storyUnit](s.rules.keys, 0)
	s.hooks.BeforeResponse = s.rules.webhooks.early
	s.api = s
	s.ops = []string{"order"}
	return s
}

// storyItems is the partner's price sheet. Option ids are UUIDs; two of them
// are those of the provider's documentation.
func storyItems(o *options) func(i int) item {
	known := []string{"a1b2c3d4-e5f6-7890-abcd-ef1234567890", "b2c3d4e5-f6a7-8901-bcde-f12345678901"}
	s := newGenerator(o.packages, o.seed+1)
	return func(i int) item {
		it, variant := s.draft(i)
		if i < len(known) {
			it.id = known[i]
		} else {
			it.id = uuidFor(o.seed, uint64(i)) //nolint:gosec // not negative
		}
		amount := fmt.Sprintf("%dGB", it.gb)
		if it.unlimited {
			amount = "Unlimited"
		}
		it.name = fmt.Sprintf("%s %s %d days", it.region, amount, it.days)
		if variant > 0 {
			it.name += fmt.Sprintf(" (%d)", variant+1)
		}
		it.async = true
		it.price = s.cost(it, variant)
		return it
	}
}

// uuidFor is a version 4 UUID made of the seed and a number.
func uuidFor(seed int64, n uint64) string {
	a, b := random.Draw(seed, n, 1), random.Draw(seed, n, 2)
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

func (s *ESIMStory) route(c *call) string {
	if c.r.Method == http.MethodPost && c.r.URL.EscapedPath() == storyPath {
		return "order"
	}
	return ""
}

func (s *ESIMStory) handle(c *call) *reply {
	if refusal := s.authenticate(c); refusal != nil {
		return refusal
	}
	return s.postOrder(c)
}

// inspect checks the credentials and, if references are reserved before the
// purchase, uses up the one of a request that will get no further.
func (s *ESIMStory) inspect(c *call) {
	if s.authenticate(c) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, errs := s.parse(c); s.rules.keys.refusals && errs == nil {
		s.keys.keep(storyKey(r.reference), keptKey[[]*storyUnit]{at: s.now()})
	}
}

// authenticate checks in the documented order: headers, time stamp, access
// key, signature.
func (s *ESIMStory) authenticate(c *call) *reply {
	key := c.r.Header.Get("X-Esim-Story-Access-Key")
	stamp := c.r.Header.Get("X-Esim-Story-Timestamp")
	signature := c.r.Header.Get("X-Esim-Story-Signature")
	s.remember(signature)
	if key == "" || stamp == "" || signature == "" {
		return s.unauthorized(c, "Missing required authentication headers.")
	}
	seconds, err := strconv.ParseUint(stamp, 10, 40)
	if err != nil || !s.inTime(c, time.Unix(int64(seconds), 0)) {
		return s.unauthorized(c, "Request timestamp is too old or invalid.")
	}
	if key != s.AccessKey {
		return s.unauthorized(c, "Invalid or missing access key. Please provide a valid X-Esim-Story-Access-Key header.")
	}
	if !s.macs.verify(signature, false, c.r.Method, "\n", c.r.URL.EscapedPath(), "\n", stamp, "\n", key) {
		return s.unauthorized(c, "Invalid signature.")
	}
	return nil
}

func (s *ESIMStory) unauthorized(c *call, text string) *reply {
	if c.skew == 0 {
		s.violate(c, text)
	}
	return &reply{status: http.StatusUnauthorized, body: join([]member{
		{"error", join([]member{{"code", encode("unauthorized")}, {"message", encode(text)}})},
	})}
}

func (s *ESIMStory) missing(*call) *reply {
	return asJSON(http.StatusNotFound, map[string]string{"error": "Not Found"})
}

func (s *ESIMStory) head(http.Header, *call) {}

// failure is what a fault makes the provider say. Statuses other than 422 and
// 401 have the shape of 400 and 500.
func (s *ESIMStory) failure(_ *call, e problem) *reply {
	switch e.kind {
	case esimtest.Fault429:
		return asJSON(e.status, map[string]string{"error": "Too many requests"})
	case esimtest.Fault500Before:
		return asJSON(e.status, map[string]string{"error": "Internal server error"})
	default:
		if e.message == "" {
			e.message = "API connection error (Order ID: 52731)"
		}
	}
	switch e.status {
	case 0, http.StatusUnprocessableEntity:
		return invalid(e.message)
	case http.StatusUnauthorized:
		return asJSON(e.status, map[string]any{"error": map[string]string{"code": "unauthorized", "message": e.message}})
	}
	return asJSON(e.status, map[string]string{"error": e.message})
}

// invalid is the shape of every 422.
func invalid(texts ...string) *reply {
	return asJSON(http.StatusUnprocessableEntity, map[string][]string{"errors": texts})
}

// settle has nothing to do: what becomes of a unit after its delivery shows
// nowhere.
func (s *ESIMStory) settle(time.Time) {}

func (s *ESIMStory) use(iccid string, bytes int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.byICCID[iccid]
	if u != nil {
		s.fleet.use(u, bytes, s.now())
	}
	return u != nil
}

func (s *ESIMStory) secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []string{s.AccessKey, s.SecretKey}
	for _, u := range s.units {
		list = append(list, u.sim.lpa(), u.sim.matchingID)
	}
	return list
}
