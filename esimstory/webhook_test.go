package esimstory

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const hookBody = `{"topup_id":"` + unit12 + `","option_id":"` + optionA + `","iccid":"89852341234567890123","smdp":"rsp1.cmlink.com","activate_code":"A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6","download_link":"LPA:1$rsp1.cmlink.com$A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6","expired_date":"2026-07-28","external_order_id":"ORDER-123456"}`

func TestWebhookSourceVerify(t *testing.T) {
	older := esim.NewSecret("older-path-secret-0123456789")
	s := Webhooks(WebhookConfig{PathSecret: esim.NewSecret(pathSecret), Older: []esim.Secret{older}})
	require.NoError(t, s.Check())
	require.Equal(t, "esimstory", s.Name())
	require.Empty(t, s.Headers())
	for path, ok := range map[string]bool{
		pathSecret: true, older.Reveal(): true, "": false, pathSecret + "x": false, pathSecret[1:]: false, strings.ToUpper(pathSecret): false,
	} {
		err := s.Verify(nil, path, nil, time.Time{})
		require.Equal(t, ok, err == nil, path)
		if !ok {
			require.ErrorIs(t, err, esim.ErrNotFound, "as if there was nothing")
		}
	}
	for _, config := range []WebhookConfig{
		{},
		{PathSecret: esim.NewSecret("short")},
		{PathSecret: esim.NewSecret("with/slash-0123456789")},
		{PathSecret: esim.NewSecret(pathSecret), Older: []esim.Secret{{}}},
	} {
		s := Webhooks(config)
		require.ErrorIs(t, s.Check(), esim.ErrInvalidRequest)
		require.NotContains(t, s.Check().Error(), "short")
		require.Error(t, s.Verify(nil, config.PathSecret.Reveal(), nil, time.Time{}))
	}
}

func TestWebhookSourceParse(t *testing.T) {
	s := Webhooks(WebhookConfig{PathSecret: esim.NewSecret(pathSecret)})
	events, err := s.Parse(http.Header{}, []byte(hookBody))
	require.NoError(t, err)
	require.Len(t, events, 1)
	e := events[0]
	require.Equal(t, esim.EventProvisioned, e.Kind)
	require.Equal(t, esim.ESIMNew, e.Status)
	require.Equal(t, esim.ICCID("89852341234567890123"), e.ICCID)
	require.Equal(t, "ORDER-123456", e.Reference)
	require.Equal(t, unit12, e.ItemID)
	require.Equal(t, optionA, e.Order.PackageID)
	require.Equal(t, esim.OrderPending, e.Order.Status)
	require.Equal(t, "LPA:1$rsp1.cmlink.com$A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6", e.Order.ESIMs[0].Activation.LPA())
	require.True(t, e.At.IsZero(), "the provider states none")
	key := func(body string) string {
		list, failed := s.Parse(nil, []byte(body))
		require.NoError(t, failed)
		return list[0].Key
	}
	camel := strings.NewReplacer("topup_id", "topupId", "option_id", "optionId", "activate_code", "activateCode", "download_link", "downloadLink", "expired_date", "expiredDate").Replace(hookBody)
	require.Equal(t, e.Key, key(camel), "the same in other words")
	require.Equal(t, e.Key, key(strings.ReplaceAll(hookBody, ",", " ,\n")))
	seen := map[string]bool{e.Key: true}
	for _, pair := range []string{unit12 + "|" + unit13, "ORDER-123456|ORDER-2", "89852341234567890123|89852341234567890124", "A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6|STOLEN", "cmlink|evil", optionA + "|" + optionB, "2026-07-28|2026-07-29"} {
		old, changed, _ := strings.Cut(pair, "|")
		k := key(strings.ReplaceAll(hookBody, old, changed))
		require.False(t, seen[k], pair)
		seen[k] = true
	}

	bare, err := s.Parse(nil, []byte(`{"topup_id":"`+unit12+`","iccid":"89852341234567890123"}`))
	require.NoError(t, err)
	require.Equal(t, esim.EventUnknown, bare[0].Kind, "nothing that could be installed")
	require.Empty(t, bare[0].Order.ESIMs[0].ICCID)
	_, err = s.Parse(nil, []byte(`{}`))
	require.ErrorIs(t, err, esim.ErrMalformedResponse)
}

// FuzzWebhookVerify: no webhook is accepted but by the secret.
func FuzzWebhookVerify(f *testing.F) {
	s := Webhooks(WebhookConfig{PathSecret: esim.NewSecret(pathSecret)})
	f.Add(pathSecret)
	f.Add("")
	f.Fuzz(func(t *testing.T, path string) {
		if (s.Verify(nil, path, nil, time.Time{}) == nil) != (path == pathSecret) {
			t.Fatalf("%q", path)
		}
	})
}

// FuzzWebhookParse: an event is what ParseDelivery reads, with a key of its own.
func FuzzWebhookParse(f *testing.F) {
	f.Add([]byte(hookBody))
	f.Add([]byte(`{"topup_id":5,"download_link":"x"}`))
	s := Webhooks(WebhookConfig{PathSecret: esim.NewSecret(pathSecret)})
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := s.Parse(nil, body)
		d, want := ParseDelivery(body)
		if (err == nil) != (want == nil) {
			t.Fatalf("%v, %v", err, want)
		}
		if err != nil {
			return
		}
		e := events[0]
		if e.Key == "" || e.ItemID != d.TopupID || e.Order == nil || (e.Kind == esim.EventProvisioned) != d.Issued || e.Raw.Reveal() != string(body) {
			t.Fatalf("%v of %v", e, d.Problems)
		}
	})
}
