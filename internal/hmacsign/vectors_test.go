package hmacsign_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/internal/hmacsign"
)

// The expected digests below were computed outside Go: with Python's hmac and
// with openssl dgst -mac HMAC -macopt hexkey:. Keys and texts are made up.

func newSigner(tb testing.TB, key string) *hmacsign.Signer {
	tb.Helper()
	s, err := hmacsign.New([]byte(key))
	require.NoError(tb, err)
	return s
}

const (
	concatKey   = "sk_test_vector_0001"
	concatCode  = "esf_test_vector"
	readStamp   = "1767225600123"
	readID      = "7f3b1c52-9a4e-4d0b-8c61-2f5e9d7a1b34"
	smsStamp    = "1767225600789"
	smsID       = "c2a7f0e4-1b6d-4f83-9e25-48d3b9a0c716"
	smsBody     = `{"iccid":"8948010010036785060","message":"Hoş geldiniz <1 GB> & iyi yolculuklar"}`
	webhookKey  = "whsec_test_vector_0001"
	webhookBody = `{"event":"esim.provisioned","timestamp":"2026-04-13T10:05:30.000Z","data":{"order_reference":"order_1776079539762_hvkrk","iccid":"8981100000012345678","lpa_string":"LPA:1$rsp.example.com$ACTIVATION-CODE","package_name":"Japan 12 GB 4 Days"}}`
	webhookHex  = "3507538b9ccaa3d8596a957c572502d9994443b29de832822afb3b7a3aaf59d9"
)

func TestConcatVectors(t *testing.T) {
	for _, tc := range []struct {
		name, key string
		head      []string
		body      string
		bodyBytes int
		upper     string
	}{
		{
			name: "A read, query not signed", key: concatKey,
			head:  []string{readStamp, readID, concatCode},
			upper: "82C84EDE83E91486244DBDFD5C1BCFE4638D1B14E0747A5586A414E512E6EA9B",
		},
		{
			name: "B order, raw ampersand", key: concatKey,
			head:      []string{"1767225600456", "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b", concatCode},
			body:      `{"packageCode":"merhaba-7days-1gb","quantity":2,"idempotency_key":"cart-0001","callbackUrl":"https://hooks.example.test/esimfly?t=a&u=b"}`,
			bodyBytes: 137,
			upper:     "E6D33A234715462DB575AE9FDEA9066DAEDF0B726ABB43C9A22D804ACE5D2540",
		},
		{
			name: "C message outside ASCII", key: concatKey,
			head:      []string{smsStamp, smsID, concatCode},
			body:      smsBody,
			bodyBytes: 82,
			upper:     "1A58EB4C800A4A003AFE7E0569C3469FC1FDA96ACEE724D80074457499ED4D26",
		},
		{
			name: "D the provider's own inputs", key: "sk_1111",
			head:      []string{"1628670421000", "4ce9d9cd-ac9e-4e17-b3a2-c66c358c1ce2", "esf_11111"},
			body:      `{"packageCode":"PHAJHEAYP"}`,
			bodyBytes: 27,
			upper:     "FA2050B34D3C61025B991E8C82967BC583C02A92ED625D985F46DC7E25BFA934",
		},
		{
			name: "webhook body alone", key: webhookKey,
			body: webhookBody, bodyBytes: 241,
			upper: strings.ToUpper(webhookHex),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Len(t, tc.body, tc.bodyBytes, "the vector's text was damaged")
			got := newSigner(t, tc.key).Concat(tc.head, []byte(tc.body))
			assert.Equal(t, tc.upper, got.Upper())
			assert.Equal(t, strings.ToLower(tc.upper), got.Lower())
		})
	}
}

// Each mistake must lead to its known wrong digest, and never to the right one.
func TestConcatMistakes(t *testing.T) {
	const right, rightSMS = "82C84EDE83E91486244DBDFD5C1BCFE4638D1B14E0747A5586A414E512E6EA9B",
		"1A58EB4C800A4A003AFE7E0569C3469FC1FDA96ACEE724D80074457499ED4D26"
	read := []string{readStamp, readID, concatCode}
	escaped := strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(smsBody)
	s := newSigner(t, concatKey)
	for _, tc := range []struct {
		name               string
		got                hmacsign.Digest
		right, first, last string
	}{
		{"empty object signed for no body", s.Concat(read, []byte(`{}`)), right, "F4C9AA18", "C7B6481A"},
		{"query signed", s.Concat(read, []byte("?page=2&limit=100")), right, "F70443FD", "9993E04E"},
		{
			"HTML escaped", s.Concat([]string{smsStamp, smsID, concatCode}, []byte(escaped)), rightSMS,
			"1114E3CE4E40409BECAA458FCC4A5DE0", "0863B8C0B2806E52636380F014799687",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := tc.got.Upper()
			assert.NotEqual(t, tc.right, got)
			assert.Equal(t, tc.first, got[:len(tc.first)])
			assert.Equal(t, tc.last, got[len(got)-len(tc.last):])
		})
	}
}

