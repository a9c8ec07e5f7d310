package esimstory

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const sheetCSV = `Option ID,name,Countries,region,kind,data,days,price,Currency,#note,voice_minutes,sms
` + optionA + `,"Japan, 5 GB",JP,,,5 GB,30,4.10,USD,bestseller,,
` + optionB + `,Asia unlimited,Japan; South Korea;TW;JP,East Asia,,Unlimited,7,19,USD,,10,0
free-text, World ,,,Global,1.5GiB,,,,,,
`

func TestLoadCatalogCSV(t *testing.T) {
	for name, text := range map[string]string{
		"plain":           sheetCSV,
		"byte order mark": "\ufeff" + sheetCSV,
		"CRLF":            strings.ReplaceAll(sheetCSV, "\n", "\r\n"),
		"no last newline": strings.TrimSuffix(sheetCSV, "\n"),
		"blank lines":     strings.ReplaceAll(sheetCSV, "\n", "\n\n"),
	} {
		t.Run(name, func(t *testing.T) {
			packages, err := LoadCatalogCSV(iotest.OneByteReader(strings.NewReader(text)))
			require.NoError(t, err)
			require.Equal(t, wantSheet(t), packages)
		})
	}
}

func wantSheet(t *testing.T) []esim.Package {
	return []esim.Package{
		{
			Provider: esim.ESIMStory, ID: optionA, Name: "Japan, 5 GB", Kind: esim.KindLocal, Countries: []esim.Country{"JP"},
			Data: 5 * esim.GB, ValidityDays: 30, Price: money(t, "4.1 USD"), VoiceMinutes: -1, SMS: -1,
		},
		{
			Provider: esim.ESIMStory, ID: optionB, Name: "Asia unlimited", Kind: esim.KindRegional, Region: "East Asia",
			Countries: []esim.Country{"JP", "KR", "TW"}, Unlimited: true, ValidityDays: 7, Price: money(t, "19 USD"), VoiceMinutes: 10, SMS: 0,
		},
		{
			Provider: esim.ESIMStory, ID: "free-text", Name: "World", Kind: esim.KindGlobal,
			Data: 3 * esim.GiB / 2, VoiceMinutes: -1, SMS: -1,
		},
	}
}

const sheetJSON = `[
  {"option_id": "` + optionA + `", "name": "Japan, 5 GB", "countries": ["JP"], "data": "5 GB", "days": 30, "price": 4.10, "currency": "USD"},
  {
    "option_id": "` + optionB + `", "name": "Asia unlimited", "countries": "Japan; South Korea;TW;JP", "region": "East Asia",
    "data": "unlimited", "days": "7", "price": "19", "currency": "USD", "voice_minutes": 10, "sms": 0, "#note": {"by": "us"}
  },
  {"option_id": "free-text", "name": "World", "kind": "global", "data": "1.5GiB", "countries": null, "price": null}
]`

func TestLoadCatalogJSON(t *testing.T) {
	for _, text := range []string{sheetJSON, "\ufeff" + sheetJSON, strings.ReplaceAll(sheetJSON, "\n", "")} {
		packages, err := LoadCatalogJSON(strings.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, wantSheet(t), packages)
	}
}

// A loaded sheet is a catalogue without further ado.
func TestLoadedSheetIsACatalogue(t *testing.T) {
	packages, err := LoadCatalogCSV(strings.NewReader(sheetCSV))
	require.NoError(t, err)
	c, _ := sheetClient(t, packages...)
	page, err := c.ListPackages(t.Context(), esim.PackageQuery{})
	require.NoError(t, err)
	require.Equal(t, packages, page.Packages)
}

