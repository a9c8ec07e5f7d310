package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// namesOf fails if an object of the document has a name twice. It reads with
// the other JSON library.
func namesOf(t *testing.T, doc []byte) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	type level struct {
		object, value bool
		names         map[string]bool
	}
	stack := []level{{}}
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("accepted, but encoding/json says: %v", err)
		}
		top := &stack[len(stack)-1]
		if delim, ok := tok.(json.Delim); ok && (delim == '}' || delim == ']') {
			stack = stack[:len(stack)-1]
			continue
		}
		if top.object && !top.value {
			name := tok.(string) //nolint:forcetypeassert // a name is one
			if top.names[name] {
				t.Fatalf("accepted, but %q is there twice", name)
			}
			top.names[name] = true
			top.value = true
			continue
		}
		top.value = false
		if delim, ok := tok.(json.Delim); ok {
			stack = append(stack, level{object: delim == '{', names: map[string]bool{}})
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, ` {"ok":true,"id":"A","count":3,"items":["a"],"inner":{"a":1},"raw":[1]} `, `{"ok":true,"ok":false}`, `{"\u006fk":true,"ok":true}`,
		`{"a":[{"b":{}}]}`, `[1,2.5e3,-0,"x",null,true]`, `{"id":"\ud83d\ude00"}`, `{"id":"\ud83d"}`, "{\"id\":\"\xff\"}", `{"a":1}{"b":2}`, "\ufeff{}",
		`["\\","[[[["]`, `{"a":"\"}"}`, strings.Repeat("[", 65) + strings.Repeat("]", 65), string(page()[:700]),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var raw Raw
		err := Decode(doc, &raw)
		if typed := Decode(doc, new(answer)); typed == nil && err != nil {
			t.Fatalf("accepted as a struct, refused as a value: %v", err)
		}
		if err != nil {
			return
		}
		doc = bytes.TrimPrefix(doc, []byte("\ufeff"))
		if !utf8.Valid(doc) || !json.Valid(doc) {
			t.Fatalf("accepted: %q", doc)
		}
		namesOf(t, doc)
		if string(raw) != string(bytes.TrimSpace(doc)) {
			t.Fatalf("%q became %q", doc, raw)
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"0", "-0", "2.72", `"2.72"`, "1e3", "1e400", "9007199254740993", "9999999999999999999", "0.1234567890123456789", `""`, "null", `"\u0031"`, `" 1"`, "0e41000044114114104100"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		var n Number
		if Decode([]byte(doc), &n) != nil || !n.Known() {
			return
		}
		if size := n.Size(1 << 30); size < 0 {
			t.Fatalf("%q is %d bytes", doc, size)
		}
		written, err := Encode(n)
		if err != nil {
			t.Fatal(err)
		}
		var again Number
		if err := Decode(written, &again); err != nil || again != n {
			t.Fatalf("%q was written as %s, which is %v, %v", doc, written, again, err)
		}
		// Exactly the number that was written, or the shortest that is the same double.
		text := strings.TrimSpace(strings.Trim(strings.TrimSpace(strings.TrimPrefix(doc, "\ufeff")), `"`))
		if len(text) > exactDigits && strings.ContainsAny(text, ".eE") && !strings.Contains(doc, `"`) {
			a, _ := strconv.ParseFloat(text, 64)
			b, _ := strconv.ParseFloat(string(written), 64)
			if a != b {
				t.Fatalf("%s became %s", text, written)
			}
			if len(strings.Trim(strings.Replace(string(written), ".", "", 1), "-0")) > 17 {
				t.Fatalf("%s became %s, which is not short", text, written)
			}
			return
		}
		if exact(t, text).Cmp(exact(t, string(written))) != 0 {
			t.Fatalf("%s became %s", text, written)
		}
		if whole, fraction, _ := strings.Cut(string(written), "."); fraction == "" && len(whole) < 9 {
			if back, err := Encode(n.Int()); err != nil || string(back) != whole {
				t.Fatalf("%s became the int %s", text, back)
			}
		}
	})
}

func FuzzTime(f *testing.F) {
	for _, seed := range []string{
		"2026-08-24T17:00:31.884Z", "2026-06-26T14:08:51", "2026-07-28 10:11:12", "2026-07-28", "September 13, 2026 at 3:05\u202fPM", "soon", "",
		"2026-08-24T17:00:31,5Z", "9999-12-31T23:59:59+23:59", "9999-12-31T23:59:59-23:59", "0000-01-01", "20260927T192936Z", "2016-12-31T23:59:60Z",
		"Sun, 27 Sep 2026 19:29:36 GMT", "Sun Sep 27 2026 19:29:36 GMT+0200 (CEST)", "2026-09-27T24:00:00+02:00[Europe/Paris]", "2026-09-27 19:29:36 +0000 UTC",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := ParseTime(text)
		if got.Raw != text {
			t.Fatalf("%q is kept as %q", text, got.Raw)
		}
		if got.Location() != time.UTC {
			t.Fatalf("%q is in %s", text, got.Location())
		}
		if got.IsZero() {
			return
		}
		if got.Year() < 1 || got.Year() > 9999 {
			t.Fatalf("%q cannot be written: %s", text, got)
		}
		if utc := ParseUTCTime(text); !utc.Equal(got.Time) {
			t.Fatalf("%q is %s, in UTC %s", text, got, utc)
		}
		if again := ParseTime(got.Format(time.RFC3339Nano)); !again.Equal(got.Time) {
			t.Fatalf("%q is %s, then %s", text, got.Time, again.Time)
		}
	})
}
