package wire

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Flag is a boolean that a provider may leave out, or write as 0 and 1 or as a
// word. Absent, null and "" are not known.
type Flag struct{ Known, Value bool }

// flags are the spellings of a boolean, a text in lower case.
var flags = map[string]Flag{
	"true": {true, true}, "1": {true, true}, "yes": {true, true},
	"false": {true, false}, "0": {true, false}, "no": {true, false},
	"null": {}, "": {},
}

// UnmarshalJSONFrom reads a boolean, 0 or 1, one of their words, or null.
func (f *Flag) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch tok.Kind() {
	case 't', 'f':
		*f = Flag{Known: true, Value: tok.Bool()}
		return nil
	case 'n', '0', '"':
		var known bool
		if *f, known = flags[strings.ToLower(Text(tok.String()).Trimmed())]; known {
			return nil
		}
	}
	*f = Flag{}
	return errors.New("not a boolean")
}

// Pointer returns nil for a flag that was left out.
func (f Flag) Pointer(arena *Arena[bool]) *bool {
	if !f.Known {
		return nil
	}
	p := &arena.Take(1)[0]
	*p = f.Value
	return p
}
