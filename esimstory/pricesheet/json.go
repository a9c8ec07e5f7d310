package pricesheet

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// ReadJSON reads a price sheet that is a JSON array of objects, or one object a
// line. Members are named and filled like the columns of [ReadCSV]. A number may
// stand for its text, except in data, which needs its unit. Countries may be an
// array of texts:
//
//	[{"option_id": "a1b2…", "name": "Japan 5 GB", "countries": ["JP"],
//	  "data": "5 GB", "days": 30, "price": 4.1, "currency": "USD"}]
//
// Findings are reported as ReadCSV does, with the line on which the object
// begins.
func ReadJSON(from io.Reader, options ...Option) ([]esim.Package, error) {
	return read(from, options, (*reader).json)
}

var newline = []byte("\n")

func (r *reader) json(doc []byte) error {
	doc = withoutNaN(doc)
	var objects []wire.Raw
	first, _, _ := bytes.Cut(bytes.TrimSpace(doc), newline)
	if _, ok := membersOf(first); ok {
		return r.lines(doc)
	}
	if err := wire.DecodeRows(doc, maxRows+1, &objects); err != nil {
		return broken(1, "the sheet is not a JSON array: "+err.Error())
	}
	if len(objects) > maxRows {
		return broken(maxRows, "the sheet has too many rows")
	}
	line := 1
	for _, object := range objects {
		// Values are kept byte for byte, and between two of them there is
		// nothing but space and a comma.
		before, after, _ := bytes.Cut(doc, object)
		line += bytes.Count(before, newline)
		r.object(line, object)
		line += bytes.Count(object, newline)
		doc = after
	}
	return nil
}

// lines reads one object a line.
func (r *reader) lines(doc []byte) error {
	line := 0
	for object := range bytes.SplitSeq(doc, newline) {
		line++
		if object = bytes.TrimSpace(object); len(object) > 0 {
			r.object(line, object)
		}
		if r.count > maxRows {
			return broken(line, "the sheet has too many rows")
		}
	}
	return nil
}

// withoutNaN writes empty texts, of the same length, for the NaN with which some
// programs write a missing number. JSON has no such word.
func withoutNaN(doc []byte) []byte {
	nan := []byte("NaN")
	if !bytes.Contains(doc, nan) {
		return doc
	}
	doc = bytes.Clone(doc)
	text := false
	for i := 0; i < len(doc); i++ {
		switch {
		case doc[i] == '"':
			text = !text
		case text && doc[i] == '\\':
			i++
		case !text && bytes.HasPrefix(doc[i:], nan):
			copy(doc[i:], `"" `)
			i += len(nan) - 1
		}
	}
	return doc
}

// membersOf returns the members of an object, and not ok for anything else.
func membersOf(object wire.Raw) (members map[string]wire.Raw, ok bool) {
	err := wire.Decode(object, &members)
	return members, err == nil && members != nil
}

const noColumn = "there is no such column; put # before its name to have it skipped"

func (r *reader) object(line int, object wire.Raw) {
	members, ok := membersOf(object)
	if !ok {
		r.find(r.next(line, nil).finding("", "it is not an object"))
		return
	}
	cells := make(map[string]string, len(members))
	seen := make(map[string]bool, len(members))
	var faults []Finding
	for _, heading := range slices.Sorted(maps.Keys(members)) {
		name, known := columnOf(heading)
		text, ok := cellText(name, members[heading])
		switch {
		case strings.HasPrefix(clean(heading), "#"), isNoHeading(heading) && ok && r.isIndex(heading, text):
		case !known:
			faults = append(faults, Finding{Column: fmt.Sprintf("%.60q", heading), Problem: noColumn})
		case seen[name]:
			faults = append(faults, Finding{Column: name, Problem: "it is given twice"})
		case !ok:
			faults = append(faults, Finding{Column: name, Problem: "it is neither a text nor a number"})
		default:
			r.cell(cells, name, text)
		}
		seen[name] = true
	}
	if len(cells) == 0 && len(faults) == 0 {
		return // a row of empty cells is no package
	}
	from := r.next(line, cells)
	for _, fault := range faults {
		r.find(from.finding(fault.Column, fault.Problem))
	}
	r.add(from)
}

// isIndex: it is empty, or the number of a row and larger than the one before.
func (r *reader) isIndex(heading, text string) bool {
	n, err := whole(clean(text))
	if err != nil {
		return isMissing(clean(text))
	}
	last, again := r.index[heading]
	r.index[heading] = n
	return !again || n > last
}

// cellText returns a text, or a number as it is written; null is "". A price that
// a program wrote as a number is without the noise of its double. Countries may be
// a list of texts too.
func cellText(name string, raw wire.Raw) (text string, ok bool) {
	var number wire.Number
	if (name == "price" || name == "min_price") && !bytes.HasPrefix(raw, []byte(`"`)) && wire.Decode(raw, &number) == nil {
		return number.String(), true
	}
	var one wire.Text
	if wire.Decode(raw, &one) == nil {
		return one.String(), true
	}
	var list []string
	if name != "countries" || wire.Decode(raw, &list) != nil {
		return "", false
	}
	return strings.Join(list, ";"), true
}
