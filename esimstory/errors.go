package esimstory

import (
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
