package hmacsign

import (
	"encoding/base64"
	"errors"
	"strings"
)

// ErrNotBase64 is returned for a secret that is not base64. It says nothing
// about the secret's text.
var ErrNotBase64 = errors.New("hmacsign: secret is not standard base64")

// DecodeSecret decodes a secret issued as base64 text (standard alphabet) into
// the raw bytes of the key. White space around the text is dropped, as pasting
// leaves it there, and the padding may be missing. The errors are [ErrNotBase64]
// and [ErrEmptyKey]; text that cannot be decoded is never used as a key itself,
// since all it would buy is a puzzling refusal from the other side.
func DecodeSecret(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if strings.ContainsAny(text, "\r\n") { // the decoder would skip them
		return nil, ErrNotBase64
	}
	encoding := base64.RawStdEncoding
	if strings.HasSuffix(text, "=") {
		encoding = base64.StdEncoding
	}
	key, err := encoding.DecodeString(text)
	if err != nil {
		return nil, ErrNotBase64 // not wrapped: where it failed is the secret's own business
	}
	if len(key) == 0 {
		return nil, ErrEmptyKey
	}
	return key, nil
}
