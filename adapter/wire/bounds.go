package wire

import (
	"bytes"
	"errors"
	"slices"
)

// Bounds of a document, so that a small one cannot make large structures: a row
// of three bytes, {}, takes some nine hundred once it is decoded. No document
// of a provider comes near them.
const (
	maxDepth   = 64    // brackets in brackets; documented answers have seven levels
	maxMembers = 1_000 // of one object; the names are kept to find doubles
	perRow     = 40    // elements of all lists together for each row: a hundred packages have 400 networks each

	// DefaultRows is how many elements one list has at most, where the call
	// states no other bound. No page has more than a hundred.
	DefaultRows = 1_000
)

var (
	errDepth    = errors.New("JSON is nested too deeply")
	errRows     = errors.New("a list has far more rows than were asked for")
	errMembers  = errors.New("a JSON object has too many members")
	errElements = errors.New("the lists have too many elements together")
)

// withinBounds looks closely only at a document that may be large.
func withinBounds(doc []byte, rows int) error {
	commas := bytes.Count(doc, []byte{','})
	if commas < min(rows, maxMembers) && !maybeDeep(doc) {
		return nil
	}
	return measure(doc, rows)
}

// stretch is short enough that no honest answer opens maxDepth brackets in it.
const stretch = 1 << 10

// maybeDeep counts the brackets of one stretch after the other, those in
// strings included, which costs a tenth of telling them apart. Strings made to
// mislead it get a document past this limit, not past the decoder's own.
func maybeDeep(doc []byte) bool {
	depth := 0
	for part := range slices.Chunk(doc, stretch) {
		opened := bytes.Count(part, []byte{'{'}) + bytes.Count(part, []byte{'['})
		if depth+opened > maxDepth {
			return true
		}
		depth += opened - bytes.Count(part, []byte{'}'}) - bytes.Count(part, []byte{']'})
		depth = max(depth, 0)
	}
	return false
}

// level is an open bracket: how many more commas may follow in it.
type level struct {
	left int
	list bool
}

// measure counts brackets and commas outside strings, and is exact up to the
// first place that is no JSON, where the decoder stops.
func measure(doc []byte, rows int) error {
	var levels [maxDepth + 1]level
	depth, elements := 0, 0
	for i := 0; i < len(doc); i++ {
		switch doc[i] {
		case '"':
			i = endOfString(doc, i)
		case '{', '[':
			if depth++; depth > maxDepth {
				return errDepth
			}
			levels[depth] = level{left: maxMembers}
			if doc[i] == '[' {
				levels[depth] = level{left: rows, list: true}
				elements++
			}
		case '}', ']':
			if depth--; depth < 0 {
				return nil // the decoder's to refuse
			}
		case ',':
			at := &levels[depth]
			at.left--
			switch {
			case at.list:
				if elements++; at.left <= 0 {
					return errRows
				}
			case depth == 0:
				return nil // the decoder's to refuse
			case at.left <= 0:
				return errMembers
			}
		}
		if elements > rows*perRow {
			return errElements
		}
	}
	return nil
}

// endOfString returns where the string ends that begins at i. Strings are
// short, so stepping through them is faster than searching for their end.
func endOfString(doc []byte, i int) int {
	for i++; i < len(doc) && doc[i] != '"'; i++ {
		if doc[i] == '\\' {
			i++
		}
	}
	return i
}
