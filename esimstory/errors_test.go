package esimstory

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// The documented texts, one for each row of the table, in the order of the
// table: a row without a text here fails the test.
var documented = []struct {
	status int
	body   string
	want   adapter.Rule
}{
	{400, `{"error":"Invalid JSON format"}`, adapter.Rule{Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeRejected}},
	{401, `{"error":{"code":"unauthorized","message":"Missing required authentication headers."}}`, adapter.Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent}},
	{401, `{"error":{"code":"unauthorized","message":"Invalid or missing access key. Please provide a valid X-Esim-Story-Access-Key header."}}`, adapter.Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent}},
	{401, `{"error":{"code":"unauthorized","message":"Invalid signature."}}`, adapter.Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent}},
	{401, `{"error":{"code":"unauthorized","message":"Request timestamp is too old or invalid."}}`, adapter.Rule{Kind: esim.ErrClockSkew, Outcome: esim.OutcomeNotSent, Retry: adapter.AdjustClock}},
	{401, `{"error":{"code":"unauthorized","message":"Missing secret key in partner record."}}`, adapter.Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent}},
	{422, `{"errors":["External order id has already been taken"]}`, adapter.Rule{Kind: esim.ErrDuplicate, Outcome: esim.OutcomeUnknown}},
	{422, `{"errors":["eSIM Request failed - Status: 500, Message: Internal error"]}`, adapter.Rule{Kind: esim.ErrUnavailable, Outcome: esim.OutcomeUnknown}},
	{422, `{"errors":["API connection error (Order ID: 52731)"]}`, adapter.Rule{Kind: esim.ErrUnavailable, Outcome: esim.OutcomeUnknown}},
	{422, `{"errors":["Product with option_id not found"]}`, adapter.Rule{Kind: esim.ErrPackageUnavailable, Outcome: esim.OutcomeRejected}},
	{422, `{"errors":["External order id can't be blank"]}`, adapter.Rule{Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeRejected}},
	{422, `{"errors":["Empty products array"]}`, adapter.Rule{Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeRejected}},
	{422, `{"errors":["Missing option_id or qty in product objects"]}`, adapter.Rule{Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeRejected}},
	{422, `{"errors":["Invalid qty value (must be a positive integer)"]}`, adapter.Rule{Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeRejected}},
}

func TestEveryRowOfTheErrorTable(t *testing.T) {
	require.Len(t, documented, len(refusals))
	for i, d := range documented {
		row := refusals[i]
		t.Run(strings.Join(row.Texts, "+"), func(t *testing.T) {
			require.Equal(t, row.Status, d.status)
			rule, listed := adapter.Table{row}.Find(d.status, "", d.body)
			require.True(t, listed, "the text is not that of row %d", i)
			require.Equal(t, d.want, rule)

			v := refuse(adapter.Answer{Status: d.status, Body: []byte(d.body), JSON: true})
			require.Equal(t, d.want, v.Rule)
			require.True(t, v.Recognised)
			require.NotEmpty(t, v.Message)

			shouted := strings.NewReplacer("ERRORS", "errors", "ERROR", "error", "CODE", "code", "MESSAGE", "message").Replace(strings.ToUpper(d.body))
			v = refuse(adapter.Answer{Status: d.status, Body: []byte(shouted), JSON: true})
			require.Equal(t, d.want, v.Rule, "letter case must not matter: %s", shouted)
		})
	}
}

// A text means what it says under its own status only.
func TestTextUnderAnotherStatus(t *testing.T) {
	for i, d := range documented {
		for _, status := range []int{200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503} {
			if status == refusals[i].Status {
				continue
			}
			v := refuse(adapter.Answer{Status: status, Body: []byte(d.body), JSON: true})
			require.Equal(t, adapter.ByStatus(status), v.Rule, "%d %s", status, d.body)
			require.Equal(t, status >= 300, v.Recognised)
		}
	}
}

