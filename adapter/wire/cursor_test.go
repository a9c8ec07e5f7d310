package wire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestCursorsOfPageKeys(t *testing.T) {
	for _, key := range []string{`{"id":"x"}`, ` {"a":{"b":[1]}}`} {
		cursor, ok := Cursor(Raw(key))
		assert.True(t, ok)
		back, ok := CursorKey(cursor)
		assert.True(t, ok)
		assert.Equal(t, strings.TrimSpace(key), string(back))
	}
	for _, last := range []string{``, `null`, `{}`, `[]`, `""`} {
		cursor, ok := Cursor(Raw(last))
		assert.True(t, ok)
		assert.Empty(t, cursor, last)
	}
	first, ok := CursorKey("")
	assert.True(t, ok)
	assert.Equal(t, "{}", string(first))
	_, ok = Cursor(Raw(`{"id":"` + strings.Repeat("x", maxCursor) + `"}`))
	assert.False(t, ok, "what CursorKey would not read")
	for _, none := range []string{"%", "e30", "bnVsbA", "W10", "eyJhIjoxfXg", "eyJhIjoxLCJhIjoyfQ", strings.Repeat("eyJh", maxCursor)} {
		_, ok := CursorKey(none)
		assert.False(t, ok, "%.20s", none)
	}
}

func TestPlacesAndPrices(t *testing.T) {
	var list List[Country]
	require.NoError(t, Decode([]byte(`["JP", "Atlantis", "us", "", 7, null, "T\u00fcrkiye"]`), &list))
	assert.Len(t, list, 7)
	var arena Arena[esim.Country]
	assert.Equal(t, []esim.Country{"JP", "US", "TR"}, Countries(list, &arena))
	assert.Nil(t, Countries(nil, &arena))
	found, err := DecodeTolerant([]byte(`["JP", {"code":"US"}, "DE"]`), DefaultRows, &list)
	require.NoError(t, err)
	assert.Equal(t, Findings{Rows: 1, First: "/1"}, found)
	assert.Equal(t, []esim.Country{"JP", "DE"}, Countries(list, &arena), "an odd element costs itself")
	assert.Empty(t, Text("Atlantis").Country())
	var places Places
	assert.Equal(t, esim.Country("JP"), places.Country("", "Atlantis", "Japan"))
	assert.Empty(t, places.Country("", ""))
	assert.Zero(t, places.Unknown, "an empty text names nothing, and one of several names is enough")
	assert.Empty(t, places.Country("Atlantis", "Lemuria"))
	assert.Equal(t, 1, places.Unknown, "one place, under two names")
	for text, want := range map[Text][2]string{"44020": {"440", "20"}, "310260": {"310", "260"}, "": {}, "440": {}, "4402012": {}} {
		mcc, mnc := text.MCCMNC()
		assert.Equal(t, want, [2]string{mcc, mnc}, text)
	}
	var n Number
	assert.NoError(t, Decode([]byte(`12.5`), &n))
	assert.Equal(t, "USD", n.Price(" usd ").Currency())
	for _, unit := range []Text{"", "credits", "$"} {
		assert.Empty(t, n.Price(unit).Currency(), unit)
		assert.Equal(t, 1, n.Price(unit).Sign(), unit)
	}
	assert.True(t, Number{}.Price("").IsZero())
}
