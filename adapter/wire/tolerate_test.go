package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type catalogue struct {
	Success *bool `json:"success"`
	Data    *struct {
		Packages Rows[plan] `json:"packages"`
		Total    Number     `json:"total"`
		Others   []plan     `json:"others"`
		Networks List[Text] `json:"networks"`
	} `json:"data"`
}

type plan struct {
	Code      Text   `json:"code"`
	Name      string `json:"name"`
	Price     Number `json:"price"`
	Unlimited bool   `json:"unlimited"`
	Features  struct {
		SMS Number `json:"sms"`
	} `json:"features"`
	Countries []string `json:"countries"`
	Networks  List[struct {
		Name Text   `json:"name"`
		Days Number `json:"days"`
	}] `json:"networks"`
	Updated Time `json:"updated"`
}

const goodRow = `{"code":"B","name":"two","price":2,"unlimited":true,"features":{"sms":5},"countries":["DE","FR"],"networks":[{"name":"x","days":1},{"name":"y","days":2}]}`

func pageOf(rows ...string) string {
	return `{"success":true,"data":{"packages":[` + strings.Join(rows, ",") + `],"total":3}}`
}

// TestOneOddCell costs itself, and nothing beside it.
func TestOneOddCell(t *testing.T) {
	for name, odd := range map[string]struct {
		from, to, where string
		rows            int
	}{
		"a number for a flag":      {from: `"unlimited":true`, to: `"unlimited":0`, where: "/unlimited"},
		"a word for a number":      {from: `"price":2`, to: `"price":"on request"`, where: "/price"},
		"a number beyond any":      {from: `"price":2`, to: `"price":1e400`, where: "/price"},
		"an object for a number":   {from: `"price":2`, to: `"price":{"usd":2}`, where: "/price"},
		"a list for an id":         {from: `"code":"B"`, to: `"code":["B"]`, where: "/code"},
		"a flag for a text":        {from: `"name":"two"`, to: `"name":false`, where: "/name"},
		"a list for an object":     {from: `"features":{"sms":5}`, to: `"features":[]`, where: "/features"},
		"a word below":             {from: `"sms":5`, to: `"sms":"some"`, where: "/features/sms"},
		"a text for a list":        {from: `["DE","FR"]`, to: `"DE"`, where: "/countries"},
		"an object for a list":     {from: `["DE","FR"]`, to: `{}`, where: "/countries"},
		"a number in a list":       {from: `"FR"`, to: `33`, where: "/countries/1"},
		"a word in a row of a row": {from: `"days":2`, to: `"days":"two"`, where: "/networks/1/days"},
		"a text for a row of rows": {from: `{"name":"y","days":2}`, to: `"y"`, where: "/networks/1", rows: 1},
		"a word for rows of rows":  {from: `[{"name":"x","days":1},{"name":"y","days":2}]`, to: `"x, y"`, where: "/networks"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, goodRow, odd.from)
			bad := strings.Replace(goodRow, odd.from, odd.to, 1)
			var out, want catalogue
			doc := pageOf(goodRow, bad, goodRow)
			require.Error(t, Decode([]byte(doc), &out), "a purchase is read strictly")
			found, err := DecodeTolerant([]byte(doc), DefaultRows, &out)
			require.NoError(t, err)
			assert.Equal(t, Findings{Cells: 1 - odd.rows, Rows: odd.rows, First: "/data/packages/1" + odd.where}, found)
			require.Len(t, out.Data.Packages, 3)

			// The same row with null in that place is what is left.
			null := strings.Replace(goodRow, odd.from, odd.from[:strings.Index(odd.from, ":")+1]+"null", 1)
			if !strings.Contains(odd.from, ":") || strings.HasPrefix(odd.from, "{") || strings.HasPrefix(odd.from, "[") {
				null = strings.Replace(goodRow, odd.from, "null", 1)
			}
			require.NoError(t, Decode([]byte(pageOf(goodRow, null, goodRow)), &want))
			assert.Equal(t, want, out)
		})
	}
}

// TestOddRows: of a row that is none nothing is left but its place.
func TestOddRows(t *testing.T) {
	for _, odd := range []string{`7`, `"B"`, `false`, `[]`, `[` + goodRow + `]`} {
		var out catalogue
		found, err := DecodeTolerant([]byte(pageOf(goodRow, odd, goodRow, odd)), DefaultRows, &out)
		require.NoError(t, err, odd)
		assert.Equal(t, Findings{Rows: 2, First: "/data/packages/1"}, found, odd)
		require.Len(t, out.Data.Packages, 4)
		assert.Zero(t, out.Data.Packages[1])
		assert.Equal(t, out.Data.Packages[0], out.Data.Packages[2])
	}
	// A row that needs more than a few cells taken out is none either.
	var odd strings.Builder
	for i := range maxOddCells + 1 {
		fmt.Fprintf(&odd, `%d,`, i)
	}
	row := strings.Replace(goodRow, `"DE"`, odd.String()+`"DE"`, 1)
	var out catalogue
	found, err := DecodeTolerant([]byte(pageOf(row, goodRow)), DefaultRows, &out)
	require.NoError(t, err)
	assert.Equal(t, Findings{Rows: 1, First: "/data/packages/0"}, found)
	assert.Equal(t, "two", out.Data.Packages[1].Name)
}

