package hmacsign_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim/internal/hmacsign"
)

const prefix = "sha256="

func TestVerifyHex(t *testing.T) {
	current, next := newSigner(t, webhookKey), newSigner(t, "whsec_test_vector_0002")
	for _, tc := range []struct {
		name, body, signature string
		signers               []*hmacsign.Signer
		want                  bool
	}{
		{"as sent", webhookBody, prefix + webhookHex, []*hmacsign.Signer{current}, true},
		{"upper case", webhookBody, prefix + strings.ToUpper(webhookHex), []*hmacsign.Signer{current}, true},
		{"old secret first", webhookBody, prefix + webhookHex, []*hmacsign.Signer{current, next}, true},
		{"old secret last", webhookBody, prefix + webhookHex, []*hmacsign.Signer{next, current}, true},
		{"other secret", webhookBody, prefix + webhookHex, []*hmacsign.Signer{next}, false},
		{"no secret", webhookBody, prefix + webhookHex, nil, false},
		{"changed body", webhookBody + " ", prefix + webhookHex, []*hmacsign.Signer{current}, false},
		{"empty body", "", prefix + webhookHex, []*hmacsign.Signer{current}, false},
		{"no prefix", webhookBody, webhookHex, []*hmacsign.Signer{current}, false},
		{"prefix in capitals", webhookBody, "SHA256=" + webhookHex, []*hmacsign.Signer{current}, false},
		{"prefix alone", webhookBody, prefix, []*hmacsign.Signer{current}, false},
		{"empty", webhookBody, "", []*hmacsign.Signer{current}, false},
		{"one digit short", webhookBody, prefix + webhookHex[:63], []*hmacsign.Signer{current}, false},
		{"half", webhookBody, prefix + webhookHex[:32], []*hmacsign.Signer{current}, false},
		{"one digit long", webhookBody, prefix + webhookHex + "0", []*hmacsign.Signer{current}, false},
		{"digest twice", webhookBody, prefix + webhookHex + webhookHex, []*hmacsign.Signer{current}, false},
		{"white space", webhookBody, prefix + webhookHex + "\n", []*hmacsign.Signer{current}, false},
		{"not hex", webhookBody, prefix + "g" + webhookHex[1:], []*hmacsign.Signer{current}, false},
		{"last digit changed", webhookBody, prefix + webhookHex[:63] + "8", []*hmacsign.Signer{current}, false},
		{"all zero", webhookBody, prefix + strings.Repeat("0", 64), []*hmacsign.Signer{current}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, hmacsign.VerifyHex([]byte(tc.body), tc.signature, prefix, tc.signers...))
		})
	}
	assert.True(t, hmacsign.VerifyHex([]byte(webhookBody), webhookHex, "", current), "a form without prefix")
}

// FuzzVerifyHex holds VerifyHex against a plain reference on any input, and
// checks that one changed bit in a signed body or its signature is refused.
func FuzzVerifyHex(f *testing.F) {
	f.Add([]byte(webhookBody), prefix+webhookHex, uint(0))
	f.Add([]byte(webhookBody), prefix+strings.ToUpper(webhookHex), uint(1900))
	f.Add([]byte{}, "", uint(7))
	f.Add([]byte{0}, prefix+strings.Repeat("é", 32), uint(300))
	s := newSigner(f, webhookKey)
	f.Fuzz(func(t *testing.T, body []byte, signature string, at uint) {
		mac := hmac.New(sha256.New, []byte(webhookKey))
		mac.Write(body)
		right := prefix + hex.EncodeToString(mac.Sum(nil))

		digits, ok := strings.CutPrefix(signature, prefix)
		want := ok && strings.ToLower(digits) == right[len(prefix):] && isASCII(digits)
		if got := hmacsign.VerifyHex(body, signature, prefix, s); got != want {
			t.Fatalf("VerifyHex(%q, %q) = %t, want %t", body, signature, got, want)
		}
		if !hmacsign.VerifyHex(body, right, prefix, s) {
			t.Fatalf("right signature of %q refused", body)
		}

		bad := []byte(right)
		bad[at%uint(len(bad))] ^= 1 // bit 0 is never the bit that tells a letter's case
		if hmacsign.VerifyHex(body, string(bad), prefix, s) {
			t.Fatalf("body %q: accepted %q for %q", body, bad, right)
		}
		if len(body) > 0 {
			at %= uint(8 * len(body))
			body[at/8] ^= 1 << (at % 8)
			if hmacsign.VerifyHex(body, right, prefix, s) {
				t.Fatalf("changed body %q accepted", body)
			}
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 })
}
