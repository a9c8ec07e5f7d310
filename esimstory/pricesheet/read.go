package pricesheet

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/esimkit/esim"
)

// Bounds of a price sheet: a partner sells some thousands of options.
const (
	maxBytes    = 16 << 20
	maxRows     = 100_000
	maxFindings = 20 // in one error
)

// ErrSheet is matched by every error about the content of a price sheet. The
// error holds a [Finding] for each problem.
var ErrSheet = errors.New("pricesheet: the price sheet has errors")

// Finding is one problem of a price sheet.
type Finding struct {
	Line    int    // of the file, from 1; in JSON that on which the package begins
	Package int    // place of the package in the sheet, from 1; 0 = the sheet as a whole
	ID      string // option_id of the package, its name where it has no id, or ""
	Column  string // "" = the line as a whole
	Problem string
}

// Error returns `line 14: package 13 "a1b2…": price: …`. It repeats no more of
// the sheet than the id and, in some problems, the beginning of a cell.
func (f Finding) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "line %d: ", f.Line)
	if f.Package > 0 {
		fmt.Fprintf(&text, "package %d", f.Package)
		if f.ID != "" {
			fmt.Fprintf(&text, " %.60q", f.ID)
		}
		text.WriteString(": ")
	}
	if f.Column != "" {
		text.WriteString(f.Column + ": ")
	}
	return text.String() + f.Problem
}

// Option changes how a sheet is read.
type Option func(*reader)

// Skip leaves out the packages that cannot be read, and reports every finding,
// in the order of the lines, before the others are returned. Nothing is left
// out in silence: with a nil report Skip changes nothing.
//
// Two packages under one option_id are both left out, unless they are equal.
// A sheet that cannot be read as a whole, or of which no package is left, is an
// error all the same.
func Skip(report func(Finding)) Option {
	return func(r *reader) { r.report = report }
}

// reader turns rows into packages and collects what is wrong with them.
type reader struct {
	report   func(Finding) // nil: the sheet is read whole or not at all
	count    int           // rows so far
	kept     []keptPackage
	byID     map[string]keptPackage // by option id in lower case
	findings []Finding
	bad      map[int]bool // places of packages with a finding
	// NA is an empty cell to some programs, and the code of Namibia. Sheets that
	// have it for the one do not have it for the other.
	missingNA bool
	namibia   []row
	index     map[string]int // the last row number, by the heading that it stands under
}

type keptPackage struct {
	esim.Package
	line, place int
}

// row is one package of a sheet: the texts of its cells by column.
type row struct {
	line, place int
	cells       map[string]string
}

func (r row) finding(column, problem string) Finding {
	return Finding{
		Line: r.line, Package: r.place, ID: cmp.Or(r.cells["option_id"], r.cells["name"]),
		Column: column, Problem: problem,
	}
}

// read reads a sheet whole, hands it to rows, and returns what that has added.
func read(from io.Reader, options []Option, rows func(*reader, []byte) error) ([]esim.Package, error) {
	doc, err := io.ReadAll(io.LimitReader(from, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("pricesheet: reading the price sheet: %w", err)
	}
	doc = bytes.TrimPrefix(doc, []byte("\ufeff"))
	switch {
	case len(doc) > maxBytes:
		return nil, broken(1, fmt.Sprintf("the sheet is larger than %d bytes", maxBytes))
	case !utf8.Valid(doc) || bytes.IndexByte(doc, 0) >= 0:
		return nil, broken(1, "the sheet is not UTF-8 text; save it as such")
	}
	r := &reader{byID: make(map[string]keptPackage), bad: make(map[int]bool), index: make(map[string]int)}
	for _, option := range options {
		option(r)
	}
	if err := rows(r, doc); err != nil {
		return nil, err
	}
	return r.result()
}

// broken is the error of a sheet that cannot be read as a whole.
func broken(line int, problem string) error {
	return errors.Join(ErrSheet, Finding{Line: line, Problem: problem})
}

// next returns the row that follows.
func (r *reader) next(line int, cells map[string]string) row {
	r.count++
	return row{line: line, place: r.count, cells: cells}
}

func (r *reader) find(f Finding) {
	r.findings = append(r.findings, f)
	r.bad[f.Package] = true
}

// add reads the package of a row.
func (r *reader) add(from row) {
	p := keptPackage{Package: esim.Package{Provider: provider}, line: from.line, place: from.place}
	for _, c := range columns {
		if err := c.read(&p.Package, from.cells); err != nil {
			r.find(from.finding(c.name, err.Error()))
		}
	}
	if strings.EqualFold(from.cells["countries"], missing) {
		r.namibia = append(r.namibia, from)
	}
	first, twice := r.byID[fold(p.ID)]
	switch {
	case p.ID == "":
	case twice:
		r.find(from.finding("option_id", fmt.Sprintf("is that of package %d in line %d", first.place, first.line)))
		if !equal(first.Package, p.Package) {
			r.bad[first.place] = true
		}
	default:
		r.byID[fold(p.ID)] = p
		r.kept = append(r.kept, p)
	}
}

// result returns the packages that are good, or everything that was found.
func (r *reader) result() ([]esim.Package, error) {
	if r.missingNA {
		for _, from := range r.namibia {
			r.find(from.finding("countries", "NA may be Namibia or an empty cell; write NAM, or leave it empty"))
		}
	}
	slices.SortStableFunc(r.findings, func(a, b Finding) int {
		return cmp.Or(a.Line-b.Line, a.Package-b.Package)
	})
	if len(r.findings) > 0 && r.report == nil {
		return nil, join(r.findings)
	}
	packages := make([]esim.Package, 0, len(r.kept))
	for _, p := range r.kept {
		if !r.bad[p.place] {
			packages = append(packages, p.Package)
		}
	}
	for _, f := range r.findings {
		r.report(f)
	}
	switch {
	case r.count == 0:
		return nil, broken(1, "the sheet has no packages")
	case len(packages) == 0:
		return nil, broken(1, fmt.Sprintf("none of the %d packages can be read", r.count))
	}
	return packages, nil
}

// join joins findings, up to a limit.
func join(findings []Finding) error {
	joined := []error{ErrSheet}
	for _, f := range findings[:min(len(findings), maxFindings)] {
		joined = append(joined, f)
	}
	if more := len(findings) - maxFindings; more > 0 {
		joined = append(joined, fmt.Errorf("and %d more", more))
	}
	return errors.Join(joined...)
}
