package esim

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// iso3166 is the list of ISO 3166-1 with its English short names, written here
// by hand so that it checks the table of the library and ours.
const iso3166 = `
AD Andorra|AE United Arab Emirates (the)|AF Afghanistan|AG Antigua and Barbuda|AI Anguilla|AL Albania|AM Armenia|AO Angola
AQ Antarctica|AR Argentina|AS American Samoa|AT Austria|AU Australia|AW Aruba|AX Åland Islands|AZ Azerbaijan
BA Bosnia and Herzegovina|BB Barbados|BD Bangladesh|BE Belgium|BF Burkina Faso|BG Bulgaria|BH Bahrain|BI Burundi|BJ Benin
BL Saint Barthélemy|BM Bermuda|BN Brunei Darussalam|BO Bolivia (Plurinational State of)|BQ Bonaire, Sint Eustatius and Saba
BR Brazil|BS Bahamas (the)|BT Bhutan|BV Bouvet Island|BW Botswana|BY Belarus|BZ Belize|CA Canada|CC Cocos (Keeling) Islands (the)
CD Congo (the Democratic Republic of the)|CF Central African Republic (the)|CG Congo (the)|CH Switzerland|CI Côte d'Ivoire
CK Cook Islands (the)|CL Chile|CM Cameroon|CN China|CO Colombia|CR Costa Rica|CU Cuba|CV Cabo Verde|CW Curaçao
CX Christmas Island|CY Cyprus|CZ Czechia|DE Germany|DJ Djibouti|DK Denmark|DM Dominica|DO Dominican Republic (the)|DZ Algeria
EC Ecuador|EE Estonia|EG Egypt|EH Western Sahara|ER Eritrea|ES Spain|ET Ethiopia|FI Finland|FJ Fiji
FK Falkland Islands (the) [Malvinas]|FM Micronesia (Federated States of)|FO Faroe Islands (the)|FR France|GA Gabon
GB United Kingdom of Great Britain and Northern Ireland (the)|GD Grenada|GE Georgia|GF French Guiana|GG Guernsey|GH Ghana
GI Gibraltar|GL Greenland|GM Gambia (the)|GN Guinea|GP Guadeloupe|GQ Equatorial Guinea|GR Greece
GS South Georgia and the South Sandwich Islands|GT Guatemala|GU Guam|GW Guinea-Bissau|GY Guyana|HK Hong Kong
HM Heard Island and McDonald Islands|HN Honduras|HR Croatia|HT Haiti|HU Hungary|ID Indonesia|IE Ireland|IL Israel|IM Isle of Man
IN India|IO British Indian Ocean Territory (the)|IQ Iraq|IR Iran (Islamic Republic of)|IS Iceland|IT Italy|JE Jersey|JM Jamaica
JO Jordan|JP Japan|KE Kenya|KG Kyrgyzstan|KH Cambodia|KI Kiribati|KM Comoros (the)|KN Saint Kitts and Nevis
KP Korea (the Democratic People's Republic of)|KR Korea (the Republic of)|KW Kuwait|KY Cayman Islands (the)|KZ Kazakhstan
LA Lao People's Democratic Republic (the)|LB Lebanon|LC Saint Lucia|LI Liechtenstein|LK Sri Lanka|LR Liberia|LS Lesotho
LT Lithuania|LU Luxembourg|LV Latvia|LY Libya|MA Morocco|MC Monaco|MD Moldova (the Republic of)|ME Montenegro
MF Saint Martin (French part)|MG Madagascar|MH Marshall Islands (the)|MK North Macedonia|ML Mali|MM Myanmar|MN Mongolia|MO Macao
MP Northern Mariana Islands (the)|MQ Martinique|MR Mauritania|MS Montserrat|MT Malta|MU Mauritius|MV Maldives|MW Malawi|MX Mexico
MY Malaysia|MZ Mozambique|NA Namibia|NC New Caledonia|NE Niger (the)|NF Norfolk Island|NG Nigeria|NI Nicaragua
NL Netherlands (Kingdom of the)|NO Norway|NP Nepal|NR Nauru|NU Niue|NZ New Zealand|OM Oman|PA Panama|PE Peru|PF French Polynesia
PG Papua New Guinea|PH Philippines (the)|PK Pakistan|PL Poland|PM Saint Pierre and Miquelon|PN Pitcairn|PR Puerto Rico
PS Palestine, State of|PT Portugal|PW Palau|PY Paraguay|QA Qatar|RE Réunion|RO Romania|RS Serbia|RU Russian Federation (the)
RW Rwanda|SA Saudi Arabia|SB Solomon Islands|SC Seychelles|SD Sudan (the)|SE Sweden|SG Singapore
SH Saint Helena, Ascension and Tristan da Cunha|SI Slovenia|SJ Svalbard and Jan Mayen|SK Slovakia|SL Sierra Leone|SM San Marino
SN Senegal|SO Somalia|SR Suriname|SS South Sudan|ST Sao Tome and Principe|SV El Salvador|SX Sint Maarten (Dutch part)
SY Syrian Arab Republic (the)|SZ Eswatini|TC Turks and Caicos Islands (the)|TD Chad|TF French Southern Territories (the)|TG Togo
TH Thailand|TJ Tajikistan|TK Tokelau|TL Timor-Leste|TM Turkmenistan|TN Tunisia|TO Tonga|TR Türkiye|TT Trinidad and Tobago|TV Tuvalu
TW Taiwan (Province of China)|TZ Tanzania, the United Republic of|UA Ukraine|UG Uganda
UM United States Minor Outlying Islands (the)|US United States of America (the)|UY Uruguay|UZ Uzbekistan|VA Holy See (the)
VC Saint Vincent and the Grenadines|VE Venezuela (Bolivarian Republic of)|VG Virgin Islands (British)|VI Virgin Islands (U.S.)
VN Viet Nam|VU Vanuatu|WF Wallis and Futuna|WS Samoa|YE Yemen|YT Mayotte|ZA South Africa|ZM Zambia|ZW Zimbabwe`

