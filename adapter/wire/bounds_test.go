package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func listOf(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

func objectOf(n int, value string) string {
	var doc strings.Builder
	for i := range n {
		fmt.Fprintf(&doc, `,"m%d":%s`, i, value)
	}
	return "{" + strings.TrimPrefix(doc.String(), ",") + "}"
}

func TestBounds(t *testing.T) {
	text := `"` + strings.Repeat(`,{[\"`, 5_000) + `"`
	for _, c := range []struct {
		name, doc string
		rows      int
		want      error
	}{
		{"a full list", listOf(DefaultRows, "{}"), DefaultRows, nil},
		{"one row too many", listOf(DefaultRows+1, "{}"), DefaultRows, errRows},
		{"white space between", strings.ReplaceAll(listOf(DefaultRows+1, "{}"), ",", " \n, "), DefaultRows, errRows},
		{"as a member", `{"a":{"b":` + listOf(DefaultRows+1, "null") + `}}`, DefaultRows, errRows},
		{"as an unknown form", `{"a":` + listOf(DefaultRows+1, `""`) + `}`, DefaultRows, errRows},
		{"a call with a bound of its own", listOf(5_000, "{}"), 5_000, nil},
		{"and one more", listOf(5_001, "{}"), 5_000, errRows},
		{"a small bound", listOf(11, "1"), 10, errRows},
		{"a full object", objectOf(maxMembers, "{}"), DefaultRows, nil},
		{"one member too many", objectOf(maxMembers+1, "{}"), DefaultRows, errMembers},
		{"in a row", listOf(3, objectOf(maxMembers+1, "0")), DefaultRows, errMembers},
		{"with a larger list", objectOf(maxMembers+1, "0"), 5_000, errMembers},
		{"two full lists", "[" + listOf(DefaultRows, "{}") + "," + listOf(DefaultRows, "{}") + "]", DefaultRows, nil},
		{"full lists in a list", listOf(39, listOf(DefaultRows, "{}")), DefaultRows, nil},
		{"too many full lists in a list", listOf(40, listOf(DefaultRows, "{}")), DefaultRows, errElements},
		{"small lists in lists", listOf(900, listOf(30, "[0]")), DefaultRows, errElements},
		{"empty lists in lists", listOf(900, listOf(30, "[]")), DefaultRows, errElements},
		{"in texts", "[" + text + "]", DefaultRows, nil},
		{"in names", "{" + text + ":1}", DefaultRows, nil},
		{"closed before it is opened", "]" + listOf(DefaultRows+1, "{}"), DefaultRows, nil},
		{"commas alone", strings.Repeat(",", 10_000), DefaultRows, nil},
		{"a text without end", `["` + strings.Repeat(",", 10_000), DefaultRows, nil},
	} {
		assert.Equal(t, c.want, withinBounds([]byte(c.doc), c.rows), c.name)
		err := DecodeRows([]byte(c.doc), c.rows, new(Raw))
		assert.Equal(t, c.want == nil && json.Valid([]byte(c.doc)), err == nil, c.name)
	}
}

// The bounds look at the whole document before anything is built of it.
func TestNothingIsBuiltBeyondTheBounds(t *testing.T) {
	doc := []byte(listOf(1<<20, "{}"))
	var rows []benchPackage
	allocs := testing.AllocsPerRun(1, func() { require.ErrorIs(t, Decode(doc, &rows), errRows) })
	assert.Less(t, allocs, 20.0)
	assert.Nil(t, rows)
}

func TestListMakesRoomForWhatComes(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 17, 400} {
		for _, element := range []string{`{"x":[1,2,{"y":"],"}]}`, `[[],[","]]`, `"a\"],b"`, `12`} {
			doc := strings.ReplaceAll(listOf(n, element), ",", " , ")
			var list List[Raw]
			require.NoError(t, Decode([]byte(doc), &list))
			assert.NotNil(t, list)
			assert.Len(t, list, n)
			assert.Equal(t, n, cap(list), doc)
		}
	}
	list := List[Raw]{Raw("1")}
	require.NoError(t, Decode([]byte("null"), &list))
	assert.Nil(t, list)
	require.Error(t, Decode([]byte(`{}`), &list))
	require.Error(t, Decode([]byte(`[1,`), &list))
}

// Counting ahead agrees with the decoder.
func TestElementsAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]string{`1`, `""`, `"]"`, `"\\"`, `"\","`, `{}`, `[]`, `[1,2]`, `{"a":[1,2],"b":"}"}`, `null`})
		list := rapid.SliceOfN(value, 0, 20).Draw(t, "list")
		space := rapid.SampledFrom([]string{"", " ", "\n\t"}).Draw(t, "space")
		rest := space + strings.Join(list, space+","+space) + space + "]" + rapid.SampledFrom([]string{"", ",1]", "}"}).Draw(t, "after")
		if got := elements([]byte(rest)); got != len(list) {
			t.Fatalf("%q: %d", rest, got)
		}
	})
}
