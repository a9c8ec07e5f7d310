package esimtest

import (
	"encoding/json"
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
// confirmation code, the key of the certificate issuer, and the wish to be
// notified of a change of device.
func extendCode(name, text string) string {
	link := strings.Contains(text, "?carddata=LPA:") // an install link ends in the code
	if !holdsCode(name) && !link {
		return text
	}
	return text + "$$$F54172BDF98A95D65CBEB88A38A1C11D800A85C3$1"
}

// listWorlds adds the worlds of a provider that has lists.
func listWorlds(list []World, saysRows string) []World {
	p := list[0].Provider
	return append(list, namedFor(p, []World{
		{
			Name: "short-pages", Breaks: saysRows,
			Does: "Each page of a list lacks the row in its middle.",
			set:  func(r *rules) { r.rows = withoutMiddle },
		},
		{
			Name: "odd-cells",
			Does: "Every fifth row of a list, from the second, third and fourth on, has a cell that cannot be read.",
			set:  func(r *rules) { r.rows = withOddCells },
		},
	})...)
}

// withoutMiddle leaves out a row, unless there is only one.
func withoutMiddle(rows []json.RawMessage) []json.RawMessage {
	if len(rows) < 2 {
		return rows
	}
	i := len(rows) / 2
	return slices.Delete(slices.Clone(rows), i, i+1)
}

// oddities are what stands in some cells: in the second, third and fourth row
// of every five, by the names that the providers' rows have for these things.
func oddities() [3]map[string]string {
	return [3]map[string]string{
		{"cost": `"on request"`, "price": `"on request"`, "amount": `{"usd":1}`, "usage_percentage": `"low"`},
		{"validity_days": `"a month"`, "duration": `"a month"`, "validity": `"a month"`, "created_at": `"yesterday"`, "creation_time": `"yesterday"`},
		{"package_code": `null`, "id": `null`, "order_reference": `null`, "iccid": `false`},
	}
}

func withOddCells(rows []json.RawMessage) []json.RawMessage {
	rows = slices.Clone(rows)
	for i := range rows {
		if i%5 < 1 || i%5 > 3 {
			continue
		}
		cells := members(rows[i])
		for j, m := range cells {
			if odd := oddities()[i%5-1][m.name]; odd != "" {
				cells[j].value = json.RawMessage(odd)
			}
		}
		rows[i] = join(cells)
	}
	return rows
}
