package esim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestParseICCID(t *testing.T) {
	tests := map[string]string{ // "" = refused
		"8932042000010078801":    "8932042000010078801",
		"89852341234567890123":   "89852341234567890123",
		"89440000000000000000":   "89440000000000000000",
		"123456789012345678":     "123456789012345678",     // 18, without check digit
		"1234567890123456789012": "1234567890123456789012", // 22

		// With the F that fills the last byte on the card (3GPP TS 31.102).
		"8944476500008878576F":     "8944476500008878576",
		"8944476500008878576f":     "8944476500008878576",
		"894447650000887857FF":     "894447650000887857",
		"89852341234567890123F":    "89852341234567890123",
		"8944476500008878576F\r\n": "8944476500008878576",

		// In blanks, in groups, with a label.
		" 8932042000010078801":                  "8932042000010078801",
		"8932042000010078801\n":                 "8932042000010078801",
		"\ufeff8932042000010078801\u200b":       "8932042000010078801",
		"8932 0420 0001 0078 801":               "8932042000010078801",
		"8932-0420-0001-0078-801":               "8932042000010078801",
		"89 320420 000100 7880 - 1":             "8932042000010078801",
		"8932\u00a00420\u00a00001\u20130078801": "8932042000010078801",
		"8944 4765 0000 8878 576F":              "8944476500008878576",
		"8944 4765 0000 8878 576 F":             "8944476500008878576",
		"8944-4765-0000-8878-576-F":             "8944476500008878576",
		"ICCID: 8932042000010078801":            "8932042000010078801",
		"iccid 8932 0420 0001 0078 801":         "8932042000010078801",
		"ICCID=8932042000010078801F":            "8932042000010078801",
		"ICC-ID 8932042000010078801":            "8932042000010078801",
		"ICCID No.: 8932042000010078801":        "8932042000010078801",

		"12345678901234567":       "",
		"12345678901234567890123": "",
		"":                        "",
		"F":                       "",
		"893204200001007F8801":    "",
		"F8932042000010078801":    "",
		"8932042000010078801E":    "",
		"8932042000010078801FX":   "",
		"-893204200001007880":     "",
		"8932042000010078801-":    "",
		"8932042000010078801.0":   "",
		"8.932042000010078801e18": "",
		"8932042000010078801/1":   "",
		"8932042000010078801 8932042000010078802":                "", // two of them
		"IMSI: 8932042000010078801":                              "",
		"EID 89049032123451234512345678901235":                   "",
		": 8932042000010078801":                                  "",
		"PENDING_B25081719340002_1755459260253":                  "",
		"８９３２０４２０００":                                             "", // full-width: 30 bytes, no ASCII digit
		"８９３２０４":                                                 "", // 18 bytes
		"8932042000010078801" + strings.Repeat(" ", 1<<10) + "1": "",
	}
	for in, want := range tests {
		got, err := ParseICCID(in)
		if want == "" {
			assert.ErrorIs(t, err, errICCID, "%q", in)
		} else {
			assert.NoError(t, err, "%q", in)
		}
		assert.Equal(t, ICCID(want), got, "%q", in)
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
