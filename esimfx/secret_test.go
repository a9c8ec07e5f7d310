package esimfx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// everything a printer could make of v.
func printed(t *testing.T, v any) string {
	t.Helper()
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "v", v)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "v", v)
	doc, err := json.Marshal(v)
	if err != nil {
		doc = nil // a client is nothing for JSON
	}
	return fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v) + string(doc) + logged.String()
}

func noCanary(t *testing.T, text, what string) {
	t.Helper()
	for _, canary := range []string{canaryID, canaryKey, canaryToken, canaryMatch} {
		for _, form := range []string{canary, strings.ToLower(canary), fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
			if strings.Contains(text, form) {
				t.Errorf("%s holds a secret: …%s…", what, form)
			}
		}
	}
}

// TestNoSecretIsPrinted lets the provider echo every secret in its messages.
func TestNoSecretIsPrinted(t *testing.T) {
	echo := `LPA:1$rsp.truphone.com$` + canaryMatch + ` ` + canaryKey + ` ` + canaryID
	bodies := map[string]string{
		"success":    goodOrder,
		"refusal":    `{"code":49999,"message":"no: ` + echo + `"}`,
		"taught":     `{"code":40201,"message":"no: ` + echo + `"}`,
		"no LPA":     `{"code":0,"data":{"id":"o-1","esim":{"iccid":"89440000000000000000"}}}`,
		"odd LPA":    `{"code":0,"data":{"id":"o-1","iccid":"89440000000000000000","esim_qr":"LPA:1$bad host$` + canaryMatch + `","esim":{"iccid":"89440000000000000000","esim_qr":"LPA:1$bad host$` + canaryMatch + `"}}}`,
		"not JSON":   echo,
		"half":       goodOrder[:len(goodOrder)-20],
		"other eSIM": strings.ReplaceAll(goodOrder, "89440000000000000000", "89440000000000000017"),
	}
	for name, body := range bodies {
		for op, call := range operations() {
			t.Run(name+"/"+op, func(t *testing.T) {
				w := newWorld(t)
				if op == "TopUp" {
					w.on(statusPath, 200, goodStatus)
					w.on(topUpsPath, 200, goodTopUps)
				}
				w.on("/(product|order|account/api/v1/reseller)/.*", 200, body)
				cfg := w.config()
				var logged bytes.Buffer
				cfg.Logger = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
				c := newTestClient(t, cfg)
				if err := call(t.Context(), c); err != nil {
					noCanary(t, printed(t, err)+err.Error(), "the error")
					if order := asError(t, err).Order; order != nil {
						noCanary(t, printed(t, order), "the order in the error")
					}
				}
				require.NotEmpty(t, logged.String())
				noCanary(t, logged.String(), "the log")
				noCanary(t, printed(t, c)+printed(t, *c)+printed(t, cfg)+printed(t, &cfg), "the client or its config")
			})
		}
	}
}

func TestAConfigSaysWhatIsSet(t *testing.T) {
	cfg := testConfig(nil)
	assert.Equal(t, `esimfx.Config{ClientID: true, ClientKey: true, Codes: 6, Currency: "", BareToken: false, ContractVerified: false, NeverRepeat: false, Postpaid: false, Tokens: false}`, fmt.Sprint(cfg))
	assert.Equal(t, fmt.Sprint(cfg), cfg.LogValue().String())
	assert.Contains(t, fmt.Sprintf("%+v", &Config{}), "ClientKey: false")
}

func TestResultsMaskTheirCodes(t *testing.T) {
	w := newWorld(t)
	w.on(createPath, 200, goodOrder)
	w.on(statusPath, 200, goodStatus)
	c := w.client(t)
	got, err := order(t.Context(), c, "ref-1")
	require.NoError(t, err)
	assert.Equal(t, canaryMatch, got.ESIMs[0].Activation.MatchingID)
	noCanary(t, printed(t, got), "the order")
	profile, err := c.GetESIM(t.Context(), anICCID)
	require.NoError(t, err)
	assert.Equal(t, "LPA:1$rsp.truphone.com$"+canaryMatch, profile.Activation.LPA())
	noCanary(t, printed(t, profile), "the eSIM")
}

// TestALoginThatFailsLeaksNothing: the request holds the key itself.
func TestALoginThatFailsLeaksNothing(t *testing.T) {
	for _, body := range []string{
		`{"code":40102,"message":"no such client ` + canaryID + ` with ` + canaryKey + `"}`,
		`{"code":0,"data":{"access_token":"` + canaryToken + `\n"}}`,
		`{"code":0,"data":{"access_token":["` + canaryToken + `"]}}`,
		canaryToken,
	} {
		w := newWorld(t)
		w.mock.Reset()
		w.mock.RegisterResponder(http.MethodPost, "=~/auth", func(r *http.Request) (*http.Response, error) {
			var sent credentials
			require.NoError(t, json.NewDecoder(r.Body).Decode(&sent))
			assert.Equal(t, credentials{ClientID: canaryID, ClientKey: canaryKey}, sent)
			resp := httpmock.NewStringResponse(200, body)
			resp.Header.Set("Content-Type", "application/json")
			return resp, nil
		})
		cfg := w.config()
		var logged bytes.Buffer
		cfg.Logger = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		_, err := order(t.Context(), newTestClient(t, cfg), "ref-1")
		e := asError(t, err)
		assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
		noCanary(t, printed(t, err)+logged.String(), "error or log of a failed login")
	}
}
