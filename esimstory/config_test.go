package esimstory

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestNewRefusesBadConfiguration(t *testing.T) {
	sheet := func(change func(*esim.Package)) func(*Config) {
		return func(c *Config) {
			p := esim.Package{ID: optionB, Name: "Japan", Price: money(t, "4.10 USD"), Countries: []esim.Country{"JP"}}
			change(&p)
			c.Catalog = []esim.Package{{ID: optionA, Name: "Korea"}, p}
		}
	}
	for _, c := range []struct {
		field  string
		change func(*Config)
	}{
		{"AccessKey", func(c *Config) { c.AccessKey = "" }},
		{"AccessKey", func(c *Config) { c.AccessKey = "ak canary" }},
		{"AccessKey", func(c *Config) { c.AccessKey = "canary\r\nX-Evil: 1" }},
		{"AccessKey", func(c *Config) { c.AccessKey = "canary\x00" }},
		{"AccessKey", func(c *Config) { c.AccessKey = "canaryé" }},
		{"SecretKey", func(c *Config) { c.SecretKey = esim.Secret{} }},
		{"SecretKey", func(c *Config) { c.SecretKey = esim.NewSecret(" \t ") }},
		{"SecretKey", func(c *Config) { c.SecretKey = esim.NewSecret("canary!not-base64") }},
		{"SecretKey", func(c *Config) { c.SecretKey = esim.NewSecret("Y2FuYXJ5\nY2FuYXJ5") }},
		{"SecretKey", func(c *Config) { c.SecretKey = esim.NewSecret("Y2FuYXJ5\n") }},
		{"SecretKey", func(c *Config) { c.SecretKey = esim.NewSecret("\rY2FuYXJ5") }},
		{"SecretKey", func(c *Config) { c.SecretKey = esim.NewSecret("Y2FuYXJ5_-==") }},
		{"SecretKey", func(c *Config) { c.SecretKey = esim.NewSecret("====") }},
		{"MaxUnits", func(c *Config) { c.MaxUnits = -1 }},
		{"Settings.BaseURL", func(c *Config) { c.BaseURL = "http://api.esimstory.com/api" }},
		{"Settings.BaseURL", func(c *Config) { c.BaseURL = "https://canary:pw@api.esimstory.com/api" }},
		{"Settings.BaseURL", func(c *Config) { c.BaseURL = "https://api.esimstory.com/api?canary=1" }},
		{"Settings.BaseURL", func(c *Config) { c.BaseURL = "https://api.esimstory.com/api#canary" }},
		{"Settings.Timeout", func(c *Config) { c.Timeout = -time.Second }},
		{"Catalog[1].ID", sheet(func(p *esim.Package) { p.ID = "" })},
		{"Catalog[1].ID", sheet(func(p *esim.Package) { p.ID = "\x00canary" })},
		{"Catalog[1].ID", sheet(func(p *esim.Package) { p.ID = optionA })},
		{"Catalog[1].ID", sheet(func(p *esim.Package) { p.ID = strings.ToUpper(optionA) })},
		{"Catalog[1].Provider", sheet(func(p *esim.Package) { p.Provider = "esimfly" })},
		{"Catalog[1].Countries", sheet(func(p *esim.Package) { p.Countries = []esim.Country{"Canary"} })},
		{"Catalog[1].Data", sheet(func(p *esim.Package) { p.Data = -1 })},
		{"Catalog[1].ValidityDays", sheet(func(p *esim.Package) { p.ValidityDays = -1 })},
		{"Catalog[1].Price", sheet(func(p *esim.Package) { p.Price = money(t, "-1 USD") })},
	} {
		config := testConfig(answering(200, ""))
		c.change(&config)
		client, err := New(config)
		require.Nil(t, client)
		e := failure(t, err, "New")
		require.ErrorIs(t, e, esim.ErrInvalidRequest)
		require.Equal(t, esim.OutcomeNotSent, e.Outcome)
		require.Contains(t, e.Message, c.field)
		require.NotContains(t, strings.ToLower(e.Error()), "canary")
	}
}

func TestPriceWithoutCurrencyIsRefused(t *testing.T) {
	var p esim.Package
	require.NoError(t, json.Unmarshal([]byte(`{"id":"x","name":"x","kind":"local","price":{"amount":"2","currency":null}}`), &p))
	config := testConfig(answering(200, ""))
	config.Catalog = []esim.Package{p}
	_, err := New(config)
	require.ErrorContains(t, err, "Catalog[0].Price has no currency")
}

