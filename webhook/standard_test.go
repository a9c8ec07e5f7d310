package webhook_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/webhook"
)

// The vectors that the Standard Webhooks project publishes with its libraries:
// for v1 a secret, for v1a the seed of a private key, and what they sign.
const (
	vectorID      = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorBody    = `{"test": 2432232314}`
	vectorSecret  = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorV1      = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	vectorSeed    = "VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="
	vectorV1a     = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
	vectorInvalid = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
)

var vectorTime = time.Unix(1614265330, 0)

func publicKey(t testing.TB, seed string) esim.Secret {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(seed)
	require.NoError(t, err)
	public, ok := ed25519.NewKeyFromSeed(raw).Public().(ed25519.PublicKey)
	require.True(t, ok)
	return esim.NewSecret("whpk_" + base64.StdEncoding.EncodeToString(public))
}

func standardHeader(signature string) http.Header {
	h := http.Header{}
	h.Set("webhook-id", vectorID)
	h.Set("webhook-timestamp", strconv.FormatInt(vectorTime.Unix(), 10))
	h.Set("webhook-signature", signature)
	return h
}

func TestStandardVectors(t *testing.T) {
	bare, prefixed := webhook.Standard("x", esim.NewSecret(vectorSecret)), webhook.Standard("x", esim.NewSecret("whsec_"+vectorSecret))
	public := webhook.Standard("x", publicKey(t, vectorSeed))
	both := webhook.Standard("x", esim.NewSecret(vectorSecret), publicKey(t, vectorSeed))
	foreign := webhook.Standard("x", esim.NewSecret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"))
	wrongA := strings.Replace(vectorInvalid, "v1,", "v1a,", 1)
	v2 := strings.Replace(vectorInvalid, "v1,", "v2,", 1)
	for _, c := range []struct {
		name, signature string
		source          *webhook.StandardSource
		edit            func(http.Header)
		late            time.Duration
		want            error
	}{
		{name: "v1", signature: vectorV1, source: bare},
		{name: "v1 with prefix", signature: vectorV1, source: prefixed},
		{name: "v1a", signature: vectorV1a, source: public},
		{name: "v1 of two keys", signature: vectorV1, source: both},
		{name: "v1a of two keys", signature: vectorV1a, source: both},
		{name: "both", signature: vectorV1 + " " + vectorV1a, source: public},
		{name: "one of several", signature: vectorInvalid + " " + v2 + " " + vectorV1 + " " + vectorInvalid, source: bare},
		{name: "one of several v1a", signature: vectorInvalid + " " + v2 + " " + vectorV1a + " " + vectorInvalid, source: public},
		{name: "missing id", signature: vectorV1, source: bare, edit: func(h http.Header) { h.Del("webhook-id") }, want: esim.ErrUnauthorized},
		{name: "missing timestamp", signature: vectorV1, source: bare, edit: func(h http.Header) { h.Del("webhook-timestamp") }, want: esim.ErrUnauthorized},
		{name: "missing signature", signature: vectorV1, source: bare, edit: func(h http.Header) { h.Del("webhook-signature") }, want: esim.ErrUnauthorized},
		{name: "missing id v1a", signature: vectorV1a, source: public, edit: func(h http.Header) { h.Del("webhook-id") }, want: esim.ErrUnauthorized},
		{name: "invalid", signature: vectorInvalid, source: bare, want: esim.ErrUnauthorized},
		{name: "invalid v1a", signature: wrongA, source: public, want: esim.ErrUnauthorized},
		{name: "partial", signature: "v1,", source: bare, want: esim.ErrUnauthorized},
		{name: "partial v1a", signature: "v1a,", source: public, want: esim.ErrUnauthorized},
		{name: "of another key", signature: vectorV1, source: foreign, want: esim.ErrUnauthorized},
		{name: "v1 as v1a", signature: strings.Replace(vectorV1, "v1,", "v1a,", 1), source: both, want: esim.ErrUnauthorized},
		{name: "v1a as v1", signature: strings.Replace(vectorV1a, "v1a,", "v1,", 1), source: both, want: esim.ErrUnauthorized},
		{name: "old", signature: vectorV1, source: bare, late: 5*time.Minute + time.Second, want: esim.ErrClockSkew},
		{name: "new", signature: vectorV1, source: bare, late: -5*time.Minute - time.Second, want: esim.ErrClockSkew},
		{name: "old v1a", signature: vectorV1a, source: public, late: 5*time.Minute + time.Second, want: esim.ErrClockSkew},
		{name: "just in time", signature: vectorV1, source: bare, late: 5 * time.Minute},
		{name: "a little early", signature: vectorV1, source: bare, late: -5 * time.Minute},
		{name: "another time", signature: vectorV1, source: bare, want: esim.ErrUnauthorized, edit: func(h http.Header) {
			h.Set("webhook-timestamp", "946684800")
		}},
		{name: "another id", signature: vectorV1, source: bare, want: esim.ErrUnauthorized, edit: func(h http.Header) {
			h.Set("webhook-id", vectorID+"x")
		}},
		{name: "two ids", signature: vectorV1, source: bare, want: esim.ErrUnauthorized, edit: func(h http.Header) { h.Add("webhook-id", vectorID) }},
		{name: "two times", signature: vectorV1, source: bare, want: esim.ErrUnauthorized, edit: func(h http.Header) {
			h.Add("webhook-timestamp", "1614265330")
		}},
		{name: "two signature headers", signature: vectorV1, source: bare, want: esim.ErrUnauthorized, edit: func(h http.Header) {
			h.Add("webhook-signature", vectorV1)
		}},
		{name: "behind too many", signature: strings.Repeat(vectorInvalid+" ", 16) + vectorV1, source: bare, want: esim.ErrUnauthorized},
		{name: "behind many", signature: strings.Repeat(vectorInvalid+" ", 15) + vectorV1, source: bare},
	} {
		header := standardHeader(c.signature)
		if c.edit != nil {
			c.edit(header)
		}
		err := c.source.Verify(header, "", []byte(vectorBody), vectorTime.Add(c.late))
		if c.want == nil {
			require.NoError(t, err, c.name)
			require.ErrorIs(t, c.source.Verify(header, "x", []byte(vectorBody), vectorTime), esim.ErrNotFound, c.name)
			require.ErrorIs(t, c.source.Verify(header, "", []byte(vectorBody+" "), vectorTime), esim.ErrUnauthorized, c.name)
			continue
		}
		require.ErrorIs(t, err, c.want, c.name)
		require.ErrorIs(t, err, esim.ErrUnauthorized, c.name)
	}
	signed := simulator.StandardWebhook("x", esim.NewSecret("whsec_"+vectorSecret), vectorID, vectorTime, []byte(vectorBody))
	require.Equal(t, vectorV1, signed.Header.Get("webhook-signature"), "the generator makes the published signature")
}

// With a full stop in the id one signature fits two webhooks.
func TestStandardIDWithoutFullStop(t *testing.T) {
	body := []byte("1614265330.{}")
	signed := simulator.StandardWebhook("x", esim.NewSecret(vectorSecret), "msg", vectorTime, body)
	source := webhook.Standard("x", esim.NewSecret(vectorSecret))
	require.NoError(t, source.Verify(signed.Header, "", body, vectorTime))
	signed.Header.Set("webhook-id", "msg.1614265330")
	require.ErrorIs(t, source.Verify(signed.Header, "", []byte("{}"), vectorTime), esim.ErrUnauthorized)
}

func TestStandardParse(t *testing.T) {
	source := webhook.Standard("x", esim.NewSecret(vectorSecret))
	for body, name := range map[string]string{
		`{"type":"a.b","timestamp":"2026-09-13T12:00:00.5Z"}`: "a.b", `{"type":5}`: "", "": "", "x": "", `{"type":"a"} trailing`: "a",
	} {
		events, err := source.Parse(http.Header{"Webhook-Id": {"msg_9"}}, []byte(body))
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, name, events[0].Name, body)
		require.Equal(t, "msg_9", events[0].Key)
		require.Equal(t, body, events[0].Raw.Reveal())
		require.Equal(t, name == "a.b", !events[0].At.IsZero())
	}
}
