package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type answer struct {
	OK    *bool    `json:"ok"`
	ID    string   `json:"id"`
	Count int      `json:"count"`
	Items []string `json:"items"`
	Inner struct {
		A int `json:"a"`
	} `json:"inner"`
	Raw Raw `json:"raw"`
}

func TestDecode(t *testing.T) {
	doc := " \r\n\t" + `{"ok":true,"id":"A\u00e9\ud83d\ude00","count":3,"items":["a","b"],"inner":{"a":1,"b":[{}]},"raw": {"k" : [1]} ,"more":null}` + "\n"
	var out answer
	require.NoError(t, Decode([]byte(doc), &out))
	assert.True(t, *out.OK)
	assert.Equal(t, "Aé😀", out.ID)
	assert.Equal(t, 3, out.Count)
	assert.Equal(t, []string{"a", "b"}, out.Items)
	assert.Equal(t, 1, out.Inner.A)
	assert.Equal(t, `{"k" : [1]}`, string(out.Raw))
}

// TestDecodeIsStrict where two readers could read two things.
func TestDecodeIsStrict(t *testing.T) {
	for name, doc := range map[string]string{
		"nothing":              "",
		"blank":                " ",
		"duplicate name":       `{"ok":false,"ok":true}`,
		"duplicate by escape":  `{"id":"a","\u0069d":"b"}`,
		"duplicate unknown":    `{"x":1,"x":1}`,
		"duplicate below":      `{"inner":{"a":1,"a":2}}`,
		"duplicate in unknown": `{"x":[{"a":1,"a":2}]}`,
		"duplicate in raw":     `{"raw":{"a":1,"a":2}}`,
		"trailing document":    `{} {}`,
		"trailing letters":     `{}x`,
		"trailing NUL":         "{}\x00",
		"two marks":            "\ufeff\ufeff{}",
		"a mark behind it":     "{}\ufeff",
		"invalid UTF-8":        "{\"id\":\"\xff\"}",
		"invalid UTF-8 name":   "{\"\xff\":1}",
		"overlong UTF-8":       "{\"id\":\"\xc0\xaf\"}",
		"UTF-16":               "{\x00\"\x00}\x00",
		"half a surrogate":     `{"id":"\ud83d"}`,
		"control character":    "{\"id\":\"a\nb\"}",
		"half":                 `{"ok":tr`,
		"cut in a string":      `{"id":"abc`,
		"cut in an escape":     `{"id":"abc\`,
		"comma at the end":     `{"ok":true,}`,
		"single quotes":        `{'ok':true}`,
		"comment":              `{}//`,
		"NaN":                  `{"count":NaN}`,
		"plus":                 `{"count":+1}`,
		"leading zero":         `{"count":01}`,
		"hex":                  `{"count":0x1}`,
		"text for a number":    `{"count":"3"}`,
		"fraction for an int":  `{"count":3.5}`,
		"number beyond int":    `{"count":9223372036854775808}`,
		"number for a bool":    `{"ok":1}`,
		"list for an object":   `{"inner":[]}`,
		"object for a list":    `{"items":{}}`,
		"list at the top":      `[]`,
		"text at the top":      `"ok"`,
	} {
		err := Decode([]byte(doc), new(answer))
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), `"`, "%s: no piece of the document", name)
	}
}

// TestDecodeIgnores what is not asked for: providers add members.
func TestDecodeIgnores(t *testing.T) {
	for name, doc := range map[string]string{
		"null":             `null`,
		"empty":            `{}`,
		"null members":     `{"ok":null,"id":null,"count":null,"items":null,"inner":null}`,
		"unknown":          `{"x":{"y":[1,"z"]}}`,
		"upper case":       `{"OK":true,"Id":"A"}`,
		"long s":           `{"itemſ":["a"]}`,
		"Kelvin sign":      `{"oK":true}`,
		"underscore, dash": `{"o_k":true,"i-d":"A"}`,
	} {
		var out answer
		require.NoError(t, Decode([]byte(doc), &out), name)
		assert.Nil(t, out.OK, name)
		assert.Empty(t, out.ID, name)
		assert.Empty(t, out.Items, name)
	}
}

func TestDecodeErrorsSayWhere(t *testing.T) {
	for doc, want := range map[string]string{
		`{"id":"SECRET","id":"SECRET"}`: "duplicate JSON name at byte 15",
		`{"id":"SECRET"`:                "invalid JSON at byte 14",
		`{"SECRET`:                      "invalid JSON at byte 8",
		`{"id":["SECRET"]}`:             "unexpected JSON type at byte 6",
		`{"count":"SECRET"}`:            "unexpected JSON type at byte 9",
		`SECRET`:                        "invalid JSON at byte 0",
		strings.Repeat("[", 65):         "JSON is nested too deeply",
	} {
		err := Decode([]byte(doc), new(answer))
		require.EqualError(t, err, want, doc)
	}
	assert.EqualError(t, describe(errors.New("SECRET")), "invalid JSON")
}

