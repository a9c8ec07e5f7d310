package wire

import (
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
