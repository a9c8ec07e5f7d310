package adapter

import "github.com/esimkit/esim/internal/hmacsign"

// Digest is an HMAC-SHA256 digest. Lower and Upper write it as hex digits; every
// other way of printing it shows no digit.
type Digest = hmacsign.Digest

// Signer makes HMAC-SHA256 signatures under one key. It is safe for concurrent
// use, and printing it shows nothing of the key.
type Signer struct{ key *hmacsign.Signer }

// NewSigner returns a Signer for key, of which it keeps a copy. The one error is
// an empty key.
func NewSigner(key []byte) (*Signer, error) {
	s, err := hmacsign.New(key)
	if err != nil {
		return nil, err
	}
	return &Signer{s}, nil
}

// DecodeKey reads a key that was issued as base64 text. Space around the text is
// dropped, and padding may be missing. The error says nothing about the text.
func DecodeKey(text string) ([]byte, error) { return hmacsign.DecodeSecret(text) }

// Concat signs the strings of head and then body, with nothing between them.
func (s *Signer) Concat(head []string, body []byte) Digest { return s.key.Concat(head, body) }

// Lines signs the lines with one line feed between neighbours and none at the
// end. No line may hold a line feed of its own.
func (s *Signer) Lines(lines ...string) Digest { return s.key.Lines(lines...) }
