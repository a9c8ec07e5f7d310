package esim

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// redacted stands in for a secret wherever one would be printed.
const redacted = "REDACTED"

var errSecretRedacted = errors.New("esim: REDACTED is the printed form of a secret, not the secret")

// Secret is a credential that cannot be printed by accident. [Secret.Reveal] is
// the only way to its text. Packages fmt, with any verb, log/slog,
// encoding/json and every other printer show REDACTED. Where they look past the
// methods of a value, as fmt does for an unexported field, they show an
// address.
//
// The zero value is the empty secret. Secrets are passed by value and are not
// comparable with ==; see [Secret.Equal].
type Secret struct {
	// A func and not a string: printers that walk fields by reflection can
	// follow a string or a pointer, but see nothing of what a closure holds.
	reveal func() string
}

// NewSecret returns the secret whose text is s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return s }}
}

// Reveal returns the text of the secret, "" for the zero value.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.reveal == nil }

// Equal reports whether both secrets have the same text. How long it takes
// tells nothing about where they differ.
func (s Secret) Equal(other Secret) bool {
	// Hashed first, since comparing in constant time wants equal lengths.
	a, b := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String returns REDACTED.
func (s Secret) String() string { return redacted }

// GoString returns REDACTED.
func (s Secret) GoString() string { return redacted }

// Format prints REDACTED, whatever the verb and flags.
func (s Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, redacted) // fmt collects in memory; there is no error to report
}

// LogValue returns REDACTED.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON returns the JSON string "REDACTED".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText returns REDACTED.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText sets the secret to the text, so that configuration read from
// JSON, flags and the like may hold one. It refuses REDACTED, which is what
// a configuration written by this package holds in its place.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == redacted {
		return errSecretRedacted
	}
	*s = NewSecret(string(text))
	return nil
}
