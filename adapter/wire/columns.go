package wire

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Texts keeps one copy of each text that comes again and again over a page, such as
// the names of networks. The zero value is ready.
type Texts struct {
	known map[string]string
	free  strings.Builder // new texts are cut from it, many from one allocation
}

const (
	maxTexts = 4096 // bounds what a page can make it keep
	textRoom = 1024 // bytes; a text that is kept keeps so many others in memory
)

func (t *Texts) of(text []byte) string {
	if known, ok := t.known[string(text)]; ok {
		return known
	}
	if t.known == nil {
		t.known = make(map[string]string)
	}
	if t.free.Cap()-t.free.Len() < len(text) {
		t.free.Reset() // the texts that were cut from it stay as they are
		t.free.Grow(max(len(text), textRoom))
	}
	start := t.free.Len()
	t.free.Write(text)
	own := t.free.String()[start:]
	if len(t.known) < maxTexts {
		t.known[own] = own
	}
	return own
}

// Sharing is implemented by rows that hold [Columns]. The rows of one page share
// their texts.
type Sharing interface{ ShareTexts(t *Texts) }

// Members names the members of which [Columns] are read.
type Members interface{ Members() []string }

// Columns is a list of flat objects in a row of a page, hundreds of which repeat a
// few texts: of each object the texts of the members that M names, in this order.
// A number is its digits. What is absent, null or neither text nor number is "". So
// are all texts of an element that is no object.
type Columns[M Members] struct {
	texts *Texts
	cells []string
}

// Share lets the list use the texts of a page.
func (c *Columns[M]) Share(t *Texts) { c.texts = t }

// Rows returns the texts of each object.
func (c *Columns[M]) Rows() func(yield func(cells []string) bool) {
	return func(yield func([]string) bool) {
		var m M
		width := len(m.Members())
		for i := 0; i+width <= len(c.cells); i += width {
			if !yield(c.cells[i : i+width]) {
				return
			}
		}
	}
}

// Len returns how many elements the list has.
func (c *Columns[M]) Len() int {
	var m M
	return len(c.cells) / len(m.Members())
}

// UnmarshalJSONFrom reads an array or null. Anything else in its place is an empty
// list.
func (c *Columns[M]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	c.cells = nil
	if dec.PeekKind() != '[' {
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	var m M
	names := m.Members()
	c.cells = make([]string, 0, len(names)*elements(dec.UnreadBuffer()))
	if c.texts == nil {
		c.texts = new(Texts)
	}
	for dec.PeekKind() != ']' {
		at := len(c.cells)
		for range names {
			c.cells = append(c.cells, "")
		}
		if err := c.object(dec, names, c.cells[at:]); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func (c *Columns[M]) object(dec *jsontext.Decoder, names, cells []string) error {
	if dec.PeekKind() != '{' {
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadValue()
		if err != nil {
			return err
		}
		column := place(names, name)
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if column >= 0 {
			if text, ok := textIn(value); ok {
				cells[column] = c.texts.of(text)
			}
		}
	}
	_, err := dec.ReadToken()
	return err
}

// place returns which name a quoted one is, -1 for none.
func place(names []string, quoted []byte) int {
	for i, name := range names {
		if len(quoted) == len(name)+2 && string(quoted[1:len(quoted)-1]) == name {
			return i
		}
	}
	return -1
}

// textIn returns the text of a string, or the digits of a number; false for any other
// value.
func textIn(value jsontext.Value) (text []byte, ok bool) {
	switch value.Kind() {
	case '0':
		return value, true
	case '"':
		if bytes.IndexByte(value, '\\') < 0 {
			return value[1 : len(value)-1], true
		}
		text, err := jsontext.AppendUnquote(nil, value)
		return text, err == nil
	default:
		return nil, false
	}
}
