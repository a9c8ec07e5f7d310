package esim

import (
	"errors"
	"strings"
	"unicode"
)

// ICCID bounds in digits: 18 without the check digit up to 22 as some issuers
// number; ITU-T E.118 has 19, most profiles 20.
const (
	minICCID     = 18
	maxICCID     = 22
	maxICCIDText = 128 // with label, groups and padding; ours
)

var errICCID = errors.New("esim: an ICCID is 18 to 22 digits")

// ICCID is the serial number of an eSIM profile (ITU-T E.118): 18 to 22
// decimal digits, usually 19 or 20 beginning with 89. It is personal data but
// no secret, so it prints in full.
type ICCID string

// ParseICCID reads 18 to 22 ASCII digits. What else resellers write is taken
// off: white space around the digits, spaces and hyphens between groups, and
// the word ICCID before them. So is the F that fills an odd number of digits up
// to whole bytes (3GPP TS 31.102, EF ICCID). Anything else is an error.
//
// The check digit need not be right, since resellers hand out ICCIDs that fail
// it; see [ICCID.Valid].
func ParseICCID(s string) (ICCID, error) {
	if !isICCID(s) {
		s = bareICCID(s)
	}
	if !isICCID(s) {
		return "", errICCID
	}
	return ICCID(s), nil
}

// bareICCID returns the digits of an ICCID that is written with something
// around or between them, "" for any other text.
func bareICCID(s string) string {
	if len(s) > maxICCIDText {
		return ""
	}
	s = trimBlank(s)
	if bare := strings.TrimRight(s, "Ff"); bare != s {
		s = strings.TrimRightFunc(bare, func(r rune) bool { return isBlank(r) || isDash(r) }) // an F can be a group of its own
	}
	first, last := strings.IndexFunc(s, isDecimal), strings.LastIndexFunc(s, isDecimal)
	if first < 0 || last < len(s)-1 || !isICCIDLabel(s[:first]) {
		return ""
	}
	var digits strings.Builder
	for _, r := range s[first:] {
		switch {
		case isDecimal(r):
			digits.WriteRune(r)
		case !isBlank(r) && !isDash(r):
			return ""
		}
	}
	return digits.String()
}

// iccidLabels are the words, without case, that say what follows.
var iccidLabels = []string{"", "iccid", "icc", "iccidno", "iccidnr", "iccidnumber"}

func isICCIDLabel(s string) bool {
	var word strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			word.WriteRune(unicode.ToLower(r))
		case !isBlank(r) && !isDash(r) && !strings.ContainsRune(":#=.", r):
			return false
		}
	}
	for _, label := range iccidLabels {
		if word.String() == label {
			return label != "" || s == ""
		}
	}
	return false
}

// String returns the digits.
func (i ICCID) String() string { return string(i) }

// Valid reports whether the ICCID is well formed and its last digit is the
// Luhn check digit of the others. Report a false one if you like, but do not
// refuse it: live profiles have them.
func (i ICCID) Valid() bool {
	if !isICCID(string(i)) {
		return false
	}
	sum := 0
	for k := range len(i) {
		digit := int(i[len(i)-1-k] - '0')
		if k%2 == 1 {
			digit *= 2
		}
		sum += digit/10 + digit%10
	}
	return sum%10 == 0
}

func isICCID(s string) bool {
	return len(s) >= minICCID && len(s) <= maxICCID && isDigits(s)
}

// isDigits reports whether s is ASCII digits only. It is true for "".
func isDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// trimBlank takes off what cannot be seen around a text: white space of any
// kind, and characters without width such as a byte order mark. They come
// along when a value was copied from a page or read from a file.
func trimBlank(s string) string { return strings.TrimFunc(s, isBlank) }

func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// isDash accepts the hyphen, its typographic relatives and the minus sign.
func isDash(r rune) bool { return unicode.Is(unicode.Pd, r) || r == '\u2212' }

func isDecimal(r rune) bool { return '0' <= r && r <= '9' }
