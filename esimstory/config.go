package esimstory

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/esimstory/pricesheet"
)

// The base URLs of the partner API (eSIM Story docs: endpoints/orders).
const (
	// ProductionURL is used when Settings.BaseURL is empty. Orders cost money.
	ProductionURL = "https://api.esimstory.com/api"
	// SandboxURL serves test data and buys nothing. Whether it accepts the
	// credentials of production is not documented.
	SandboxURL = "https://sandbox-api.esimstory.com/api"
)

// defaultMaxUnits bounds one order where the provider states no maximum.
const defaultMaxUnits = 100

// The provider limits requests and does not publish how; this is a pace that
// a shop can live with.
const (
	pace  = 2 // requests a second
	burst = 5
)

// Provider names eSIM Story (partner API) in packages, orders, errors and events.
const Provider esim.Provider = "esimstory"

// Config is what [New] needs to know. AccessKey and SecretKey are required.
type Config struct {
	esim.Settings

	// AccessKey is the partner access key, as issued.
	AccessKey string
	// SecretKey is the base64 text as issued. Space around it and missing
	// padding are accepted, line breaks are not.
	SecretKey esim.Secret

	// Catalog is the partner's price sheet, one package an option, with the
	// price of one unit; package pricesheet reads it. It serves ListPackages and
	// checks quotes and ceilings. Without it both are unsupported.
	Catalog []esim.Package

	// RepeatsVerified says that you have tried, with this account, what a
	// second order under a reference does. Five cases count: an answer that was
	// cut off, two at once, a failure answer (422 of supplier trouble, 500), an
	// empty balance, and an hour later. Each time it was refused as a duplicate
	// if the first one stood. An order that brought no answer then has
	// [esim.RepeatSafe]; no document says that it is so.
	RepeatsVerified bool

	// MaxUnits bounds the units of one order, over all its lines; 0 = 100.
	// The provider states no maximum, so this one guards against slips.
	MaxUnits int
}

// ConfigFromEnv fills what the settings leave empty. ESIMSTORY_ACCESS_KEY and
// ESIMSTORY_SECRET_KEY are required. Without ESIMSTORY_BASE_URL orders go to
// [ProductionURL]. ESIMSTORY_REPEATS_VERIFIED and ESIMSTORY_MAX_UNITS are
// optional too. The error is an [*esim.Error] that names the variable.
//
// Settings that several adapters share go in here. Put into the Config later,
// they would drop the sandbox that the environment names.
func ConfigFromEnv(settings esim.Settings) (Config, error) {
	config := Config{Settings: settings}
	err := adapter.FromEnv(Provider,
		adapter.Required("ESIMSTORY_ACCESS_KEY", &config.AccessKey),
		adapter.Required("ESIMSTORY_SECRET_KEY", &config.SecretKey),
		adapter.Optional("ESIMSTORY_BASE_URL", &config.BaseURL),
		adapter.Optional("ESIMSTORY_REPEATS_VERIFIED", &config.RepeatsVerified),
		adapter.Optional("ESIMSTORY_MAX_UNITS", &config.MaxUnits),
	)
	if err != nil {
		return Config{}, err
	}
	return config, nil
}

// Format prints a Config, with any verb, without its credentials and without
// the settings that may hold some of their own.
func (c Config) Format(f fmt.State, _ rune) { adapter.Write(f, c.text()) }

// LogValue returns what Format prints.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c *Config) text() string {
	return adapter.Print("esimstory.Config", "AccessKey", adapter.Given(c.AccessKey), "SecretKey", adapter.Given(c.SecretKey),
		"Catalog", len(c.Catalog), "RepeatsVerified", c.RepeatsVerified, "MaxUnits", c.MaxUnits)
}

// New checks the configuration and returns a client. It sends nothing and
// keeps nothing of what it is lent: the price sheet is copied. The error is an
// [*esim.Error] of kind [esim.ErrInvalidRequest] that names the field.
func New(config Config) (*Client, error) {
	c := &Client{
		UnimplementedClient: esim.UnimplementedClient{Name: Provider, Reasons: missing},

		accessKey: esim.NewSecret(config.AccessKey),
		maxUnits:  cmp.Or(config.MaxUnits, defaultMaxUnits),
	}
	var err error
	if err = adapter.Header(config.AccessKey); err != nil {
		return nil, misconfigured("AccessKey " + err.Error())
	}
	if c.signer, err = newSigner(config.SecretKey); err != nil {
		return nil, misconfigured("SecretKey " + err.Error())
	}
	if c.sheet, err = pricesheet.New(config.Catalog); err != nil {
		return nil, misconfigured("Catalog" + err.Error())
	}
	if config.MaxUnits < 0 {
		return nil, misconfigured("MaxUnits is negative")
	}
	if config.RepeatsVerified {
		c.repeats.Lost = esim.RepeatSafe
	}
	c.orders = c.purchase(oneLine)
	c.api, err = adapter.New(adapter.Spec{
		Provider:  Provider,
		BaseURL:   ProductionURL,
		Pace:      pace,
		Burst:     burst,
		Authorize: c.authorize,
		Refuse:    refuse,
		Errors:    refusals,
		Can:       c.capabilities(),
		Inputs:    adapter.Inputs{MaxPageSize: maxPage},
		Spends:    []string{http.MethodPost + " " + ordersPath},
		Purchases: []adapter.Purchase{c.orders},
		Secrets:   []esim.Secret{c.accessKey, config.SecretKey},
	}, config.Settings)
	if err != nil {
		return nil, err
	}
	c.account = c.api.Account(config.AccessKey, SandboxURL)
	return c, nil
}

func misconfigured(why string) error { return adapter.Misconfigured(Provider, "New", why) }

// newSigner decodes the secret once and for all (eSIM Story docs:
// authentication/overview): the text itself as a key would bring nothing but
// a puzzling 401 on the first order.
func newSigner(secret esim.Secret) (*adapter.Signer, error) {
	text := secret.Reveal()
	key, err := adapter.DecodeKey(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("is not base64 on a single line")
	}
	return adapter.NewSigner(key)
}