const (
	linesPath   = "/api/v1/api_partner/orders"
	linesStamp  = "1769904000"
	linesAccess = "ak_test_0001"
	secretA     = "ZXNpbS1zdG9yeS10ZXN0LXNlY3JldC0wMDAx"
	rightA      = "e3f210047e7d936f526876bfab04a5bfb41d6d0e21688674157156fff0644b6b"
)

func TestLinesVectors(t *testing.T) {
	order := []string{"POST", linesPath, linesStamp, linesAccess}
	for _, tc := range []struct {
		name, secret, keyHex string
		lines                []string
		lower                string
	}{
		{
			name: "A ASCII key", secret: secretA,
			keyHex: hex.EncodeToString([]byte("esim-story-test-secret-0001")),
			lines:  order, lower: rightA,
		},
		{
			name: "B key is not UTF-8", secret: "//6AwyigscLT5PWWFyg5SltsfY6fr7/P3+/w4dLDtKU=",
			keyHex: "fffe80c328a0b1c2d3e4f5961728394a5b6c7d8e9fafbfcfdfeff0e1d2c3b4a5",
			lines:  order, lower: "6f27bb8a24b5b6b9d3991879e22eb5bc9cc61207c7afd92e654768b039321b6b",
		},
		{
			name: "C key holds NUL and ends in LF", secret: "AP8KgMMofwDerb7vXG4lAQIDBAUGBwgJCwwNDg8QEQo=",
			keyHex: "00ff0a80c3287f00deadbeef5c6e250102030405060708090b0c0d0e0f10110a",
			lines:  order, lower: "31aca9e3b31ab3afcd5f5170255fa7f3f34a04d75964353eb93c2face0a9c85c",
		},
		{
			name: "D key longer than one block", secret: strings.Repeat("a2tr", 26) + "a2s=",
			keyHex: strings.Repeat("6b", 80),
			lines:  []string{"GET", linesPath, "1770163200", "ak_test_0002"},
			lower:  "096c01db0544c9bbf99a849d6040f9b63df8d8d0cf85fc502c330ec75f59de90",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			key, err := hmacsign.DecodeSecret(tc.secret)
			require.NoError(t, err)
			require.Equal(t, tc.keyHex, hex.EncodeToString(key))
			got := newSigner(t, string(key)).Lines(tc.lines...)
			assert.Equal(t, tc.lower, got.Lower())
			assert.Equal(t, strings.ToUpper(tc.lower), got.Upper())
		})
	}
}

// Each mistake must lead to its known wrong digest, and never to the right one.
func TestLinesMistakes(t *testing.T) {
	key, err := hmacsign.DecodeSecret(secretA)
	require.NoError(t, err)
	s := newSigner(t, string(key))
	for _, tc := range []struct {
		name  string
		got   hmacsign.Digest
		wrong string
	}{
		{
			"path without /api", s.Lines("POST", strings.TrimPrefix(linesPath, "/api"), linesStamp, linesAccess),
			"4cf767614bc0c9c3feb6bb930e5c38a8da0709e33ecac1c0bfab389be96e8cb4",
		},
		{
			"base64 text as key", newSigner(t, secretA).Lines("POST", linesPath, linesStamp, linesAccess),
			"b6b642f31c83164f136e3fcee1920cd4c25ba8337cb0f1a86f844a8712247fdd",
		},
		{
			`backslash n for LF`, s.Concat([]string{strings.Join([]string{"POST", linesPath, linesStamp, linesAccess}, `\n`)}, nil),
			"3ba5808a3e2420e7587226059bcfa48664ca14418af97183ff18d94a45e4159c",
		},
		{
			"milliseconds", s.Lines("POST", linesPath, linesStamp+"000", linesAccess),
			"692d67d86c228b7d59cfb2522df0a2d7fa6f93e038d543728c7b0f99a791ee0e",
		},
		{
			"LF at the end", s.Lines("POST", linesPath, linesStamp, linesAccess, ""),
			"9673aa06a37a381fe2aaa54e26b0dbf8d70c3959aa76a3053bf1e94f6b94904c",
		},
		{
			"lower-case method", s.Lines("post", linesPath, linesStamp, linesAccess),
			"0fb08e70e6b80cc75e1b816cacd98ec0917bd997cbe19eb94735cc2e47a3eead",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.wrong, tc.got.Lower())
			assert.NotEqual(t, rightA, tc.got.Lower())
		})
	}
}

// A shell's command substitution drops NUL bytes and line feeds at the end,
// so the documented shell recipe arrives at another digest for such a key.
func TestKeyBytesSurvive(t *testing.T) {
	key, err := hmacsign.DecodeSecret("AP8KgMMofwDerb7vXG4lAQIDBAUGBwgJCwwNDg8QEQo=")
	require.NoError(t, err)
	shell := strings.TrimRight(strings.ReplaceAll(string(key), "\x00", ""), "\n")
	got := newSigner(t, shell).Lines("POST", linesPath, linesStamp, linesAccess).Lower()
	assert.Equal(t, "8c62e3c9a9f64db7dae097ebccc8b3d16d8fc240183619cdb337384fbb46e693", got)
	assert.NotEqual(t, newSigner(t, string(key)).Lines("POST", linesPath, linesStamp, linesAccess).Lower(), got)
}