// TestDepth: brackets count, but not those within strings.
func TestDepth(t *testing.T) {
	in := func(open, closed string, n int) string {
		return strings.Repeat(open, n) + "1" + strings.Repeat(closed, n)
	}
	deepText := strings.Repeat("[{", 500)
	for _, c := range []struct {
		name, doc string
		deep      bool
	}{
		{"64 lists", in("[", "]", 64), false},
		{"65 lists", in("[", "]", 65), true},
		{"64 objects", in(`{"a":`, "}", 64), false},
		{"65 objects", in(`{"a":`, "}", 65), true},
		{"mixed", in(`{"a":[`, "]}", 32), false},
		{"mixed and one", "[" + in(`{"a":[`, "]}", 32) + "]", true},
		{"wide", "[" + strings.Repeat("[[]],", 10_000) + "[]]", false},
		{"wide, then deep", "[" + strings.Repeat("[[]],", 10_000) + in("[", "]", 64) + "]", true},
		{"in a text", `["` + deepText + `"]`, false},
		{"in a name", `{"` + deepText + `":1}`, false},
		{"after a quote escaped", `["\"` + deepText + `"]`, false},
		{"after a backslash escaped", `["\\",` + in("[", "]", 63) + `]`, false},
		{"after a backslash escaped, one more", `["\\",` + in("[", "]", 64) + `]`, true},
		{"after two and a quote", `["\\\"` + deepText + `"]`, false},
		{"closed in a text only", strings.Repeat(`["]]]]",`, 65) + "1" + strings.Repeat("]", 65), true},
		{"closed after an escape", strings.Repeat(`["\"]]",`, 65) + "1" + strings.Repeat("]", 65), true},
		{"by escape", `["\u005b\u007b"]`, false},
		{"closed only", strings.Repeat("]", 1000), false},
		{"open text", `["` + deepText, false},
		{"open escape", `["\`, false},
		{"100,000", strings.Repeat("[", 100_000), true},
	} {
		assert.Equal(t, c.deep, errors.Is(withinBounds([]byte(c.doc), 20_000), errDepth), c.name)
		err := DecodeRows([]byte(c.doc), 20_000, new(Raw))
		if c.deep {
			require.ErrorContains(t, err, "too deeply", c.name)
		} else if json.Valid([]byte(c.doc)) {
			require.NoError(t, err, c.name)
		}
	}
}

// TestDepthOfMisleadingTexts: brackets in texts can hide depth from the count,
// which then is bounded by the decoder, and cannot make a flat document deep.
func TestDepthOfMisleadingTexts(t *testing.T) {
	filler := `"` + strings.Repeat("]", 2*stretch) + `",`
	hidden := func(levels int) string {
		return strings.Repeat("["+filler, levels) + "1" + strings.Repeat("]", levels)
	}
	for _, levels := range []int{65, 200} {
		require.NoError(t, Decode([]byte(hidden(levels)), new(Raw)), "the limit that this gets by")
	}
	deep := `[` + filler + strings.Repeat(strings.Repeat("[", 60)+filler, 200) + "1" + strings.Repeat("]", 12_001)
	require.EqualError(t, Decode([]byte(deep), new(Raw)), "invalid JSON at byte "+fmt.Sprint(depthOf(deep, 10_001)), "the decoder's own limit")

	flat := `["` + strings.Repeat("[", 10*stretch) + `"]`
	require.NoError(t, Decode([]byte(flat), new(Raw)))
	wide := "[" + strings.Repeat("[[[]]],", 5*stretch) + "1]"
	require.NoError(t, DecodeRows([]byte(wide), 10*stretch, new(Raw)))
}

// depthOf returns where the n-th bracket that is open at once is opened.
func depthOf(doc string, n int) int {
	text := false
	for i := range len(doc) {
		switch {
		case doc[i] == '"':
			text = !text
		case doc[i] == '[' && !text:
			if n--; n == 0 {
				return i
			}
		}
	}
	return -1
}

// reencode parses a document with the other JSON library and writes it again,
// token by token, as a server might before it compares signatures.
func reencode(t testing.TB, doc []byte) string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var out strings.Builder
	var walk func()
	scalar := func(v any) {
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		require.NoError(t, enc.Encode(v))
		out.WriteString(strings.TrimSuffix(text.String(), "\n"))
	}
	walk = func() {
		tok, err := dec.Token()
		require.NoError(t, err)
		open, ok := tok.(json.Delim)
		if !ok {
			scalar(tok)
			return
		}
		out.WriteString(open.String())
		for n := 0; dec.More(); n++ {
			if n > 0 {
				out.WriteByte(',')
			}
			if open == '{' {
				name, nameErr := dec.Token()
				require.NoError(t, nameErr)
				scalar(name)
				out.WriteByte(':')
			}
			walk()
		}
		closed, err := dec.Token()
		require.NoError(t, err)
		out.WriteString(fmt.Sprint(closed))
	}
	walk()
	_, err := dec.Token()
	require.ErrorIs(t, err, io.EOF)
	return out.String()
}

type smsBody struct {
	ICCID   string `json:"iccid"`
	Message string `json:"message"`
}

// TestEncode: the bytes that the signature vectors B and C of the eSIMfly
// documents are computed over.
func TestEncode(t *testing.T) {
	for _, c := range []struct {
		name   string
		v      any
		want   string
		length int
	}{
		{
			"vector B",
			orderBody{Package: "merhaba-7days-1gb", Quantity: 2, Key: "cart-0001", Callback: "https://hooks.example.test/esimfly?t=a&u=b"},
			`{"packageCode":"merhaba-7days-1gb","quantity":2,"idempotency_key":"cart-0001","callbackUrl":"https://hooks.example.test/esimfly?t=a&u=b"}`, 137,
		},
		{
			"vector C",
			smsBody{ICCID: "8948010010036785060", Message: "Hoş geldiniz <1 GB> & iyi yolculuklar"},
			`{"iccid":"8948010010036785060","message":"Hoş geldiniz <1 GB> & iyi yolculuklar"}`, 82,
		},
		{"escapes", smsBody{Message: "a\"b\\c/d\te\u2028f\u2029g\x7f😀"}, "{\"iccid\":\"\",\"message\":\"a\\\"b\\\\c/d\\te\u2028f\u2029g\x7f😀\"}", 0},
		{"control characters", smsBody{Message: "\x01\b\f\n\r"}, `{"iccid":"","message":"\u0001\b\f\n\r"}`, 0},
		{"left out", orderBody{Package: "P", Quantity: 1, Key: "k"}, `{"packageCode":"P","quantity":1,"idempotency_key":"k"}`, 0},
		{"number", struct {
			N Number `json:"n"`
			M Number `json:"m,omitzero"`
		}{N: number(t, "2.50")}, `{"n":2.5}`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, err := Encode(c.v)
			require.NoError(t, err)
			assert.Equal(t, c.want, string(doc))
			if c.length > 0 {
				assert.Len(t, doc, c.length)
			}
			if !strings.ContainsAny(c.want, "\u2028\u2029\x01") { // which encoding/json escapes
				assert.Equal(t, c.want, reencode(t, doc), "another library writes the same")
			}
			var compact bytes.Buffer
			require.NoError(t, json.Compact(&compact, doc))
			assert.Equal(t, c.want, compact.String())
		})
	}
}

func TestEncodeIsTheSameEachTime(t *testing.T) {
	v := map[string]int{}
	for n := range 50 {
		v[fmt.Sprint("k", n)] = n
	}
	first, err := Encode(v)
	require.NoError(t, err)
	for range 20 {
		again, err := Encode(v)
		require.NoError(t, err)
		assert.Equal(t, string(first), string(again))
	}
}

func TestEncodeErrorsAreSilent(t *testing.T) {
	for _, v := range []any{
		smsBody{Message: "SECRET\xff"}, map[string]any{"SECRET": make(chan int)}, func() {},
	} {
		_, err := Encode(v)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "SECRET")
	}
}

func TestIsObject(t *testing.T) {
	for doc, want := range map[string]bool{
		"{}": true, " \r\n\t{": true, "": false, "[]": false, "[{}]": false, "<html>{": false, "null": false, `"{"`: false, "\ufeff{": true, "{\ufeff": true, " \ufeff{": false,
	} {
		assert.Equal(t, want, IsObject([]byte(doc)), "%q", doc)
	}
}

func TestIsEmpty(t *testing.T) {
	for doc, want := range map[string]bool{
		"": true, "null": true, "{}": true, `""`: true, " { } ": true, "\n": true, "[]": true,
		"[0]": false, "0": false, "false": false, `"x"`: false, `{"a":1}`: false, `"null"`: false, `"{}"`: false,
	} {
		assert.Equal(t, want, IsEmpty(Raw(doc)), "%q", doc)
	}
	assert.True(t, IsEmpty(nil))
}
