package esim

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/biter777/countries"
)

var errCountry = errors.New("esim: not a country of ISO 3166-1")

// Country is an ISO 3166-1 alpha-2 code in upper case, such as "TR". XK, which
// ISO leaves to its users and mobile networks use for Kosovo, is one too.
type Country string

// ParseCountry returns the country that s names: by its alpha-2 or alpha-3
// code in any letter case, or by its name as resellers write it, such as
// "Turkey", "Türkiye", "Hong Kong (China)", "The Netherlands", "UAE" or
// "Mainland China".
//
// Anything else is an error: a region ("Europe"), and a part of a country
// ("Canary Islands", "Scotland", "Northern Cyprus"), for a package that works
// there need not work in the rest. "Congo" alone is CG, its name in ISO 3166-1.
func ParseCountry(s string) (Country, error) {
	if len(s) > maxCountryName {
		return "", errCountry
	}
	table := countryTable()
	if c := table.byCode(s); c != "" {
		return c, nil
	}
	if c, known := table.byName(s); known {
		return found(c)
	}
	// "Macao (China)": what stands in parentheses may go if it is a country
	// too. It may not otherwise: "Spain (Canary Islands)".
	name, remark, _ := strings.Cut(s, "(")
	if also, _ := table.byName(remark); also == "" {
		return "", errCountry
	}
	c, _ := table.byName(name)
	return found(c)
}

func found(c Country) (Country, error) {
	if c == "" {
		return "", errCountry
	}
	return c, nil
}

// Valid reports whether c is a code of ISO 3166-1, or XK, in upper case.
func (c Country) Valid() bool { return c != "" && countryTable().byCode(string(c)) == c }

// Name returns the usual English name of the country, or "" if c is not
// valid.
func (c Country) Name() string {
	if !c.Valid() {
		return ""
	}
	return countryTable().english[c]
}

const (
	maxCountryName = 128 // bytes; the longest official name has half as many
	alphabet       = 'Z' - 'A' + 1
)

// countryIndex is what ParseCountry looks things up in.
type countryIndex struct {
	codes   [alphabet * alphabet]Country // by the letters of the alpha-2 code
	english map[Country]string
	named   map[string]Country // by folded name; "" for names of something else
}

// countryTable returns the index, built on first use and not changed after.
var countryTable = sync.OnceValue(func() *countryIndex {
	t := &countryIndex{english: map[Country]string{}, named: map[string]Country{}}
	for _, entry := range countries.All() {
		c := Country(entry.Alpha2())
		if c == "AN" || c == "YU" { // withdrawn: Netherlands Antilles, Yugoslavia
			continue
		}
		t.codes[codeIndex(c[0], c[1])] = c
		t.english[c] = entry.String()
		t.named[entry.Alpha3()] = c
		t.addName(entry.String(), c)
	}
	for c, names := range countryNames() {
		t.english[c] = names[0]
		for _, name := range names {
			t.addName(name, c)
		}
	}
	for _, name := range notCountries() {
		t.addName(name, "")
	}
	return t
})

func (t *countryIndex) addName(name string, c Country) {
	t.named[string(foldName(nil, name))] = c
}

// byCode returns the country of an alpha-2 code in any letter case, or "".
func (t *countryIndex) byCode(s string) Country {
	if len(s) != 2 || !isLetter(s[0]) || !isLetter(s[1]) {
		return ""
	}
	return t.codes[codeIndex(s[0], s[1])]
}

// byName returns the country of a name or alpha-3 code. A name known to be
// something else is known too, as "".
func (t *countryIndex) byName(s string) (_ Country, known bool) {
	var buf [2 * maxCountryName]byte
	key := foldName(buf[:0], s)
	if c, ok := t.named[string(key)]; ok {
		return c, true
	}
	if c := t.byCode(string(key)); c != "" { // "U.S."
		return c, true
	}
	key = cutArticle(key)
	if c, ok := t.named[string(key)]; ok {
		return c, true
	}
	// Short keys go no further: the library also knows number plates and the
	// codes of sports, which name other countries than ISO does.
	if len(key) <= 3 {
		return "", false
	}
	c := t.byCode(countries.ByName(string(key)).Alpha2())
	return c, c != ""
}

// foldName appends the letters of s in upper case to dst, and AND for "&", so
// that "Trinidad & Tobago" and "trinidad and tobago" become the same.
func foldName(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '&' && len(dst) > 0:
			dst = append(dst, "AND"...)
		case unicode.IsLetter(r):
			dst = utf8.AppendRune(dst, unicode.ToUpper(r))
		}
	}
	return dst
}

// cutArticle returns the folded name without a "The" at its beginning or end:
// "The Netherlands", "Bahamas, The".
func cutArticle(key []byte) []byte {
	if bare, ok := bytes.CutPrefix(key, []byte("THE")); ok {
		return bare
	}
	return bytes.TrimSuffix(key, []byte("THE"))
}

