package esim

import "errors"

// ICCID bounds in digits: 18 without the check digit up to 22 as some issuers
// number; ITU-T E.118 has 19, most profiles 20.
const (
	minICCID = 18
	maxICCID = 22
)

var errICCID = errors.New("esim: an ICCID is 18 to 22 digits")

// ICCID is the serial number of an eSIM profile (ITU-T E.118): 18 to 22
// decimal digits, usually 19 or 20 beginning with 89. It is personal data but
// no secret, so it prints in full.
type ICCID string

// ParseICCID checks that s is 18 to 22 ASCII digits and nothing else. It does
// not require the check digit to be right, since resellers hand out ICCIDs
// that fail it; see [ICCID.Valid].
func ParseICCID(s string) (ICCID, error) {
	if !isICCID(s) {
		return "", errICCID
	}
	return ICCID(s), nil
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
