package hmacsign_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/internal/hmacsign"
)

func TestDecodeSecret(t *testing.T) {
	for _, tc := range []struct {
		name, text, key string
		err             error
	}{
		{"padded", "a2tra2s=", "kkkkk", nil},
		{"padding missing", "a2tra2s", "kkkkk", nil},
		{"two padding missing", "aw", "k", nil},
		{"no padding needed", "a2tr", "kkk", nil},
		{"white space around", " \t\r\na2tra2s=\n", "kkkkk", nil},
		{"standard alphabet", "+/+/", "\xfb\xff\xbf", nil},
		{"empty", "", "", hmacsign.ErrEmptyKey},
		{"white space only", " \n", "", hmacsign.ErrEmptyKey},
		{"padding only", "=", "", hmacsign.ErrNotBase64},
		{"too much padding", "a2tr=", "", hmacsign.ErrNotBase64},
		{"padding half missing", "aw=", "", hmacsign.ErrNotBase64},
		{"padding inside", "aw==aw==", "", hmacsign.ErrNotBase64},
		{"one digit left over", "a2trk", "", hmacsign.ErrNotBase64},
		{"URL alphabet", "-_-_", "", hmacsign.ErrNotBase64},
		{"plain text", "sk_live secret!", "", hmacsign.ErrNotBase64},
		{"line feed inside", "a2tr\na2s=", "", hmacsign.ErrNotBase64},
	} {
		t.Run(tc.name, func(t *testing.T) {
			key, err := hmacsign.DecodeSecret(tc.text)
			require.ErrorIs(t, err, tc.err)
			assert.Equal(t, tc.key, string(key))
		})
	}
}

// FuzzDecodeSecret checks that what was encoded comes back, padded or not, and
// that an error shows nothing of the text.
func FuzzDecodeSecret(f *testing.F) {
	f.Add("a2tra2s=", []byte("k"))
	f.Add("not base64 at all", []byte{0, '\n'})
	f.Fuzz(func(t *testing.T, text string, key []byte) {
		if got, err := hmacsign.DecodeSecret(text); err != nil {
			require.Nil(t, got)
			if err != hmacsign.ErrNotBase64 && err != hmacsign.ErrEmptyKey { //nolint:errorlint // identity: nothing may be wrapped around or into these
				t.Fatalf("unexpected error %v", err)
			}
		} else if len(got) == 0 {
			t.Fatalf("empty key from %q", text)
		}
		if len(key) == 0 {
			return
		}
		encoded := base64.StdEncoding.EncodeToString(key)
		for _, text := range []string{encoded, strings.TrimRight(encoded, "="), "\n" + encoded + " "} {
			got, err := hmacsign.DecodeSecret(text)
			require.NoError(t, err)
			require.Equal(t, key, got)
		}
	})
}