func TestMostDangerousTextDecides(t *testing.T) {
	const (
		blank   = `"External order id can't be blank"`
		product = `"Product with option_id not found"`
		taken   = `"External order id has already been taken"`
		lost    = `"API connection error (Order ID: 1)"`
		other   = `"Weather is bad"`
	)
	for _, c := range []struct {
		errors string
		kind   esim.Kind
		want   esim.Outcome
	}{
		{`[` + blank + `]`, esim.ErrInvalidRequest, esim.OutcomeRejected},
		{`[` + blank + `,` + product + `]`, esim.ErrInvalidRequest, esim.OutcomeRejected},
		{`[` + product + `,` + blank + `]`, esim.ErrPackageUnavailable, esim.OutcomeRejected},
		{`[` + blank + `,` + taken + `]`, esim.ErrDuplicate, esim.OutcomeUnknown},
		{`[` + taken + `,` + blank + `]`, esim.ErrDuplicate, esim.OutcomeUnknown},
		{`[` + product + `,` + lost + `,` + blank + `]`, esim.ErrUnavailable, esim.OutcomeUnknown},
		{`[` + taken + `,` + lost + `]`, esim.ErrDuplicate, esim.OutcomeUnknown},
		{`[` + blank + `,` + other + `]`, esim.ErrInvalidRequest, esim.OutcomeUnknown},
		{`[` + blank + `,{"text":"x"}]`, esim.ErrInvalidRequest, esim.OutcomeUnknown},
		{`[` + blank + `,""]`, esim.ErrInvalidRequest, esim.OutcomeUnknown},
		{`["eSIM Request failed - Status: 400, Message: Product with option_id not found"]`, esim.ErrUnavailable, esim.OutcomeUnknown},
		{`{"base":[` + lost + `],"qty":[` + blank + `]}`, esim.ErrUnavailable, esim.OutcomeUnknown},
		{`{"products":[` + product + `]}`, esim.ErrPackageUnavailable, esim.OutcomeRejected},
		{`{"products":{"0":` + product + `}}`, esim.ErrPackageUnavailable, esim.OutcomeRejected},
		{`{"products":[[` + product + `],[` + lost + `]]}`, esim.ErrUnavailable, esim.OutcomeUnknown},
		{`[` + product + `,null]`, esim.ErrInvalidRequest, esim.OutcomeUnknown},
		{`[` + product + `,false]`, esim.ErrInvalidRequest, esim.OutcomeUnknown},
		{`{"qty":{},"products":` + product + `}`, esim.ErrInvalidRequest, esim.OutcomeUnknown},
	} {
		t.Run(c.errors, func(t *testing.T) {
			v := refuse(adapter.Answer{Status: http.StatusUnprocessableEntity, Body: []byte(`{"errors":` + c.errors + `}`), JSON: true})
			require.Equal(t, c.want, v.Outcome)
			require.ErrorIs(t, v.Kind, c.kind)
		})
	}
}

func TestSeveralTextsOfOneRefusal(t *testing.T) {
	for body, kind := range map[string]error{
		`{"errors":["Invalid signature.","Request timestamp is too old or invalid."]}`:                                            esim.ErrUnauthorized,
		`{"errors":["Request timestamp is too old or invalid.","Invalid signature."]}`:                                            esim.ErrClockSkew,
		`{"error":{"code":"unauthorized","message":"Request timestamp is too old or invalid."},"errors":["Not in any document"]}`: esim.ErrClockSkew,
	} {
		v := refuse(adapter.Answer{Status: http.StatusUnauthorized, Body: []byte(body), JSON: true})
		require.ErrorIs(t, v.Kind, kind, body)
		require.Equal(t, esim.OutcomeNotSent, v.Outcome, body)
	}
}

func TestAnswerInNoKnownShape(t *testing.T) {
	for _, body := range []string{
		``, `null`, `{}`, `[]`, `"error"`, `<html>`, `{"Error":"Invalid JSON format"}`,
		`{"error":"Invalid JSON format","error":"x"}`, `{"error":"Invalid JSON format"}{}`,
		`{"error":null,"errors":null}`, `{"error":"","errors":[]}`, `{"error":{"code":"x","message":null}}`, "{\"error\":\"\xff\"}",
	} {
		v := refuse(adapter.Answer{Status: http.StatusBadRequest, Body: []byte(body), JSON: true})
		require.Equal(t, adapter.ByStatus(http.StatusBadRequest), v.Rule, body)
		require.False(t, v.Recognised, body)
		require.Empty(t, v.Message, body)
	}
}

// A text that is not declared as JSON may be anybody's, and proves nothing.
func TestTextThatIsNotDeclaredAsJSON(t *testing.T) {
	for _, d := range documented {
		v := refuse(adapter.Answer{Status: d.status, Body: []byte(d.body)})
		require.Equal(t, adapter.Verdict{Rule: adapter.ByStatus(d.status)}, v)
	}
	wire := answering(422, `{"errors":["External order id can't be blank"]}`)
	wire.header = http.Header{"Content-Type": {"text/html"}}
	_, err := newTestClient(t, wire).Order(t.Context(), esim.OrderRequest{PackageID: optionA})
	require.Equal(t, esim.OutcomeUnknown, failure(t, err, "Order").Outcome)
}
