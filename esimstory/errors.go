package esimstory

import (
	"net/http"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

var (
	badRequest   = adapter.Rule{Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeRejected}
	unauthorized = adapter.Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent}
	wrongTime    = adapter.Rule{Kind: esim.ErrClockSkew, Outcome: esim.OutcomeNotSent, Retry: adapter.AdjustClock}
	noOption     = adapter.Rule{Kind: esim.ErrPackageUnavailable, Outcome: esim.OutcomeRejected}
	taken        = adapter.Rule{Kind: esim.ErrDuplicate, Outcome: esim.OutcomeUnknown}
	supplier     = adapter.Rule{Kind: esim.ErrUnavailable, Outcome: esim.OutcomeUnknown}
)

// refusals is the error table (eSIM Story docs: endpoints/create-order,
// modified 2026-02-04). Three of the 422 look like failed validation and are
// not. Of an id that is taken, an earlier order may have been charged. An error
// or a lost connection between the provider and its supplier leaves open what
// was bought. A text that is not here counts by its status, which for a 422
// leaves everything open too.
//
// Only 401 has a code, and that is always "unauthorized", so a refusal is known
// by its status and by what its text contains, in any letter case.
var refusals = adapter.Table{
	{Status: http.StatusBadRequest, Texts: []string{"invalid json format"}, Rule: badRequest},

	{Status: http.StatusUnauthorized, Texts: []string{"missing required authentication headers"}, Rule: unauthorized},
	{Status: http.StatusUnauthorized, Texts: []string{"invalid or missing access key"}, Rule: unauthorized},
	{Status: http.StatusUnauthorized, Texts: []string{"invalid signature"}, Rule: unauthorized},
	{Status: http.StatusUnauthorized, Texts: []string{"timestamp is too old or invalid"}, Rule: wrongTime},
	{Status: http.StatusUnauthorized, Texts: []string{"missing secret key in partner record"}, Rule: unauthorized},

	{Status: http.StatusUnprocessableEntity, Texts: []string{"already been taken"}, Rule: taken},
	{Status: http.StatusUnprocessableEntity, Texts: []string{"esim request failed"}, Rule: supplier},
	{Status: http.StatusUnprocessableEntity, Texts: []string{"api connection error"}, Rule: supplier},

	{Status: http.StatusUnprocessableEntity, Texts: []string{"product with", "not found"}, Rule: noOption},
	{Status: http.StatusUnprocessableEntity, Texts: []string{"be blank"}, Rule: badRequest},
	// The page describes these three and does not quote them.
	{Status: http.StatusUnprocessableEntity, Texts: []string{"empty products"}, Rule: badRequest},
	{Status: http.StatusUnprocessableEntity, Texts: []string{"missing option_id or qty"}, Rule: badRequest},
	{Status: http.StatusUnprocessableEntity, Texts: []string{"invalid qty"}, Rule: badRequest},
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
	rule, _ := refusals.Find(a.Status, "", texts...)
	return adapter.Verdict{
		Rule: rule, Code: body.Error.code.String(), Message: strings.Join(texts, "; "),
		// No page documents an error with a 2xx status: whatever it says, the
		// order may stand.
		Recognised: a.Status >= http.StatusMultipleChoices,
	}
}