func isoNames(t testing.TB) map[Country]string {
	t.Helper()
	names := make(map[Country]string)
	for entry := range strings.FieldsFuncSeq(iso3166, func(r rune) bool { return r == '|' || r == '\n' }) {
		code, name, ok := strings.Cut(entry, " ")
		require.True(t, ok, entry)
		names[Country(code)] = name
	}
	require.Len(t, names, 249, "ISO 3166-1 has 249 codes")
	return names
}

func TestCountryCodesAreThoseOfISO(t *testing.T) {
	iso := isoNames(t)
	iso["XK"] = "Kosovo"
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := Country(string(a) + string(b))
			_, want := iso[code]
			assert.Equal(t, want, code.Valid(), code)
			assert.Equal(t, want, code.Name() != "", code)

			lower, err := ParseCountry(strings.ToLower(string(code)))
			switch {
			case want:
				assert.NoError(t, err, code)
				assert.Equal(t, code, lower)
			case code == "UK":
				assert.Equal(t, Country("GB"), lower)
			default:
				assert.Error(t, err, code)
			}
		}
	}
}

func TestParseCountryReadsISOShortNames(t *testing.T) {
	for code, name := range isoNames(t) {
		got, err := ParseCountry(name)
		assert.NoError(t, err, name)
		assert.Equal(t, code, got, name)
	}
}

func TestCountryNameReadsBack(t *testing.T) {
	for code := range isoNames(t) {
		got, err := ParseCountry(code.Name())
		assert.NoError(t, err, code.Name())
		assert.Equal(t, code, got, code.Name())
	}
}

