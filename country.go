package esim

import (
	"errors"
	"strings"
)

//go:generate go test -run TestCountryTable -update-countries .

var errCountry = errors.New("esim: not a country of ISO 3166-1")

// Country is an ISO 3166-1 alpha-2 code in upper case, such as "TR". XK, which
// ISO leaves to its users and mobile networks use for Kosovo, is one too.
type Country string

// ParseCountry returns the country that s names: by its alpha-2 or alpha-3
// code in any letter case, or by a name. Names are usual ("Turkey"), formal
// ("Republic of Serbia"), inverted ("Serbia, Republic of"), former ("Burma"),
// local ("Türkiye", "España") or as resellers write them ("Hong Kong (China)",
// "UAE"). Accents, case, punctuation, "the", "of" and "and" make no difference.
//
// Anything else is an error: a region ("Europe") and a name of two countries
// ("Virgin Islands"). A part of a country ("Canary Islands") is one too: a
// package that works there need not work in the rest. Three short names have
// one reading: "Congo" is CG, its name in ISO 3166-1, "Saint Martin" is MF, its
// name in the Unicode CLDR, and "Korea" is KR, the one with roaming.
func ParseCountry(s string) (Country, error) {
	if len(s) > maxCountryName {
		return "", errCountry
	}
	if c := countryOf(s); c != "" {
		return c, nil
	}
	// "Macao (China)": the last remark may go if it is the same country, or
	// the one that the territory belongs to. It may not otherwise: "Spain
	// (Canary Islands)", "Georgia (US)".
	at := strings.LastIndexAny(s, "([,")
	if at < 0 {
		return "", errCountry
	}
	c, remark := countryOf(s[:at]), countryOf(strings.Trim(s[at:], "([,)] "))
	if c == "" || remark != c && (remark == "" || remark != c.owner()) {
		return "", errCountry
	}
	return c, nil
}

// Valid reports whether c is a code of ISO 3166-1, or XK, in upper case.
func (c Country) Valid() bool { _, ok := c.index(); return ok }

// Name returns the usual English name of the country, or "" if c is not
// valid.
func (c Country) Name() string {
	if i, ok := c.index(); ok {
		return countryNames[i]
	}
	return ""
}

// Alpha3 returns the ISO 3166-1 alpha-3 code, "TUR", or "" if c is not valid.
// That of XK is XKX, as the World Bank and the European Union write it.
func (c Country) Alpha3() string {
	if i, ok := c.index(); ok {
		return countryCodes[i*countryCode+2 : i*countryCode+5]
	}
	return ""
}

// Numeric returns the three digits of the ISO 3166-1 numeric code, "792", or
// "" if there is none: c is not valid, or XK. It is no mobile country code.
func (c Country) Numeric() string {
	if i, ok := c.index(); ok && c != "XK" {
		return countryCodes[i*countryCode+5 : (i+1)*countryCode]
	}
	return ""
}

const (
	maxCountryName = 128 // bytes; the longest official name has half as many
	countryCode    = 8   // bytes of countryCodes for each: alpha-2, alpha-3, numeric
)

// index returns the place of the country in the table.
func (c Country) index() (int, bool) {
	if len(c) != 2 {
		return 0, false
	}
	return countryAt(c[0], c[1])
}

// countryAt finds an alpha-2 code, in upper case.
func countryAt(a, b byte) (int, bool) {
	if a < 'A' || a > 'Z' || b < 'A' || b > 'Z' {
		return 0, false
	}
	n := countryPlaces[int(a-'A')*26+int(b-'A')]
	return int(n) - 1, n > 0
}

// owner returns the country that a territory belongs to, or "".
func (c Country) owner() Country {
	for i := 0; i < len(countryOwners); i += 4 {
		if countryOwners[i:i+2] == string(c) {
			return Country(countryOwners[i+2 : i+4])
		}
	}
	return ""
}

// countryOf returns the country of a code or a name, or "".
func countryOf(s string) Country {
	s = strings.TrimSpace(s)
	if c := countryOfCode(s); c != "" {
		return c
	}
	var buf [2 * maxCountryName]byte
	key := foldCountry(buf[:0], s)
	if c := countryOfKey(key); c != "" {
		return c
	}
	if len(key) > 3 && string(key[:3]) == "THE" { // "TheGambia"
		return countryOfKey(key[3:])
	}
	return ""
}

// countryOfCode finds an alpha-2 or alpha-3 code in any letter case. It has no
// points and the like: "N/A" is not Namibia.
func countryOfCode(s string) Country {
	switch len(s) {
	case 2:
		if i, ok := countryAt(upper(s[0]), upper(s[1])); ok {
			return Country(countryCodes[i*countryCode : i*countryCode+2])
		}
	case 3:
		code := [3]byte{upper(s[0]), upper(s[1]), upper(s[2])}
		for i := 0; i < len(countryCodes); i += countryCode {
			if countryCodes[i+2:i+5] == string(code[:]) {
				return Country(countryCodes[i : i+2])
			}
		}
	}
	return ""
}

// countryOfKey finds a folded name.
func countryOfKey(key []byte) Country {
	for at := countrySlot(key); countrySlots[at] > 0; at = (at + 1) % len(countrySlots) {
		entry := countryKeys[countrySlots[at]-1]
		if name := entry[:len(entry)-2]; name == string(key) {
			return Country(entry[len(entry)-2:])
		}
	}
	return ""
}

// countrySlot is where the search for a folded name begins: FNV-1a.
func countrySlot(key []byte) int {
	hash := uint32(2166136261)
	for _, c := range key {
		hash = (hash ^ uint32(c)) * 16777619
	}
	return int(hash % uint32(len(countrySlots)))
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
