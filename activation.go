package esim

import (
	"errors"
	"net/url"
	"strings"
)

const (
	lpaScheme          = "LPA:"   // what a QR code puts before an activation code
	maxActivation      = 255      // characters without the scheme, SGP.22 section 4.1
	maxActivationParts = 7        // with those of version 3
	maxActivationText  = 16 << 10 // of a code with a delete notification, or of a link; ours
	masked             = "[redacted]"
)

// None of these holds any of the text it is about: that is a secret.
var (
	errActivationForm     = errors.New("esim: an activation code is 1$host$matching-id, with LPA: before it or not")
	errActivationLink     = errors.New("esim: a link that carries no activation code, or several")
	errActivationVersion  = errors.New("esim: activation code of an unknown format version")
	errActivationLength   = errors.New("esim: activation code longer than 255 characters")
	errActivationHost     = errors.New("esim: activation code: the SM-DP+ address is not a domain name")
	errActivationMatching = errors.New("esim: activation code: the matching ID has characters other than letters, digits and hyphens")
	errActivationOID      = errors.New("esim: activation code: the SM-DP+ OID is not numbers separated by dots")
	errActivationFlag     = errors.New("esim: activation code: the confirmation code flag is not 1")
	errActivationKey      = errors.New("esim: activation code: the root key indicator is not hexadecimal digits")
	errActivationDelete   = errors.New("esim: activation code: the delete notification is not base64")
	errActivationMasked   = errors.New("esim: activation code is masked; only ActivationCode.LPA returns one that can be stored")
	errInstallURL         = errors.New("esim: not an install URL of Apple or Android that carries an activation code")
)

// ActivationCode tells a device where to fetch an eSIM profile (GSMA SGP.22,
// section 4.1). Whoever has it can install the eSIM, once, so it is a secret.
//
// It prints masked: fmt with any verb, log/slog and every text encoding, JSON
// among them, keep the SM-DP+ address and hide the matching ID. An order
// written to JSON for the record therefore does not hold the eSIM. To store
// or show a code, ask for it: [ActivationCode.LPA] returns the whole.
// Reading JSON accepts what LPA returns and refuses a masked code with an
// error, so a lost code is noticed.
//
// Masking is done by methods, and fmt calls none on an unexported field of
// another type, nor for the verbs %p and %w, which vet reports. Keep codes in
// exported fields.
type ActivationCode struct {
	SMDPAddress string // domain name of the SM-DP+, the server that holds the profile
	MatchingID  string // the secret part; may be empty, where the server knows the device
	OID         string // object identifier of the SM-DP+, usually empty

	// ConfirmationCodeRequired says that the device will ask the traveller
	// for a confirmation code, which is handed over apart from this one.
	ConfirmationCodeRequired bool

	// The two fields that version 3 of SGP.22 adds, usually empty. Devices that
	// do not know them ignore them. They are given back as they came.
	RootKeyIndicator   string // hexadecimal, which root certificate the SM-DP+ is verified with
	DeleteNotification string // base64, from the device that the profile was on before
}

// ParseActivationCode reads an activation code or LPA string,
//
//	1$<SM-DP+ address>$<matching ID>[$<OID>[$1[$<root key>[$<delete notification>]]]]
//
// with LPA: in any letter case before it or not. White space around it, that
// without width included, is taken off; white space inside is an error. Empty
// optional parts are as good as absent ones. It is stricter than a split at the
// dollar signs, for what is wrong here fails on the traveller's phone. The
// address must be a full domain name without port. The matching ID is of
// letters, digits and hyphens: SGP.22 has capitals only, resellers do not. The
// whole has at most 255 characters without the LPA: unless it has a delete
// notification, and nothing may follow.
//
// The 1, which is the version of the format and the only one there is, may be
// missing after LPA:, as in "LPA:$host$id"; a reseller has been seen to drop
// it.
//
// A link in the place of the code is read if it carries exactly one: an install
// link of Apple or Android in its carddata, or any other link in its query, its
// fragment or its path, percent-encoded or plain. No error holds
// any of the text.
func ParseActivationCode(s string) (ActivationCode, error) {
	s = trimBlank(s)
	switch {
	case len(s) > maxActivationText:
		return ActivationCode{}, errActivationLength
	case isLink(s):
		return codeInLink(s)
	case !strings.Contains(s, "$") && strings.Contains(s, "%24"):
		if plain, err := url.PathUnescape(s); err == nil {
			s = plain
		}
	}
	return parseActivation(s)
}

