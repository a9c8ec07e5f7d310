package adapter

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/esimkit/esim"
)

// parseBaseURL accepts absolute https URLs, and http for loopback hosts. Its
// errors do not repeat the URL, which may hold a password.
func parseBaseURL(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("is required")
	}
	u, err := parseHTTPURL(raw)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" || u.ForceQuery {
		return nil, errors.New("must not have a query")
	}
	if strings.Contains(u.Path, "..") || strings.Contains(u.Path, "//") || u.RawPath != "" {
		return nil, errors.New("must have a clean path")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// parseHTTPURL accepts absolute https URLs without user info or fragment, and
// http for loopback hosts.
func parseHTTPURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || !utf8.ValidString(raw):
		return nil, errors.New("is not a URL")
	case u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("must be absolute, with a host")
	case u.User != nil:
		return nil, errors.New("must not have user info")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return nil, errors.New("must not have a fragment")
	case !isPort(u.Port()):
		return nil, errors.New("has an impossible port")
	case u.Scheme == "https":
	case u.Scheme == "http" && isLoopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, errors.New("must be https: plain http is for loopback hosts only")
	default:
		return nil, errors.New("must be https")
	}
	return u, nil
}

// isPort accepts no port at all, which stands for the one of the scheme.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

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
