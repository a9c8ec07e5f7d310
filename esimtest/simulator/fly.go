package simulator

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
	"github.com/esimkit/esim/esimtest/internal/random"
)

// ForeignICCID is an eSIM of another account at eSIMfly: it exists and may not
// be touched.
const ForeignICCID = "8948010010099999995"

// ESIMFly simulates the eSIMfly Business API.
//
// What the provider leaves open is decided so, unless a [World] decides
// otherwise. A quantity below 1 or above 10 is refused as INVALID_QUANTITY, a
// code of a withdrawn page. An order that is still pending is repeated as
// pending. Idempotency keys are kept for ever; a key that comes back with
// another package returns the first order and is a violation. A request id is
// used up by every request with good credentials; a second request under it is a
// violation, but for the same order under the same key. The price in a top-up is not
// looked at. A media type with parameters, and a request id without the bits of
// version 4, are taken and are violations.
type ESIMFly struct {
	*Server
	AccessCode    string
	SecretKey     string
	WebhookSecret string // at the start; PUT /webhooks replaces it

	table  map[string]flyRoute          // by operation
	paths  map[string]map[string]string // operation by path and method
	macs   *macPool
	nonces nonces
	hour   atomic.Pointer[hourHeader]

	mu      sync.Mutex // guards what follows
	fleet   fleet
	orders  []*flyOrder
	byRef   map[string]*flyOrder
	keys    *keyStore[*flyOrder]
	esims   []*sim
	byICCID map[string]*sim
	hooks   flyHooks
	held    bool
	window  rateWindow
}

const flyPath = "/api/v1/business"

func newESIMFly(o *options, c *clock) *ESIMFly {
	f := &ESIMFly{
		Server:        newServer(esimtest.ESIMFly, flyPath, o, c, newCatalogue(o.packages, o.currency, o.named(flyItems(o)))),
		AccessCode:    secret("esf_canary_", 0),
		SecretKey:     secret("sk_canary_", 0),
		WebhookSecret: secret("whsec_canary_", 0),
		fleet:         newFleet(o, esimtest.ESIMFly, brand{prefix: "8932042", digits: 19, smdp: "rsp-3104.idemia.io", alphabet: random.Hex}),
		byRef:         map[string]*flyOrder{},
		byICCID:       map[string]*sim{},
	}
	f.keys = newKeyStore[*flyOrder](f.rules.keys, 0)
	f.macs = newMACPool([]byte(f.SecretKey))
	f.hooks = flyHooks{events: flyEventNames(), secret: f.WebhookSecret}
	f.api = f
	f.table = f.routes()
	f.paths = map[string]map[string]string{}
	for op, r := range f.table {
		f.ops = append(f.ops, op)
		if f.paths[r.path] == nil {
			f.paths[r.path] = map[string]string{}
		}
		f.paths[r.path][r.method] = op
	}
	slices.Sort(f.ops)
	f.recordDeposit(c.now())
	return f
}

// flyRoute is an endpoint and what answers it.
type flyRoute struct {
	method, path string
	answer       func(c *call) *reply
}

func (f *ESIMFly) routes() map[string]flyRoute {
	return map[string]flyRoute{
		"balance":        {http.MethodGet, "/balance", f.getBalance},
		"packages":       {http.MethodGet, "/esims/packages", f.getPackages},
		"order":          {http.MethodPost, "/esims/order", f.postOrder},
		"order_status":   {http.MethodGet, "/esims/order", f.getOrder},
		"orders":         {http.MethodGet, "/orders", f.getOrders},
		"esims":          {http.MethodGet, "/esims", f.getESIMs},
		"usage":          {http.MethodGet, "/esims/usage/query", f.getUsage},
		"topup_packages": {http.MethodGet, "/topup/packages", f.getTopUps},
		"topup":          {http.MethodPost, "/topup/order", f.postTopUp},
		"status":         {http.MethodPost, "/esims/status", f.postStatus},
		"network_events": {http.MethodPost, "/esims/network-events", f.postNetworkEvents},
		"usage_report":   {http.MethodPost, "/esims/usage-report", f.postUsageReport},
		"suspend":        {http.MethodPost, "/esims/suspend", f.postSuspend},
		"cancel":         {http.MethodPost, "/esims/cancel", f.postCancel},
		"send_sms":       {http.MethodPost, "/esims/send-sms", f.postSMS},
		"webhook_put":    {http.MethodPut, "/webhooks", f.putWebhook},
		"webhook_get":    {http.MethodGet, "/webhooks", f.getWebhook},
	}
}

func (f *ESIMFly) route(c *call) string {
	path, ok := strings.CutPrefix(c.r.URL.Path, flyPath)
	if !ok {
		return ""
	}
	return f.paths[path][c.r.Method]
}

func (f *ESIMFly) handle(c *call) *reply {
	if refusal := f.authenticate(c); refusal != nil {
		return refusal
	}
	answer := f.act(c)
	if f.rules.requestIDs == idActedOn && answer.status == http.StatusOK {
		f.nonces.claim(c.requestID, c)
	}
	return answer
}

// act answers a request whose sender is known.
func (f *ESIMFly) act(c *call) *reply {
	media, rest, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	if c.r.Method != http.MethodGet && (media != "application/json" || rest != "") {
		f.violate(c, "Content-Type is not application/json")
	}
	if c.r.Method != http.MethodGet && media != "application/json" {
		return f.refuseAs(c, http.StatusBadRequest, "", "Content-Type must be application/json")
	}
	return f.table[c.op].answer(c)
}

func (f *ESIMFly) inspect(c *call) { f.authenticate(c) }

func (f *ESIMFly) missing(*call) *reply {
	return asJSON(http.StatusNotFound, map[string]any{"success": false, "error": "Not found"})
}

func (f *ESIMFly) settle(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.fleet.due(now) {
		f.refresh(s, now)
	}
}

func (f *ESIMFly) use(iccid string, bytes int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, now := f.byICCID[iccid], f.now()
	if s == nil || !s.delivered(now) {
		return false
	}
	f.watch(s, now, func() { f.fleet.use(s, bytes, now) })
	return true
}

func (f *ESIMFly) secrets() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []string{f.AccessCode, f.SecretKey, f.WebhookSecret}
	list = append(list, f.hooks.minted...)
	for _, s := range f.esims {
		list = append(list, s.lpa(), s.matchingID)
	}
	return list
}

func (f *ESIMFly) getBalance(*call) *reply {
	m := f.shownBalance()
	data := []member{{"balance", encode(money.Number(m))}, {"currency", encode(m.Currency())}}
	if m.Currency() == "EUR" {
		data = append(data, member{"source", encode("enterprise")}, member{"account", encode("Acme Telecom Ltd")},
			member{"live", encode(true)}, member{"as_of", encode(iso(f.now()))})
	}
	return &reply{status: http.StatusOK, body: join([]member{{"success", encode(true)}, {"data", join(data)}})}
}

// iso writes a time the way most of eSIMfly's answers do.
func iso(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// isoOrNull writes null for the zero time.
func isoOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(iso(t))
}
