package esimfly

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// The signature vector: 241 bytes under a made-up secret, computed elsewhere.
const (
	hookSecret    = "whsec_test_vector_0001"
	hookBody      = `{"event":"esim.provisioned","timestamp":"2026-04-13T10:05:30.000Z","data":{"order_reference":"order_1776079539762_hvkrk","iccid":"8981100000012345678","lpa_string":"LPA:1$rsp.example.com$ACTIVATION-CODE","package_name":"Japan 12 GB 4 Days"}}`
	hookSignature = "sha256=3507538b9ccaa3d8596a957c572502d9994443b29de832822afb3b7a3aaf59d9"
)

var hookTime = time.Date(2026, 4, 13, 10, 5, 30, 0, time.UTC)

func signedHeader(signature string) http.Header {
	return http.Header{"X-Webhook-Signature": {signature}, "X-Webhook-Id": {"wh_7"}}
}

func hookSign(body string) string {
	m := hmac.New(sha256.New, []byte(hookSecret))
	m.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

func TestWebhookVector(t *testing.T) {
	require.Len(t, hookBody, 241)
	s := Webhooks(esim.NewSecret("whsec_of_today"), esim.NewSecret(hookSecret))
	require.NoError(t, s.Check())
	require.Equal(t, "esimfly", s.Name())
	verify := func(signature string, late time.Duration) error {
		return s.Verify(signedHeader(signature), "", []byte(hookBody), hookTime.Add(late))
	}
	require.NoError(t, verify(hookSignature, 0))
	upper := "sha256=" + strings.ToUpper(strings.TrimPrefix(hookSignature, "sha256="))
	require.NoError(t, verify(upper, 0), "hex in either case")
	require.NoError(t, verify(hookSignature, 14*time.Minute), "the fifth attempt")
	require.NoError(t, verify(hookSignature, time.Hour))
	require.NoError(t, verify(hookSignature, -time.Hour))
	for _, late := range []time.Duration{time.Hour + 1, 25 * time.Hour, -time.Hour - 1} {
		require.ErrorIs(t, verify(hookSignature, late), esim.ErrClockSkew)
		require.ErrorIs(t, verify(hookSignature, late), esim.ErrUnauthorized)
	}
	require.ErrorIs(t, verify(hookSignature[:70], 0), esim.ErrUnauthorized)
	require.ErrorIs(t, verify("", 0), esim.ErrUnauthorized)
	require.ErrorIs(t, s.Verify(signedHeader(hookSignature), "x", []byte(hookBody), hookTime), esim.ErrNotFound)
}

// A signed body without a time is not lost. One whose time cannot be read may be of
// any age, so it is not fresh.
func TestWebhookWithoutTime(t *testing.T) {
	s := Webhooks(esim.NewSecret(hookSecret))
	for _, body := range []string{`{"event":"x"}`, `{"event":"x","timestamp":null}`, `{"event":"x","timestamp":""}`, `not JSON`, ``} {
		require.NoError(t, s.Verify(signedHeader(hookSign(body)), "", []byte(body), hookTime), body)
	}
	for _, at := range []string{`"yesterday"`, `5`, `[5]`, `"03/04/2026"`, `"9999-99-99T00:00:00Z"`} {
		body := `{"event":"x","timestamp":` + at + `}`
		require.ErrorIs(t, s.Verify(signedHeader(hookSign(body)), "", []byte(body), hookTime), esim.ErrClockSkew, body)
	}
}

func parsed(t *testing.T, body string) esim.Event {
	t.Helper()
	events, err := Webhooks(esim.NewSecret(hookSecret)).Parse(signedHeader(""), []byte(body))
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Equal(t, body, events[0].Raw.Reveal())
	require.Equal(t, "wh_7", events[0].ID)
	require.Len(t, events[0].Key, 64)
	require.Equal(t, Provider, events[0].Provider)
	return events[0]
}

func TestWebhookEvents(t *testing.T) {
	const data = `"iccid":"8948010010092445039","esim_id":23691,"package_code":"2163597","order_reference":"order_1755559183090_vyf9w"`
	at := time.Date(2026, 9, 13, 15, 5, 20, 391e6, time.UTC)
	changed := func(old, word string) string {
		return `{"event":"esim.status.changed","timestamp":"2026-09-13T15:30:00.000Z","data":{` + data +
			`,"source":"status","old_status":"` + old + `","new_status":"` + word + `","changed_at":"2026-09-13T15:05:20.391Z","expiry_date":null}}`
	}
	for _, c := range []struct {
		body    string
		kind    esim.EventKind
		status  esim.ESIMStatus
		word    string
		percent int
	}{
		{`{"event":"esim.installed","timestamp":"2026-09-13T16:00:00.000Z","data":{` + data + `,"eid":"89","imsi":"26","installed_at":"2026-09-13T15:05:20.391Z"}}`, esim.EventInstalled, esim.ESIMInstalled, "", 0},
		{`{"event":"esim.installed","timestamp":"2026-09-13T15:05:20.391Z","data":{` + data + `}}`, esim.EventInstalled, esim.ESIMInstalled, "", 0},
		{`{"event":"esim.profile.updated","timestamp":"2026-09-13T16:00:00.000Z","data":{` + data + `,"profile_status":"Enable","profile":"Enabled","changed_at":"2026-09-13T15:05:20.391Z"}}`, esim.EventStatusChanged, esim.ESIMUnknown, "Enable", 0},
		{`{"event":"esim.usage.threshold","timestamp":"2026-09-13T15:05:20.391Z","data":{` + data + `,"source":"usage_threshold","threshold_remaining_mb":100,"used_percent":98,"used_gb":4.5,"total_gb":5,"remaining_gb":0.5,"package_id":213328290,"reported_at":"2026-09-13T15:05:20.391Z"}}`, esim.EventUsage, esim.ESIMUnknown, "", 98},
		{changed("NEW", "ACTIVE"), esim.EventActivated, esim.ESIMActive, "ACTIVE", 0},
		{changed("", "active"), esim.EventActivated, esim.ESIMActive, "active", 0},
		{changed("DEPLETED", "ACTIVE"), esim.EventStatusChanged, esim.ESIMActive, "ACTIVE", 0},
		{changed("ACTIVE", "DEPLETED"), esim.EventDepleted, esim.ESIMDepleted, "DEPLETED", 0},
		{changed("ACTIVE", "EXPIRED"), esim.EventExpired, esim.ESIMExpired, "EXPIRED", 0},
		{changed("NEW", "CANCELED"), esim.EventStatusChanged, esim.ESIMCancelled, "CANCELED", 0},
		{changed("NEW", "FROZEN"), esim.EventStatusChanged, esim.ESIMUnknown, "FROZEN", 0},
		{`{"event":"order.completed","timestamp":"2026-09-13T15:05:20.391Z","data":{` + data + `}}`, esim.EventUnknown, esim.ESIMUnknown, "", 0},
	} {
		e := parsed(t, c.body)
		require.Equal(t, c.kind, e.Kind, c.body)
		require.Equal(t, c.status, e.Status, c.body)
		require.Equal(t, c.word, e.ProviderStatus, c.body)
		require.Equal(t, c.percent, e.ThresholdPercent, c.body)
		require.Equal(t, at, e.At, c.body)
		require.Equal(t, esim.ICCID("8948010010092445039"), e.ICCID)
		require.Equal(t, "order_1755559183090_vyf9w", e.OrderID)
		require.Equal(t, "23691", e.ItemID)
		require.Contains(t, c.body, `"event":"`+e.Name+`"`)
		require.Nil(t, e.Order, "it proves nothing about the order")
		if c.kind == esim.EventUsage {
			require.Equal(t, 5*esim.GiB, e.Total)
			require.Equal(t, 9*esim.GiB/2, e.Used)
		}
	}
}

func TestWebhookProvisioned(t *testing.T) {
	e := parsed(t, hookBody)
	require.Equal(t, esim.EventProvisioned, e.Kind)
	require.Equal(t, esim.ESIMNew, e.Status)
	require.Equal(t, hookTime, e.At)
	require.Equal(t, &esim.Order{
		Provider: Provider, ID: "order_1776079539762_hvkrk", Status: esim.OrderPending,
		ESIMs: []esim.ESIM{{
			ICCID:      "8981100000012345678",
			Activation: esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "ACTIVATION-CODE"},
		}},
	}, e.Order)

	onlyLink := strings.Replace(hookBody, `"lpa_string":"LPA:1$rsp.example.com$ACTIVATION-CODE"`,
		`"lpa_string":null,"direct_apple_install_url":"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA:1$rsp.example.com$ACTIVATION-CODE"`, 1)
	require.Equal(t, e.Order, parsed(t, onlyLink).Order)
	for _, form := range []string{
		`"8981100000012345678F"`, `"8981 1000 0001 2345 678"`, `"8981-1000-0001-2345-678f"`, `"ICCID 8981100000012345678\n"`, `8981100000012345678`,
	} {
		require.Equal(t, e.Order, parsed(t, strings.Replace(hookBody, `"8981100000012345678"`, form, 1)).Order, form)
	}
	for _, form := range []string{
		` LPA:1$rsp.example.com$ACTIVATION-CODE\r\n`, `\ufeffLPA:1$rsp.example.com$ACTIVATION-CODE`,
		`https://esimsetup.android.com/esim_qrcode_provisioning?carddata=LPA%3A1%24rsp.example.com%24ACTIVATION-CODE`,
	} {
		require.Equal(t, e.Order, parsed(t, strings.Replace(hookBody, "LPA:1$rsp.example.com$ACTIVATION-CODE", form, 1)).Order, form)
	}
	unread := strings.Replace(hookBody, "LPA:1$rsp.example.com$ACTIVATION-CODE", "rsp.example.com ACTIVATION-CODE", 1)
	require.Equal(t, "rsp.example.com ACTIVATION-CODE", parsed(t, unread).Order.ESIMs[0].RawActivation.Reveal(), "it was paid for")
	for _, body := range []string{
		strings.Replace(hookBody, "8981100000012345678", "PENDING_1", 1), strings.Replace(hookBody, `"order_reference"`, `"reference"`, 1),
	} {
		require.Nil(t, parsed(t, body).Order, "there is nothing to hold on to: %s", body)
	}
}