// parseActivation reads a code that is in no link.
func parseActivation(s string) (ActivationCode, error) {
	code, hasScheme := cutLPA(s)
	parts := strings.SplitN(code, "$", maxActivationParts+1)
	if len(code) > maxActivation && (len(parts) != maxActivationParts || parts[6] == "") {
		return ActivationCode{}, errActivationLength
	}
	if len(parts) < 3 || len(parts) > maxActivationParts {
		return ActivationCode{}, errActivationForm
	}
	if parts[0] != "1" && (parts[0] != "" || !hasScheme) {
		return ActivationCode{}, errActivationVersion
	}
	parts = append(parts, "", "", "", "")
	a := ActivationCode{
		SMDPAddress: parts[1], MatchingID: parts[2], OID: parts[3], ConfirmationCodeRequired: parts[4] == "1",
		RootKeyIndicator: parts[5], DeleteNotification: parts[6],
	}
	switch {
	case !isDomainName(a.SMDPAddress):
		return ActivationCode{}, errActivationHost
	case a.MatchingID == masked, a.RootKeyIndicator == masked, a.DeleteNotification == masked:
		return ActivationCode{}, errActivationMasked
	case !isWord(a.MatchingID):
		return ActivationCode{}, errActivationMatching
	case a.OID != "" && !isOID(a.OID):
		return ActivationCode{}, errActivationOID
	case parts[4] != "" && !a.ConfirmationCodeRequired:
		return ActivationCode{}, errActivationFlag
	case !consistsOf(a.RootKeyIndicator, isHexDigit):
		return ActivationCode{}, errActivationKey
	case !consistsOf(a.DeleteNotification, isBase64Digit):
		return ActivationCode{}, errActivationDelete
	}
	return a, nil
}

// IsZero reports whether there is no activation code.
func (a ActivationCode) IsZero() bool { return a == ActivationCode{} }

// LPA returns the whole code with LPA: before it, as a QR code holds it and as
// the traveller may type it in, "" for the zero value. This reveals the
// secret. Fields set by hand are joined as they are; only
// [ParseActivationCode] checks them.
func (a ActivationCode) LPA() string {
	if a.IsZero() {
		return ""
	}
	return a.join(a.MatchingID, a.RootKeyIndicator, a.DeleteNotification)
}

// join writes the code with these secret parts, and nothing after the last part
// that is not empty.
func (a ActivationCode) join(matchingID, rootKey, deletion string) string {
	flag := ""
	if a.ConfirmationCodeRequired {
		flag = "1"
	}
	parts := []string{"1", a.SMDPAddress, matchingID, a.OID, flag, rootKey, deletion}
	for len(parts) > 3 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return lpaScheme + strings.Join(parts, "$")
}

func cutLPA(s string) (code string, found bool) {
	if len(s) < len(lpaScheme) || !strings.EqualFold(s[:len(lpaScheme)], lpaScheme) {
		return s, false
	}
	return s[len(lpaScheme):], true
}

// isDomainName reports whether s is a fully qualified domain name in the
// syntax for hosts (RFC 1123), without the dot at the end. An IPv4 address is
// none: the last label of a name is not a number.
func isDomainName(s string) bool {
	if len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || !isWord(label) {
			return false
		}
	}
	return len(labels) > 1 && !isDigits(labels[len(labels)-1])
}

// isWord reports whether s is ASCII letters, digits and hyphens only. It is
// true for "".
func isWord(s string) bool {
	return consistsOf(s, func(c byte) bool { return isDigit(c) || isLetter(c) || c == '-' })
}

func isHexDigit(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// isBase64Digit accepts both alphabets of base64.
func isBase64Digit(c byte) bool {
	return isDigit(c) || isLetter(c) || strings.IndexByte("+/-_=", c) >= 0
}

func consistsOf(s string, is func(c byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

// isOID reports whether s is an object identifier in dotted form, 1.3.6.1.
func isOID(s string) bool {
	arcs := strings.Split(s, ".")
	for _, arc := range arcs {
		if arc == "" || !isDigits(arc) {
			return false
		}
	}
	return len(arcs) > 1
}
