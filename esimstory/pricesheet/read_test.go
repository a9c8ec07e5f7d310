package pricesheet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const (
	optionA = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
	optionB = "b2c3d4e5-f6a7-8901-bcde-f12345678901"
)

const sheetCSV = `Option ID,name,Countries,region,kind,data,days,price,Currency,#note,voice_minutes,sms
` + optionA + `,"Japan, 5 GB",JP,,,5 GB,30,4.10,USD,bestseller,,
` + optionB + `,Asia unlimited,Japan; South Korea;TW;JP,East Asia,,Unlimited,7,19,USD,,10,0
free-text, World ,,,Global,1.5GiB,,,,,,
`

const sheetJSON = `[
  {"option_id": "` + optionA + `", "name": "Japan, 5 GB", "countries": ["JP"], "data": "5 GB", "days": 30, "price": 4.10, "currency": "USD"},
  {
    "option_id": "` + optionB + `", "name": "Asia unlimited", "countries": "Japan; South Korea;TW;JP", "region": "East Asia",
    "data": "unlimited", "days": "7", "price": "19", "currency": "USD", "voice_minutes": 10, "sms": 0, "#note": {"by": "us"}
  },
  {"option_id": "free-text", "name": "World", "kind": "global", "data": "1.5GiB", "countries": null, "price": null}
]`

func wantSheet(t *testing.T) []esim.Package {
	return []esim.Package{
		{
			Provider: provider, ID: optionA, Name: "Japan, 5 GB", Kind: esim.KindLocal, Countries: []esim.Country{"JP"},
			Data: 5 * esim.GB, ValidityDays: 30, Price: money(t, "4.1"),
		},
		{
			Provider: provider, ID: optionB, Name: "Asia unlimited", Kind: esim.KindRegional, Region: "East Asia",
			Countries: []esim.Country{"JP", "KR", "TW"}, Unlimited: true, ValidityDays: 7, Price: money(t, "19"), VoiceMinutes: esim.AllowanceOf(10), SMS: esim.AllowanceOf(0),
		},
		{
			Provider: provider, ID: "free-text", Name: "World", Kind: esim.KindGlobal,
			Data: 3 * esim.GiB / 2,
		},
	}
}

func money(t testing.TB, amount string) esim.Money {
	t.Helper()
	m, err := esim.ParseMoney(amount, "USD")
	require.NoError(t, err)
	return m
}

func TestReadCSV(t *testing.T) {
	for name, text := range map[string]string{
		"plain":                    sheetCSV,
		"byte order mark":          "\ufeff" + sheetCSV,
		"CRLF":                     strings.ReplaceAll(sheetCSV, "\n", "\r\n"),
		"CR":                       strings.ReplaceAll(sheetCSV, "\n", "\r"),
		"no last newline":          strings.TrimSuffix(sheetCSV, "\n"),
		"blank lines":              strings.ReplaceAll(sheetCSV, "\n", "\n\n"),
		"rows of commas":           strings.ReplaceAll(sheetCSV, "\n", "\n,,,,,,,,,,,\n"),
		"rows of quoted blanks":    strings.ReplaceAll(sheetCSV, "\n", "\n\"\",\" \",,,,,,,,,,\n"),
		"commas above all":         ",,,\n" + sheetCSV,
		"commas at line ends":      strings.ReplaceAll(sheetCSV, "\n", ",,\n"),
		"named separator":          "sep=,\r\n" + sheetCSV,
		"headings again":           strings.Replace(sheetCSV, "free-text", "option_id,Name,countries,Region,Kind,Data,Days,Price,currency,x,Voice Minutes,SMS\nfree-text", 1),
		"two files in one":         strings.Replace(sheetCSV, "free-text", "\ufefffree-text", 1),
		"headings of programs":     strings.Replace(sheetCSV, "Option ID,name", "\u00a0option.id\u200b,NAME", 1),
		"non-breaking spaces":      strings.NewReplacer("5 GB,30", "5\u00a0GB,\u202f30\u00a0", " World ", "\u2007World\u00a0").Replace(sheetCSV),
		"space before a quote":     strings.Replace(sheetCSV, `"Japan,`, ` "Japan,`, 1),
		"text that looks a number": strings.Replace(sheetCSV, optionB, `"=""`+optionB+`"""`, 1),
		"countries line by line":   strings.Replace(sheetCSV, "Japan; South Korea;TW;JP", "\"Japan\r\nSouth Korea\r\nTW\"", 1),
		"countries as a list":      strings.Replace(sheetCSV, "Japan; South Korea;TW;JP", `"['Japan', ""South Korea"", 'TW',]"`, 1),
		"words for empty":          strings.NewReplacer("bestseller,,", "bestseller,NaN,null", "GiB,,,,,,", "GiB,NA,None,n/a,,<NA>,nan").Replace(sheetCSV),
		"whole numbers":            strings.NewReplacer(",30,", ",30.0,", ",7,19", `,"7,00",19`, ",10,0", ",10.,0.000").Replace(sheetCSV),
	} {
		t.Run(name, func(t *testing.T) {
			packages, err := ReadCSV(iotest.OneByteReader(strings.NewReader(text)))
			require.NoError(t, err)
			require.Equal(t, wantSheet(t), packages)
		})
	}
}

