package wire

import (
	"bytes"
	"errors"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Findings are what could not be read of a document that was read all the same.
type Findings struct {
	Cells int    // values in a form that their field does not have; they count as not stated
	Rows  int    // elements of lists of which nothing could be read; they are zero values
	First string // where the first of them stands, as in "/data/packages/7/cost"
}

// Any reports whether something could not be read. A list of which something
// could not be read proves no absence.
func (f Findings) Any() bool { return f.Cells > 0 || f.Rows > 0 }

func (f *Findings) add(cells, rows int, where string) {
	if !f.Any() {
		f.First = where
	}
	f.Cells, f.Rows = f.Cells+cells, f.Rows+rows
}

// DecodeTolerant is [DecodeRows] for an answer by which nothing is decided: a
// list, or a read of one eSIM. A value in another form than that of its field
// counts as not stated, and is a finding. In a [Rows] or a [List] it costs no
// more than itself, or its row where the row cannot be read without it.
//
// A document that is not JSON, ends early, or has a name twice or text behind it
// is an error as ever. So is anything else in the place of [Rows] or of a slice,
// outside of a row: it would read as a list without rows. What an answer must have
// is the caller's to check, for a value that cannot be read is missing.
func DecodeTolerant(doc []byte, rows int, out any) (Findings, error) {
	doc = withoutMark(doc)
	if err := withinBounds(doc, rows); err != nil {
		return Findings{}, err
	}
	err := json.Unmarshal(doc, out)
	if _, odd := errors.AsType[*json.SemanticError](err); odd {
		reflect.ValueOf(out).Elem().SetZero()
		return tolerate(doc, out)
	}
	return Findings{}, describe(err)
}

const (
	maxOddCells   = 32      // of one row, and of a document beside its rows
	toleratedWork = 8 << 20 // bytes that are read again and again to get there
)

// tolerate decodes doc, in which cells become null until the rest can be read.
func tolerate(doc []byte, out any) (Findings, error) {
	var own Findings
	for left := min(max(toleratedWork/len(doc), 2), maxOddCells); ; left-- {
		below := own
		err := json.Unmarshal(doc, out, carry(&below))
		if err == nil {
			return below, nil
		}
		odd, ok := oddCell(doc, err)
		if !ok || left == 0 || odd.list || odd.where == "" {
			return Findings{}, describe(err)
		}
		doc = odd.blank(doc)
		own.add(1, 0, odd.where)
		reflect.ValueOf(out).Elem().SetZero()
	}
}

// tolerateRow does so for an element of a list. One that cannot be read is the
// zero value, and a finding.
func tolerateRow[T any](raw []byte, out *T, found *Findings, where string) {
	if json.Unmarshal(raw, out) == nil {
		return
	}
	doc := bytes.Clone(raw)
	var own Findings
	for range maxOddCells {
		var row T
		below := own
		err := json.Unmarshal(doc, &row, carry(&below))
		if err == nil {
			*out = row
			found.add(below.Cells, below.Rows, where+below.First)
			return
		}
		odd, ok := oddCell(doc, err)
		if !ok || odd.where == "" {
			break
		}
		doc = odd.blank(doc)
		own.add(1, 0, odd.where)
	}
	*out = *new(T)
	found.add(0, 1, where)
}

// cell is a value that could not be read.
type cell struct {
	from, to int
	where    string
	list     bool // something else stands in the place of a list
}

// oddCell returns the cell that an error of the library is about.
func oddCell(doc []byte, err error) (cell, bool) {
	se, ok := errors.AsType[*json.SemanticError](err)
	if !ok || se.ByteOffset < 0 || se.ByteOffset >= int64(len(doc)) {
		return cell{}, false
	}
	from := int(se.ByteOffset)
	dec := jsontext.NewDecoder(bytes.NewReader(doc[from:]), jsontext.AllowDuplicateNames(true))
	if _, unread := dec.ReadValue(); unread != nil {
		return cell{}, false
	}
	list := errors.Is(err, errNotRows)
	if t := se.GoType; t != nil && !errors.Is(err, errNotList) && (t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		list = true
	}
	return cell{from, from + int(dec.InputOffset()), printable(se.JSONPointer), list}, true
}

func (c cell) blank(doc []byte) []byte {
	return append(append(bytes.Clone(doc[:c.from]), "null"...), doc[c.to:]...)
}

// printable keeps names that a program gives, and hides others: a name may be
// a text of the provider.
func printable(at jsontext.Pointer) string {
	var b strings.Builder
	for name := range at.Tokens() {
		if len(name) > 40 || !plain(name) {
			name = "?"
		}
		b.WriteString("/" + name)
	}
	return b.String()
}

func plain(name string) bool {
	for i := range len(name) {
		if c := name[i]; c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// sink is how findings reach the lists of a document: the library hands options
// down to them, and an unmarshaler is the one option that can hold something.
type sink struct{ found *Findings }

func carry(found *Findings) json.Options {
	return json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, s *sink) error {
		s.found = found
		return dec.SkipValue()
	}))
}

// carried returns nil for a decoder that is strict.
func carried(dec *jsontext.Decoder) *Findings {
	list, ok := json.GetOption(dec.Options(), json.WithUnmarshalers)
	if !ok || list == nil {
		return nil
	}
	var s sink
	if json.Unmarshal([]byte("null"), &s, json.WithUnmarshalers(list)) != nil {
		return nil
	}
	return s.found
}
