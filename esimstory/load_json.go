package esimstory

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

// LoadCatalogJSON reads a price sheet: a JSON array of objects whose members
// are named and filled like the columns of [LoadCatalogCSV]. A number may
// stand for its text, except in data, which needs its unit, and countries may
// be an array of texts:
//
//	[{"option_id": "a1b2…", "name": "Japan 5 GB", "countries": ["JP"],
//	  "data": "5 GB", "days": 30, "price": 4.1, "currency": "USD"}]
//
// Findings are reported as LoadCatalogCSV does, with the line on which the
// object begins.
func LoadCatalogJSON(r io.Reader) ([]esim.Package, error) {
	doc, err := readSheet(r)
	if err != nil {
		return nil, err
	}
	var objects []wire.Raw
	if err := wire.DecodeRows(doc, maxSheetRows+1, &objects); err != nil {
		return nil, sheetError(1, "the sheet is not a JSON array: "+err.Error())
	}
	if len(objects) > maxSheetRows {
		return nil, sheetError(maxSheetRows, "the sheet has too many rows")
	}
	var l loader
	line := 1
	for _, object := range objects {
		// Values are kept byte for byte, and between two of them there is
		// nothing but space and a comma.
		before, after, _ := bytes.Cut(doc, object)
		line += bytes.Count(before, newline)
		l.object(line, object)
		line += bytes.Count(object, newline)
		doc = after
	}
	return l.result()
}

var newline = []byte("\n")

func (l *loader) object(line int, object wire.Raw) {
	var members map[string]wire.Raw
	if wire.Decode(object, &members) != nil || members == nil {
		l.find(line, "", "it is not an object")
		return
	}
	r := row{line: line, cells: make(map[string]string, len(members))}
	for _, heading := range slices.Sorted(maps.Keys(members)) {
		name := columnName(heading)
		_, twice := r.cells[name]
		text, ok := cellText(name, members[heading])
		switch {
		case strings.HasPrefix(name, "#"):
		case unknownColumn(name):
			l.find(line, fmt.Sprintf("%.60q", heading), "there is no such column; put # before its name to have it skipped")
		case twice:
			l.find(line, name, "it is given twice")
		case !ok:
			l.find(line, name, "it is neither a text nor a number")
		default:
			r.cells[name] = text
		}
	}
	l.add(r)
}

// cellText returns a text, or a number as it is written; null is "".
// Countries may be a list of texts too.
func cellText(name string, raw wire.Raw) (text string, ok bool) {
	var one wire.Text
	if wire.Decode(raw, &one) == nil {
		return strings.TrimSpace(one.String()), true
	}
	var list []string
	if name != "countries" || wire.Decode(raw, &list) != nil {
		return "", false
	}
	return strings.Join(list, ";"), true
}
