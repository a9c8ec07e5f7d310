package esimfly

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestNewChecksTheConfiguration(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		field  string // "" = fine
	}{
		{"as it is", func(*Config) {}, ""},
		{"no access code", func(c *Config) { c.AccessCode = "" }, "AccessCode"},
		{"access code with a line break", func(c *Config) { c.AccessCode = "esf_canary\nx" }, "AccessCode"},
		{"access code with a space", func(c *Config) { c.AccessCode = "esf_canary " }, "AccessCode"},
		{"access code not ASCII", func(c *Config) { c.AccessCode = "esf_canary_ü" }, "AccessCode"},
		{"no secret", func(c *Config) { c.SecretKey = esim.Secret{} }, "SecretKey"},
		{"secret with a line break", func(c *Config) { c.SecretKey = esim.NewSecret("sk_canary\r\n") }, "SecretKey"},
		{"secret with a space", func(c *Config) { c.SecretKey = esim.NewSecret("sk_canary x") }, "SecretKey"},
		{"secret with a NUL", func(c *Config) { c.SecretKey = esim.NewSecret("sk_canary\x00") }, "SecretKey"},
		{"plain http", func(c *Config) { c.BaseURL = "http://esimfly.net/canary" }, "BaseURL"},
		{"plain http on loopback", func(c *Config) { c.BaseURL = "http://127.0.0.1:1/api/v1/business" }, ""},
		{"user info", func(c *Config) { c.BaseURL = "https://u:canary@esimfly.net" }, "BaseURL"},
		{"a query", func(c *Config) { c.BaseURL = "https://esimfly.net?canary" }, "BaseURL"},
		{"a fragment", func(c *Config) { c.BaseURL = "https://esimfly.net#canary" }, "BaseURL"},
		{"no URL", func(c *Config) { c.BaseURL = "canary" }, "BaseURL"},
		{"a negative timeout", func(c *Config) { c.Timeout = -1 }, "Timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := testConfig()
			tt.change(&cfg)
			c, err := New(cfg)
			if tt.field == "" {
				require.NoError(t, err)
				require.NotNil(t, c)
				return
			}
			require.Nil(t, c)
			e := asError(t, err)
			assert.ErrorIs(t, err, esim.ErrInvalidRequest)
			assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
			assert.Contains(t, e.Message, tt.field)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestConfigFromEnv(t *testing.T) {
	for _, name := range []string{
		"ESIMFLY_ACCESS_CODE", "ESIMFLY_SECRET_KEY", "ESIMFLY_BASE_URL", "ESIMFLY_REPLAYS_VERIFIED", "ESIMFLY_LIST_PROVES_AFTER",
	} {
		t.Setenv(name, "")
	}
	refused := func(name string) {
		t.Helper()
		_, err := ConfigFromEnv(esim.Settings{})
		require.ErrorIs(t, err, esim.ErrInvalidRequest)
		assert.ErrorContains(t, err, name)
		assert.NotContains(t, err.Error(), "canary")
		assert.False(t, esim.MaybeCharged(err))
	}
	refused("ESIMFLY_ACCESS_CODE")
	t.Setenv("ESIMFLY_ACCESS_CODE", "esf_canary")
	refused("ESIMFLY_SECRET_KEY")
	t.Setenv("ESIMFLY_SECRET_KEY", "sk_canary")
	c, err := ConfigFromEnv(esim.Settings{Timeout: time.Second})
	require.NoError(t, err)
	assert.Equal(t, "esf_canary", c.AccessCode)
	assert.Equal(t, "sk_canary", c.SecretKey.Reveal())
	assert.Empty(t, c.BaseURL)
	assert.False(t, c.ReplaysVerified)
	assert.Zero(t, c.ListProvesAfter)
	assert.Equal(t, time.Second, c.Timeout, "settings stay")
	t.Setenv("ESIMFLY_BASE_URL", "https://proxy.example.com/fly")
	t.Setenv("ESIMFLY_REPLAYS_VERIFIED", "true")
	t.Setenv("ESIMFLY_LIST_PROVES_AFTER", "10m")
	c, err = ConfigFromEnv(esim.Settings{})
	require.NoError(t, err)
	assert.Equal(t, "https://proxy.example.com/fly", c.BaseURL)
	assert.True(t, c.ReplaysVerified)
	assert.Equal(t, 10*time.Minute, c.ListProvesAfter)
	c, err = ConfigFromEnv(esim.Settings{BaseURL: "https://own.example.com"})
	require.NoError(t, err)
	assert.Equal(t, "https://own.example.com", c.BaseURL, "the environment fills what the settings leave open")
	t.Setenv("ESIMFLY_LIST_PROVES_AFTER", "canary")
	refused("ESIMFLY_LIST_PROVES_AFTER")
}

func TestConfigAndClientPrintNoSecret(t *testing.T) {
	cfg := testConfig()
	cfg.AccessCode, cfg.SecretKey = "esf_canary", esim.NewSecret("sk_canary")
	c, err := New(cfg)
	require.NoError(t, err)
	for _, v := range []any{cfg, &cfg, c} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T"} {
			assert.NotContains(t, fmt.Sprintf(verb, v), "canary", verb)
			assert.NotContains(t, fmt.Sprintf(verb, v), "63616e617279", verb)
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		assert.NotContains(t, log.String(), "canary")
		if doc, err := json.Marshal(v); err == nil {
			assert.NotContains(t, string(doc), "canary")
		}
	}
	assert.Contains(t, fmt.Sprint(cfg), "SecretKey: true")
}

func TestCapabilities(t *testing.T) {
	c, _ := silent(t)
	caps := c.Capabilities()
	assert.Equal(t, Provider, c.Provider())
	assert.False(t, caps.LookupByReference)
	assert.False(t, caps.ContractVerified)
	assert.Equal(t, 10, caps.MaxQuantity)
	assert.Equal(t, esim.IdempotencyReplays, caps.OrderIdempotency)
	assert.Equal(t, esim.IdempotencyNone, caps.TopUpIdempotency)
	assert.Equal(t, esim.PriceGuardEnforced, caps.PriceGuard)
	assert.Equal(t, esim.FulfilmentPolled, caps.Fulfilment)
	assert.Equal(t, "15s", caps.PollInterval.String())
	assert.Equal(t, "24h0m0s", caps.KeyLife.String())
	assert.True(t, caps.OnceRequestID)
	for name, on := range map[string]bool{
		"ListPackages": caps.ListPackages, "ListTopUps": caps.ListTopUps, "Order": caps.Order, "TopUp": caps.TopUp,
		"GetOrder": caps.GetOrder, "Cancel": caps.Cancel, "GetESIM": caps.GetESIM, "Usage": caps.Usage,
		"Balance": caps.Balance, "CallbackURL": caps.CallbackURL,
	} {
		assert.True(t, on, name)
	}
	cfg := testConfig()
	cfg.ReplaysVerified = true
	verified, err := New(cfg)
	require.NoError(t, err)
	assert.True(t, verified.Capabilities().ContractVerified)
}

func TestSettingsAreLeftAlone(t *testing.T) {
	lent := &http.Transport{}
	cfg := testConfig()
	cfg.Transport = lent
	c, err := New(cfg)
	require.NoError(t, err)
	c.CloseIdleConnections()
	assert.Zero(t, lent.MaxResponseHeaderBytes)
	assert.Zero(t, lent.MaxConnsPerHost)
}
