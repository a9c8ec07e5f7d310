package esimstory

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// refusal is a row of the error table: what an error text of create-order
// means. Only 401 has a code, and that is always "unauthorized", so a text is
// known by its status and by the fragments it contains, in any letter case.
type refusal struct {
	status    int
	fragments []string
	rule      adapter.Rule
}

var (
	badRequest   = adapter.Rule{Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeRejected}
	unauthorized = adapter.Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent}
	wrongTime    = adapter.Rule{Kind: esim.ErrClockSkew, Outcome: esim.OutcomeNotSent, Retry: adapter.Reclock}
	noOption     = adapter.Rule{Kind: esim.ErrPackageUnavailable, Outcome: esim.OutcomeRejected}
	taken        = adapter.Rule{Kind: esim.ErrDuplicate, Outcome: esim.OutcomeUnknown}
	supplier     = adapter.Rule{Kind: esim.ErrUnavailable, Outcome: esim.OutcomeUnknown}
)

// refusals is the error table (eSIM Story docs: endpoints/create-order,
// modified 2026-02-04). Three of the 422 look like failed validation and are
// not: of an id that is taken an earlier order may have been charged, and an
// error or a lost connection between the provider and its supplier leaves
// open what was bought. A text that is not here is judged by its status,
// which for a 422 leaves everything open too.
var refusals = []refusal{
	{http.StatusBadRequest, []string{"invalid json format"}, badRequest},

	{http.StatusUnauthorized, []string{"missing required authentication headers"}, unauthorized},
	{http.StatusUnauthorized, []string{"invalid or missing access key"}, unauthorized},
	{http.StatusUnauthorized, []string{"invalid signature"}, unauthorized},
	{http.StatusUnauthorized, []string{"timestamp is too old or invalid"}, wrongTime},
	{http.StatusUnauthorized, []string{"missing secret key in partner record"}, unauthorized},

	{http.StatusUnprocessableEntity, []string{"already been taken"}, taken},
	{http.StatusUnprocessableEntity, []string{"esim request failed"}, supplier},
	{http.StatusUnprocessableEntity, []string{"api connection error"}, supplier},

	{http.StatusUnprocessableEntity, []string{"product with", "not found"}, noOption},
	{http.StatusUnprocessableEntity, []string{"be blank"}, badRequest},
	// The page describes these three and does not quote them.
	{http.StatusUnprocessableEntity, []string{"empty products"}, badRequest},
	{http.StatusUnprocessableEntity, []string{"missing option_id or qty"}, badRequest},
	{http.StatusUnprocessableEntity, []string{"invalid qty"}, badRequest},
}

func (r refusal) matches(status int, folded string) bool {
	return r.status == status && !slices.ContainsFunc(r.fragments, func(fragment string) bool {
		return !strings.Contains(folded, fragment)
	})
}

// refuse reads an answer that is not a success. What is not declared as JSON is
// not the provider's own word, but that of something on the way: only the
// status counts.
func refuse(a adapter.Answer) adapter.Verdict {
	var body errorBody
	byStatus := adapter.Verdict{Rule: adapter.ByStatus(a.Status)}
	if !a.JSON || len(a.Body) > maxErrorBody || wire.Decode(a.Body, &body) != nil {
		return byStatus
	}
	texts := append(body.Error.list, body.Errors.list...)
	if len(texts) == 0 {
		byStatus.Code = body.Error.code.String()
		return byStatus
	}
	return adapter.Verdict{
		Rule: worst(a.Status, texts), Code: body.Error.code.String(), Message: strings.Join(texts, "; "),
		// No page documents an error with a 2xx status: whatever it says, the
		// order may stand.
		Recognised: a.Status >= http.StatusMultipleChoices,
	}
}

// worst returns the rule of the most dangerous text: next to one that leaves
// open what was bought, what the others say proves nothing. The same goes for
// one text that matches several rows, quoting the provider's supplier.
func worst(status int, texts []string) adapter.Rule {
	var rules []adapter.Rule
	for _, text := range texts {
		known, folded := len(rules), strings.ToLower(text)
		for _, row := range refusals {
			if row.matches(status, folded) {
				rules = append(rules, row.rule)
			}
		}
		if len(rules) == known {
			rules = append(rules, adapter.ByStatus(status))
		}
	}
	return slices.MinFunc(rules, func(a, b adapter.Rule) int { return certainty(a) - certainty(b) })
}

// certainty orders rules from "money may be spent" to "not even read".
func certainty(r adapter.Rule) int {
	switch r.Outcome {
	case esim.OutcomeRejected:
		return 1
	case esim.OutcomeNotSent:
		return 2
	case esim.OutcomeUnknown, esim.OutcomeAccepted:
	}
	return 0
}

// maxErrorBody is far more than the texts of an error take. What is in each
// level of a body is read once more for that level.
const maxErrorBody = 64 << 10

// unreadable stands in for an error that is not a text. It matches no row of
// the error table, so it leaves everything open.
const unreadable = "an error in an undocumented form"

// errorBody is an error in any of its forms: "error" as a text or as an object
// with code and message, "errors" as a list of texts (all documented), and
// "errors" as an object of lists, which frameworks make of the same thing.
type errorBody struct {
	Error  errorMember `json:"error"`
	Errors errorTexts  `json:"errors"`
}

type errorMember struct {
	code wire.Text
	errorTexts
}

// UnmarshalJSON reads an object with a message, or texts.
func (m *errorMember) UnmarshalJSON(doc []byte) error {
	var object struct {
		Code    wire.Text  `json:"code"`
		Message errorTexts `json:"message"`
	}
	if wire.Decode(doc, &object) == nil {
		m.code, m.errorTexts = object.Code, object.Message
	}
	if m.stated {
		return nil
	}
	return m.errorTexts.UnmarshalJSON(doc)
}

type errorTexts struct {
	list   []string
	stated bool
}

// UnmarshalJSON reads a text, or all texts of a list or an object, there with
// the name of the field before each. It never fails.
func (t *errorTexts) UnmarshalJSON(doc []byte) error {
	var (
		text   wire.Text
		list   []errorTexts
		fields map[string]errorTexts
	)
	t.stated = true
	switch {
	case wire.Decode(doc, &text) == nil && text == "":
	case text != "":
		t.list = []string{text.String()}
	case wire.Decode(doc, &list) == nil:
		for _, element := range list {
			t.add("", element)
		}
	case wire.Decode(doc, &fields) == nil:
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			t.add(name+" ", fields[name])
		}
	default:
		t.list = []string{unreadable}
	}
	return nil
}

// add takes over the texts of an element. An element without any is unreadable.
func (t *errorTexts) add(field string, element errorTexts) {
	if len(element.list) == 0 {
		element.list = []string{unreadable}
	}
	for _, text := range element.list {
		t.list = append(t.list, field+text)
	}
}
