package adapter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

var goodBaseURLs = map[string]string{
	"https://api.example.test":                 "https://api.example.test",
	"https://api.example.test/":                "https://api.example.test",
	"https://api.example.test/api/business/v1": "https://api.example.test/api/business/v1",
	"https://api.example.test/v1/":             "https://api.example.test/v1",
	"https://api.example.test:8443/v1":         "https://api.example.test:8443/v1",
	"https://api.example.test:/v1":             "https://api.example.test:/v1",
	"HTTPS://API.example.test/V1":              "https://API.example.test/V1",
	"https://192.0.2.7/v1":                     "https://192.0.2.7/v1",
	"https://[2001:db8::1]:8443/v1":            "https://[2001:db8::1]:8443/v1",
	"https://xn--bcher-kva.example/v1":         "https://xn--bcher-kva.example/v1",
	"https://localhost/v1":                     "https://localhost/v1",
	"http://localhost":                         "http://localhost",
	"http://LocalHost:8080/v1":                 "http://LocalHost:8080/v1",
	"http://127.0.0.1:8080":                    "http://127.0.0.1:8080",
	"http://127.255.255.254":                   "http://127.255.255.254",
	"http://[::1]:8080/v1":                     "http://[::1]:8080/v1",
	"http://[::ffff:127.0.0.1]":                "http://[::ffff:127.0.0.1]",
	"https://api.example.test/v1/./x":          "https://api.example.test/v1/./x",
}

var badBaseURLs = []string{
	"api.example.test", "/v1", "//api.example.test", "https:", "https://", "https:///v1", "https:api.example.test", "https://:443/v1",
	"ftp://api.example.test", "ws://api.example.test", "file:///etc/passwd", "javascript:alert(1)", "httpss://api.example.test",
	"http://api.example.test", "http://192.0.2.7", "http://10.0.0.1", "http://0.0.0.0", "http://[::]", "http://[fe80::1]",
	"http://localhost.example.test", "http://127.0.0.1.example.test", "http://localhost.", "http://127.1", "http://0x7f000001", "http://2130706433",
	"https://user@api.example.test", "https://user:CANARY@api.example.test", "https://@api.example.test", "http://user:CANARY@localhost",
	"https://api.example.test?key=CANARY", "https://api.example.test/?", "https://api.example.test/v1?x=1",
	"https://api.example.test#CANARY", "https://api.example.test/v1#", "https://localhost#@api.example.test",
	"https://api.example.test/../admin", "https://api.example.test/v1/..", "https://api.example.test/%2e%2e/admin", "https://api.example.test/a/%2E./b",
	"https://api.example.test//v1", "https://api.example.test/v1//", "https://api.example.test/a%2fb", "https://api.example.test/%2f%2fCANARY",
	"https://api.example.test:99999", "https://api.example.test:0", "https://api.example.test:CANARY", "https://api.example.test:-1",
	"https://api example.test", "https://api.example.test/\n", "https://api.example.test/\x00", " https://api.example.test", "https://api.example.test\\@CANARY",
	"https://[::1", "https://[::1]CANARY", "https://%zz/", "https://api.example.test/%zz", "\xff", "https://\xff",
}

func TestBaseURL(t *testing.T) {
	require.GreaterOrEqual(t, len(goodBaseURLs)+len(badBaseURLs), 40)
	for raw, want := range goodBaseURLs {
		u, err := parseBaseURL(raw)
		require.NoError(t, err, raw)
		assert.Equal(t, want, u.String())
	}
	for _, raw := range badBaseURLs {
		_, err := New(testSpec(), esim.Settings{BaseURL: raw})
		require.Error(t, err, "%q", raw)
		e := assertOutcome(t, esim.OutcomeNotSent, err)
		require.ErrorIs(t, err, esim.ErrInvalidRequest, "%q", raw)
		assert.Contains(t, e.Message, "Settings.BaseURL ")
		assert.NotContains(t, e.Message, "example.test")
	}
}

func TestBaseURLOfTheSpec(t *testing.T) {
	spec := testSpec()
	_, err := New(spec, esim.Settings{})
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.Contains(t, err.Error(), "Settings.BaseURL is required")

	spec.BaseURL = "https://api.example.test/v1"
	tr, err := New(spec, esim.Settings{})
	require.NoError(t, err)
	assert.Equal(t, "https://api.example.test/v1", tr.base.String())
	tr, err = New(spec, esim.Settings{BaseURL: "https://eu.example.test"})
	require.NoError(t, err)
	assert.Equal(t, "https://eu.example.test", tr.base.String())
	assert.Equal(t, esim.Provider("test"), tr.Provider())
}

func TestNewRefusesNegativeTimeout(t *testing.T) {
	spec := testSpec()
	spec.BaseURL = "https://api.example.test"
	_, err := New(spec, esim.Settings{Timeout: -time.Second})
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.Contains(t, err.Error(), "Settings.Timeout")
}
