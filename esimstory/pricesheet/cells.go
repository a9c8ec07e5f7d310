package pricesheet

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// cell puts the text of a cell into cells, unless the cell is empty.
func (r *reader) cell(cells map[string]string, name, text string) {
	text = clean(text)
	switch {
	case strings.EqualFold(text, missing) && (name == "countries" || name == "region"):
	case isMissing(text):
		r.missingNA = r.missingNA || text == missing
		return
	}
	cells[name] = text
}

// missing is an empty cell to some programs, and to others Namibia or North
// America.
const missing = "NA"

// isMissing: programs write these words into an empty cell.
func isMissing(text string) bool {
	return slices.Contains([]string{"", "na", "n/a", "nan", "<na>", "nat", "null", "none", "nil"}, strings.ToLower(text))
}

// clean returns the text that people see in a cell: without what cannot be seen
// around it, and with plain spaces within. Spreadsheets write ="0012" so that
// a text is not taken for a number.
func clean(text string) string {
	text = trim(text)
	if formula, ok := strings.CutPrefix(text, `="`); ok && strings.HasSuffix(formula, `"`) {
		text = trim(strings.TrimSuffix(formula, `"`))
	}
	return strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Zs, c) {
			return ' '
		}
		return c
	}, text)
}

func trim(text string) string {
	return strings.TrimFunc(text, func(c rune) bool { return unicode.IsSpace(c) || unicode.Is(unicode.Cf, c) })
}

// columnOf returns the column that a heading names. Programs change spaces,
// underscores and letter case.
func columnOf(heading string) (name string, known bool) {
	squeezed := squeeze(heading)
	for _, c := range columns {
		if strings.ReplaceAll(c.name, "_", "") == squeezed {
			return c.name, true
		}
	}
	return squeezed, false
}

// squeeze returns the letters and digits of a heading in lower case.
func squeeze(heading string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, heading)
}

const maxWhole = 100_000

var errWhole = errors.New("it is not a whole number")

// whole reads a whole number. Data frames write 30.0 as soon as another cell of
// the column is empty, spreadsheets write 30,00, and thousands may be set off by
// a space. A separator with three digits after it may be that of thousands or
// of decimals.
func whole(text string) (int, error) {
	digits, zeros := ungroup(text), ""
	if i := strings.IndexAny(digits, ".,"); i >= 0 {
		digits, zeros = digits[:i], digits[i+1:]
	}
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || n < 0 || n > maxWhole || strconv.Itoa(n) != digits || strings.Trim(zeros, "0") != "":
		return 0, errWhole
	case len(zeros) == 3 && n > 0 && n < 1000:
		return 0, fmt.Errorf("it may be %d or %d000; write it without a separator", n, n)
	}
	return n, nil
}

// ungroup takes the spaces out of "100 000".
func ungroup(text string) string {
	groups := strings.Split(text, " ")
	for i, group := range groups {
		if i > 0 && len(group) != 3 || i == 0 && len(groups) > 1 && len(group) > 3 {
			return text
		}
	}
	return strings.Join(groups, "")
}

// listed returns the elements of a list of texts. Without brackets there is ;
// or a line end between them; with brackets it is a list as programs print it,
// ['JP', "Côte d'Ivoire"].
func listed(text string) ([]string, error) {
	inner, open := strings.CutPrefix(text, "[")
	if !open {
		return strings.FieldsFunc(text, func(c rune) bool { return c == ';' || c == '\n' }), nil
	}
	inner, closed := strings.CutSuffix(inner, "]")
	var list []string
	for inner = trim(inner); inner != ""; inner = trim(inner) {
		quote := inner[:1]
		element, rest, ended := strings.Cut(inner[1:], quote)
		if !strings.Contains(`'"`, quote) || !ended || strings.Contains(element, `\`) {
			return nil, errList
		}
		list = append(list, element)
		rest, more := strings.CutPrefix(trim(rest), ",")
		if !more && rest != "" {
			return nil, errList
		}
		inner = rest
	}
	if !closed {
		return nil, errList
	}
	return list, nil
}

var errList = errors.New("it is not a list of countries; write them with ; between them")
