package adapter

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
)

func TestAccountFingerprint(t *testing.T) {
	account := func(provider esim.Provider, base, key string) esim.Account {
		tr := newTransport(t, esim.Settings{BaseURL: base}, func(s *Spec) { s.Provider = provider })
		return tr.Account(key)
	}
	const base = "https://api.example.test/v1"
	first := account("test", base, "key-1")
	assert.Regexp(t, `^[0-9a-f]{32}$`, first.Fingerprint)
	assert.Equal(t, "c0006ead2c52dc1bf60a6b3392bdd50e", first.Fingerprint, "the same in every version: it is stored with purchases in doubt")
	assert.NotContains(t, first.Fingerprint, "key-1")

	for _, same := range []string{base + "/", "HTTPS://API.example.test/v1", "https://api.example.test:443/v1", "https://api.example.test:/v1"} {
		assert.Equal(t, first, account("test", same, "key-1"), same)
	}
	seen := map[string]bool{first.Fingerprint: true}
	for _, other := range []esim.Account{
		account("other", base, "key-1"),
		account("test", base, "key-2"),
		account("test", base, "key-1\n"),
		account("test", "https://api.example.test/v2", "key-1"),
		account("test", "https://api.example.test/V1", "key-1"),
		account("test", "https://api.example.test:8443/v1", "key-1"),
		account("test", "https://sandbox.example.test/v1", "key-1"),
		account("test", "https://[2001:db8::1]/v1", "key-1"),
	} {
		assert.False(t, seen[other.Fingerprint], other.Fingerprint)
		seen[other.Fingerprint] = true
	}
}

func TestLiveAccount(t *testing.T) {
	const sandbox = "https://sandbox.example.test/api"
	for base, live := range map[string]bool{
		"https://api.example.test/v1":          true,
		"https://localhost.example.test":       true,
		"https://sandbox.example.test/api/v2":  true, // not the one that is documented
		"https://sandbox.example.test/api":     false,
		"https://SANDBOX.example.test:443/api": false,
		"http://localhost:8080/v1":             false,
		"https://localhost/v1":                 false,
		"http://127.0.0.1:1":                   false,
		"http://[::1]:8080":                    false,
	} {
		tr := newTransport(t, esim.Settings{BaseURL: base})
		assert.Equal(t, live, tr.Account("key", sandbox).Live, base)
	}
}
