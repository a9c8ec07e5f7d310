package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type nameAndCode struct{}

func (nameAndCode) Members() []string { return []string{"name", "code"} }

func cellsOf(t *testing.T, doc string) (all [][]string) {
	t.Helper()
	var list Columns[nameAndCode]
	require.NoError(t, Decode([]byte(doc), &list), doc)
	for cells := range list.Rows() {
		all = append(all, cells)
	}
	assert.Len(t, all, list.Len())
	return all
}

func TestColumns(t *testing.T) {
	for doc, want := range map[string][][]string{
		`null`: nil, `[]`: nil, `{"name":"x"}`: nil, `"x"`: nil, `7`: nil,
		`[{"name":"a","code":"1"},{"code":"2","more":[{"name":"x"}]}]`: {{"a", "1"}, {"", "2"}},
		`[{"name":null,"code":286}, 5, null, [{"name":"x"}], {}]`:      {{"", "286"}, {"", ""}, {"", ""}, {"", ""}, {"", ""}},
		`[{"name":{"name":"x"},"code":true}]`:                          {{"", ""}},
		`[{"name":"T\u00fcrkcell \"5G\"","code":"\\"}]`:                {{`Türkcell "5G"`, `\`}},
		`[{"n\u0061me":"x"}]`:                                          {{"", ""}}, // no provider writes a name so
	} {
		assert.Equal(t, want, cellsOf(t, doc), doc)
	}
	for _, doc := range []string{`[{"name":"a","name":"b"}]`, `[{"name":"a"}`, `[{"name"}]`, `[{"name":"a"},]`, "[{\"name\":\"\xff\"}]"} {
		var list Columns[nameAndCode]
		require.Error(t, Decode([]byte(doc), &list), doc)
	}
}

type placed struct {
	ID       Text                 `json:"id"`
	Networks Columns[nameAndCode] `json:"networks"`
}

func (p *placed) ShareTexts(t *Texts) { p.Networks.Share(t) }

// The rows of a page share their texts, those of an odd one too.
func TestRowsShareTexts(t *testing.T) {
	page := func(rows int, more string) []byte {
		row := `{"id":"x","networks":[{"name":"Operator One","code":"01"},{"name":"Operator Two","code":"02"}]}`
		return []byte("[" + strings.Repeat(row+",", rows) + `{"id":"last","networks":[{"name":"Operator One","code":"01"}]` + more + "}]")
	}
	for _, more := range []string{"", `,"id":{}`} {
		doc := page(2, strings.Replace(more, "id", "odd", 1))
		var rows Rows[placed]
		found, err := DecodeTolerant(doc, DefaultRows, &rows)
		require.NoError(t, err)
		assert.False(t, found.Any())
		require.Len(t, rows, 3)
		assert.Equal(t, 2, rows[1].Networks.Len())
		assert.Equal(t, 1, rows[2].Networks.Len())
	}
	var rows Rows[placed]
	found, err := DecodeTolerant([]byte(`[{"id":{},"networks":[{"name":"a","code":"1"}]},{"id":"b","networks":{}}]`), DefaultRows, &rows)
	require.NoError(t, err)
	assert.Equal(t, 1, found.Cells)
	assert.Equal(t, 1, rows[0].Networks.Len(), "the row of an odd cell keeps its list")
	assert.Zero(t, rows[1].Networks.Len())

	few, many := page(100, ""), page(400, "")
	allocs := func(doc []byte) float64 {
		return testing.AllocsPerRun(10, func() {
			var rows Rows[placed]
			_ = DecodeRows(doc, DefaultRows, &rows)
		})
	}
	assert.Less(t, (allocs(many)-allocs(few))/300, 3.0, "a row costs no more than its id and its list")
}

func TestTextsAreBounded(t *testing.T) {
	var texts Texts
	for i := range maxTexts + 10 {
		assert.Equal(t, fmt.Sprint(i), texts.of([]byte(fmt.Sprint(i))))
	}
	assert.Len(t, texts.known, maxTexts)
}

// Texts that come from one allocation stay what they are when more follow, however
// long one is.
func TestTextsCutTogetherStayApart(t *testing.T) {
	var texts Texts
	var want, got []string
	for i := range 500 {
		want = append(want, strings.Repeat(fmt.Sprint(i, " "), i%7))
		if i%100 == 50 {
			want[i] = strings.Repeat("x", textRoom+i)
		}
		got = append(got, texts.of([]byte(want[i])))
	}
	assert.Equal(t, want, got)
}