func TestWebhookBodiesThatAreNone(t *testing.T) {
	for _, body := range []string{``, `null`, `{}`, `[]`, `5`, `{"event":""}`, `{"event":null}`, `{"event":{}}`, `{"event":"a","event":"b"}`, `{"event":"a","data":"CANARY"}`, `{"event":"a"} x`} {
		events, err := Webhooks(esim.NewSecret(hookSecret)).Parse(nil, []byte(body))
		require.ErrorIs(t, err, esim.ErrMalformedResponse, body)
		require.Empty(t, events)
		require.NotContains(t, err.Error(), "CANARY")
	}
}

// FuzzWebhookVerify: only the signed body under its own signature is accepted,
// whatever the header.
func FuzzWebhookVerify(f *testing.F) {
	f.Add(hookSignature, "", []byte(hookBody))
	f.Add("sha256=", "", []byte{})
	f.Add(strings.ToUpper(hookSignature), "x", []byte(hookBody+" "))
	s := Webhooks(esim.NewSecret(hookSecret))
	f.Fuzz(func(t *testing.T, signature, path string, body []byte) {
		err := s.Verify(signedHeader(signature), path, body, hookTime)
		genuine := path == "" && strings.HasPrefix(signature, "sha256=") && strings.EqualFold(signature, hookSign(string(body)))
		if err == nil && !genuine {
			t.Fatalf("accepted %q at %q", signature, path)
		}
		if string(body) == hookBody && (err == nil) != genuine {
			t.Fatalf("%q at %q: %v", signature, path, err)
		}
	})
}

