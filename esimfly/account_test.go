package esimfly

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestAccount(t *testing.T) {
	account := func(change func(*Config)) esim.Account {
		cfg := testConfig()
		cfg.BaseURL = ""
		change(&cfg)
		c, err := New(cfg)
		require.NoError(t, err)
		return c.Account()
	}
	one := account(func(*Config) {})
	assert.True(t, one.Live)
	assert.Equal(t, one, account(func(c *Config) { c.BaseURL = BaseURL + "/" }))
	assert.Equal(t, one, account(func(c *Config) { c.SecretKey = esim.NewSecret("sk_rotated") }), "the same key id")
	assert.NotEqual(t, one.Fingerprint, account(func(c *Config) { c.AccessCode = "esf_other" }).Fingerprint)
	assert.NotEqual(t, one.Fingerprint, account(func(c *Config) { c.BaseURL = "https://proxy.example.com/api" }).Fingerprint)
	assert.False(t, account(func(c *Config) { c.BaseURL = "http://localhost:1/api" }).Live)
}
