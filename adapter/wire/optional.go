package wire

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Optional is a member beside the point of an answer. In a form that T does
// not read it counts as absent, so that it does not spoil an answer that was
// paid for.
type Optional[T any] struct{ Value T }

// UnmarshalJSONFrom reads a T, or skips what is none.
func (l *Optional[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	var value, none T
	if json.Unmarshal(raw, &value) != nil {
		value = none
	}
	l.Value = value
	return nil
}
