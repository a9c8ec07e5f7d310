package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
	"github.com/esimkit/esim/esimtest/internal/random"
)

// The error codes of the simulated eSIMfx. The provider publishes none, so
// these are invented; real ones differ. Tests hand them to a client as the
// codes it has learned.
const (
	FXCodeInvalidRequest      = 40001 // body or parameters are not as documented
	FXCodeUnauthorized        = 40101 // token missing, unknown or expired; HTTP 401
	FXCodeBadCredentials      = 40102 // login refused; HTTP 401
	FXCodeInsufficientBalance = 40201
	FXCodeNoSuchPath          = 40400 // HTTP 404
	FXCodeProductNotFound     = 40401
	FXCodeOrderNotFound       = 40402
	FXCodeESIMNotFound        = 40403
	FXCodeIncompatibleTopUp   = 40901 // other imsi_profile or coverage
	FXCodeKeyReused           = 40902 // X-Idempotency-Key came before with another body
	FXCodeInFlight            = 40903 // X-Idempotency-Key is being processed
	FXCodeKeyUsed             = 40907 // X-Idempotency-Key came before; where a replay is refused
	FXCodeNotTerminable       = 40904
	FXCodeNotActivatable      = 40905
	FXCodeESIMBlocked         = 40906
	FXCodeRateLimited         = 42901 // HTTP 429
	FXCodeInternal            = 50000
)

// ESIMFX simulates the eSIMfx (Nomad) reseller API.
//
// What the provider leaves open is decided so, unless a [World] decides
// otherwise. Refusals come as HTTP 200 with a code that is not 0, except for
// logins, tokens and malformed requests. X-Idempotency-Key is demanded, kept
// for six months, and answered with the first result, or refused when the body
// differs. Tokens live for an hour and are not ended by another login unless
// [WithSingleToken] says so. Ids of v1, which are UUIDs, are taken everywhere;
// an operation_type in small letters is taken and is a violation.
type ESIMFX struct {
	*Server
	ClientID     string
	ClientKey    string
	WebhookToken string

	table  map[string]fxRoute       // by path
	legacy func() map[string]string // ids by those of v1

	mu      sync.Mutex // guards what follows
	fleet   fleet
	tokens  map[string]time.Time // end of each token's life
	minted  []string             // every token since the start
	orders  []*fxOrder
	byID    map[string]*fxOrder
	keys    *keyStore[*fxOrder]
	esims   []*sim
	byICCID map[string]*sim
}

func newESIMFX(o *options, c *clock) *ESIMFX {
	f := &ESIMFX{
		Server:       newServer(esimtest.ESIMFX, "", o, c, newCatalogue(o.packages, "USD", o.named(fxItems(o)))),
		ClientID:     secret("ci_canary_", 0),
		ClientKey:    secret("ck_canary_", 0),
		WebhookToken: secret("wt_canary_", 0),
		fleet:        newFleet(o, esimtest.ESIMFX, brand{prefix: "8944", digits: 20, smdp: "rsp.truphone.com", alphabet: random.Upper}),
		tokens:       map[string]time.Time{},
		byID:         map[string]*fxOrder{},
		byICCID:      map[string]*sim{},
	}
	f.fleet.startAfter = sixtyDays
	f.keys = newKeyStore[*fxOrder](f.rules.keys, fxKeyMemory)
	f.legacy = sync.OnceValue(f.legacyIDs)
	f.table = f.routes()
	f.api = f
	for _, r := range f.table {
		f.ops = append(f.ops, r.op)
	}
	f.ops = append(f.ops, "topup")
	slices.Sort(f.ops)
	f.ops = slices.Compact(f.ops)
	return f
}

// sixtyDays is the age at which unused plans start, refunds end and expired
// eSIMs are blocked.
const sixtyDays = 60 * 24 * time.Hour

type fxRoute struct {
	op, methods string // "GET POST" where both will do
	answer      func(c *call) *reply
}

func (f *ESIMFX) routes() map[string]fxRoute {
	return map[string]fxRoute{
		"/account/api/v1/auth":                 {"auth", http.MethodPost, f.postAuth},
		"/account/api/v1/reseller/get_profile": {"profile", http.MethodGet, f.getProfile},
		"/product/api/v1/get_products":         {"products", "GET POST", f.getProducts},
		"/product/api/v2/get_products":         {"products", http.MethodPost, f.getProducts},
		"/product/api/v1/get_product":          {"product", http.MethodGet, f.getProduct},
		"/product/api/v1/get_available_topups": {"topups", http.MethodGet, f.getTopUps},
		"/order/api/v1/create_order":           {"order", http.MethodPost, f.postOrder},
		"/order/api/v1/get_order":              {"get_order", http.MethodGet, f.getOrder},
		"/order/api/v1/get_esim_status":        {"esim_status", http.MethodGet, f.getESIMStatus},
		"/order/api/v1/get_esim_orders":        {"esim_orders", http.MethodGet, f.getESIMOrders},
		"/order/api/v1/activate_subscription":  {"activate", http.MethodPost, f.postActivate},
		"/order/api/v1/terminate_subscription": {"terminate", http.MethodPost, f.postTerminate},
	}
}

