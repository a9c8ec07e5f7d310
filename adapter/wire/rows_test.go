package wire

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type row struct {
	ID   Text   `json:"id"`
	Tags []Text `json:"tags"`
}

func TestRows(t *testing.T) {
	var out struct {
		Rows Rows[row] `json:"rows"`
		Next string    `json:"next"`
	}
	require.NoError(t, Decode([]byte(`{"rows":[{"id":1,"tags":["a"]}, {"id":"2","x":[{}]} ,{}],"next":"n"}`), &out))
	assert.Equal(t, Rows[row]{{ID: "1", Tags: []Text{"a"}}, {ID: "2"}, {}}, out.Rows)
	assert.Equal(t, "n", out.Next, "what follows the list is read")

	for doc, isNil := range map[string]bool{`{}`: true, `{"rows":null}`: true, `{"rows":[]}`: false} {
		out.Rows = nil
		require.NoError(t, Decode([]byte(doc), &out), doc)
		assert.Empty(t, out.Rows)
		assert.Equal(t, isNil, out.Rows == nil, doc)
	}
	for _, doc := range []string{
		`{"rows":{}}`, `{"rows":"x"}`, `{"rows":true}`, `{"rows":[1]}`, `{"rows":[{"id":[]}]}`, `{"rows":[{}`, `{"rows":[{},]}`, `{"rows":[{} {}]}`, `{"rows":[`,
		`{"rows":[{"id":1,"id":2}]}`, "{\"rows\":[{\"id\":\"\xff\"}]}", `{"rows":[}`, `{"rows"`, `{"rows":nul`,
	} {
		require.Error(t, Decode([]byte(doc), &out), doc)
	}
}

// TestRowsBeyondTheRoom: rows keep their values while the list grows.
func TestRowsBeyondTheRoom(t *testing.T) {
	var doc strings.Builder
	for n := range 5 * roomForRows {
		doc.WriteString(`,{"id":` + strconv.Itoa(n) + `,"tags":["` + strconv.Itoa(n) + `"]}`)
	}
	var rows Rows[row]
	require.NoError(t, Decode([]byte("["+doc.String()[1:]+"]"), &rows))
	require.Len(t, rows, 5*roomForRows)
	for n, r := range rows {
		assert.Equal(t, row{ID: Text(strconv.Itoa(n)), Tags: []Text{Text(strconv.Itoa(n))}}, r)
	}
}

func TestFlag(t *testing.T) {
	yes, no := Flag{Known: true, Value: true}, Flag{Known: true}
	for doc, want := range map[string]Flag{
		"true": yes, "1": yes, `"true"`: yes, `"1"`: yes, `" Yes\n"`: yes,
		"false": no, "0": no, `"FALSE"`: no, `"0"`: no, `"no"`: no, "null": {}, `""`: {},
		`"on request"`: {Unreadable: true}, "2": {Unreadable: true}, "-1": {Unreadable: true}, "1.5": {Unreadable: true}, "{}": {Unreadable: true},
		"[]": {Unreadable: true}, "[true]": {Unreadable: true}, `{"a":{"b":[]}}`: {Unreadable: true},
	} {
		out := Flag{Known: true, Value: true}
		require.NoError(t, Decode([]byte(doc), &out), doc)
		assert.Equal(t, want, out, doc)
	}
	for _, doc := range []string{"", "tru", "{", "[}", `{"a":1,"a":2}`} {
		require.Error(t, Decode([]byte(doc), new(Flag)), doc)
	}
}

func TestFlagPointer(t *testing.T) {
	var arena Arena[bool]
	yes, no := Flag{Known: true, Value: true}.Pointer(&arena), Flag{Known: true}.Pointer(&arena)
	assert.Nil(t, Flag{}.Pointer(&arena))
	require.NotNil(t, yes)
	require.NotNil(t, no)
	assert.True(t, *yes)
	assert.False(t, *no)
}

// TestArena: what was taken is zero, and belongs to one taker only.
func TestArena(t *testing.T) {
	var arena Arena[int]
	assert.Nil(t, arena.Take(0))
	var all [][]int
	for n := range 60 {
		s := arena.Take(n%7 + 1)
		require.Len(t, s, n%7+1)
		require.Equal(t, len(s), cap(s), "appending moves away")
		for i := range s {
			require.Zero(t, s[i])
			s[i] = n + 1
		}
		all = append(all, s)
	}
	for n, s := range all {
		for _, v := range s {
			require.Equal(t, n+1, v)
		}
	}
	assert.Len(t, arena.Take(10*arenaSize), 10*arenaSize)
}