func TestParseCountryReadsResellersNames(t *testing.T) {
	tests := map[Country][]string{
		"AE": {"UAE", "U.A.E.", "United Arab Emirates", "The United Arab Emirates"},
		"AG": {"Antigua & Barbuda"},
		"BA": {"Bosnia & Herzegovina", "Bosnia-Herzegovina", "Bosnia"},
		"BL": {"St. Barts", "St. Barthélemy"},
		"BS": {"The Bahamas", "Bahamas, The"},
		"CD": {"DR Congo", "Congo (DRC)", "Congo-Kinshasa", "Congo - Kinshasa", "Congo, Democratic Republic of the", "DRC"},
		"CG": {"Congo", "Congo-Brazzaville", "Congo (Brazzaville)", "Republic of Congo", "Congo Republic", "Congo, Republic of the"},
		"CI": {"Ivory Coast", "Cote d'Ivoire", "Côte d’Ivoire", "Ivory Coast (Côte d'Ivoire)"},
		"CN": {"China", "Mainland China", "China (Mainland)", "China mainland"},
		"CV": {"Cape Verde"},
		"CZ": {"Czech Republic"},
		"FK": {"Falkland Islands (Malvinas)"},
		"GB": {"UK", "U.K.", "Great Britain", "united kingdom", "United Kingdom (UK)"},
		"GE": {"Georgia"},
		"GM": {"The Gambia"},
		"GP": {"Guadeloupe (France)"},
		"HK": {"Hong Kong", "HongKong", "Hong Kong (China)", "Hong Kong, China", "Hong Kong SAR China", "HONG KONG (SAR)"},
		"IR": {"Iran, Islamic Republic of"},
		"KN": {"St. Kitts & Nevis"},
		"KP": {"North Korea", "Korea (North)"},
		"KR": {"South Korea", "Korea", "Republic of Korea", "Korea, Republic of", "Korea (South)"},
		"LC": {"St. Lucia"},
		"MD": {"Moldova", "Moldova, Republic of"},
		"MF": {"Saint Martin", "St. Martin"},
		"MK": {"Macedonia", "Macedonia (FYROM)"},
		"MM": {"Burma", "Myanmar (Burma)"},
		"MO": {"Macau", "Macao (China)", "Macau (China)", "Macao SAR China"},
		"NL": {"The Netherlands", "Netherlands", "Holland"},
		"PR": {"Puerto Rico (USA)", "Puerto Rico"},
		"RE": {"Reunion", "Réunion"},
		"RU": {"Russia"},
		"SX": {"Sint Maarten", "Saint Martin (Dutch part)", "Sint Maarten (Netherlands)"},
		"SZ": {"Swaziland", "Eswatini (Swaziland)"},
		"TC": {"Turks & Caicos", "Turks & Caicos Islands"},
		"TL": {"East Timor", "Timor Leste"},
		"TR": {"Turkey", "Türkiye", "Turkiye", "Tu\u0308rkiye", "TÜRKİYE", "Turkey (Türkiye)"},
		"TT": {"Trinidad & Tobago", "Trinidad and Tobago"},
		"TW": {"Taiwan", "Taiwan (China)", "Taiwan, Province of China"},
		"US": {"US", "us", "U.S.", "USA", "U.S.A.", "United States", "United States (USA)"},
		"VA": {"Vatican", "Holy See (Vatican City)"},
		"VC": {"St. Vincent & The Grenadines"},
		"VG": {"British Virgin Islands", "Virgin Islands (UK)"},
		"VI": {"US Virgin Islands", "U.S. Virgin Islands", "Virgin Islands (US)"},
		"VN": {"Vietnam"},
		"XK": {"Kosovo", "XKX"},
	}
	for want, names := range tests {
		for _, name := range names {
			got, err := ParseCountry(name)
			assert.NoError(t, err, name)
			assert.Equal(t, want, got, name)
		}
	}
}

func TestParseCountryRefuses(t *testing.T) {
	tests := []string{
		"", " ", "()", "The", "&", "1", "12", "T1", "xx", "zz", "EU", "AN", "YU", "CS", "IC", "None", "Unknown",
		"Europe", "Global", "World", "Asia", "Caribbean", "International", "Polynesia", "North America",
		"Canary Islands", "Northern Cyprus", "Cyprus (North)", "Spain (Canary Islands)", "Scotland", "Wales",
		"England", "Northern Ireland", "Georgia (USA)", "The Georgia (US)", "New Guinea", "USSR", "Yugoslavia", "Netherlands Antilles",
		"RA", "GER", "SUI", "Inmarsat", "Turkey, Greece", "Turkey (East)", "ＵＳ",
		strings.Repeat("a", maxCountryName+1),
	}
	for _, name := range tests {
		got, err := ParseCountry(name)
		assert.ErrorIs(t, err, errCountry, name)
		assert.Empty(t, got, name)
	}
}

func TestCountryValid(t *testing.T) {
	for _, c := range []Country{"", "tr", "T", "TUR", "T1", "Türkiye", "XX"} {
		assert.False(t, c.Valid(), string(c))
		assert.Empty(t, c.Name(), string(c))
	}
	assert.Equal(t, "Türkiye", Country("TR").Name())
	assert.Equal(t, "Hong Kong", Country("HK").Name())
	assert.Equal(t, "Kosovo", Country("XK").Name())
}

func TestCountryJSON(t *testing.T) {
	text, err := json.Marshal([]Country{"TR", "US"})
	require.NoError(t, err)
	assert.JSONEq(t, `["TR","US"]`, string(text))
}

func TestParseCountryDoesNotAllocate(t *testing.T) {
	for _, name := range []string{"US", "tr", "Turkey", "United Arab Emirates", "Hong Kong (China)", "Trinidad & Tobago", "The Netherlands"} {
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := ParseCountry(name); err != nil {
				t.Fatal(err)
			}
		})
		assert.Zero(t, allocs, name)
	}
}

func BenchmarkParseCountry(b *testing.B) {
	for _, name := range []string{"US", "Turkey", "Hong Kong (China)", "Deutschland", "Europe"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = ParseCountry(name) // a region is an error, and timed too
			}
		})
	}
}
