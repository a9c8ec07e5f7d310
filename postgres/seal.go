package postgres

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/esimkit/esim"
)

// sealer hides tokens from who can read the table. The first key seals, all
// of them open. Without keys it leaves tokens as they are.
type sealer []cipher.AEAD

const shortestKey = 32

var (
	errTokenKey = errors.New("postgres: a token key has fewer than 32 characters")
	errSealed   = errors.New("postgres: the token is sealed, but this program was given no key: see postgres.WithTokenKey")
)

func newSealer(keys []esim.Secret) (sealer, error) {
	var s sealer
	for _, key := range keys {
		if len(key.Reveal()) < shortestKey {
			return nil, errTokenKey
		}
		// Derived, since the key is text of any form and may serve elsewhere too.
		derived, err := hkdf.Key(sha256.New, []byte(key.Reveal()), nil, "esimkit/esim token", 32)
		if err != nil {
			return nil, fmt.Errorf("postgres: token key: %w", err)
		}
		block, err := aes.NewCipher(derived)
		if err != nil {
			return nil, fmt.Errorf("postgres: token key: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("postgres: token key: %w", err)
		}
		s = append(s, aead)
	}
	return s, nil
}

// seal returns what is stored of the token. It is bound to the account: moved
// to the row of another it does not open.
func (s sealer) seal(account string, token esim.Secret) (stored []byte, sealed bool) {
	text := []byte(token.Reveal())
	if len(s) == 0 {
		return text, false
	}
	return s[0].Seal(nil, nil, text, []byte(account)), true //nolint:gosec // no nonce is given: this AEAD makes random ones
}

// open returns the token, empty if it does not open with any of the keys or
// was not sealed though it should be: a new one takes its place then.
func (s sealer) open(account string, stored []byte, sealed bool) (esim.Secret, error) {
	if len(s) == 0 {
		if sealed {
			return esim.Secret{}, errSealed
		}
		return esim.NewSecret(string(stored)), nil
	}
	if !sealed {
		return esim.Secret{}, nil
	}
	for _, aead := range s {
		if text, err := aead.Open(nil, nil, stored, []byte(account)); err == nil {
			return esim.NewSecret(string(text)), nil
		}
	}
	return esim.Secret{}, nil
}
