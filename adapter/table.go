package adapter

import (
	"cmp"
	"slices"
	"strings"

	"github.com/esimkit/esim"
)

// Table is an adapter's error table: what each refusal means, whether it was
// before the charge, what helps and what a repeat would do. [New] refuses a
// table with rows that contradict themselves.
type Table []Row

// Row is one refusal. It is for answers with its status, its code and all of its
// texts; what is left out matches any.
type Row struct {
	Status int
	Code   string
	Texts  []string // fragments of the provider's text, in lower case
	Rule
}

// Codes are the rows of codes that mean the same.
func Codes(rule Rule, codes ...string) Table {
	rows := make(Table, len(codes))
	for i, code := range codes {
		rows[i] = Row{Code: code, Rule: rule}
	}
	return rows
}

// Find returns the rule for an answer with a code and any number of texts, and
// whether the table has one. A row for the very status comes before one for any
// status. Of several texts, and of several rows, the one that asks for most care
// counts; a text that no row knows counts by the status alone.
func (t Table) Find(status int, code string, texts ...string) (rule Rule, listed bool) {
	if len(texts) == 0 {
		texts = []string{""}
	}
	var found []Rule
	for _, text := range texts {
		rules := t.rows(status, status, code, text)
		if len(rules) == 0 {
			rules = t.rows(0, status, code, text)
		}
		listed = listed || len(rules) > 0
		if len(rules) == 0 {
			rules = []Rule{ByStatus(status)}
		}
		found = append(found, rules...)
	}
	return slices.MaxFunc(found, func(a, b Rule) int { return cmp.Compare(careOf(a.Outcome), careOf(b.Outcome)) }), listed
}

// rows returns the rules of the rows with a status that match.
func (t Table) rows(of, status int, code, text string) (rules []Rule) {
	text = strings.ToLower(text)
	for i := range t {
		row := &t[i]
		if row.Status == of && (row.Code == "" || row.Code == code) && (row.Code != "" || len(row.Texts) > 0 || row.Status == status) &&
			!slices.ContainsFunc(row.Texts, func(part string) bool { return !strings.Contains(text, part) }) {
			rules = append(rules, row.Rule)
		}
	}
	return rules
}

// careOf orders outcomes by how much they ask for it.
func careOf(o esim.Outcome) int {
	return [...]int{esim.OutcomeNotSent: 0, esim.OutcomeRejected: 1, esim.OutcomeAccepted: 2, esim.OutcomeUnknown: 3}[o]
}
