package esimstory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/esimkit/esim"
)

// LoadCatalogCSV reads a price sheet: comma-separated values (RFC 4180) in
// UTF-8, with or without a byte order mark, up to 16 MiB. The first line has
// the names of the columns, in any order and letter case:
//
//	option_id      the id to order by; required
//	name           what to call it; required
//	countries      ISO 3166-1 codes or English names, with ; between them
//	region         the partner's own word
//	kind           local, regional or global; empty = by the number of countries
//	data           a size with its unit, "5 GB" (10⁹ bytes) or "5 GiB", or "unlimited"
//	days           validity
//	price          of one unit, "2.72"
//	currency       ISO 4217, required with a price
//	voice_minutes
//	sms
//
// An empty cell and a missing column mean "not stated". A column whose name
// begins with # is skipped; any other one is an error.
//
// Every finding is reported, up to a limit, joined into one error that matches
// [ErrSheet]: "line 14: price: …". No package is returned then, since half a
// price sheet is a wrong one.
func LoadCatalogCSV(r io.Reader) ([]esim.Package, error) {
	doc, err := readSheet(r)
	if err != nil {
		return nil, err
	}
	table := csv.NewReader(bytes.NewReader(doc))
	table.FieldsPerRecord = -1 // checked below, with a line number
	var l loader
	headings, err := l.headings(table)
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		fields, err := table.Read()
		if errors.Is(err, io.EOF) {
			return l.result()
		}
		if err != nil || n == maxSheetRows {
			return nil, broken(err)
		}
		line, _ := table.FieldPos(0)
		if len(fields) != len(headings) {
			l.find(line, "", fmt.Sprintf("it has %d cells, and there are %d columns", len(fields), len(headings)))
			continue
		}
		l.add(row{line: line, cells: cells(headings, fields)})
	}
}

// headings reads the first line. The name of a column to skip is "".
func (l *loader) headings(table *csv.Reader) ([]string, error) {
	fields, err := table.Read()
	if err != nil {
		return nil, broken(err)
	}
	line, _ := table.FieldPos(0)
	names := make([]string, len(fields))
	seen := make(map[string]bool)
	for i, field := range fields {
		name := columnName(field)
		switch {
		case strings.HasPrefix(name, "#"):
			continue
		case unknownColumn(name):
			l.find(line, fmt.Sprintf("%.60q", field), "there is no such column; put # before its name to have it skipped")
		case seen[name]:
			l.find(line, name, "there are two such columns")
		}
		names[i], seen[name] = name, true
	}
	for _, required := range []string{"option_id", "name"} {
		if !seen[required] {
			l.find(line, required, "the column is missing")
		}
	}
	if len(l.findings) > 0 { // the rows would say the same again and again
		_, err := l.result()
		return nil, err
	}
	return names, nil
}

func cells(headings, fields []string) map[string]string {
	m := make(map[string]string, len(headings))
	for i, name := range headings {
		if name != "" {
			m[name] = strings.TrimSpace(fields[i])
		}
	}
	return m
}

// broken is the error of a sheet that cannot be read on.
func broken(err error) error {
	if err == nil {
		return sheetError(maxSheetRows, "the sheet has too many rows")
	}
	if errors.Is(err, io.EOF) {
		return sheetError(1, "the sheet is empty")
	}
	line, problem := 1, err.Error()
	if pe, ok := errors.AsType[*csv.ParseError](err); ok {
		line, problem = pe.Line, fmt.Sprintf("column %d: %v", pe.Column, pe.Err)
	}
	return sheetError(line, problem)
}
