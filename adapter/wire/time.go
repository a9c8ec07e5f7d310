package wire

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// layouts in the order in which they are tried. All are UTC unless they say
// otherwise; the last is the human form of eSIMfly's top-up answer.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05",
	time.DateOnly,
	"January 2, 2006 at 3:04 PM",
}

// Time is an instant as the providers write them. A text in no known form
// does not fail the answer it stands in: it is kept in Raw, and Time is zero.
type Time struct {
	time.Time
	Raw string
}

// UnmarshalJSONFrom reads a string or null; whatever else is skipped.
func (t *Time) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*t = Time{}
	if dec.PeekKind() != '"' {
		return dec.SkipValue()
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	*t = ParseTime(tok.String())
	return nil
}

// spaces that JavaScript's locale formatting puts before AM and PM.
var plainSpaces = strings.NewReplacer("\u202f", " ", "\u00a0", " ")

// ParseTime reads text in one of the known forms.
func ParseTime(text string) Time {
	t := Time{Raw: text}
	text = strings.TrimSpace(plainSpaces.Replace(text))
	for _, layout := range layouts {
		if parsed, err := time.Parse(layout, text); err == nil {
			t.Time = parsed.UTC()
			break
		}
	}
	return t
}
