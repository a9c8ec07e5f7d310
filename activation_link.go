package esim

import (
	"net/url"
	"strings"
)

const (
	appleSetupHost  = "esimsetup.apple.com"
	googleSetupHost = "esimsetup.android.com"
	setupPath       = "/esim_qrcode_provisioning"
	cardData        = "carddata"
	maxLinkDepth    = 3 // links in links
)

// AppleInstallURL returns the link that installs the eSIM on an iPhone with
// iOS 17.4 or later, "" for the zero value. It holds the secret.
//
// The code is percent-encoded, as a value in a query should be. Resellers also
// send such links with the code in plain, which means the same.
func (a ActivationCode) AppleInstallURL() string { return a.installURL(appleSetupHost) }

// AndroidInstallURL returns the link that installs the eSIM on an Android
// device whose setup supports it, "" for the zero value. It holds the secret.
func (a ActivationCode) AndroidInstallURL() string { return a.installURL(googleSetupHost) }

func (a ActivationCode) installURL(host string) string {
	if a.IsZero() {
		return ""
	}
	return "https://" + host + setupPath + "?carddata=" + url.QueryEscape(a.LPA())
}

// ParseInstallURL returns the activation code that an install URL of Apple
// (esimsetup.apple.com) or Android (esimsetup.android.com) carries in its
// carddata parameter, percent-encoded or plain. Any other URL is an error,
// and no error holds any of the text. [ParseActivationCode] reads further links.
func ParseInstallURL(raw string) (ActivationCode, error) {
	raw = trimBlank(raw)
	if len(raw) > maxActivationText {
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
	var found []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if name, value, _ := strings.Cut(pair, "="); name == cardData {
			found = append(found, value)
		}
	}
	if len(found) != 1 {
		return ActivationCode{}, errInstallURL
	}
	code, err := url.PathUnescape(found[0]) // base64 has a + of its own
	if err != nil {
		return ActivationCode{}, errInstallURL
	}
	return parseActivation(code)
}

// isLink reports whether s is a link rather than a code, which has a $ before
// any ://. The scheme may be missing before an install link.
func isLink(s string) bool {
	before, _, _ := strings.Cut(s, "$")
	return strings.Contains(before, "://") || strings.Contains(before, cardData+"=")
}

// codeInLink returns the one activation code that a link carries.
func codeInLink(link string) (ActivationCode, error) {
	var found ActivationCode
	if !searchLink(link, maxLinkDepth, &found) || found.IsZero() {
		return ActivationCode{}, errActivationLink
	}
	return found, nil
}

// searchLink looks for codes wherever a link has room for them. It reports
// false once it has met two that differ.
func searchLink(link string, depth int, found *ActivationCode) bool {
	u, err := url.Parse(link)
	if err != nil || depth == 0 {
		return true
	}
	places := append(strings.Split(u.RawQuery, "&"), strings.Split(u.EscapedFragment(), "&")...)
	places = append(places, u.RawQuery, u.EscapedFragment(), fromLPA(u.EscapedPath()), fromLPA(u.EscapedFragment()))
	for _, place := range places {
		_, value, _ := strings.Cut(place, "=")
		if !searchText(place, depth, found) || !searchText(value, depth, found) {
			return false
		}
	}
	return true
}

// searchText takes a percent-encoded text for a code or for a link.
func searchText(text string, depth int, found *ActivationCode) bool {
	plain, err := url.PathUnescape(text) // base64 has a + of its own
	if err != nil || plain == "" {
		return true
	}
	if isLink(plain) {
		return searchLink(plain, depth-1, found)
	}
	if !strings.Contains(plain, "$") && plain != text {
		return searchText(plain, depth, found) // encoded twice
	}
	code, err := parseActivation(trimBlank(plain))
	if err != nil {
		return true
	}
	if !found.IsZero() && *found != code {
		return false
	}
	*found = code
	return true
}

var imageEndings = [...]string{".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp"}

// fromLPA returns what begins with LPA: in a path: all of it, or up to the next
// slash, where the way goes on, without the ending of an image.
func fromLPA(path string) string {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return ""
	}
	i := strings.Index(strings.ToUpper(plain), lpaScheme)
	if i < 0 || len(strings.ToUpper(plain)) != len(plain) {
		return ""
	}
	code := plain[i:]
	if _, err := parseActivation(code); err != nil { // in base64 there are slashes too
		code, _, _ = strings.Cut(code, "/")
	}
	for _, ending := range imageEndings {
		code = strings.TrimSuffix(code, ending)
	}
	return url.PathEscape(code)
}
