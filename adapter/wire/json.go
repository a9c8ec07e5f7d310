package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads one JSON document into out. It refuses duplicate names,
// invalid UTF-8, text after the document, deep nesting and lists of more than
// [DefaultRows] elements; names match in their exact letter case; unknown
// members are ignored, and so is a byte order mark before the document. Its
// errors never quote the document.
func Decode(doc []byte, out any) error { return DecodeRows(doc, DefaultRows, out) }

// DecodeRows is Decode for a document whose longest list may have that many
// elements.
func DecodeRows(doc []byte, rows int, out any) error {
	doc = withoutMark(doc)
	if err := withinBounds(doc, rows); err != nil {
		return err
	}
	return describe(json.Unmarshal(doc, out))
}

// withoutMark takes off the byte order mark that some programs begin a file
// with. RFC 8259, section 8.1, lets a reader ignore it.
func withoutMark(doc []byte) []byte { return bytes.TrimPrefix(doc, []byte("\ufeff")) }

// Encode writes v as compact JSON without HTML escaping and without a
// trailing newline, the same bytes each time. They survive being parsed and
// written again by another JSON library, which matters where a signature
// covers them.
func Encode(v any) ([]byte, error) {
	doc, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("cannot encode %T as JSON", v)
	}
	return doc, nil
}

// Raw is a JSON value kept as it came. It is nil when absent.
type Raw = jsontext.Value

// IsObject reports whether doc, white space aside, begins like a JSON object.
func IsObject(doc []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(withoutMark(doc), " \t\r\n"), []byte("{"))
}

// IsEmpty reports whether v is absent, null, {}, [] or "": what providers write
// for "no more pages".
func IsEmpty(v Raw) bool {
	var kept [len("null")]byte
	n := 0
	for _, c := range v {
		switch {
		case c == ' ', c == '\t', c == '\r', c == '\n':
			continue
		case n == len(kept):
			return false
		}
		kept[n] = c
		n++
	}
	switch string(kept[:n]) {
	case "", "null", "{}", "[]", `""`:
		return true
	}
	return false
}

// describe says what is wrong and where, without the text that is wrong.
func describe(err error) error {
	if err == nil {
		return nil
	}
	if se, ok := errors.AsType[*json.SemanticError](err); ok {
		return fmt.Errorf("unexpected JSON type at byte %d", se.ByteOffset)
	}
	if se, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return fmt.Errorf("duplicate JSON name at byte %d", se.ByteOffset)
		}
		return fmt.Errorf("invalid JSON at byte %d", se.ByteOffset)
	}
	return errors.New("invalid JSON")
}