func TestSheetFindings(t *testing.T) {
	const head = "option_id,name,countries,kind,data,days,price,currency,voice_minutes,sms,region\n"
	for _, c := range []struct{ text, want string }{
		{"", "line 1: the sheet is empty"},
		{head, "line 1: the sheet has no packages"},
		{"name,price\n", "line 1: option_id: the column is missing"},
		{"option_id\nx\n", "line 1: name: the column is missing"},
		{"option_id,name,prise\nx,y,1\n", `line 1: "prise": there is no such column`},
		{"option_id,name,\nx,y,\n", `line 1: "": there is no such column`},
		{"option_id,name,price,Price\nx,y,1,2\n", "line 1: price: there are two such columns"},
		{"option_id,name\nx,y,z\n", "line 2: it has 3 cells, and there are 2 columns"},
		{"option_id,name\nx,y\nz\n", "line 3: it has 1 cells, and there are 2 columns"},
		{"option_id,name\nx,\"y\n", "line 2: column"},
		{"option_id,name\n,y\n", "line 2: option_id: it is empty"},
		{"option_id,name\na b,y\n", "line 2: option_id: it contains a character"},
		{"option_id,name\n" + strings.Repeat("a", 129) + ",y\n", "line 2: option_id: it is longer"},
		{"option_id,name\nx, \n", "line 2: name: it is empty"},
		{"option_id,name\nx,\"a\nb\"\n", "line 2: name: it contains a control character"},
		{"option_id,name\nx,y\nz,w\nX,y\n", "line 4: option_id: is that of line 2"},
		{head + "x,y,Atlantis;JP,,,,,,,,\n", `line 2: countries: "Atlantis" is not a country`},
		{head + "x,y,Europe,,,,,,,,\n", `line 2: countries: "Europe" is not a country`},
		{head + "x,y,,wide,,,,,,,\n", "line 2: kind: it is not local, regional or global"},
		{head + "x,y,,,5,,,,,,\n", "line 2: data: a data size is a number and a unit"},
		{head + "x,y,,,5 Gb,,,,,,\n", "line 2: data: a data size"},
		{head + "x,y,,,0 GB,,,,,,\n", "line 2: data: it is not more than nothing"},
		{head + "x,y,,,-1 GB,,,,,,\n", "line 2: data: it is not more than nothing"},
		{head + "x,y,,,1 GB/day,,,,,,\n", "line 2: data: a data size"},
		{head + "x,y,,,,7 days,,,,,\n", "line 2: days: it is not a whole number"},
		{head + "x,y,,,,-7,,,,,\n", "line 2: days: it is not a whole number"},
		{head + "x,y,,,,007,,,,,\n", "line 2: days: it is not a whole number"},
		{head + "x,y,,,,100001,,,,,\n", "line 2: days: it is not a whole number"},
		{head + "x,y,,,,,$4.10,USD,,,\n", "line 2: price: not a decimal number"},
		{head + "x,y,,,,,\"4,10\",USD,,,\n", "line 2: price: not a decimal number"},
		{head + "x,y,,,,,0,USD,,,\n", "line 2: price: it is not more than 0"},
		{head + "x,y,,,,,-1,USD,,,\n", "line 2: price: it is not more than 0"},
		{head + "x,y,,,,,4.10,,,,\n", "line 2: currency: it is empty, and there is a price"},
		{head + "x,y,,,,,4.10,usd,,,\n", "line 2: currency: a currency is three letters"},
		{head + "x,y,,,,,,dollars,,,\n", "line 2: currency: a currency is three letters"},
		{head + "x,y,,,,,,,many,,\n", "line 2: voice_minutes: it is not a whole number"},
		{head + "x,y,,,,,,,,1.5,\n", "line 2: sms: it is not a whole number"},
		{head + "x,y,,,,,,,,," + strings.Repeat("r", 201) + "\n", "line 2: region: it is longer"},
		{"option_id,name\nx,\"caf\xe9\"\n", "line 1: the sheet is not UTF-8 text"},
		{"o\x00p\x00", "line 1: the sheet is not UTF-8 text"},
	} {
		packages, err := LoadCatalogCSV(strings.NewReader(c.text))
		require.Nil(t, packages, c.text)
		require.ErrorIs(t, err, ErrSheet)
		require.ErrorContains(t, err, c.want, c.text)
		finding, ok := errors.AsType[*SheetError](err)
		require.True(t, ok)
		require.Positive(t, finding.Line)
	}
}

func TestJSONSheetFindings(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "line 1: the sheet is not a JSON array"},
		{"{}", "line 1: the sheet is not a JSON array"},
		{"null", "line 1: the sheet has no packages"},
		{"[]", "line 1: the sheet has no packages"},
		{"[{}] x", "line 1: the sheet is not a JSON array"},
		{`[{"option_id":"x","name":"y","name":"z"}]`, "duplicate JSON name"},
		{"[\n7]", "line 2: it is not an object"},
		{"[null]", "line 1: it is not an object"},
		{"[\n\n{\"name\":\"y\"}]", "line 3: option_id: it is empty"},
		{`[{"option_id":"x","name":"y","prise":1}]`, `line 1: "prise": there is no such column`},
		{`[{"option_id":"x","name":"y","Name":"z"}]`, "line 1: name: it is given twice"},
		{`[{"option_id":"x","name":["y"]}]`, "line 1: name: it is neither a text nor a number"},
		{`[{"option_id":"x","name":true}]`, "line 1: name: it is neither a text nor a number"},
		{`[{"option_id":"x","name":"y","countries":[7]}]`, "line 1: countries: it is neither"},
		{`[{"option_id":"x","name":"y","countries":["JP","Atlantis"]}]`, `line 1: countries: "Atlantis"`},
		{`[{"option_id":"x","name":"y","data":5}]`, "line 1: data: a data size is a number and a unit"},
		{"[{\"option_id\":\"x\",\n\"name\":\"y\"},\n\n{\"option_id\":\"X\",\"name\":\"y\"}]", "line 4: option_id: is that of line 1"},
	} {
		packages, err := LoadCatalogJSON(strings.NewReader(c.text))
		require.Nil(t, packages, c.text)
		require.ErrorIs(t, err, ErrSheet)
		require.ErrorContains(t, err, c.want, c.text)
	}
}

func TestSheetFindingsAreCollectedUpToALimit(t *testing.T) {
	var text strings.Builder
	text.WriteString("option_id,name,days\n")
	for i := range 30 {
		fmt.Fprintf(&text, "option-%d,y,bad\n", i)
	}
	_, err := LoadCatalogCSV(strings.NewReader(text.String()))
	require.ErrorIs(t, err, ErrSheet)
	for line := 2; line <= 21; line++ {
		require.ErrorContains(t, err, fmt.Sprintf("line %d: days: ", line))
	}
	require.NotContains(t, err.Error(), "line 22:")
	require.ErrorContains(t, err, "and 10 more")
}

func TestSheetLimits(t *testing.T) {
	rows := func(n int, head, row, sep, tail string) io.Reader {
		return strings.NewReader(head + strings.Repeat(row+sep, n-1) + row + tail)
	}
	_, err := LoadCatalogCSV(rows(maxSheetRows+1, "option_id,name\n", "x,y", "\n", "\n"))
	require.ErrorContains(t, err, "too many rows")
	_, err = LoadCatalogJSON(rows(maxSheetRows+1, "[", "{}", ",", "]"))
	require.ErrorContains(t, err, "too many rows")
	for _, load := range []func(io.Reader) ([]esim.Package, error){LoadCatalogCSV, LoadCatalogJSON} {
		_, err = load(io.LimitReader(endless{}, 1<<40))
		require.ErrorContains(t, err, "larger than")
		_, err = load(iotest.ErrReader(io.ErrUnexpectedEOF))
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
