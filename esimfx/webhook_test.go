package esimfx

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const canaryHook = "wt_canary_31c7"

func TestWebhookVerify(t *testing.T) {
	s := Webhooks(esim.NewSecret("wt_canary_new"), esim.NewSecret(canaryHook))
	require.NoError(t, s.Check())
	require.Equal(t, "esimfx", s.Name())
	require.Empty(t, s.Headers(), "the token is not stored")
	verify := func(path string, tokens ...string) error {
		h := http.Header{}
		for _, token := range tokens {
			h.Add("token", token)
		}
		return s.Verify(h, path, []byte("whatever"), time.Time{})
	}
	require.NoError(t, verify("", canaryHook))
	require.NoError(t, verify("", "wt_canary_new"))
	for _, tokens := range [][]string{{}, {""}, {"x"}, {canaryHook, canaryHook}, {canaryHook, "x"}, {"x", canaryHook}, {canaryHook + "x"}, {canaryHook[1:]}, {strings.ToUpper(canaryHook)}} {
		require.ErrorIs(t, verify("", tokens...), esim.ErrUnauthorized, "%d", len(tokens))
	}
	require.ErrorIs(t, verify("x", canaryHook), esim.ErrNotFound)
	for _, bad := range []string{"", " ", " x", "x\n"} {
		require.ErrorIs(t, Webhooks(esim.NewSecret(bad)).Check(), esim.ErrInvalidRequest)
		require.ErrorIs(t, Webhooks(esim.NewSecret(canaryHook), esim.NewSecret(bad)).Check(), esim.ErrInvalidRequest)
	}
}

func TestWebhookEvents(t *testing.T) {
	s := Webhooks(esim.NewSecret(canaryHook))
	const iccid = `"iccid":"89440000000000000000"`
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		body    string
		kind    esim.EventKind
		status  esim.ESIMStatus
		order   string
		percent int
		used    esim.DataSize
	}{
		{`{"event_type":"ACTIVATION",` + iccid + `,"order_id":"o1","time":"2026-03-01T12:00:00Z"}`, esim.EventActivated, esim.ESIMActive, "o1", 0, 0},
		{`{"eventType":"activation","data":{` + iccid + `,"orderId":"o1"},"timestamp":"2026-03-01T12:00:00Z"}`, esim.EventActivated, esim.ESIMActive, "o1", 0, 0},
		{`{"event":"Data Usage","payload":{"esim":{` + iccid + `},"order":{"id":"o1"},"percentage":"80","event_time":"2026-03-01T12:00:00Z"}}`, esim.EventUsage, esim.ESIMUnknown, "o1", 80, 0},
		{`{"type":"data-usage","content":{` + iccid + `,"order_id":7,"threshold":50,"used_amount":5,"upper_limit_amount":"10","amount_unit":"GB","time":"2026-03-01T12:00:00Z"}}`, esim.EventUsage, esim.ESIMUnknown, "7", 50, 5 * esim.GiB},
		{`{"notify_type":"DATA_USAGE",` + iccid + `,"order_id":"o1","threshold":100,"time":"2026-03-01T12:00:00Z"}`, esim.EventDepleted, esim.ESIMUnknown, "o1", 100, 0},
		{`{"event_type":"EXPIRATION",` + iccid + `,"order_id":"o1","time":"2026-03-01T12:00:00Z"}`, esim.EventExpired, esim.ESIMUnknown, "o1", 0, 0},
		{`{"event_type":"DATA_EXHAUSTED",` + iccid + `,"order_id":"o1","time":"2026-03-01T12:00:00Z"}`, esim.EventUnknown, esim.ESIMUnknown, "o1", 0, 0},
		{`{` + iccid + `,"threshold":{"x":1},"time":"2026-03-01T12:00:00Z","used_amount":[],"data":"none"}`, esim.EventUnknown, esim.ESIMUnknown, "", 0, 0},
	} {
		events, err := s.Parse(nil, []byte(c.body))
		require.NoError(t, err, c.body)
		require.Len(t, events, 1)
		e := events[0]
		require.Equal(t, c.kind, e.Kind, c.body)
		require.Equal(t, c.status, e.Status, c.body)
		require.Equal(t, c.order, e.OrderID, c.body)
		require.Equal(t, c.percent, e.ThresholdPercent, c.body)
		require.Equal(t, c.used, e.Used, c.body)
		require.Equal(t, at, e.At, c.body)
		require.Equal(t, esim.ICCID("89440000000000000000"), e.ICCID, c.body)
		require.Nil(t, e.Order, "a hint, no evidence")
		require.Equal(t, c.body, e.Raw.Reveal())
	}
	for _, body := range []string{``, `null`, `[]`, `5`, `{}`, `{"event_type":"ACTIVATION"}`, `{"event_type":"ACTIVATION","iccid":"CANARY"}`, `{"iccid":"89440000000000000000","iccid":"89440000000000000000"}`, `{"iccid":null,"order_id":""}`} {
		events, err := s.Parse(nil, []byte(body))
		require.ErrorIs(t, err, esim.ErrMalformedResponse, body)
		require.Empty(t, events)
		require.NotContains(t, err.Error(), "CANARY")
	}
}

// FuzzWebhookVerify: nothing but the token is accepted.
func FuzzWebhookVerify(f *testing.F) {
	s := Webhooks(esim.NewSecret(canaryHook))
	f.Add(canaryHook, "", "")
	f.Add("", canaryHook, "x")
	f.Fuzz(func(t *testing.T, token, second, path string) {
		h := http.Header{"Token": {token}}
		if second != "" {
			h.Add("Token", second)
		}
		want := token == canaryHook && second == "" && path == ""
		if (s.Verify(h, path, nil, time.Time{}) == nil) != want {
			t.Fatalf("%q, %q at %q", token, second, path)
		}
	})
}

// FuzzWebhookParse: an event names an eSIM or an order, and twice the same.
func FuzzWebhookParse(f *testing.F) {
	s := Webhooks(esim.NewSecret(canaryHook))
	f.Add([]byte(`{"event_type":"DATA_USAGE","iccid":"89440000000000000000","order_id":"o1","threshold":50}`))
	f.Add([]byte(`{"data":{"esim":{"iccid":"89440000000000000000"},"threshold":-5e10,"used_amount":1e300,"amount_unit":"GB"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := s.Parse(nil, body)
		if err != nil {
			if len(events) != 0 {
				t.Fatal("both an error and events")
			}
			return
		}
		again, _ := s.Parse(nil, body)
		e := events[0]
		if len(events) != 1 || e.ICCID == "" && e.OrderID == "" || e.Key == "" || e.Key != again[0].Key || e.Raw.Reveal() != string(body) {
			t.Fatalf("%v", e)
		}
		if e.Used < 0 || e.Total < 0 || e.ThresholdPercent < 0 || e.ThresholdPercent > 100 || e.Order != nil {
			t.Fatalf("%v", e)
		}
	})
}
