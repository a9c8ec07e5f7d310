package esimfly

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const (
	canaryCode   = "esf_canary_0123456789"
	canarySecret = "sk_canary_0123456789"
	canaryLPA    = "LPA:1$rsp.example.com$CANARY-MATCHING-ID"
)

// A provider that repeats everything it was sent, and every code it has sold,
// in every text it can.
func TestNothingSecretIsPrinted(t *testing.T) {
	var log bytes.Buffer
	var f *fake
	var c *Client
	leaky := func(status int) string {
		f.mu.Lock()
		h := f.sent[len(f.sent)-1].Header
		f.mu.Unlock()
		text := fmt.Sprintf("%s %s %s %s %s https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=%s",
			canaryCode, canarySecret, h.Get("RT-Signature"), h.Get("RT-AccessCode"), canaryLPA, canaryLPA)
		return fmt.Sprintf(`{"success":false,"error":%q,"message":%q,"code":%q}`, text, text, text)
	}
	status := 400
	c, f = faked(t, func(call, _ string) (int, string) {
		if status == 0 {
			return 0, ""
		}
		return status, leaky(status)
	}, func(cfg *Config) {
		cfg.AccessCode, cfg.SecretKey = canaryCode, esim.NewSecret(canarySecret)
		cfg.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	var errs []error
	for _, status = range []int{0, 200, 400, 401, 404, 429, 500, 502} {
		_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p"})
		errs = append(errs, err)
		_, err = c.GetESIM(t.Context(), testICCID)
		errs = append(errs, err)
		_, err = c.SetWebhook(t.Context(), "https://example.com/hook", []string{"esim.installed"})
		errs = append(errs, err)
	}
	var printed strings.Builder
	for _, err := range errs {
		require.Error(t, err)
		printed.WriteString(everyWay(t, err))
	}
	printed.WriteString(log.String())
	assert.NotEmpty(t, log.String())
	for _, secret := range []string{canaryCode, canarySecret, "CANARY-MATCHING-ID", f.sent[0].Header.Get("RT-Signature")} {
		assert.NotContains(t, printed.String(), secret)
	}
}

// everyWay prints an error in all the ways there are.
func everyWay(t *testing.T, err error) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&b, verb+"\n", err)
	}
	doc, merr := json.Marshal(err)
	require.NoError(t, merr)
	b.Write(doc)
	slog.New(slog.NewJSONHandler(&b, nil)).Error("x", "err", err)
	slog.New(slog.NewTextHandler(&b, nil)).Error("x", "err", err)
	return b.String()
}

// What was sold and is incomplete hangs on the error, and does not print.
func TestIncompleteOrderKeepsItsCodeToItself(t *testing.T) {
	c, _ := faked(t, inTurn(t, step{200, `{"success":true,"status":"completed","esims":[{"iccid":"8932042000010078801","lpaString":"` + canaryLPA + `"}]}`}))
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p"})
	require.ErrorIs(t, err, esim.ErrIncomplete)
	require.Nil(t, o)
	e := asError(t, err)
	assert.Equal(t, canaryLPA, e.Order.ESIMs[0].Activation.LPA(), "it is in hand")
	text := everyWay(t, err) + fmt.Sprintf("%+v %#v", e.Order, e.Order)
	doc, merr := json.Marshal(e.Order)
	require.NoError(t, merr)
	assert.NotContains(t, text+string(doc), "CANARY-MATCHING-ID")
}

func TestWebhookSecret(t *testing.T) {
	c, _ := faked(t, inTurn(t, step{200, `{"success":true,"webhook":{"url":"https://example.com/hook","secret":"whsec_canary","events":["esim.installed"]}}`}))
	s, err := c.SetWebhook(t.Context(), "https://example.com/hook", []string{"esim.installed"})
	require.NoError(t, err)
	assert.Equal(t, "whsec_canary", s.Secret.Reveal())
	doc, merr := json.Marshal(s)
	require.NoError(t, merr)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", s, s, s, doc), "whsec_canary")
}

func TestErrorsAreOneLine(t *testing.T) {
	c, _ := faked(t, func(string, string) (int, string) { return 400, `{"success":false,"message":"a\nb\u001b[31m\u202ec"}` })
	_, err := c.Balance(t.Context())
	assert.False(t, strings.ContainsAny(err.Error(), "\n\r\x1b"), "%q", err.Error())
	assert.ErrorIs(t, err, esim.ErrInvalidRequest)
}