// codeIndex numbers the pairs of ASCII letters, whatever their case.
func codeIndex(a, b byte) int {
	return int(a|0x20-'a')*alphabet + int(b|0x20-'a')
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// countryNames holds what the library's table lacks or has otherwise: the
// usual English name first, then more spellings of it.
func countryNames() map[Country][]string {
	return map[Country][]string{
		"AE": {"United Arab Emirates", "UAE"},
		"AX": {"Åland Islands"},
		"BL": {"Saint Barthélemy", "St. Barts", "Saint Barts"},
		"BN": {"Brunei"},
		"BQ": {"Caribbean Netherlands", "Bonaire, Sint Eustatius and Saba", "Netherlands (Caribbean)"},
		"CC": {"Cocos (Keeling) Islands"},
		"CD": {
			"Democratic Republic of the Congo", "Democratic Republic of Congo", "DR Congo", "D.R. Congo", "DRC",
			"Congo-Kinshasa", "Congo (DRC)", "Congo DR", "Congo (Democratic Republic of the)",
			"Congo, The Democratic Republic of the", "Democratic Republic Congo", "Dem. Rep. Congo",
		},
		"CG": {
			"Republic of the Congo", "Republic of Congo", "Congo", "Congo Republic", "Congo-Brazzaville",
			"Congo (Republic of the)", "Congo (Republic)", "Congo, Republic of",
		},
		"CI": {"Côte d'Ivoire"},
		"CN": {"China", "Mainland China", "China Mainland", "Chinese Mainland", "People's Republic of China", "PRC"},
		"CV": {"Cabo Verde"},
		"CW": {"Curaçao"},
		"FK": {"Falkland Islands", "Falkland Islands (the) [Malvinas]"},
		"FM": {"Micronesia"},
		"GB": {"United Kingdom", "UK", "United Kingdom of Great Britain and Northern Ireland"},
		"GS": {"South Georgia and the South Sandwich Islands", "South Georgia and South Sandwich Islands"},
		"HK": {"Hong Kong", "Hong Kong SAR", "Hong Kong SAR China", "Hong Kong (China)", "China Hong Kong"},
		"IE": {"Ireland", "Republic of Ireland"},
		"IM": {"Isle of Man"},
		"IR": {"Iran"},
		"KG": {"Kyrgyzstan", "Kyrgyz Republic"},
		"KP": {"North Korea", "Korea (the Democratic People's Republic of)"},
		"KR": {"South Korea", "Korea (South)", "Korea (the Republic of)"},
		"LA": {"Laos", "Lao PDR", "Lao"},
		"LY": {"Libya"},
		"MD": {"Moldova", "Moldova (the Republic of)"},
		"MF": {"Saint Martin", "St. Martin", "Saint Martin (French part)"},
		"MK": {"North Macedonia", "FYROM"},
		"MM": {"Myanmar", "Myanmar Burma"},
		"MO": {"Macao", "Macau", "Macao SAR China", "Macau SAR China", "Macao (China)", "Macau (China)", "China Macao", "China Macau"},
		"NL": {"Netherlands", "Netherlands (Kingdom of the)"},
		"PM": {"Saint Pierre and Miquelon"},
		"PN": {"Pitcairn Islands"},
		"PS": {"Palestine", "State of Palestine", "Palestine, State of", "Palestinian Territories"},
		"RE": {"Réunion", "Réunion Island", "Reunion Island"},
		"RU": {"Russia"},
		"SH": {"Saint Helena", "Saint Helena, Ascension and Tristan da Cunha"},
		"SJ": {"Svalbard and Jan Mayen"},
		"SK": {"Slovakia", "Slovak Republic"},
		"ST": {"São Tomé and Príncipe", "São Tomé & Principe"},
		"SX": {
			"Sint Maarten", "Sint Maarten (Dutch part)", "Saint Martin (Dutch part)", "Saint Martin (Netherlands)",
			"Saint Martin (Dutch)", "St. Martin (Dutch part)",
		},
		"SY": {"Syria"},
		"SZ": {"Eswatini"},
		"TC": {"Turks and Caicos Islands", "Turks and Caicos"},
		"TL": {"Timor-Leste"},
		"TR": {"Türkiye", "TÜRKİYE", "Turkiye", "Turkey"},
		"TW": {"Taiwan", "Taiwan, Province of China", "Taiwan (China)", "Chinese Taipei"},
		"TZ": {"Tanzania", "Tanzania, the United Republic of"},
		"VA": {"Vatican City"},
		"VE": {"Venezuela", "Venezuela (Bolivarian Republic of)"},
		"VG": {"British Virgin Islands"},
		"VI": {"U.S. Virgin Islands", "United States Virgin Islands", "Virgin Islands (USA)"},
		"WF": {"Wallis and Futuna"},
	}
}

// notCountries holds names the library takes for a country that are a part of
// one, a region, or a state that is no more.
func notCountries() []string {
	return []string{
		"England", "Scotland", "Wales", "Northern Ireland", "Georgia (US)", "Georgia (USA)",
		"Papua", "New Guinea", "Polynesia", "USSR", "None",
	}
}