func TestSecretMayHaveSpaceAndLackPadding(t *testing.T) {
	const signature = "e3f210047e7d936f526876bfab04a5bfb41d6d0e21688674157156fff0644b6b"
	for _, secret := range []string{testSecretKey, " " + testSecretKey + "\t", strings.TrimRight(testSecretKey, "=")} {
		wire := answering(422, `{"errors":["External order id can't be blank"]}`)
		c := newTestClient(t, wire, func(c *Config) { c.SecretKey = esim.NewSecret(secret) })
		_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA, Reference: "r"})
		require.ErrorIs(t, err, esim.ErrInvalidRequest)
		require.Equal(t, []string{signature}, wire.headers[0]["X-Esim-Story-Signature"])
		require.Equal(t, []string{testAccessKey}, wire.headers[0]["X-Esim-Story-Access-Key"])
		require.Equal(t, []string{"1769904000"}, wire.headers[0]["X-Esim-Story-Timestamp"])
	}
}

// The vectors of the key forms; the request is that of the reference. Secret C
// decodes to bytes that are no text.
func TestSignatureVectors(t *testing.T) {
	for _, v := range []struct{ secret, want string }{
		{"//6AwyigscLT5PWWFyg5SltsfY6fr7/P3+/w4dLDtKU=", "6f27bb8a24b5b6b9d3991879e22eb5bc9cc61207c7afd92e654768b039321b6b"},
		{"AP8KgMMofwDerb7vXG4lAQIDBAUGBwgJCwwNDg8QEQo=", "31aca9e3b31ab3afcd5f5170255fa7f3f34a04d75964353eb93c2face0a9c85c"},
	} {
		wire := answering(500, "")
		c := newTestClient(t, wire, func(c *Config) { c.SecretKey = esim.NewSecret(v.secret) })
		_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA})
		require.Error(t, err)
		require.Equal(t, v.want, wire.headers[0].Get("X-Esim-Story-Signature"))
	}
}

func TestSandboxPathIsSigned(t *testing.T) {
	var path string
	rt := roundTrip(func(r *http.Request) (*http.Response, error) {
		path = r.URL.String()
		return answering(500, "").RoundTrip(r)
	})
	c := newTestClient(t, rt, func(c *Config) { c.BaseURL = SandboxURL + "/" })
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA})
	require.Error(t, err)
	require.Equal(t, "https://sandbox-api.esimstory.com/api/v1/api_partner/orders", path)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestConfigFromEnv(t *testing.T) {
	set := func(access, secret, base string) {
		t.Setenv("ESIMSTORY_ACCESS_KEY", access)
		t.Setenv("ESIMSTORY_SECRET_KEY", secret)
		t.Setenv("ESIMSTORY_BASE_URL", base)
	}
	set("ak", "c2s=", "")
	c, err := ConfigFromEnv(esim.Settings{})
	require.NoError(t, err)
	require.Equal(t, "ak", c.AccessKey)
	require.Equal(t, "c2s=", c.SecretKey.Reveal())
	require.Empty(t, c.BaseURL)
	_, err = New(c)
	require.NoError(t, err)

	set("ak", "c2s=", SandboxURL)
	c, err = ConfigFromEnv(esim.Settings{})
	require.NoError(t, err)
	require.Equal(t, SandboxURL, c.BaseURL)

	shared := esim.Settings{MaxRetries: 1, Timeout: time.Minute}
	c, err = ConfigFromEnv(shared)
	require.NoError(t, err)
	require.Equal(t, SandboxURL, c.BaseURL, "settings that say nothing of it drop no sandbox")
	require.Equal(t, 1, c.MaxRetries)
	client, err := New(c)
	require.NoError(t, err)
	require.False(t, client.Account().Live)
	shared.BaseURL = "http://127.0.0.1:1/api"
	c, err = ConfigFromEnv(shared)
	require.NoError(t, err)
	require.Equal(t, shared.BaseURL, c.BaseURL, "what the settings say stands")

	t.Setenv("ESIMSTORY_REPEATS_VERIFIED", "true")
	t.Setenv("ESIMSTORY_MAX_UNITS", "7")
	c, err = ConfigFromEnv(shared)
	require.NoError(t, err)
	require.True(t, c.RepeatsVerified)
	require.Equal(t, 7, c.MaxUnits)
	t.Setenv("ESIMSTORY_REPEATS_VERIFIED", "perhaps")
	_, err = ConfigFromEnv(shared)
	require.ErrorContains(t, err, "ESIMSTORY_REPEATS_VERIFIED is neither true nor false")
	t.Setenv("ESIMSTORY_REPEATS_VERIFIED", "")

	set("", "c2s=", "")
	_, err = ConfigFromEnv(esim.Settings{})
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	require.ErrorContains(t, err, "ESIMSTORY_ACCESS_KEY")
	require.False(t, esim.MaybeCharged(err))

	set("ak", "", "")
	_, err = ConfigFromEnv(esim.Settings{})
	require.ErrorContains(t, err, "ESIMSTORY_SECRET_KEY")
}

