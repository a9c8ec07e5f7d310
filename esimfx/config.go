package esimfx

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// ProductionURL is the API host that public integrations of eSIMfx use. The
// provider's documents name no host: the portal shows each account its own,
// under Reseller, "API domain".
const ProductionURL = "https://api.esimfx.com"

// The provider documents no rate limit; this is a pace no gateway minds.
const pace, burst = rate.Limit(10), 20

// Tokens live exactly one hour (eSIMfx docs: Project Context, section 1).
const tokenLife, tokenEarly = time.Hour, 5 * time.Minute

// Provider names eSIMfx, Nomad (reseller API) in packages, orders, errors and events.
const Provider esim.Provider = "esimfx"

// Config holds the credentials of an eSIMfx account and what cannot be read
// from its API.
type Config struct {
	// Settings.BaseURL is required: the account's "API domain". A login waits
	// for no Limiter, since the calls that need it have waited already.
	esim.Settings

	ClientID  string      // portal: Reseller, Client ID
	ClientKey esim.Secret // portal: Reseller, Client Key

	// Codes teaches error codes, which the provider does not publish; see
	// "Learning codes" in the package documentation. 0 is success and cannot
	// be taught.
	Codes map[int]Code

	// Currency of Balance, as ISO 4217 code. The API does not state it, so ""
	// leaves it unstated.
	Currency string

	// BareToken sends the access token alone in the Authorization header,
	// without "Bearer " before it.
	BareToken bool

	// ContractVerified is passed on as Capabilities.ContractVerified: it says
	// that you have tried what this package assumes of a repeat. Until then
	// [esim.RepeatSafe] of this client is an assumption.
	ContractVerified bool

	// NeverRepeat is for whoever does not trust one sentence of the documents:
	// what a repeat of a purchase in doubt would do is then [esim.RepeatUnknown],
	// and none is sent.
	NeverRepeat bool

	// Postpaid says that the account is on invoice, or may go below zero. The
	// balance is then not read before a purchase, and refuses none.
	Postpaid bool

	// Tokens shares the access token with other processes, under the
	// Fingerprint of [Client.Account]; nil = each logs in for itself. Whether a
	// login ends the tokens of earlier ones is not documented. If it does,
	// processes that do not share throw each other out all the time.
	Tokens esim.TokenStore
}

// Code is what an operator knows of one error code.
type Code struct {
	// Kind is one of the kinds of package esim, such as
	// [esim.ErrInsufficientBalance]. After [esim.ErrUnauthorized] the client
	// logs in again, once, and after [esim.ErrRateLimited] it waits.
	Kind esim.Kind
	// Refused says that the code proves that nothing was charged.
	Refused bool
}

// ConfigFromEnv fills what the settings leave empty. ESIMFX_BASE_URL,
// ESIMFX_CLIENT_ID and ESIMFX_CLIENT_KEY are required; ESIMFX_CURRENCY,
// ESIMFX_BARE_TOKEN, ESIMFX_CONTRACT_VERIFIED, ESIMFX_NEVER_REPEAT and
// ESIMFX_POSTPAID are not. The error is an [*esim.Error] that names the variable.
func ConfigFromEnv(s esim.Settings) (Config, error) {
	cfg := Config{Settings: s}
	err := adapter.FromEnv(
		Provider,
		adapter.Required("ESIMFX_BASE_URL", &cfg.BaseURL),
		adapter.Required("ESIMFX_CLIENT_ID", &cfg.ClientID),
		adapter.Required("ESIMFX_CLIENT_KEY", &cfg.ClientKey),
		adapter.Optional("ESIMFX_CURRENCY", &cfg.Currency),
		adapter.Optional("ESIMFX_BARE_TOKEN", &cfg.BareToken),
		adapter.Optional("ESIMFX_CONTRACT_VERIFIED", &cfg.ContractVerified),
		adapter.Optional("ESIMFX_NEVER_REPEAT", &cfg.NeverRepeat),
		adapter.Optional("ESIMFX_POSTPAID", &cfg.Postpaid),
	)
	if err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// New builds a client. It copies what it is lent, checks the credentials for
// their shape and sends nothing. Its error is an [*esim.Error] of kind
// [esim.ErrInvalidRequest] that names the field and never its value.
func New(cfg Config) (*Client, error) {
	if why := cfg.problem(); why != "" {
		return nil, adapter.Misconfigured(Provider, "New", why)
	}
	c := &Client{
		UnimplementedClient: esim.UnimplementedClient{Name: Provider},

		id: esim.NewSecret(cfg.ClientID), taught: lookUp(cfg.Codes), currency: cfg.Currency,
	}
	scheme := "Bearer "
	if cfg.BareToken {
		scheme = ""
	}
	c.order = c.sale(&cfg)
	c.topUp = c.order
	c.topUp.Offer = c.topUpPrice
	var err error
	c.api, err = adapter.New(adapter.Spec{
		Provider: Provider, Pace: pace, Burst: burst,
		Bearer: &adapter.Bearer{
			Login: login(cfg.ClientID, cfg.ClientKey), Refuse: c.refuseLogin,
			Scheme: scheme, Early: tokenEarly, KeyID: cfg.ClientID, Store: cfg.Tokens,
		},
		Refuse:    c.refuse,
		Can:       capabilities(c.order.Repeats, cfg.ContractVerified),
		Inputs:    adapter.Inputs{JoinedIDs: maxQuantity, NamesOrder: "eSIMfx terminates by order, and an eSIM may hold several"},
		Spends:    []string{"POST " + createPath},
		Purchases: []adapter.Purchase{c.order, c.topUp},
		Secrets:   []esim.Secret{cfg.ClientKey, c.id},
	}, cfg.Settings)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func lookUp(codes map[int]Code) func(string) (Code, bool) {
	codes = maps.Clone(codes)
	return func(text string) (Code, bool) {
		number, err := strconv.Atoi(text)
		code, ok := codes[number]
		return code, ok && err == nil
	}
}

// problem says what is wrong with the configuration, "" for nothing.
func (cfg *Config) problem() string {
	if err := adapter.Header(cfg.ClientID); err != nil {
		return "ClientID " + err.Error()
	}
	if err := adapter.Header(cfg.ClientKey.Reveal()); err != nil {
		return "ClientKey " + err.Error()
	}
	if _, err := esim.MoneyOf(0, 0, cfg.Currency); err != nil {
		return "Currency is not an ISO 4217 code"
	}
	for _, number := range slices.Sorted(maps.Keys(cfg.Codes)) {
		switch {
		case number == 0:
			return "Codes has an entry for 0, which is success"
		case !slices.Contains(esim.Kinds(), cfg.Codes[number].Kind):
			return fmt.Sprintf("Codes[%d].Kind is not a kind of package esim", number)
		}
	}
	return ""
}

// Format prints a Config, with any verb, without its credentials and without
// the settings that may hold some of their own.
func (cfg Config) Format(f fmt.State, _ rune) { adapter.Write(f, cfg.text()) }

// LogValue returns what Format prints.
func (cfg Config) LogValue() slog.Value { return slog.StringValue(cfg.text()) }

func (cfg *Config) text() string {
	return adapter.Print(
		"esimfx.Config", "ClientID", adapter.Given(cfg.ClientID), "ClientKey", adapter.Given(cfg.ClientKey),
		"Codes", len(cfg.Codes), "Currency", cfg.Currency, "BareToken", cfg.BareToken, "ContractVerified", cfg.ContractVerified,
		"NeverRepeat", cfg.NeverRepeat, "Postpaid", cfg.Postpaid, "Tokens", cfg.Tokens != nil,
	)
}
