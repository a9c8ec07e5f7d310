package wire

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Rows are what an answer is asked for: a page of a list. Anything else in its place
// is an error of the whole answer, and never a list without rows. It makes room for
// a hundred rows at once, where growing row by row would copy the page several times
// over. Absent and null are nil, an empty array is not.
type Rows[T any] []T

const roomForRows = 100

// UnmarshalJSONFrom reads an array or null.
func (r *Rows[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) (err error) {
	*r, err = readList[T](dec, errNotRows, new(Texts), func([]byte) int { return roomForRows })
	return err
}

// List is a fact about one thing that has several values, from none to
// hundreds, such as the networks of a package. Anything else in its place is an
// odd cell. Its elements are counted before room is made for them. In a page of
// worldwide packages, growing would leave behind more than the page.
type List[T any] []T

// UnmarshalJSONFrom reads an array or null.
func (l *List[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) (err error) {
	*l, err = readList[T](dec, errNotList, nil, elements)
	return err
}

// Either is a list that stands by itself, or in an object beside other members.
type Either[Row, Object any] struct {
	Rows   Rows[Row]
	Object Object
}

// UnmarshalJSONFrom reads an array into Rows, and anything else into Object.
func (e *Either[Row, Object]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '[' {
		return json.UnmarshalDecode(dec, &e.Rows)
	}
	return json.UnmarshalDecode(dec, &e.Object)
}

var (
	errNotRows = errors.New("not a list of rows")
	errNotList = errors.New("not a list")
)

// readList reads an array or null. Other is the error for anything else, room is how
// many elements to expect, by what follows the opening bracket. Elements that hold
// columns share the texts.
func readList[T any](dec *jsontext.Decoder, other error, texts *Texts, room func(rest []byte) int) ([]T, error) {
	switch dec.PeekKind() {
	case 'n':
		return nil, dec.SkipValue()
	case '[':
	default:
		return nil, other
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	list := make([]T, 0, room(dec.UnreadBuffer()))
	found := carried(dec)
	for dec.PeekKind() != ']' {
		var none T
		list = append(list, none)
		element := &list[len(list)-1]
		if err := readElement(dec, share(element, texts), found); err != nil {
			return nil, err
		}
	}
	_, err := dec.ReadToken()
	return list, err
}

// readElement reads a list's element, strictly unless there is somebody to tell
// what could not be read.
func readElement[T any](dec *jsontext.Decoder, element *T, found *Findings) error {
	if found == nil {
		return json.UnmarshalDecode(dec, element)
	}
	raw, err := dec.ReadValue()
	if err == nil {
		tolerateRow(raw, element, found, printable(dec.StackPointer()))
	}
	return err
}

func share[T any](element *T, texts *Texts) *T {
	if s, ok := any(element).(Sharing); ok && texts != nil {
		s.ShareTexts(texts)
	}
	return element
}

// elements counts the elements up to the closing bracket of a list.
func elements(rest []byte) int {
	n, depth, empty := 1, 0, true
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case ' ', '\t', '\r', '\n':
			continue
		case '"':
			i = endOfString(rest, i)
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 && empty {
				return 0
			} else if depth < 0 {
				return n
			}
		case ',':
			if depth == 0 {
				n++
			}
		}
		empty = false
	}
	return 0 // it has no end, and will be refused
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
