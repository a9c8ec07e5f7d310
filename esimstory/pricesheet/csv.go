package pricesheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/esimkit/esim"
)

// ReadCSV reads a price sheet of comma-separated values (RFC 4180) in UTF-8, up
// to 16 MiB. The first row has the headings; the package documentation lists
// them. Another separator is read if a first line names it, "sep=;".
//
// Without [Skip] it returns every package or none. Every finding is then
// reported, up to a limit, joined into one error that matches [ErrSheet].
func ReadCSV(from io.Reader, options ...Option) ([]esim.Package, error) {
	return read(from, options, (*reader).csv)
}

// record is one row of a file. Broken is why not all of its fields were read.
type record struct {
	line   int
	fields []string
	broken string
}

func (r *reader) csv(doc []byte) error {
	records, err := parse(doc)
	if err != nil {
		return err
	}
	names, err := headings(records)
	if err != nil {
		return err
	}
	for _, rec := range records[1:] {
		r.record(names, rec)
	}
	return nil
}

// parse returns the rows that are not empty, the headings first. A quote out of
// place costs its line, unless it may have begun on an earlier one.
func parse(doc []byte) ([]record, error) {
	if !bytes.Contains(doc, newline) { // as old systems end lines
		doc = bytes.ReplaceAll(doc, []byte("\r"), newline)
	}
	doc, comma := separator(doc)
	table := csv.NewReader(bytes.NewReader(doc))
	table.Comma, table.FieldsPerRecord, table.TrimLeadingSpace = comma, -1, comma != '\t'
	var records []record
	for {
		fields, err := table.Read()
		flaw, flawed := errors.AsType[*csv.ParseError](err)
		switch {
		case errors.Is(err, io.EOF) && len(records) == 0:
			return nil, broken(1, "the sheet is empty")
		case errors.Is(err, io.EOF):
			return records, nil
		case len(records) > maxRows:
			return nil, broken(maxRows, "the sheet has too many rows")
		case flawed && len(records) > 0 && flaw.StartLine == flaw.Line:
			records = append(records, record{line: flaw.Line, fields: fields, broken: quoteProblem(flaw)})
		case flawed:
			return nil, broken(flaw.StartLine, quoteProblem(flaw))
		case err != nil:
			return nil, broken(1, err.Error())
		case slices.ContainsFunc(fields, func(field string) bool { return clean(field) != "" }):
			line, _ := table.FieldPos(0)
			records = append(records, record{line: line, fields: fields})
		}
	}
}

func quoteProblem(flaw *csv.ParseError) string {
	return fmt.Sprintf("byte %d of line %d: %v", flaw.Column, flaw.Line, flaw.Err)
}

// separator reads the line "sep=;", in which spreadsheets name it, and blanks
// that line, so that the others keep their numbers.
func separator(doc []byte) ([]byte, rune) {
	first, rest, _ := bytes.Cut(doc, newline)
	text := strings.ToLower(strings.Trim(string(first), "\r\""))
	name, found := strings.CutPrefix(text, "sep=")
	if !found || len(name) != 1 || !strings.Contains(",;\t|", name) {
		return doc, ','
	}
	return append(bytes.Clone(newline), rest...), rune(name[0])
}

// headings returns the column of each place in a row, "" for one to skip.
func headings(records []record) ([]string, error) {
	var findings []Finding
	first := records[0]
	names := make([]string, len(first.fields))
	seen := make(map[string]bool)
	find := func(column, problem string) {
		findings = append(findings, Finding{Line: first.line, Column: column, Problem: problem})
	}
	leading := true
	for i, field := range first.fields {
		name, known := columnOf(field)
		leading = leading && isNoHeading(field)
		switch {
		case strings.HasPrefix(clean(field), "#"):
			continue
		case isNoHeading(field) && (leading && numbersRows(records[1:], i) || isEmptyColumn(records[1:], i)):
			continue
		case !known:
			find(fmt.Sprintf("%.60q", field), noColumn)
		case seen[name]:
			find(name, "there are two such columns")
		}
		names[i], seen[name] = name, true
	}
	for _, required := range []string{"option_id", "name"} {
		if !seen[required] {
			find(required, "the column is missing")
		}
	}
	if len(findings) > 0 { // the rows would repeat them
		return nil, join(findings)
	}
	return names, nil
}

// isNoHeading: data frames call a column of no name "Unnamed: 0", and the number
// of a row its index.
func isNoHeading(field string) bool {
	name := squeeze(field)
	return name == "" && !strings.HasPrefix(clean(field), "#") ||
		strings.HasPrefix(name, "unnamed") || name == "index" || name == "level0"
}

// numbersRows: in each row a whole number stands there, and grows.
func numbersRows(records []record, column int) bool {
	last := -1
	for _, rec := range records {
		if column >= len(rec.fields) {
			continue // a finding of its own
		}
		n, err := whole(clean(rec.fields[column]))
		if err != nil || n <= last {
			return false
		}
		last = n
	}
	return true
}

func isEmptyColumn(records []record, column int) bool {
	return !slices.ContainsFunc(records, func(rec record) bool {
		return column < len(rec.fields) && !isMissing(clean(rec.fields[column]))
	})
}

// record reads one row. Cells beyond the last heading must be empty.
func (r *reader) record(names []string, rec record) {
	fields := rec.fields
	for len(fields) > len(names) && clean(fields[len(fields)-1]) == "" {
		fields = fields[:len(fields)-1]
	}
	problem := rec.broken
	if problem == "" && len(fields) != len(names) {
		problem = fmt.Sprintf("it has %d cells, and there are %d columns", len(fields), len(names))
	}
	cells := make(map[string]string, len(names))
	repeated := true // the headings, once more
	for i, name := range names[:min(len(names), len(fields))] {
		if name == "" {
			continue
		}
		heading, _ := columnOf(fields[i])
		repeated = repeated && heading == name
		r.cell(cells, name, fields[i])
	}
	switch {
	case problem != "":
		r.find(r.next(rec.line, cells).finding("", problem))
	case !repeated && len(cells) > 0:
		r.add(r.next(rec.line, cells))
	}
}
