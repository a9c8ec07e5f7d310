package simulator

import (
	"net/url"
	"slices"
	"strings"
)

// holdsCode reports whether a member of that name holds an LPA string.
func holdsCode(name string) bool {
	return slices.Contains([]string{"lpaString", "lpa_string", "lpa_format", "esim_qr", "download_link", "downloadLink"}, name)
}

// padICCID fills an odd number of digits up with F, as the card stores it.
func padICCID(name, text string) string {
	if name != "iccid" || len(text)%2 == 0 {
		return text
	}
	return text + "F"
}

func groupICCID(name, text string) string {
	if name != "iccid" {
		return text
	}
	var groups []string
	for chunk := range slices.Chunk([]byte(text), 4) {
		groups = append(groups, string(chunk))
	}
	return strings.Join(groups, " ")
}

func spaceCode(name, text string) string {
	if !holdsCode(name) && name != "activate_code" && name != "activateCode" && name != "activation_code" {
		return text
	}
	return "\u00a0\t" + text + " \r\n"
}

func linkCode(name, text string) string {
	if !holdsCode(name) {
		return text
	}
	return "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=" + url.QueryEscape(text)
}

// extendCode adds the fields of SGP.22 v3.0, section 4.1: no OID, no
// confirmation code, the key of the certificate issuer, and the request to be
// notified of a change of device.
func extendCode(name, text string) string {
	link := strings.Contains(text, "?carddata=LPA:") // an install link ends in the code
	if !holdsCode(name) && !link {
		return text
	}
	return text + "$$$F54172BDF98A95D65CBEB88A38A1C11D800A85C3$1"
}
