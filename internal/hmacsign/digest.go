package hmacsign

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

const redacted = "REDACTED"

// Digest is an HMAC-SHA256 digest. On a request it is as good as a signature,
// so printing or logging one shows REDACTED; [Digest.Lower] and [Digest.Upper]
// reveal it.
type Digest [sha256.Size]byte

// Lower returns the digest as 64 hex digits with lower-case letters.
func (d Digest) Lower() string {
	var text [2 * len(d)]byte
	hex.Encode(text[:], d[:])
	return string(text[:])
}

// Upper returns the digest as 64 hex digits with upper-case letters.
func (d Digest) Upper() string {
	var text [2 * len(d)]byte
	hex.Encode(text[:], d[:])
	for i, digit := range text {
		if digit >= 'a' {
			text[i] = digit - 'a' + 'A'
		}
	}
	return string(text[:])
}

// Format prints REDACTED for every verb.
func (Digest) Format(f fmt.State, _ rune) {
	// A Formatter has no way to report an error; fmt notices its writer's own.
	_, _ = io.WriteString(f, redacted)
}

// MarshalText encodes REDACTED, so that neither JSON nor a log handler spells
// out the bytes.
func (Digest) MarshalText() ([]byte, error) { return []byte(redacted), nil }
