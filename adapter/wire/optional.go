package wire

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Optional is a member beside the point of an answer. In a form that T does
// not read it counts as not stated, so that it does not spoil an answer that
// was paid for.
type Optional[T any] struct {
	Value T
	// Unreadable: the provider states something, and T does not read it.
	Unreadable bool
}

// UnmarshalJSONFrom reads a T, or skips what is none.
func (o *Optional[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	*o = Optional[T]{}
	if json.Unmarshal(raw, &o.Value) != nil {
		*o = Optional[T]{Unreadable: true} // and nothing of half a value
	}
	return nil
}

// Flag is a boolean that a provider may leave out, or write as 0 and 1 or as a
// word. Absent, null and "" are not known. Anything else is not known either, and
// Unreadable: what the flag says is not known then.
type Flag struct{ Known, Value, Unreadable bool }

// flags are the spellings of a boolean, a text in lower case.
var flags = map[string]Flag{
	"true": {Known: true, Value: true}, "1": {Known: true, Value: true}, "yes": {Known: true, Value: true},
	"false": {Known: true}, "0": {Known: true}, "no": {Known: true},
	"null": {}, "": {},
}

// UnmarshalJSONFrom reads a boolean, 0 or 1, one of their words, or null.
func (f *Flag) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if kind := dec.PeekKind(); kind == '{' || kind == '[' {
		*f = Flag{Unreadable: true}
		return dec.SkipValue()
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	known, ok := flags[strings.ToLower(Text(tok.String()).Trimmed())]
	*f = known
	f.Unreadable = !ok
	return nil
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
