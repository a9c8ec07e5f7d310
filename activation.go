package esim

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
)

const (
	lpaScheme       = "LPA:" // what a QR code puts before an activation code
	maxActivation   = 255    // characters without the scheme, SGP.22 section 4.1
	maskedMatching  = "[redacted]"
	appleSetupHost  = "esimsetup.apple.com"
	googleSetupHost = "esimsetup.android.com"
	setupPath       = "/esim_qrcode_provisioning"
	maxInstallURL   = 2048
)

// None of these holds any of the text it is about: that is a secret.
var (
	errActivationForm     = errors.New("esim: an activation code is 1$host$matching-id, with LPA: before it or not")
	errActivationVersion  = errors.New("esim: activation code of an unknown format version")
	errActivationLength   = errors.New("esim: activation code longer than 255 characters")
	errActivationHost     = errors.New("esim: activation code: the SM-DP+ address is not a domain name")
	errActivationMatching = errors.New("esim: activation code: the matching ID has characters other than letters, digits and hyphens")
	errActivationOID      = errors.New("esim: activation code: the SM-DP+ OID is not numbers separated by dots")
	errActivationFlag     = errors.New("esim: activation code: the confirmation code flag is not 1")
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
}

// ParseActivationCode reads an activation code or LPA string,
//
//	1$<SM-DP+ address>$<matching ID>[$<OID>[$1]]
//
// with LPA: in any letter case before it or not. Empty optional parts are as
// good as absent ones. It is stricter than a split at the dollar signs, for
// what is wrong here fails on the traveller's phone: the address must be a
// full domain name without port, the matching ID letters, digits and hyphens
// (SGP.22 has capitals only, resellers do not), the whole at most 255
// characters without the LPA:, and nothing may follow.
//
// The 1, which is the version of the format and the only one there is, may be
// missing after LPA:, as in "LPA:$host$id"; a reseller has been seen to drop
// it. No error holds any of the text.
func ParseActivationCode(s string) (ActivationCode, error) {
	code, hasScheme := cutLPA(s)
	if len(code) > maxActivation {
		return ActivationCode{}, errActivationLength
	}
	parts := strings.Split(code, "$")
	if len(parts) < 3 || len(parts) > 5 {
		return ActivationCode{}, errActivationForm
	}
	if parts[0] != "1" && (parts[0] != "" || !hasScheme) {
		return ActivationCode{}, errActivationVersion
	}
	parts = append(parts, "", "")
	a := ActivationCode{SMDPAddress: parts[1], MatchingID: parts[2], OID: parts[3], ConfirmationCodeRequired: parts[4] == "1"}
	switch {
	case !isDomainName(a.SMDPAddress):
		return ActivationCode{}, errActivationHost
	case a.MatchingID == maskedMatching:
		return ActivationCode{}, errActivationMasked
	case !isWord(a.MatchingID):
		return ActivationCode{}, errActivationMatching
	case a.OID != "" && !isOID(a.OID):
		return ActivationCode{}, errActivationOID
	case parts[4] != "" && !a.ConfirmationCodeRequired:
		return ActivationCode{}, errActivationFlag
	}
	return a, nil
}

// ParseInstallURL returns the activation code that an install URL of Apple
// (esimsetup.apple.com) or Android (esimsetup.android.com) carries in its
// carddata parameter, percent-encoded or plain. Any other URL is an error,
// and no error holds any of the text.
func ParseInstallURL(raw string) (ActivationCode, error) {
	if len(raw) > maxInstallURL {
		return ActivationCode{}, errInstallURL
	}
	u, err := url.Parse(raw)
	if err != nil { // quotes the URL, so it goes no further
		return ActivationCode{}, errInstallURL
	}
	if u.Scheme != "https" || u.User != nil || u.Path != setupPath {
		return ActivationCode{}, errInstallURL
	}
	if host := strings.ToLower(u.Host); host != appleSetupHost && host != googleSetupHost {
		return ActivationCode{}, errInstallURL
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(query["carddata"]) != 1 {
		return ActivationCode{}, errInstallURL
	}
	return ParseActivationCode(query.Get("carddata"))
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
	return a.join(a.MatchingID)
}

// AppleInstallURL returns the link that installs the eSIM on an iPhone with
// iOS 17.4 or later, "" for the zero value. It holds the secret.
//
// The code is percent-encoded, as a value in a query should be. Resellers also
// send such links with the code in plain, which means the same.
func (a ActivationCode) AppleInstallURL() string { return a.installURL(appleSetupHost) }

// AndroidInstallURL returns the link that installs the eSIM on an Android
// device whose setup supports it, "" for the zero value. It holds the secret.
func (a ActivationCode) AndroidInstallURL() string { return a.installURL(googleSetupHost) }

// String returns the code with its matching ID masked,
// "LPA:1$rsp.example.com$[redacted]", and "" for the zero value.
func (a ActivationCode) String() string {
	if a.IsZero() {
		return ""
	}
	// Fields set by hand may have the secret in the wrong place.
	if !isDomainName(a.SMDPAddress) || (a.OID != "" && !isOID(a.OID)) {
		return maskedMatching
	}
	if a.MatchingID == "" {
		return a.join("")
	}
	return a.join(maskedMatching)
}

// GoString returns the masked code in the syntax of Go.
func (a ActivationCode) GoString() string {
	return "esim.ActivationCode(" + strconv.Quote(a.String()) + ")"
}

// Format prints the masked code, whatever the verb; %q adds quotes.
func (a ActivationCode) Format(f fmt.State, verb rune) {
	text := a.String()
	switch {
	case verb == 'v' && f.Flag('#'):
		text = a.GoString()
	case verb == 'q':
		text = strconv.Quote(text)
	}
	_, _ = io.WriteString(f, text) // fmt collects in memory; there is no error to report
}

// LogValue returns the masked code.
func (a ActivationCode) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText returns the masked code. encoding/json goes by it.
func (a ActivationCode) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what [ActivationCode.LPA] returns and refuses a masked
// code. encoding/json goes by it.
func (a *ActivationCode) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = ActivationCode{}
		return nil
	}
	if string(text) == maskedMatching {
		return errActivationMasked
	}
	code, err := ParseActivationCode(string(text))
	if err != nil {
		return err
	}
	*a = code
	return nil
}

func (a ActivationCode) join(matchingID string) string {
	s := lpaScheme + "1$" + a.SMDPAddress + "$" + matchingID
	if a.OID != "" || a.ConfirmationCodeRequired {
		s += "$" + a.OID
	}
	if a.ConfirmationCodeRequired {
		s += "$1"
	}
	return s
}

func (a ActivationCode) installURL(host string) string {
	if a.IsZero() {
		return ""
	}
	return "https://" + host + setupPath + "?carddata=" + url.QueryEscape(a.LPA())
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
	for i := range len(s) {
		if lower := s[i] | 0x20; !isDigit(s[i]) && s[i] != '-' && (lower < 'a' || lower > 'z') {
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
