package simulator

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestESIMFlySignatures checks the simulator's own verification against
// signatures computed elsewhere.
func TestESIMFlySignatures(t *testing.T) {
	macs := newMACPool([]byte("sk_test_vector_0001"))
	const code = "esf_test_vector"
	for _, v := range []struct{ stamp, id, body, signature string }{
		{
			"1767225600123", "7f3b1c52-9a4e-4d0b-8c61-2f5e9d7a1b34", "",
			"82C84EDE83E91486244DBDFD5C1BCFE4638D1B14E0747A5586A414E512E6EA9B",
		},
		{
			"1767225600456", "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b",
			`{"packageCode":"merhaba-7days-1gb","quantity":2,"idempotency_key":"cart-0001","callbackUrl":"https://hooks.example.test/esimfly?t=a&u=b"}`,
			"E6D33A234715462DB575AE9FDEA9066DAEDF0B726ABB43C9A22D804ACE5D2540",
		},
		{
			"1767225600789", "c2a7f0e4-1b6d-4f83-9e25-48d3b9a0c716",
			`{"iccid":"8948010010036785060","message":"Hoş geldiniz <1 GB> & iyi yolculuklar"}`,
			"1A58EB4C800A4A003AFE7E0569C3469FC1FDA96ACEE724D80074457499ED4D26",
		},
	} {
		assert.True(t, macs.verify(v.signature, true, v.stamp, v.id, code, v.body), v.id)
		assert.False(t, macs.verify(v.signature, true, v.stamp, v.id, code, v.body+" "), v.id)
		assert.False(t, macs.verify(v.signature, false, v.stamp, v.id, code, v.body), "letter case matters")
	}
	documented := newMACPool([]byte("sk_1111"))
	assert.True(t, documented.verify("FA2050B34D3C61025B991E8C82967BC583C02A92ED625D985F46DC7E25BFA934", true,
		"1628670421000", "4ce9d9cd-ac9e-4e17-b3a2-c66c358c1ce2", "esf_11111", `{"packageCode":"PHAJHEAYP"}`))
}

func TestESIMStorySignatures(t *testing.T) {
	const text = "POST\n/api/v1/api_partner/orders\n1769904000\nak_test_0001"
	for secret, signature := range map[string]string{
		"ZXNpbS1zdG9yeS10ZXN0LXNlY3JldC0wMDAx":         "e3f210047e7d936f526876bfab04a5bfb41d6d0e21688674157156fff0644b6b",
		"//6AwyigscLT5PWWFyg5SltsfY6fr7/P3+/w4dLDtKU=": "6f27bb8a24b5b6b9d3991879e22eb5bc9cc61207c7afd92e654768b039321b6b",
		"AP8KgMMofwDerb7vXG4lAQIDBAUGBwgJCwwNDg8QEQo=": "31aca9e3b31ab3afcd5f5170255fa7f3f34a04d75964353eb93c2face0a9c85c",
	} {
		key, err := base64.StdEncoding.DecodeString(secret)
		require.NoError(t, err)
		assert.True(t, newMACPool(key).verify(signature, false, text))
		assert.False(t, newMACPool([]byte(secret)).verify(signature, false, text), "the key is the decoded secret")
		assert.False(t, newMACPool(key).verify(signature, false, text+"\n"))
	}
}

func TestESIMFlyWebhookSignature(t *testing.T) {
	f := &ESIMFly{Server: &Server{}, hooks: flyHooks{secret: "whsec_test_vector_0001"}}
	const body = `{"event":"esim.provisioned","timestamp":"2026-04-13T10:05:30.000Z","data":{"order_reference":"order_1776079539762_hvkrk","iccid":"8981100000012345678","lpa_string":"LPA:1$rsp.example.com$ACTIVATION-CODE","package_name":"Japan 12 GB 4 Days"}}`
	assert.Equal(t, "sha256=3507538b9ccaa3d8596a957c572502d9994443b29de832822afb3b7a3aaf59d9", f.sign([]byte(body)))
}
