package wire

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Rows is a page of a long list. It makes room for a hundred rows at once,
// where growing row by row would copy the page several times over. Absent and
// null are nil, an empty array is not.
type Rows[T any] []T

const roomForRows = 100

// UnmarshalJSONFrom reads an array or null.
func (r *Rows[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case 'n':
		*r = nil
		return dec.SkipValue()
	case '[':
	default:
		return errors.New("not a list")
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	rows := make([]T, 0, roomForRows)
	for dec.PeekKind() != ']' {
		var row T
		rows = append(rows, row)
		if err := json.UnmarshalDecode(dec, &rows[len(rows)-1]); err != nil {
			return err
		}
	}
	*r = rows
	_, err := dec.ReadToken()
	return err
}

// Flag is a boolean that a provider may leave out.
type Flag struct{ Known, Value bool }

// UnmarshalJSONFrom reads a boolean or null.
func (f *Flag) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch tok.Kind() {
	case 't', 'f':
		*f = Flag{Known: true, Value: tok.Bool()}
	case 'n':
		*f = Flag{}
	default:
		return errors.New("not a boolean")
	}
	return nil
}

// Arena cuts many small slices from few large ones. What is cut together stays
// in memory together, so an arena serves one page and no more.
type Arena[T any] struct{ free []T }

const arenaSize = 128

// Take returns a slice of n zero values that appending does not grow in place.
func (a *Arena[T]) Take(n int) []T {
	if n == 0 {
		return nil
	}
	if n > len(a.free) {
		a.free = make([]T, max(n, arenaSize))
	}
	taken := a.free[:n:n]
	a.free = a.free[n:]
	return taken
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
