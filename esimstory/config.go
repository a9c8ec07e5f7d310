package esimstory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/esimstory/pricesheet"
	"github.com/esimkit/esim/internal/hmacsign"
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

	// RepeatsVerified says that you have tried, with this account, what a second
	// order under a reference does: after an answer that was cut off, two at
	// once, after a failure answer (422 of supplier trouble, 500), after the
	// balance has run out, and after an hour. Each time it was refused as a
	// duplicate if the first one stood. An order that brought no answer then has
	// [esim.RepeatSafe]; no document says that it is so.
	RepeatsVerified bool

	// MaxUnits bounds the units of one order, over all its lines; 0 = 100.
	// The provider states no maximum, so this one guards against slips.
	MaxUnits int
}

// Format prints a Config, with any verb, without its credentials and without
// the settings that may hold some of their own.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, c.text()) // fmt collects in memory; there is no error to report
}

// LogValue returns what Format prints.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c *Config) text() string {
	return fmt.Sprintf("esimstory.Config{AccessKey: %t, SecretKey: %t, Catalog: %d, RepeatsVerified: %t, MaxUnits: %d}",
		c.AccessKey != "", !c.SecretKey.IsZero(), len(c.Catalog), c.RepeatsVerified, c.MaxUnits)
}

// New checks the configuration and returns a client. It sends nothing and
// keeps nothing of what it is lent: the price sheet is copied. The error is an
// [*esim.Error] of kind [esim.ErrInvalidRequest] that names the field.
func New(config Config) (*Client, error) {
	c := &Client{
		accessKey: esim.NewSecret(config.AccessKey),
		maxUnits:  cmp.Or(config.MaxUnits, defaultMaxUnits),
	}
	api, err := adapter.New(adapter.Spec{
		Provider:  Provider,
		BaseURL:   ProductionURL,
		Pace:      pace,
		Burst:     burst,
		Authorize: c.authorize,
		Refuse:    refuse,
		Inputs:    adapter.Inputs{MaxPageSize: maxPage},
		Spends:    []string{http.MethodPost + " " + ordersPath},
		Secrets:   []esim.Secret{c.accessKey, config.SecretKey},
	}, config.Settings)
	if err != nil {
		return nil, err
	}
	c.api = api
	if config.RepeatsVerified {
		c.repeats.Lost = esim.RepeatSafe
	}
	check := api.Check(context.Background(), "New")
	if err = adapter.Header(config.AccessKey); err != nil {
		check.Fail("AccessKey", err.Error())
	}
	if c.signer, err = newSigner(config.SecretKey); err != nil {
		check.Fail("SecretKey", err.Error())
	}
	c.account = api.Account(config.AccessKey, SandboxURL)
	if config.MaxUnits < 0 {
		check.Fail("MaxUnits", "is negative")
	}
	if c.sheet, err = pricesheet.New(config.Catalog); err != nil {
		field, why, _ := strings.Cut("Catalog"+err.Error(), " ")
		check.Fail(field, why)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// newSigner decodes the secret once and for all (eSIM Story docs:
// authentication/overview): the text itself as a key would bring nothing but
// a puzzling 401 on the first order.
func newSigner(secret esim.Secret) (*hmacsign.Signer, error) {
	text := secret.Reveal()
	key, err := hmacsign.DecodeSecret(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("is not base64 on a single line")
	}
	return hmacsign.New(key)
}

// authorize signs one attempt: method, path, seconds and access key (eSIM
// Story docs: authentication/overview). The body is not signed, and there is
// no request id.
func (c *Client) authorize(_ context.Context, r *http.Request, _ []byte, now time.Time) (string, error) {
	seconds, accessKey := strconv.FormatInt(now.Unix(), 10), c.accessKey.Reveal()
	signature := c.signer.Lines(r.Method, r.URL.EscapedPath(), seconds, accessKey)
	r.Header.Set("X-Esim-Story-Access-Key", accessKey)
	r.Header.Set("X-Esim-Story-Timestamp", seconds)
	r.Header.Set("X-Esim-Story-Signature", signature.Lower())
	return "", nil
}

// ConfigFromEnv reads ESIMSTORY_ACCESS_KEY and ESIMSTORY_SECRET_KEY, which
// are required, and ESIMSTORY_BASE_URL, without which orders go to
// [ProductionURL]. The error is an [*esim.Error] that names the variable.
func ConfigFromEnv() (Config, error) {
	for _, name := range []string{"ESIMSTORY_ACCESS_KEY", "ESIMSTORY_SECRET_KEY"} {
		if os.Getenv(name) == "" {
			return Config{}, &esim.Error{
				Provider: Provider, Op: "ConfigFromEnv", Kind: esim.ErrInvalidRequest,
				Outcome: esim.OutcomeNotSent, Message: "environment variable " + name + " is not set",
			}
		}
	}
	return Config{
		Settings:  esim.Settings{BaseURL: os.Getenv("ESIMSTORY_BASE_URL")},
		AccessKey: os.Getenv("ESIMSTORY_ACCESS_KEY"),
		SecretKey: esim.NewSecret(os.Getenv("ESIMSTORY_SECRET_KEY")),
	}, nil
}
