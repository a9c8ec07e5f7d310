package adapter

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/esimkit/esim"
)

// Account tells what the holder of an API key pays with. The key id must not
// be a secret; it may be any text without line breaks. A sandbox is the base
// URL of an environment in which orders cost nothing.
func (t *API) Account(keyID string, sandboxes ...string) esim.Account {
	address := addressOf(t.base)
	digest := sha256.Sum256([]byte(strings.Join([]string{string(t.spec.Provider), address, keyID}, "\n")))
	account := esim.Account{Fingerprint: hex.EncodeToString(digest[:])[:32], Live: !isLoopback(t.base.Hostname())}
	for _, raw := range sandboxes {
		if u, err := parseBaseURL(raw); err == nil && addressOf(u) == address {
			account.Live = false
		}
	}
	return account
}

// addressOf writes a base URL in one way only: what merely spells it otherwise
// does not make it another environment.
func addressOf(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + host + ":" + port + u.Path
}