// FuzzWebhookParse: what is read comes from the body, and twice the same.
func FuzzWebhookParse(f *testing.F) {
	f.Add([]byte(hookBody))
	f.Add([]byte(`{"event":"esim.usage.threshold","data":{"iccid":"8948010010092445039","threshold_remaining_mb":"1e3","used_gb":-1,"total_gb":1e300,"used_percent":1000,"package_id":7}}`))
	f.Add([]byte(`{"event":"esim.status.changed","timestamp":"x","data":{"new_status":5,"old_status":{}}}`))
	s := Webhooks(esim.NewSecret(hookSecret))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := s.Parse(nil, body)
		again, _ := s.Parse(nil, body)
		if err != nil {
			if len(events) != 0 {
				t.Fatal("both an error and events")
			}
			return
		}
		e := events[0]
		if len(events) != 1 || e.Raw.Reveal() != string(body) || e.Key == "" || e.Key != again[0].Key || e.Name == "" {
			t.Fatalf("%d events, %v", len(events), e)
		}
		if e.Used < 0 || e.Total < 0 || e.ThresholdPercent < 0 || e.ThresholdPercent > 100 {
			t.Fatalf("used %d of %d, %d %%", e.Used, e.Total, e.ThresholdPercent)
		}
		if e.Order != nil && (e.Kind != esim.EventProvisioned || e.Order.ID == "" || len(e.Order.ESIMs) != 1 || e.Order.ESIMs[0].ICCID == "") {
			t.Fatalf("evidence %v", e.Order)
		}
	})
}
