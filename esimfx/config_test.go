package esimfx

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestConfigErrors(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*Config)
		names  string
	}{
		"no client id":              {func(c *Config) { c.ClientID = "" }, "ClientID"},
		"client id with a break":    {func(c *Config) { c.ClientID = "leak-me\r\nX: y" }, "ClientID"},
		"client id with a space":    {func(c *Config) { c.ClientID = "leak-me " }, "ClientID"},
		"no client key":             {func(c *Config) { c.ClientKey = esim.Secret{} }, "ClientKey"},
		"client key with a break":   {func(c *Config) { c.ClientKey = esim.NewSecret("leak-me\n") }, "ClientKey"},
		"client key with a letter":  {func(c *Config) { c.ClientKey = esim.NewSecret("leak-meé") }, "ClientKey"},
		"currency in small letters": {func(c *Config) { c.Currency = "usd" }, "Currency"},
		"currency in words":         {func(c *Config) { c.Currency = "dollars" }, "Currency"},
		"code 0":                    {func(c *Config) { c.Codes = map[int]Code{0: {Kind: esim.ErrNotFound}} }, "Codes"},
		"code without a kind":       {func(c *Config) { c.Codes = map[int]Code{7: {Refused: true}} }, "Codes[7].Kind"},
		"code of a strange kind":    {func(c *Config) { c.Codes = map[int]Code{7: {Kind: "leak-me"}} }, "Codes[7].Kind"},
		"no base URL":               {func(c *Config) { c.BaseURL = "" }, "BaseURL"},
		"plain http":                {func(c *Config) { c.BaseURL = "http://leak-me.example.com" }, "BaseURL"},
		"base URL with user info":   {func(c *Config) { c.BaseURL = "https://user:leak-me@fx.example.com" }, "BaseURL"},
		"base URL with a query":     {func(c *Config) { c.BaseURL = "https://fx.example.com?leak-me" }, "BaseURL"},
		"base URL with a fragment":  {func(c *Config) { c.BaseURL = "https://fx.example.com#leak-me" }, "BaseURL"},
		"negative timeout":          {func(c *Config) { c.Timeout = -1 }, "Timeout"},
	} {
		cfg := testConfig(nil)
		row.change(&cfg)
		client, err := New(cfg)
		assert.Nil(t, client, name)
		e := asError(t, err)
		require.ErrorIs(t, e, esim.ErrInvalidRequest, name)
		assert.Equal(t, esim.OutcomeNotSent, e.Outcome, name)
		assert.Equal(t, Provider, e.Provider, name)
		assert.Contains(t, e.Message, row.names, name)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", e, e, e), "leak-me", name)
	}
}

func TestNewCopiesWhatItIsLent(t *testing.T) {
	w := newWorld(t)
	w.on(createPath, 200, `{"code":40201,"message":"Insufficient balance"}`)
	cfg := w.config()
	c := newTestClient(t, cfg)
	cfg.Codes[40201] = Code{Kind: esim.ErrNotEligible}
	_, err := order(t.Context(), c, "ref-1")
	e := asError(t, err)
	require.ErrorIs(t, e, esim.ErrInsufficientBalance)
	assert.Equal(t, esim.OutcomeRejected, e.Outcome)
}

func TestNewSendsNothing(t *testing.T) {
	w := newWorld(t)
	w.client(t)
	assert.Zero(t, w.sent)
}

func TestConfigFromEnv(t *testing.T) {
	required := []string{"ESIMFX_BASE_URL", "ESIMFX_CLIENT_ID", "ESIMFX_CLIENT_KEY"}
	for _, name := range required {
		t.Setenv(name, "https://value-of-"+name)
	}
	cfg, err := ConfigFromEnv(esim.Settings{MaxRetries: 5})
	require.NoError(t, err)
	assert.Equal(t, Config{
		Settings: esim.Settings{BaseURL: "https://value-of-ESIMFX_BASE_URL", MaxRetries: 5},
		ClientID: "https://value-of-ESIMFX_CLIENT_ID",
	}, withoutKey(cfg))
	assert.Equal(t, "https://value-of-ESIMFX_CLIENT_KEY", cfg.ClientKey.Reveal())

	for name, value := range map[string]string{
		"ESIMFX_CURRENCY": "EUR", "ESIMFX_BARE_TOKEN": "true", "ESIMFX_CONTRACT_VERIFIED": "true", "ESIMFX_NEVER_REPEAT": "true", "ESIMFX_POSTPAID": "true",
	} {
		t.Setenv(name, value)
	}
	cfg, err = ConfigFromEnv(esim.Settings{BaseURL: "https://mine"})
	require.NoError(t, err)
	assert.Equal(t, Config{
		Settings: esim.Settings{BaseURL: "https://mine"}, ClientID: "https://value-of-ESIMFX_CLIENT_ID",
		Currency: "EUR", BareToken: true, ContractVerified: true, NeverRepeat: true, Postpaid: true,
	}, withoutKey(cfg))

	for _, name := range required {
		t.Setenv(name, "")
		_, err := ConfigFromEnv(esim.Settings{})
		e := asError(t, err)
		require.ErrorIs(t, e, esim.ErrInvalidRequest)
		assert.Contains(t, e.Message, name)
		t.Setenv(name, "https://again")
	}
}

// withoutKey: a Secret holds a func, and two of those are never equal.
func withoutKey(cfg Config) Config {
	cfg.ClientKey = esim.Secret{}
	return cfg
}

func TestCapabilities(t *testing.T) {
	w := newWorld(t)
	caps := w.client(t).Capabilities()
	for op := range operations() {
		want := map[string]bool{
			"ListPackages": caps.ListPackages, "ListTopUps": caps.ListTopUps, "Order": caps.Order, "TopUp": caps.TopUp,
			"GetOrder": caps.GetOrder, "Cancel": caps.Cancel, "GetESIM": caps.GetESIM, "Usage": caps.Usage, "Balance": caps.Balance,
		}
		if supported, isClientMethod := want[op]; isClientMethod {
			assert.True(t, supported, op)
		}
	}
	assert.False(t, caps.LookupByReference)
	assert.False(t, caps.CallbackURL)
	assert.Equal(t, 20, caps.MaxQuantity)
	assert.Equal(t, esim.IdempotencyReplays, caps.OrderIdempotency)
	assert.Equal(t, esim.IdempotencyReplays, caps.TopUpIdempotency)
	assert.Equal(t, esim.RepeatSafe, caps.OrderRepeat)
	assert.Equal(t, esim.RepeatSafe, caps.TopUpRepeat)
	assert.Equal(t, 1, caps.MaxRepeats)
	assert.Equal(t, 180*24*time.Hour, caps.KeyLife)
	assert.False(t, caps.OnceRequestID)
	assert.Equal(t, esim.FulfilmentImmediate, caps.Fulfilment)
	assert.Equal(t, esim.PriceGuardChecked, caps.PriceGuard)
	assert.False(t, caps.ContractVerified)

	cfg := w.config()
	cfg.ContractVerified = true
	c := newTestClient(t, cfg)
	assert.True(t, c.Capabilities().ContractVerified)
	assert.Equal(t, Provider, c.Provider())
}
