package esimstory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/esimkit/esim"
)

// Bounds of a price sheet: a partner sells some thousands of options.
const (
	maxSheetBytes = 16 << 20
	maxSheetRows  = 100_000
	maxFindings   = 20
)

// SheetError is one finding in a price sheet.
type SheetError struct {
	Line    int    // of the file, from 1; in JSON that on which the package begins
	Column  string // "" = the line as a whole
	Problem string
}

// Error returns "line 14: price: …".
func (e *SheetError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
	}
	return fmt.Sprintf("line %d: %s: %s", e.Line, e.Column, e.Problem)
}

// ErrSheet is matched by every error about the content of a price sheet.
// What is wrong where is in the [*SheetError] values it is joined with.
var ErrSheet = errors.New("esimstory: the price sheet has errors")

// readSheet reads a sheet whole, without a byte order mark.
func readSheet(r io.Reader) ([]byte, error) {
	doc, err := io.ReadAll(io.LimitReader(r, maxSheetBytes+1))
	if err != nil {
		return nil, fmt.Errorf("esimstory: reading the price sheet: %w", err)
	}
	doc = bytes.TrimPrefix(doc, []byte("\ufeff"))
	switch {
	case len(doc) > maxSheetBytes:
		return nil, sheetError(1, fmt.Sprintf("the sheet is larger than %d bytes", maxSheetBytes))
	case !utf8.Valid(doc) || bytes.IndexByte(doc, 0) >= 0:
		return nil, sheetError(1, "the sheet is not UTF-8 text; save it as such")
	}
	return doc, nil
}

// sheetError is the error of a sheet that cannot be read any further.
func sheetError(line int, problem string) error {
	return errors.Join(ErrSheet, &SheetError{Line: line, Problem: problem})
}

// row is one package of a sheet: the texts of its cells by column.
type row struct {
	line  int
	cells map[string]string
}

// loader turns rows into packages and collects what is wrong with them.
type loader struct {
	packages []esim.Package
	lines    map[string]int // where an option was, by folded id
	findings []error
	more     int // findings beyond the limit
}

func (l *loader) find(line int, column, problem string) {
	if len(l.findings) == maxFindings {
		l.more++
		return
	}
	l.findings = append(l.findings, &SheetError{Line: line, Column: column, Problem: problem})
}

// add reads one row.
func (l *loader) add(r row) {
	if l.lines == nil {
		l.lines = make(map[string]int)
	}
	p := esim.Package{Provider: esim.ESIMStory}
	for _, c := range columns {
		if err := c.read(&p, r.cells); err != nil {
			l.find(r.line, c.name, strings.TrimPrefix(err.Error(), "esim: "))
		}
	}
	if first, twice := l.lines[fold(p.ID)]; twice && p.ID != "" {
		l.find(r.line, "option_id", fmt.Sprintf("is that of line %d", first))
		return
	}
	l.lines[fold(p.ID)] = r.line
	l.packages = append(l.packages, p)
}

// result returns the packages, or everything that was found.
func (l *loader) result() ([]esim.Package, error) {
	if len(l.findings) == 0 && len(l.packages) == 0 {
		return nil, sheetError(1, "the sheet has no packages")
	}
	if len(l.findings) == 0 {
		return l.packages, nil
	}
	findings := append([]error{ErrSheet}, l.findings...)
	if l.more > 0 {
		findings = append(findings, fmt.Errorf("and %d more", l.more))
	}
	return nil, errors.Join(findings...)
}

// columnName is how a heading is compared: "Option ID" is option_id.
func columnName(heading string) string {
	return strings.Join(strings.Fields(strings.ToLower(strings.ReplaceAll(heading, "_", " "))), "_")
}

// unknownColumn refuses a heading that no column has, since a misspelt "price"
// would cost the price guard.
func unknownColumn(name string) bool {
	for _, c := range columns {
		if c.name == name {
			return false
		}
	}
	return true
}