// route tells orders from top-ups by their body.
func (f *ESIMFX) route(c *call) string {
	r, ok := f.table[c.r.URL.Path]
	if !ok || !slices.Contains(strings.Fields(r.methods), c.r.Method) {
		return ""
	}
	var body struct {
		Operation string `json:"operation_type"`
	}
	if r.op == "order" && json.Unmarshal(c.body, &body) == nil && strings.EqualFold(body.Operation, "TOPUP") {
		return "topup"
	}
	return r.op
}

func (f *ESIMFX) handle(c *call) *reply {
	if c.op != "auth" {
		if refusal := f.authenticate(c); refusal != nil {
			return refusal
		}
	}
	if c.r.Method == http.MethodPost && !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/json") {
		f.violate(c, "Content-Type is not application/json")
		return fxRefuseAs(http.StatusBadRequest, FXCodeInvalidRequest, "Content-Type must be application/json")
	}
	return f.table[c.r.URL.Path].answer(c)
}

func (f *ESIMFX) inspect(c *call) {
	if c.op != "auth" {
		f.authenticate(c)
	}
}

// authenticate checks the bearer token. An expired one is no violation: the
// client cannot know the provider's clock.
func (f *ESIMFX) authenticate(c *call) *reply {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	f.mu.Lock()
	end, known := f.tokens[token]
	f.mu.Unlock()
	if ok && known && c.now.Before(end) {
		return nil
	}
	if !ok || !known {
		f.remember(token)
		f.violate(c, "no bearer token, or one that is not known")
	}
	return fxRefuse(FXCodeUnauthorized)
}

func (f *ESIMFX) postAuth(c *call) *reply {
	o, err := f.object(c, c.body, "client_id", "client_key")
	if err != nil {
		return f.malformed(c, err)
	}
	id, key := o.str("client_id"), o.str("client_key")
	if o.err != nil {
		return f.malformed(c, o.err)
	}
	if id != f.ClientID || key != f.ClientKey {
		f.violate(c, "wrong credentials")
		return fxRefuse(FXCodeBadCredentials)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	token := secret("at_canary_", len(f.minted))
	if f.options.singleToken {
		clear(f.tokens)
	}
	f.tokens[token] = c.now.Add(time.Hour)
	f.minted = append(f.minted, token)
	return fxAnswer(map[string]string{"access_token": token})
}

// ExpireTokens ends the life of every token handed out so far.
func (f *ESIMFX) ExpireTokens() {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	for t := range f.tokens {
		f.tokens[t] = now
	}
}

func (f *ESIMFX) getProfile(*call) *reply {
	return fxAnswer(map[string]any{"name": "Canary Travel", "balance": money.Number(f.shownBalance())})
}

func (f *ESIMFX) missing(*call) *reply {
	return fxRefuse(FXCodeNoSuchPath)
}

func (f *ESIMFX) head(http.Header, *call) {}

// failure is what a fault makes the provider say.
func (f *ESIMFX) failure(_ *call, e problem) *reply {
	switch e.kind {
	case esimtest.Fault429:
		return fxRefuseAs(e.status, FXCodeRateLimited, "Too many requests")
	case esimtest.Fault500Before:
		return fxRefuseAs(e.status, FXCodeInternal, "Internal error")
	case esimtest.FaultStaleToken:
		return fxRefuseAs(e.status, FXCodeUnauthorized, "Access token is invalid or expired")
	default:
		if e.status == 0 {
			e.status = http.StatusOK
		}
		if e.message == "" {
			e.message = "The request could not be processed"
		}
	}
	code, err := strconv.Atoi(e.code)
	if err != nil {
		code = FXCodeInternal
	}
	return fxRefuseAs(e.status, code, e.message)
}

// malformed refuses what is not as documented.
func (f *ESIMFX) malformed(c *call, err error) *reply {
	f.violate(c, err.Error())
	return fxRefuse(FXCodeInvalidRequest)
}

type fxEnvelope struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data"`
}

func fxAnswer(data any) *reply { return asJSON(http.StatusOK, fxEnvelope{0, "Success", data}) }

func fxRefuseAs(status, code int, message string) *reply {
	return asJSON(status, fxEnvelope{code, message, struct{}{}})
}

func (f *ESIMFX) settle(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.fleet.due(now) {
		f.refresh(s, now)
	}
}

func (f *ESIMFX) use(iccid string, bytes int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.byICCID[iccid]
	if s == nil {
		return false
	}
	now := f.now()
	f.fleet.use(s, bytes, now)
	f.refresh(s, now)
	return true
}

func (f *ESIMFX) secrets() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := append([]string{f.ClientID, f.ClientKey, f.WebhookToken}, f.minted...)
	for _, s := range f.esims {
		list = append(list, s.lpa(), s.matchingID)
	}
	return list
}
