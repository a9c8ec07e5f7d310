package router

import "fmt"

// Rules are the parts of the protocol that tests switch off.
var Rules = []string{"claim first", "bar", "own references", "unknown stops"}

// NewWithout is New with one rule switched off, "" = none.
func NewWithout(c Config, rule string) *Router {
	r := allRules
	switch rule {
	case "":
	case "claim first":
		r.claimFirst = false
	case "bar":
		r.bar = false
	case "own references":
		r.ownReferences = false
	case "unknown stops":
		r.unknownStops = false
	default:
		panic(fmt.Sprintf("no rule %q", rule))
	}
	return newRouter(c, r)
}

// Row is a row of a table of the documentation.
type Row [3]string

// Courses is the table of failover.
func Courses() []Row {
	var rows []Row
	for _, c := range courses {
		rows = append(rows, Row{c.kind.Error(), c.course.String(), c.why})
	}
	return rows
}

// Exclusions is the table of what leaves candidates out.
func Exclusions() []Row {
	var rows []Row
	for _, e := range exclusions {
		asked := "not asked"
		if e.guess {
			asked = "asked when nobody else is left"
		}
		rows = append(rows, Row{e.text, e.kind.Error(), asked})
	}
	for _, e := range turnExclusions {
		rows = append(rows, Row{e.text, e.kind.Error(), "not asked"})
	}
	return append(rows, Row{leftOut, "package unavailable", "not asked"})
}
