package wire

import (
	"errors"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Text is a string that some providers write as a number (an id, an ICCID)
// or leave out: absent and null are "". A number keeps its digits as they
// came.
type Text string

// UnmarshalJSONFrom reads a string, a number or null.
func (t *Text) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '"' {
		// As the string it is, since the library shares short ones. An error of
		// errors.ErrUnsupported would ask for the same, but encoding/json/v2 of
		// Go 1.26 fails for it.
		return json.UnmarshalDecode(dec, (*string)(t))
	}
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	switch value.Kind() {
	case '0':
		*t = Text(value)
	case 'n':
		*t = ""
	default:
		return errors.New("not a text")
	}
	return nil
}

// String returns the text.
func (t Text) String() string { return string(t) }

// Trimmed returns the text without the white space, and the characters without
// width, around it.
func (t Text) Trimmed() string {
	return strings.TrimFunc(string(t), func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
}

// Upper returns the text trimmed and in upper case, for comparing the words of
// open enumerations.
func (t Text) Upper() string { return strings.ToUpper(t.Trimmed()) }

// MaxID is how many bytes an id has at most: several times the longest that a
// provider documents, and short enough for the index of any store.
const MaxID = 128

// ID returns the text as an opaque id, byte for byte, and "" for what cannot be
// sent back as one: more than [MaxID] bytes, or a control character.
func (t Text) ID() string {
	if len(t) > MaxID || strings.ContainsFunc(string(t), unicode.IsControl) {
		return ""
	}
	return string(t)
}

// First returns the first text that is not empty.
func First[T ~string](texts ...T) T {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// Joined is a list that a provider takes as one text with commas.
func Joined[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i] = string(one)
	}
	return strings.Join(texts, ",")
}
