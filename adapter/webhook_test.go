package adapter

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const (
	hookNew = "whsec_CANARY-new-0001"
	hookOld = "whsec_CANARY-old-0002"
)

// signed makes headers with the signature of a body.
func signed(t *testing.T, key, body string) http.Header {
	t.Helper()
	s, err := NewSigner([]byte(key))
	require.NoError(t, err)
	return http.Header{"X-Signature": {"sha256=" + s.Concat(nil, []byte(body)).Lower()}}
}

func hooks(change ...func(*Webhooks)) *WebhookSource {
	facts := Webhooks{
		Provider: "test", Name: "secret", Secrets: []esim.Secret{esim.NewSecret(hookNew), esim.NewSecret(hookOld)},
		Headers: []string{"X-Delivery"},
		Parse: func(_ http.Header, body []byte) ([]esim.Event, error) {
			if len(body) == 0 {
				return nil, errors.New("no body")
			}
			return []esim.Event{{Key: EventKey(string(body), "1")}}, nil
		},
	}
	for _, f := range change {
		f(&facts)
	}
	return NewWebhookSource(facts)
}

func TestWebhooksAreProvenByOneOfThreeWays(t *testing.T) {
	const body = `{"event":"x"}`
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	bySignature := hooks(func(w *Webhooks) { w.Signature, w.Prefix = "X-Signature", "sha256=" })
	byToken := hooks(func(w *Webhooks) { w.Token = "X-Token" })
	byPath := hooks(func(w *Webhooks) { w.InPath = true })
	for name, c := range map[string]struct {
		source *WebhookSource
		header http.Header
		path   string
		kind   esim.Kind
	}{
		"signature":               {bySignature, signed(t, hookNew, body), "", ""},
		"signature of the old":    {bySignature, signed(t, hookOld, body), "", ""},
		"slash at the end":        {bySignature, signed(t, hookNew, body), "/", ""},
		"wrong signature":         {bySignature, signed(t, "other", body), "", esim.ErrUnauthorized},
		"signature of other text": {bySignature, signed(t, hookNew, body+" "), "", esim.ErrUnauthorized},
		"no signature":            {bySignature, http.Header{}, "", esim.ErrUnauthorized},
		"two signatures": {
			bySignature, http.Header{"X-Signature": {signed(t, hookNew, body).Get("X-Signature"), "x"}}, "", esim.ErrUnauthorized,
		},
		"signature, deeper path": {bySignature, signed(t, hookNew, body), "more", esim.ErrNotFound},
		"token":                  {byToken, http.Header{"X-Token": {hookOld}}, "", ""},
		"wrong token":            {byToken, http.Header{"X-Token": {"x"}}, "", esim.ErrUnauthorized},
		"empty token":            {byToken, http.Header{"X-Token": {""}}, "", esim.ErrUnauthorized},
		"path":                   {byPath, nil, hookNew, ""},
		"path with a slash":      {byPath, nil, hookNew + "/", ""},
		"wrong path":             {byPath, nil, "x", esim.ErrNotFound},
		"no path":                {byPath, nil, "", esim.ErrNotFound},
	} {
		require.NoError(t, c.source.Check())
		err := c.source.Verify(c.header, c.path, []byte(body), now)
		if c.kind == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, c.kind, name)
		assertSilent(t, err.Error())
	}
}

func TestAWebhookTooFarFromNowIsRefused(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for age, kind := range map[time.Duration]error{0: nil, time.Hour: nil, -time.Hour: nil, time.Hour + 1: esim.ErrClockSkew, -time.Hour - 1: esim.ErrClockSkew} {
		s := hooks(func(w *Webhooks) {
			w.Token, w.Window = "X-Token", time.Hour
			w.At = func([]byte) time.Time { return now.Add(-age) }
		})
		err := s.Verify(http.Header{"X-Token": {hookNew}}, "", nil, now)
		require.ErrorIs(t, err, kind)
		if kind != nil {
			require.ErrorIs(t, err, esim.ErrUnauthorized)
		}
	}
	timeless := hooks(func(w *Webhooks) {
		w.Token, w.Window, w.At = "X-Token", time.Hour, func([]byte) time.Time { return time.Time{} }
	})
	require.NoError(t, timeless.Verify(http.Header{"X-Token": {hookNew}}, "", nil, now), "without a time it is not lost")
}

func TestASourceWithoutAGoodSecretTakesNothing(t *testing.T) {
	for name, secrets := range map[string][]esim.Secret{
		"none": nil, "empty": {{}}, "space": {esim.NewSecret(" CANARY")}, "one of two": {esim.NewSecret(hookNew), {}}, "by Fit": {esim.NewSecret("x-CANARY")},
	} {
		for _, facts := range []func(*Webhooks){
			func(w *Webhooks) { w.Token = "X-Token" }, func(w *Webhooks) { w.InPath = true }, func(w *Webhooks) { w.Signature = "X-Signature" },
		} {
			s := hooks(facts, func(w *Webhooks) {
				w.Secrets = secrets
				w.Fit = func(text string) error {
					if text[0] == 'x' {
						return errors.New("begins with x")
					}
					return nil
				}
			})
			require.ErrorIs(t, s.Check(), esim.ErrInvalidRequest, name)
			assertSilent(t, s.Check().Error())
			require.Error(t, s.Verify(http.Header{"X-Token": {hookNew}}, hookNew, nil, time.Time{}), name)
		}
	}
}

func TestParsedWebhooks(t *testing.T) {
	s := hooks(func(w *Webhooks) { w.Token = "X-Token" })
	assert.Equal(t, "test", s.Name())
	assert.Equal(t, []string{"X-Delivery"}, s.Headers())
	events, err := s.Parse(nil, []byte("{}"))
	require.NoError(t, err)
	assert.Len(t, events[0].Key, 64)
	assert.NotEqual(t, EventKey("a", "b"), EventKey("ab", ""))
	_, err = s.Parse(nil, nil)
	require.ErrorIs(t, err, esim.ErrMalformedResponse)
}
