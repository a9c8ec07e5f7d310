package esimfx

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
)

func TestAccount(t *testing.T) {
	account := func(change func(*Config)) esim.Account {
		cfg := testConfig(nil)
		change(&cfg)
		return newTestClient(t, cfg).Account()
	}
	one := account(func(*Config) {})
	assert.True(t, one.Live)
	assert.NotContains(t, one.Fingerprint, canaryID)
	assert.Equal(t, one, account(func(c *Config) { c.ClientKey = esim.NewSecret("another") }), "a new key of the same account")
	assert.NotEqual(t, one.Fingerprint, account(func(c *Config) { c.ClientID = "another" }).Fingerprint)
	assert.NotEqual(t, one.Fingerprint, account(func(c *Config) { c.BaseURL = "https://fx2.example.com" }).Fingerprint)
	assert.False(t, account(func(c *Config) { c.BaseURL = "http://127.0.0.1:1" }).Live)
}
