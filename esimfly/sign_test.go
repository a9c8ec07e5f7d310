package esimfly

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

func newSigner(t testing.TB, code, secret string) signer {
	mac, err := adapter.NewSigner([]byte(secret))
	require.NoError(t, err)
	return signer{mac, esim.NewSecret(code)}
}

// The vectors were computed with two independent implementations.
func TestSignature(t *testing.T) {
	encoded := func(v any) []byte {
		doc, err := wire.Encode(v)
		require.NoError(t, err)
		return doc
	}
	tests := []struct {
		name         string
		code, secret string
		millis       int64
		id           string
		body         []byte
		want         string
	}{
		{
			"GET with a query", "esf_test_vector", "sk_test_vector_0001", 1767225600123, "7f3b1c52-9a4e-4d0b-8c61-2f5e9d7a1b34", nil,
			"82C84EDE83E91486244DBDFD5C1BCFE4638D1B14E0747A5586A414E512E6EA9B",
		},
		{
			"an order", "esf_test_vector", "sk_test_vector_0001", 1767225600456, "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b",
			encoded(orderBody{PackageCode: "merhaba-7days-1gb", Quantity: 2, Key: "cart-0001", CallbackURL: "https://hooks.example.test/esimfly?t=a&u=b"}),
			"E6D33A234715462DB575AE9FDEA9066DAEDF0B726ABB43C9A22D804ACE5D2540",
		},
		{
			"a text message", "esf_test_vector", "sk_test_vector_0001", 1767225600789, "c2a7f0e4-1b6d-4f83-9e25-48d3b9a0c716",
			encoded(smsBody{iccidBody{"8948010010036785060"}, "Hoş geldiniz <1 GB> & iyi yolculuklar"}),
			"1A58EB4C800A4A003AFE7E0569C3469FC1FDA96ACEE724D80074457499ED4D26",
		},
		{
			"the documents' own inputs", "esf_11111", "sk_1111", 1628670421000, "4ce9d9cd-ac9e-4e17-b3a2-c66c358c1ce2",
			[]byte(`{"packageCode":"PHAJHEAYP"}`),
			"FA2050B34D3C61025B991E8C82967BC583C02A92ED625D985F46DC7E25BFA934",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{Header: http.Header{}}
			newSigner(t, tt.code, tt.secret).sign(r, tt.body, time.UnixMilli(tt.millis), tt.id)
			assert.Equal(t, tt.want, r.Header.Get("RT-Signature"))
			assert.Equal(t, tt.code, r.Header.Get("RT-AccessCode"))
			assert.Equal(t, tt.id, r.Header.Get("RT-RequestID"))
		})
	}
}

func TestEachRequestIsSignedAfresh(t *testing.T) { synctest.Test(t, signedAfresh) }

func signedAfresh(t *testing.T) {
	c, f := faked(t, func(string, string) (int, string) { return 500, `{"success":false}` },
		func(cfg *Config) { cfg.MaxRetries = 2 })
	_, failure := c.Balance(t.Context())
	require.ErrorIs(t, failure, esim.ErrUnavailable)
	require.Len(t, f.sent, 3, "a read is repeated twice")
	ids, signatures := map[string]bool{}, map[string]bool{}
	for _, r := range f.sent {
		id, err := uuid.Parse(r.Header.Get("RT-RequestID"))
		require.NoError(t, err)
		assert.Equal(t, uuid.Version(4), id.Version())
		assert.Equal(t, id.String(), r.Header.Get("RT-RequestID"), "lower case, with hyphens")
		assert.Equal(t, "1790856000000", r.Header.Get("RT-Timestamp"))
		ids[id.String()], signatures[r.Header.Get("RT-Signature")] = true, true
	}
	assert.Len(t, ids, 3)
	assert.Len(t, signatures, 3)
	assert.Equal(t, f.sent[2].Header.Get("RT-RequestID"), asError(t, failure).RequestID, "for eSIMfly's support")
}

func TestHeadersOfAnOrder(t *testing.T) {
	c, f := faked(t, func(string, string) (int, string) {
		return 200, `{"success":true,"orderReference":"o","isPending":true}`
	})
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p"})
	require.NoError(t, err)
	r := f.sent[0]
	assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
	assert.Empty(t, r.Header.Get("Idempotency-Key"), "net/http would send the order again by itself")
	assert.Empty(t, r.Header.Get("X-Idempotency-Key"))
	assert.Nil(t, r.GetBody)
	assert.Equal(t, "https://esimfly.net/api/v1/business/esims/order", r.URL.String())
}
