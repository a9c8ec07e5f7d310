package esimfly

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// BaseURL is the address of the API (eSIMfly docs: api-reference). There is
// no sandbox.
const BaseURL = "https://esimfly.net/api/v1/business"

// eSIMfly asks for one request a second in bulk work and allows more for a
// moment (eSIMfly docs: api-authentication, llm texts).
const pace, burst = 1, 5

// Provider names eSIMfly (Business API) in packages, orders, errors and events.
const Provider esim.Provider = "esimfly"

// Config is what [New] needs to know. AccessCode and SecretKey are required.
type Config struct {
	esim.Settings

	AccessCode string      // esf_…, from the dashboard
	SecretKey  esim.Secret // sk_…, shown once in the dashboard

	// ReplaysVerified says that a contract test against this very account has
	// shown what a second order with the same idempotency_key does. All of it
	// must have been tried:
	//
	//   - a repeat after an answer that was cut off returns the first order
	//   - of two at once one is made, and the other answered with 409
	//   - after a failure code it is a new attempt, and how that is charged
	//   - a repeat of a charged order returns it when the balance has become
	//     too small for another
	//   - an hour later it still does
	//   - a request id that was refused, whatever the refusal, is used up
	//
	// The client then repeats an order whose answer was lost, by itself and
	// under the request id of the lost one. It never repeats after a failure code.
	ReplaysVerified bool

	// ListProvesAfter is how long after an order the order history surely shows
	// it, as you have measured it. Two complete lists without the order, that
	// late, then prove that nothing was charged. 0, the default: they never do.
	ListProvesAfter time.Duration
}

// ConfigFromEnv fills what s leaves open. ESIMFLY_ACCESS_CODE and
// ESIMFLY_SECRET_KEY are required. ESIMFLY_BASE_URL replaces [BaseURL].
// ESIMFLY_REPLAYS_VERIFIED (true or false) and ESIMFLY_LIST_PROVES_AFTER (such
// as 10m) are optional too. The error is an [*esim.Error] that names the
// variable.
func ConfigFromEnv(s esim.Settings) (Config, error) {
	c := Config{Settings: s}
	err := adapter.FromEnv(Provider,
		adapter.Required("ESIMFLY_ACCESS_CODE", &c.AccessCode),
		adapter.Required("ESIMFLY_SECRET_KEY", &c.SecretKey),
		adapter.Optional("ESIMFLY_BASE_URL", &c.BaseURL),
		adapter.Optional("ESIMFLY_REPLAYS_VERIFIED", &c.ReplaysVerified),
		adapter.Optional("ESIMFLY_LIST_PROVES_AFTER", &c.ListProvesAfter))
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

// New checks the configuration and returns a client. It sends nothing. The
// error is an [*esim.Error] of kind [esim.ErrInvalidRequest] that names the
// field and never its value.
func New(c Config) (*Client, error) {
	if err := adapter.Header(c.AccessCode); err != nil {
		return nil, adapter.Misconfigured(Provider, "New", "AccessCode "+err.Error())
	}
	secret := c.SecretKey.Reveal()
	if strings.ContainsFunc(secret, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return nil, adapter.Misconfigured(Provider, "New", "SecretKey contains white space or a line break")
	}
	mac, err := adapter.NewSigner([]byte(secret)) // the key is the text itself, prefix included
	if err != nil {
		return nil, adapter.Misconfigured(Provider, "New", "SecretKey is empty")
	}
	if c.ListProvesAfter < 0 {
		return nil, adapter.Misconfigured(Provider, "New", "ListProvesAfter is negative")
	}
	code := esim.NewSecret(c.AccessCode)
	client := &Client{UnimplementedClient: esim.UnimplementedClient{Name: Provider}, verified: c.ReplaysVerified}
	client.orders, client.topUps = client.orderFacts(), client.topUpFacts()
	client.api, err = adapter.New(adapter.Spec{
		Provider: Provider, BaseURL: BaseURL, Pace: pace, Burst: burst,
		Authorize: signer{mac, code}.authorize, RequestIDHeader: requestIDHeader, Refuse: refuse, Errors: rules,
		Can: client.can(c.ListProvesAfter), Spends: []string{"POST /esims/order", "POST /topup/order"},
		Purchases: []adapter.Purchase{client.orders, client.topUps},
		Inputs: adapter.Inputs{
			NamesOrder:  "eSIMfly cancels every unused eSIM of the order, not one alone; name the order to consent",
			MaxPageSize: maxPageSize,
		},
		Secrets: []esim.Secret{code, c.SecretKey},
	}, c.Settings)
	if err != nil {
		return nil, err
	}
	client.account = client.api.Account(c.AccessCode)
	return client, nil
}

// Format prints a Config, with any verb, without its credentials and without
// the settings that may hold some of their own.
func (c Config) Format(f fmt.State, _ rune) { adapter.Write(f, c.text()) }

// LogValue returns what Format prints.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c Config) text() string {
	return adapter.Print("esimfly.Config", "AccessCode", adapter.Given(c.AccessCode), "SecretKey", adapter.Given(c.SecretKey),
		"ReplaysVerified", c.ReplaysVerified, "ListProvesAfter", c.ListProvesAfter)
}

type signer struct {
	mac  *adapter.Signer
	code esim.Secret
}

// Headers of every request, spelled as net/http sends them. The documents write
// RT-AccessCode, RT-RequestID, RT-Timestamp and RT-Signature.
const (
	accessHeader    = "Rt-Accesscode"
	requestIDHeader = "Rt-Requestid"
	timestampHeader = "Rt-Timestamp"
	signatureHeader = "Rt-Signature"
)

// authorize signs timestamp, request id, access code and body, joined without
// separators; method, path and query are not covered. eSIMfly remembers
// request ids for a day and refuses one it has seen, so each attempt gets its
// own, unless the call has brought one (eSIMfly docs: api-authentication).
func (s signer) authorize(_ context.Context, r *http.Request, body []byte, now time.Time) (requestID string, err error) {
	if id := r.Header.Get(requestIDHeader); id != "" {
		s.sign(r, body, now, id)
		return id, nil
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return "", err
	}
	s.sign(r, body, now, id.String())
	return id.String(), nil
}

func (s signer) sign(r *http.Request, body []byte, now time.Time, id string) {
	at, code := strconv.FormatInt(now.UnixMilli(), 10), s.code.Reveal()
	r.Header.Set(accessHeader, code)
	r.Header.Set(requestIDHeader, id)
	r.Header.Set(timestampHeader, at)
	r.Header.Set(signatureHeader, s.mac.Concat([]string{at, id, code}, body).Upper())
}
