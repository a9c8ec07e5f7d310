package wire

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Text is a string that some providers write as a number (an id, an ICCID)
// or leave out: absent and null are "". A number keeps its digits as they
// came.
type Text string

// UnmarshalJSONFrom reads a string, a number or null.
func (t *Text) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case '"':
		return errors.ErrUnsupported // the library reads it as the string it is, and shares short ones
	case '0', 'n':
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		*t = ""
		if value.Kind() == '0' {
			*t = Text(value)
		}
		return nil
	}
	return errors.New("not a text")
}

// String returns the text.
func (t Text) String() string { return string(t) }

// Folded returns the text in upper case with surrounding space removed, for
// comparing the words of open enumerations.
func (t Text) Folded() string { return strings.ToUpper(strings.TrimSpace(string(t))) }

// First returns the first text that is not empty.
func First[T ~string](texts ...T) T {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