func TestNewKeepsNothingItIsLent(t *testing.T) {
	config := testConfig(answering(200, ""))
	config.Catalog = []esim.Package{{
		ID: optionA, Name: "Japan", Price: money(t, "4 USD"), Countries: []esim.Country{"JP"},
		Networks: []esim.Network{{Name: "Docomo"}}, Rechargeable: new(false),
	}}
	c, err := New(config)
	require.NoError(t, err)
	defer c.CloseIdleConnections()
	config.Catalog[0].Countries[0] = "KR"
	config.Catalog[0].Networks[0].Name = "SKT"
	*config.Catalog[0].Rechargeable = true
	config.Catalog[0].Name = "Korea"

	for range 2 { // the second time sees what the first caller did to its copy
		page, err := c.ListPackages(t.Context(), esim.PackageQuery{})
		require.NoError(t, err)
		p := page.Packages[0]
		require.Equal(t, "Japan", p.Name)
		require.Equal(t, []esim.Country{"JP"}, p.Countries)
		require.Equal(t, "Docomo", p.Networks[0].Name)
		require.False(t, *p.Rechargeable)
		p.Countries[0], p.Networks[0].Name, *p.Rechargeable = "CN", "CMCC", true
	}
}

func TestCapabilities(t *testing.T) {
	bare := newTestClient(t, answering(200, ""))
	require.Equal(t, Provider, bare.Provider())
	require.Equal(t, esim.Capabilities{
		Order: true, MaxQuantity: 100, OrderIdempotency: esim.IdempotencyRejects, Fulfilment: esim.FulfilmentWebhook,
	}, bare.Capabilities())

	priced := newTestClient(t, answering(200, ""), func(c *Config) { c.Catalog, c.MaxUnits = []esim.Package{{ID: optionA}}, 7 })
	require.Equal(t, esim.Capabilities{
		Order: true, MaxQuantity: 7, OrderIdempotency: esim.IdempotencyRejects, Fulfilment: esim.FulfilmentWebhook,
		ListPackages: true, PriceGuard: esim.PriceGuardSheet,
	}, priced.Capabilities())

	tried := newTestClient(t, answering(200, ""), func(c *Config) { c.RepeatsVerified = true })
	require.Equal(t, esim.RepeatSafe, tried.Capabilities().OrderRepeat)
}

func TestUnsupportedCallsSendNothing(t *testing.T) {
	wire := answering(200, "{}")
	c := newTestClient(t, wire)
	ctx := t.Context()
	iccid := esim.ICCID("8985234123456789012")
	for op, call := range map[string]func() error{
		"ListPackages": func() error { _, err := c.ListPackages(ctx, esim.PackageQuery{}); return err },
		"ListTopUps":   func() error { _, err := c.ListTopUps(ctx, iccid); return err },
		"TopUp":        func() error { _, err := c.TopUp(ctx, esim.TopUpRequest{ICCID: iccid}); return err },
		"GetOrder":     func() error { _, err := c.GetOrder(ctx, esim.OrderRef{Reference: "r"}); return err },
		"Cancel":       func() error { _, err := c.Cancel(ctx, esim.CancelRequest{ICCID: iccid}); return err },
		"GetESIM":      func() error { _, err := c.GetESIM(ctx, iccid); return err },
		"Usage":        func() error { _, err := c.Usage(ctx, iccid); return err },
		"Balance":      func() error { _, err := c.Balance(ctx); return err },
	} {
		e := failure(t, call(), op)
		require.ErrorIs(t, e, esim.ErrUnsupported)
		require.Equal(t, esim.OutcomeNotSent, e.Outcome)
		require.Contains(t, e.Message, "eSIM Story")
	}
	require.Zero(t, wire.sends())
}

func TestPrintingShowsNoSecret(t *testing.T) {
	config := testConfig(answering(200, ""))
	c, err := New(config)
	require.NoError(t, err)
	defer c.CloseIdleConnections()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text := fmt.Sprintf(verb, config.SecretKey) + fmt.Sprintf(verb, c) + fmt.Sprintf(verb, config) + fmt.Sprintf(verb, &config)
		require.NotContains(t, text, testSecretKey)
		require.NotContains(t, text, testAccessKey)
		require.NotContains(t, text, "esim-story-test-secret")
		require.NotContains(t, text, fmt.Sprintf("%x", testSecretKey))
		require.NotContains(t, text, fmt.Sprintf("%x", testAccessKey))
	}
	logger, logged := captured()
	logger.Info("x", "value", config, "pointer", &config)
	slog.New(slog.NewTextHandler(logged, nil)).Info("x", "value", config, "pointer", &config)
	require.NotContains(t, logged.String(), testSecretKey)
	require.NotContains(t, logged.String(), testAccessKey)
	require.Equal(t, "esimstory.Config{AccessKey: true, SecretKey: true, Catalog: 0, RepeatsVerified: false, MaxUnits: 0}", fmt.Sprint(config))
	require.Contains(t, fmt.Sprint(Config{}), "SecretKey: false")
	doc, err := json.Marshal(struct{ Key esim.Secret }{config.SecretKey})
	require.NoError(t, err)
	require.JSONEq(t, `{"Key":"REDACTED"}`, string(doc))
}