// Data frames number their rows, each time they are written once more.
func TestColumnsOfRowNumbers(t *testing.T) {
	for _, text := range []string{
		",option_id,name\n0,x,y\n1,z,w\n",
		"\"\",\"option_id\",\"name\"\n\"1\",\"x\",\"y\"\n\"3\",\"z\",\"w\"\n",
		"Unnamed: 0.1,Unnamed: 0,option_id,name\n0,5,x,y\n1,7,z,w\n",
		"index,option_id,name\n0,x,y\n1,z,w\n",
		"option_id,name,Unnamed: 2\nx,y,\nz,w,NaN\n",
		"0,,\n,option_id,name\n0,x,y\n1,,\n2,z,w\n"[4:],
	} {
		packages, err := ReadCSV(strings.NewReader(text))
		require.NoError(t, err, text)
		require.Len(t, packages, 2, text)
		require.Equal(t, "z", packages[1].ID)
	}
	for text, want := range map[string]string{
		",option_id,name\n4.10,x,y\n":                                           `"": there is no such column`,
		",option_id,name\n4,x,y\n4,z,w\n":                                       `"": there is no such column`,
		"option_id,name,\nx,y,4\nz,w,5\n":                                       `"": there is no such column`,
		"option_id,name,Unnamed: 2\nx,y,4\n":                                    `"Unnamed: 2": there is no such column`,
		`[{"":4,"option_id":"x","name":"y"},{"":4,"option_id":"z","name":"w"}]`: `package 2 "z": "": there is no such column`,
	} {
		read := ReadCSV
		if text[0] == '[' {
			read = ReadJSON
		}
		_, err := read(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

func TestReadJSON(t *testing.T) {
	var objects []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(sheetJSON), &objects))
	oneALine := ""
	for _, object := range objects {
		oneALine += strings.Join(strings.Fields(string(object)), " ") + "\n"
	}
	for name, text := range map[string]string{
		"plain":           sheetJSON,
		"byte order mark": "\ufeff" + sheetJSON,
		"one line":        strings.ReplaceAll(sheetJSON, "\n", ""),
		"one a line":      oneALine,
		"one a line, CR":  "\n" + strings.ReplaceAll(oneALine, "\n", "\r\n") + "\r\n",
		"NaN":             strings.ReplaceAll(sheetJSON, "null", "NaN"),
		"words for empty": strings.Replace(sheetJSON, `"price": null`, `"price": "NaN", "days": "None", "index": 7`, 1),
		"whole numbers":   strings.NewReplacer(`"days": 30`, `"days": 30.0`, `"sms": 0`, `"sms": 0.0`).Replace(sheetJSON),
		"rows of nothing": strings.Replace(sheetJSON, "[\n", "[{}, {\"option_id\": null, \"name\": \" \", \"index\": 3},\n", 1),
	} {
		t.Run(name, func(t *testing.T) {
			packages, err := ReadJSON(strings.NewReader(text))
			require.NoError(t, err)
			require.Equal(t, wantSheet(t), packages)
		})
	}
	packages, err := ReadJSON(strings.NewReader(`[{"option_id":"x","name":"y","price":4.0999999999999996447286321199499070644378662109375,"currency":"USD"}]`))
	require.NoError(t, err)
	require.Equal(t, "4.10 USD", packages[0].Price.String(), "as the double was meant")
	packages, err = ReadJSON(strings.NewReader(`[{"option_id":"NaN-1","name":"a \" NaN b","price":NaN}]`))
	require.NoError(t, err)
	require.Equal(t, `a " NaN b`, packages[0].Name, "a text is not a missing number")
}

const head = "option_id,name,countries,kind,data,days,price,currency,voice_minutes,sms,region\n"

var csvFindings = []struct{ text, want string }{
	{"", "line 1: the sheet is empty"},
	{",,\n,,\n", "line 1: the sheet is empty"},
	{head, "line 1: the sheet has no packages"},
	{head + ",,,,,,,,,,\n", "line 1: the sheet has no packages"},
	{"name,price\n", "line 1: option_id: the column is missing"},
	{"option_id\nx\n", "line 1: name: the column is missing"},
	{"option_id,name,prise\nx,y,1\n", `line 1: "prise": there is no such column`},
	{"option_id,name,price,Price\nx,y,1,2\n", "line 1: price: there are two such columns"},
	{"option_id;name\nx;y\n", `line 1: "option_id;name": there is no such column`},
	{"option_id,name\nx,y,z\n", `line 2: package 1 "x": it has 3 cells, and there are 2 columns`},
	{"option_id,name\n,,z\n", "line 2: package 1: it has 3 cells, and there are 2 columns"},
	{"option_id,name\nx,y\nz\n", `line 3: package 2 "z": it has 1 cells, and there are 2 columns`},
	{"option_id,name\nx,\"y\n", "line 2: package 1 \"x\": byte"},
	{"option_id,name\nx,\"y\nz,w\n", "line 2: byte"},
	{"option_id,name,\"price\n", "line 1: byte"},
	{"option_id,name\nx,y\nz,5\" hotspot\n", "line 3: package 2 \"z\": byte 4 of line 3"},
	{"option_id,name\n,y\n", `line 2: package 1 "y": option_id: it is empty`},
	{"option_id,name\nNaN,y\n", `line 2: package 1 "y": option_id: it is empty`},
	{"option_id,name\na\u200bb,y\n", "option_id: it contains a character"},
	{"option_id,name\n" + strings.Repeat("a", 129) + ",y\n", "option_id: it is longer"},
	{"option_id,name\nx, \n", `line 2: package 1 "x": name: it is empty`},
	{"option_id,name\nx,null\n", "name: it is empty"},
	{"option_id,name\nx,#REF!\n", "name: it is an error of the spreadsheet"},
	{"option_id,name\nx,\"a\nb\"\n", "name: it contains a control character"},
	{"option_id,name\nx,y\nz,w\nX,y\n", `line 4: package 3 "X": option_id: is that of package 1 in line 2`},
	{head + "x,y,Atlantis;JP,,,,,,,,\n", `countries: "Atlantis" is not a country`},
	{head + "x,y,Europe,,,,,,,,\n", `countries: "Europe" is not a country`},
	{head + "x,y,Canary Islands,,,,,,,,\n", `countries: "Canary Islands" is not a country`},
	{head + "x,y,\"JP,KR\",,,,,,,,\n", `countries: "JP,KR" is not a country`},
	{head + "x,y,\"['JP' 'KR']\",,,,,,,,\n", "countries: it is not a list of countries"},
	{head + "x,y,['JP',,,,,,,,\n", "countries: it is not a list of countries"},
	{head + "x,y,NA,,,NA,,,,,\n", "countries: NA may be Namibia or an empty cell"},
	{head + "x,y,,,,,,,,,NA\n", "region: NA may be North America or an empty cell"},
	{head + "x,y,,wide,,,,,,,\n", "kind: it is not local, regional or global"},
	{head + "x,y,,,5,,,,,,\n", "data: a data size is a number and a unit"},
	{head + "x,y,,,5 Gb,,,,,,\n", "data: a data size"},
	{head + "x,y,,,0 GB,,,,,,\n", "data: it is not more than nothing"},
	{head + "x,y,,,-1 GB,,,,,,\n", "data: it is not more than nothing"},
	{head + "x,y,,,1 GB/day,,,,,,\n", "data: a data size"},
	{head + "x,y,,,,7 days,,,,,\n", "days: it is not a whole number"},
	{head + "x,y,,,,-7,,,,,\n", "days: it is not a whole number"},
	{head + "x,y,,,,007,,,,,\n", "days: it is not a whole number"},
	{head + "x,y,,,,100001,,,,,\n", "days: it is not a whole number"},
	{head + "x,y,,,,1.000,,,,,\n", "days: it may be 1 or 1000; write it without a separator"},
	{head + "x,y,,,,\"30,000\",,,,,\n", "days: it may be 30 or 30000"},
	{head + "x,y,,,,1e1,,,,,\n", "days: it is not a whole number"},
	{head + "x,y,,,,inf,,,,,\n", "days: it is not a whole number"},
	{head + "x,y,,,,1 00,,,,,\n", "days: it is not a whole number"},
	{head + "x,y,,,,,$4.10,USD,,,\n", "price: not a decimal number"},
	{head + "x,y,,,,,\"4,10\",USD,,,\n", "price: not a decimal number"},
	{head + "x,y,,,,,#N/A,USD,,,\n", "price: not a decimal number"},
	{head + "x,y,,,,,0,USD,,,\n", "price: it is not more than 0"},
	{head + "x,y,,,,,-1,USD,,,\n", "price: it is not more than 0"},
	{head + "x,y,,,,,0.12345678901234567891,USD,,,\n", "price: "},
	{head + "x,y,,,,,4.10,,,,\n", "currency: it is empty, and there is a price"},
	{head + "x,y,,,,,4.10,nan,,,\n", "currency: it is empty, and there is a price"},
	{head + "x,y,,,,,4.10,usd,,,\n", "currency: a currency is three letters"},
	{head + "x,y,,,,,,dollars,,,\n", "currency: a currency is three letters"},
	{head + "x,y,,,,,,,many,,\n", "voice_minutes: it is not a whole number"},
	{head + "x,y,,,,,,,,1.5,\n", "sms: it is not a whole number"},
	{head + "x,y,,,,,,,,," + strings.Repeat("r", 201) + "\n", "region: it is longer"},
	{"option_id,name\nx,\"caf\xe9\"\n", "line 1: the sheet is not UTF-8 text"},
	{"o\x00p\x00", "line 1: the sheet is not UTF-8 text"},
}

var jsonFindings = []struct{ text, want string }{
	{"", "line 1: the sheet is not a JSON array"},
	{"{\n}", "line 1: the sheet is not a JSON array"},
	{"{}", "line 1: the sheet has no packages"},
	{"null", "line 1: the sheet has no packages"},
	{"[]", "line 1: the sheet has no packages"},
	{"[{}] x", "line 1: the sheet is not a JSON array"},
	{`[{"option_id":"x","name":"y","name":"z"}]`, "duplicate JSON name"},
	{"[\n7]", "line 2: package 1: it is not an object"},
	{"[null]", "line 1: package 1: it is not an object"},
	{"[\n\n{\"name\":\"y\"}]", `line 3: package 1 "y": option_id: it is empty`},
	{`[{"option_id":"x","name":"y","prise":1}]`, `line 1: package 1 "x": "prise": there is no such column`},
	{`[{"option_id":"x","name":"y","Name":"z"}]`, "name: it is given twice"},
	{`[{"option_id":"x","name":["y"]}]`, "name: it is neither a text nor a number"},
	{`[{"option_id":"x","name":true}]`, "name: it is neither a text nor a number"},
	{`[{"option_id":"x","name":"y","countries":[7]}]`, "countries: it is neither"},
	{`[{"option_id":"x","name":"y","countries":["JP","Atlantis"]}]`, `countries: "Atlantis"`},
	{`[{"option_id":"x","name":"y","data":5}]`, "data: a data size is a number and a unit"},
	{`[{"option_id":"x","name":"y","price":Infinity}]`, "line 1: the sheet is not a JSON array"},
	{`[{"option_id":"x","name":"y","price":"0.12345678901234567891","currency":"USD"}]`, "price: "},
	{"[{\"option_id\":\"x\",\n\"name\":\"y\"},\n\n{\"option_id\":\"X\",\"name\":\"y\"}]", `line 4: package 2 "X": option_id: is that of package 1 in line 1`},
	{"{\"option_id\":\"x\",\"name\":\"y\"}\n{\"option_id\":\n", "line 2: package 2: it is not an object"},
	// A program wrote the sheet as one line: the line alone says nothing.
	{
		`[{"option_id":"x","name":"y"},{},{"option_id":"z","name":"w","days":"many"}]`,
		`line 1: package 2 "z": days: it is not a whole number`,
	},
}

func TestFindings(t *testing.T) {
	check := func(read func(io.Reader, ...Option) ([]esim.Package, error), text, want string) {
		packages, err := read(strings.NewReader(text))
		require.Nil(t, packages, text)
		require.ErrorIs(t, err, ErrSheet)
		require.ErrorContains(t, err, want, text)
		finding, ok := errors.AsType[Finding](err)
		require.True(t, ok)
		require.Positive(t, finding.Line)
	}
	for _, c := range csvFindings {
		check(ReadCSV, c.text, c.want)
	}
	for _, c := range jsonFindings {
		check(ReadJSON, c.text, c.want)
	}
}

func TestWhatBuyersMustKnow(t *testing.T) {
	want := []esim.Package{{
		Provider: provider, ID: "x", Name: "y", FullSpeedPerDay: 2 * esim.GB, FairUse: "128 kbit/s, then", ValidityStart: esim.ValidityFromFirstUse,
		InstallWithinDays: 180, MinPrice: money(t, "5.50"), VoiceMinutes: esim.UnlimitedAllowance(), SMS: esim.AllowanceOf(0),
	}}
	packages, err := ReadCSV(strings.NewReader("option_id,name,Full Speed per Day,Fair Use,Validity Start,install within days,min price,currency,voice_minutes,sms\n" +
		"x,y,2 GB,\"128 kbit/s, then\",First use,180.0,5.50,USD,Unlimited,0\n"))
	require.NoError(t, err)
	require.Equal(t, want, packages)
	packages, err = ReadJSON(strings.NewReader(`[{"option_id":"x","name":"y","full_speed_per_day":"2 GB","fair_use":"128 kbit/s, then",` +
		`"validity_start":"first use","install_within_days":180,"min_price":5.5,"currency":"USD","voice_minutes":"unlimited","sms":0}]`))
	require.NoError(t, err)
	require.Equal(t, want, packages)
	for cell, problem := range map[string]string{
		`"validity_start":"soon"`: "validity_start: it is not purchase", `"min_price":0,"currency":"USD"`: "min_price: it is not more than 0",
		`"min_price":5`: "currency: it is empty", `"full_speed_per_day":2`: "full_speed_per_day: a data size", `"install_within_days":"half a year"`: "it is not a whole number",
	} {
		_, err = ReadJSON(strings.NewReader(`[{"option_id":"x","name":"y",` + cell + `}]`))
		require.ErrorContains(t, err, problem)
	}
}

func TestNamibia(t *testing.T) {
	for _, countries := range []string{"NA", "na", "BW;NA;ZA"} {
		packages, err := ReadCSV(strings.NewReader(head + "x,y," + countries + ",,,,,,,,\n"))
		require.NoError(t, err)
		require.Contains(t, packages[0].Countries, esim.Country("NA"))
	}
	packages, err := ReadCSV(strings.NewReader(head + "x,y,NAM,,,NA,,,,,\nz,w,BW;NA,,,NA,,,,,\n"))
	require.NoError(t, err, "in a list it is a country whatever else is in the sheet")
	require.Equal(t, []esim.Country{"BW", "NA"}, packages[1].Countries)
}

// A shop opens with what can be read, and hears of all the rest.
func TestSkip(t *testing.T) {
	const text = head +
		"a,Japan,JP,,5 GB,30,4.10,USD,,,\n" +
		"b,Atlantis,Atlantis,,5 GB,often,4.10,USD,,,\n" +
		"c,Twice,JP,,,,1,USD,,,\n" +
		",,,,,,,,,,\n" +
		"C,Twice,JP,,,,2,USD,,,\n" +
		"d,Again,JP,,,,2,USD,,,\n" +
		"d,Again,JP,,,,2,USD,,,\n" +
		"e,5\" screen,JP,,,,,,,,\n" +
		"f,Korea,KR,,1 GB,7,2,USD,,,\n" +
		"short,row\n" +
		"b,Japan,JP,,5 GB,,4.10,USD,,,\n"
	var reported []string
	packages, err := ReadCSV(strings.NewReader(text), Skip(func(f Finding) { reported = append(reported, f.Error()) }))
	require.NoError(t, err)
	var ids []string
	for _, p := range packages {
		ids = append(ids, p.ID)
	}
	require.Equal(t, []string{"a", "d", "f"}, ids, "two that differ under one id are both in doubt, and so is what repeats a bad one")
	require.Equal(t, []string{
		`line 3: package 2 "b": countries: "Atlantis" is not a country; use ISO 3166-1 codes or names, with ; between them`,
		`line 3: package 2 "b": days: it is not a whole number`,
		`line 6: package 4 "C": option_id: is that of package 3 in line 4`,
		`line 8: package 6 "d": option_id: is that of package 5 in line 7`,
		`line 9: package 7 "e": byte 4 of line 9: bare " in non-quoted-field`,
		`line 11: package 9 "short": it has 2 cells, and there are 11 columns`,
		`line 12: package 10 "b": option_id: is that of package 2 in line 3`,
	}, reported)
	_, err = New(packages)
	require.NoError(t, err)

	_, strict := ReadCSV(strings.NewReader(text))
	require.ErrorIs(t, strict, ErrSheet)
	_, unreported := ReadCSV(strings.NewReader(text), Skip(nil))
	require.Equal(t, strict, unreported, "nobody would hear of it")

	count := 0
	packages, err = ReadJSON(strings.NewReader(`[{"option_id":"x","name":"y","price":0,"currency":"USD"},7]`), Skip(func(Finding) { count++ }))
	require.Nil(t, packages)
	require.ErrorContains(t, err, "none of the 2 packages can be read")
	require.Equal(t, 2, count)
	_, err = ReadCSV(strings.NewReader("option_id,name,prise\nx,y,1\n"), Skip(func(Finding) { t.Error("of a sheet that is not read") }))
	require.ErrorContains(t, err, `"prise"`, "a heading is of every package")
}

func TestFindingsAreJoinedUpToALimit(t *testing.T) {
	var text strings.Builder
	text.WriteString("option_id,name,days\n")
	for i := range 30 {
		fmt.Fprintf(&text, "option-%d,y,bad\n", i)
	}
	_, err := ReadCSV(strings.NewReader(text.String()))
	require.ErrorIs(t, err, ErrSheet)
	for i := range 20 {
		require.ErrorContains(t, err, fmt.Sprintf(`line %d: package %d "option-%d": days: `, i+2, i+1, i))
	}
	require.NotContains(t, err.Error(), "line 22:")
	require.ErrorContains(t, err, "and 10 more")
	count := 0
	_, err = ReadCSV(strings.NewReader(text.String()), Skip(func(Finding) { count++ }))
	require.ErrorIs(t, err, ErrSheet)
	require.Equal(t, 30, count, "whoever skips hears of each")
}

func TestLimits(t *testing.T) {
	rows := func(n int, head, row, sep, tail string) io.Reader {
		return strings.NewReader(head + strings.Repeat(row+sep, n-1) + row + tail)
	}
	_, err := ReadCSV(rows(maxRows+1, "option_id,name\n", "x,y", "\n", "\n"))
	require.ErrorContains(t, err, "too many rows")
	_, err = ReadJSON(rows(maxRows+1, "[", "{}", ",", "]"))
	require.ErrorContains(t, err, "too many rows")
	_, err = ReadJSON(rows(maxRows+1, "", `{"name":"y"}`, "\n", ""))
	require.ErrorContains(t, err, "too many rows")
	for _, read := range []func(io.Reader, ...Option) ([]esim.Package, error){ReadCSV, ReadJSON} {
		_, err = read(io.LimitReader(endless{}, 1<<40))
		require.ErrorContains(t, err, "larger than")
		_, err = read(iotest.ErrReader(io.ErrUnexpectedEOF))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.NotErrorIs(t, err, ErrSheet)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// FuzzRead: a sheet that is read is one that can be used, and what is skipped
// is reported.
func FuzzRead(f *testing.F) {
	f.Add(sheetCSV)
	f.Add(sheetJSON)
	for _, c := range csvFindings {
		f.Add(c.text)
	}
	for _, c := range jsonFindings {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func(io.Reader, ...Option) ([]esim.Package, error){ReadCSV, ReadJSON} {
			packages, err := read(strings.NewReader(text))
			if err != nil && (packages != nil || !errors.Is(err, ErrSheet)) {
				t.Fatalf("%d packages, %v", len(packages), err)
			}
			reports := 0
			some, someErr := read(strings.NewReader(text), Skip(func(Finding) { reports++ }))
			if err == nil && (someErr != nil || reports > 0 || len(some) != len(packages)) {
				t.Fatalf("%d of %d packages, %d reports, %v", len(some), len(packages), reports, someErr)
			}
			if someErr != nil {
				continue
			}
			if sheet, err := New(some); err != nil || sheet.Len() == 0 || len(some) != len(packages) && reports == 0 {
				t.Fatalf("%d packages, %d reports, %v", len(some), reports, err)
			}
		}
	})
}
