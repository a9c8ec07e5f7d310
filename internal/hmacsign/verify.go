package hmacsign

import (
	"crypto/hmac"
	"encoding/hex"
	"strings"
)

// VerifyHex reports whether signature is prefix followed by the hex digest, in
// letters of either case, of body under the key of one of the signers. Several
// signers serve the time in which a secret is being replaced; with none, nothing
// is accepted.
//
// The comparison takes the same time wherever the digests differ and whichever
// signer matches. A missing prefix, a wrong length and anything that is not hex
// are refused like a wrong digest. Example: eSIMfly's webhook header is
// "sha256=" and the digest of the raw body.
func VerifyHex(body []byte, signature, prefix string, signers ...*Signer) bool {
	got, ok := parseDigest(signature, prefix)
	if !ok {
		return false
	}
	match := false
	for _, s := range signers {
		want := s.Concat(nil, body)
		if hmac.Equal(want[:], got[:]) {
			match = true // and go on, so that time does not tell which key it was
		}
	}
	return match
}

func parseDigest(signature, prefix string) (d Digest, ok bool) {
	digits, found := strings.CutPrefix(signature, prefix)
	var text [2 * len(d)]byte
	if !found || len(digits) != len(text) {
		return Digest{}, false
	}
	copy(text[:], digits)
	if _, err := hex.Decode(d[:], text[:]); err != nil {
		return Digest{}, false
	}
	return d, true
}
