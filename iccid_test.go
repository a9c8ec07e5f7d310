package esim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestParseICCID(t *testing.T) {
	tests := map[string]bool{
		"8932042000010078801":                   true,
		"89852341234567890123":                  true,
		"89440000000000000000":                  true,
		"123456789012345678":                    true, // 18, without check digit
		"1234567890123456789012":                true, // 22
		"12345678901234567":                     false,
		"12345678901234567890123":               false,
		"":                                      false,
		"8932042000010078801F":                  false,
		"89320420000100788 1":                   false,
		" 8932042000010078801":                  false,
		"8932042000010078801\n":                 false,
		"-893204200001007880":                   false,
		"PENDING_B25081719340002_1755459260253": false,
		"８９３２０４２０００":                            false, // full-width: 30 bytes, no ASCII digit
		"８９３２０４":                                false, // 18 bytes
	}
	for in, want := range tests {
		got, err := ParseICCID(in)
		if !want {
			assert.ErrorIs(t, err, errICCID, in)
			assert.Empty(t, got, in)
			continue
		}
		assert.NoError(t, err, in)
		assert.Equal(t, in, got.String())
	}
}

func TestICCIDValid(t *testing.T) {
	tests := map[ICCID]bool{
		"8944500102198304826":   true,
		"8944500102198304827":   false,
		"89014103211118510720":  true,
		"89014103211118510721":  false,
		"000000000000000000":    true,
		"":                      false,
		"0":                     false,
		"89445001021983o4826":   false,
		"89440000000000000000x": false,
	}
	for id, want := range tests {
		assert.Equal(t, want, id.Valid(), string(id))
	}
}

// Exactly one of the ten digits completes a number, and a single wrong digit
// is always noticed: that is what the Luhn digit is for.
func TestICCIDCheckDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[0-9]{17,21}`).Draw(t, "body")
		var valid []string
		for d := range 10 {
			if id := body + fmt.Sprint(d); ICCID(id).Valid() {
				valid = append(valid, id)
			}
		}
		if len(valid) != 1 {
			t.Fatalf("%s: %d check digits", body, len(valid))
		}
		at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
		other := rapid.IntRange(1, 9).Draw(t, "other")
		digit := (int(body[at]-'0') + other) % 10
		wrong := valid[0][:at] + fmt.Sprint(digit) + valid[0][at+1:]
		if ICCID(wrong).Valid() {
			t.Fatalf("%s passes for %s", wrong, valid[0])
		}
	})
}

func TestICCIDPrintsInFull(t *testing.T) {
	id := ICCID("8932042000010078801")
	assert.Equal(t, strings.Repeat("8932042000010078801 ", 2), fmt.Sprintf("%v %s ", id, id))
}