// TestManyOddCells: all rows of a page, and all rows in them.
func TestManyOddCells(t *testing.T) {
	networks := strings.Repeat(`{"name":"x","days":"one"},`, 100) + `{"name":"x","days":1}`
	row := strings.Replace(strings.Replace(goodRow, `"price":2`, `"price":"two"`, 1), `{"name":"x","days":1}`, networks, 1)
	var out catalogue
	found, err := DecodeTolerant([]byte(pageOf(row, row, goodRow, row)), DefaultRows, &out)
	require.NoError(t, err)
	assert.Equal(t, Findings{Cells: 3 * 101, First: "/data/packages/0/price"}, found)
	for i, p := range out.Data.Packages {
		assert.Equal(t, Text("B"), p.Code, i)
		assert.Len(t, p.Countries, 2)
	}
	require.Len(t, out.Data.Packages[0].Networks, 102)
	assert.Equal(t, Text("y"), out.Data.Packages[0].Networks[101].Name)
}

// TestOddCellsBesideRows are not stated, and what must be there is missed by
// whoever needs it.
func TestOddCellsBesideRows(t *testing.T) {
	var out catalogue
	found, err := DecodeTolerant([]byte(`{"success":1,"data":{"packages":[`+goodRow+`],"total":"three"}}`), DefaultRows, &out)
	require.NoError(t, err)
	assert.Equal(t, Findings{Cells: 2, First: "/success"}, found)
	assert.Nil(t, out.Success)
	assert.Len(t, out.Data.Packages, 1)
	assert.False(t, out.Data.Total.Known())

	found, err = DecodeTolerant([]byte(`{"success":true,"data":"none"}`), DefaultRows, &out)
	require.NoError(t, err)
	assert.True(t, found.Any())
	assert.Nil(t, out.Data, "nothing is left of the answer before")
	found, err = DecodeTolerant([]byte(`{"success":true,"data":{"packages":[],"networks":"none"}}`), DefaultRows, &out)
	require.NoError(t, err)
	assert.Equal(t, Findings{Cells: 1, First: "/data/networks"}, found)
	found, err = DecodeTolerant([]byte(pageOf(goodRow)), DefaultRows, &out)
	require.NoError(t, err)
	assert.False(t, found.Any())
}

// TestTolerantOfCellsOnly: a document that is cut, doubled or of another form is
// an error of the whole.
func TestTolerantOfCellsOnly(t *testing.T) {
	odd := strings.Replace(goodRow, `"price":2`, `"price":"two"`, 1)
	whole := pageOf(odd, goodRow)
	for n := range len(whole) {
		_, err := DecodeTolerant([]byte(whole[:n]), DefaultRows, new(catalogue))
		require.Error(t, err, "cut after %d bytes", n)
	}
	for name, doc := range map[string]string{
		"an object for the rows": `{"success":true,"data":{"packages":{},"total":0}}`,
		"a word for the rows":    `{"success":true,"data":{"packages":"none","total":0}}`,
		"a word for other rows":  `{"success":true,"data":{"others":"none","total":0}}`,
		"a list at the top":      `[` + goodRow + `]`,
		"behind it":              whole + `{}`,
		"a name twice":           strings.Replace(whole, `"total":3`, `"total":3,"total":4`, 1),
		"a name twice in a row":  strings.Replace(whole, `"unlimited":true`, `"unlimited":true,"unlimited":false`, 1),
		"a name twice behind it": pageOf(odd, strings.Replace(goodRow, `"sms":5`, `"sms":5,"sms":6`, 1)),
		"bad UTF-8 behind it":    pageOf(odd, strings.Replace(goodRow, `two`, "\xff", 1)),
		"rows without end":       pageOf(strings.Repeat(odd+",", DefaultRows) + goodRow),
		"a row too deep":         pageOf(odd, strings.Repeat("[", 65)+strings.Repeat("]", 65)),
		"an error page":          "<html>",
		"nothing":                "",
	} {
		_, err := DecodeTolerant([]byte(doc), DefaultRows, new(catalogue))
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), `"`, "%s: no piece of the document", name)
	}
}

// TestFindingsQuoteNothing of what a provider may have put into a name.
func TestFindingsQuoteNothing(t *testing.T) {
	var out map[string]Number
	found, err := DecodeTolerant([]byte(`{"LPA:1$rsp.example.com$SECRET":"x"}`), DefaultRows, &out)
	require.NoError(t, err)
	assert.Equal(t, "/?", found.First)
}

// TestOddDocumentsAreCheap: the work does not grow with the square of the page.
func TestOddDocumentsAreCheap(t *testing.T) {
	var out struct {
		Rows []plan `json:"rows"` // of a list that is not read row by row
	}
	doc := `{"rows":[` + strings.Repeat(strings.Replace(goodRow, `"price":2`, `"price":"two"`, 1)+",", 900) + goodRow + `]}`
	_, err := DecodeTolerant([]byte(doc), DefaultRows, &out)
	require.Error(t, err)
}

func FuzzDecodeTolerant(f *testing.F) {
	odd := strings.Replace(goodRow, `"price":2`, `"price":{"a":[1,"x"]}`, 1)
	for _, seed := range []string{pageOf(goodRow, odd), pageOf(odd, `7`, goodRow), pageOf(`null`), `{"success":0,"data":{"packages":[{"code":[]}],"total":{}}}`, `{"data":[]}`, "\ufeff{}", "[", "null"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var strict, tolerant catalogue
		strictErr := Decode(doc, &strict)
		found, err := DecodeTolerant(doc, DefaultRows, &tolerant)
		switch {
		case strictErr == nil && (err != nil || found.Any()):
			t.Fatalf("readable, yet %v, %+v", err, found)
		case strictErr == nil:
			assert.Equal(t, strict, tolerant)
		case err == nil && !found.Any():
			t.Fatalf("unreadable without a finding: %v", strictErr)
		case err == nil:
			var any Raw
			require.NoError(t, Decode(doc, &any), "no more is tolerated than cells")
		}
	})
}
