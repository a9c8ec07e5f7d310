package wire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for doc, want := range map[string]string{
		`"A1"`: "A1", `""`: "", `null`: "", `"a\u0062\n"`: "ab\n", `" x "`: " x ",
		"2503": "2503", "8948010010036785060": "8948010010036785060", "89480100100367850601": "89480100100367850601",
		"1.50": "1.50", "1e3": "1e3", "-0": "-0", "9007199254740993": "9007199254740993",
	} {
		out := Text("before")
		require.NoError(t, Decode([]byte(doc), &out), doc)
		assert.Equal(t, want, out.String(), doc)
	}
	for _, doc := range []string{"true", "{}", "[]", `["a"]`, "1x", ""} {
		require.Error(t, Decode([]byte(doc), new(Text)), doc)
	}
	var absent struct {
		T Text `json:"t"`
	}
	require.NoError(t, Decode([]byte(`{}`), &absent))
	assert.Empty(t, absent.T)
}

func TestTextUpper(t *testing.T) {
	for text, want := range map[Text]string{"Installed": "INSTALLED", " new\n": "NEW", "": "", "PENDING": "PENDING"} {
		assert.Equal(t, want, text.Upper())
	}
}

func TestFirst(t *testing.T) {
	assert.Equal(t, "b", First("", "b", "c"))
	assert.Equal(t, Text("a"), First(Text("a"), "b"))
	assert.Empty(t, First[string]())
	assert.Empty(t, First("", ""))
}

// TestTextID: what can be sent back is an id, byte for byte.
func TestTextID(t *testing.T) {
	for _, id := range []string{"Asia 5GB", " a ", "a..b", "..", "EU/5GB/30", "ümlaut", strings.Repeat("x", MaxID), ""} {
		assert.Equal(t, id, Text(id).ID())
	}
	for _, text := range []string{"a\nb", "\x00", "a\u0085", strings.Repeat("x", MaxID+1)} {
		assert.Empty(t, Text(text).ID(), "%q", text)
	}
}
