package esimfx

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// operations make each call that reads or writes something, with good input.
func operations() map[string]func(ctx context.Context, c *Client) error {
	return map[string]func(ctx context.Context, c *Client) error{
		"ListPackages": func(ctx context.Context, c *Client) error {
			_, err := c.ListPackages(ctx, esim.PackageQuery{})
			return err
		},
		"ListTopUps": func(ctx context.Context, c *Client) error {
			_, err := c.ListTopUps(ctx, anICCID)
			return err
		},
		"Order": func(ctx context.Context, c *Client) error {
			_, err := order(ctx, c, "ref-1")
			return err
		},
		"TopUp": func(ctx context.Context, c *Client) error {
			_, err := c.TopUp(ctx, esim.TopUpRequest{ICCID: anICCID, PackageID: aPackage, Reference: "ref-1"})
			return err
		},
		"GetOrder": func(ctx context.Context, c *Client) error {
			_, err := c.GetOrder(ctx, esim.OrderRef{ID: anOrderID})
			return err
		},
		"Cancel": func(ctx context.Context, c *Client) error {
			_, err := c.Cancel(ctx, esim.CancelRequest{Order: esim.OrderRef{ID: anOrderID}})
			return err
		},
		"GetESIM": func(ctx context.Context, c *Client) error {
			_, err := c.GetESIM(ctx, anICCID)
			return err
		},
		"Usage": func(ctx context.Context, c *Client) error {
			_, err := c.Usage(ctx, anICCID)
			return err
		},
		"Balance": func(ctx context.Context, c *Client) error {
			_, err := c.Balance(ctx)
			return err
		},
		"Product": func(ctx context.Context, c *Client) error {
			_, err := c.Product(ctx, aPackage)
			return err
		},
		"OrderUsage": func(ctx context.Context, c *Client) error {
			_, err := c.OrderUsage(ctx, anOrderID)
			return err
		},
		"Activate": func(ctx context.Context, c *Client) error {
			_, err := c.Activate(ctx, anOrderID)
			return err
		},
	}
}

// badAnswers are none that eSIMfx gives.
var badAnswers = map[string]string{
	"empty":                `	`,
	"null":                 `null`,
	"empty object":         `{}`,
	"list":                 `[]`,
	"text":                 `"Success"`,
	"number":               `0`,
	"HTML":                 `<!doctype html><html></html>`,
	"half":                 goodOrder[:len(goodOrder)/2],
	"no code":              `{"message":"Success","data":{"id":"o-1"}}`,
	"null code":            `{"code":null,"message":"Success","data":{"id":"o-1"}}`,
	"wrong letter case":    strings.Replace(goodOrder, `"code"`, `"Code"`, 1),
	"code twice":           strings.Replace(goodOrder, `"code":0`, `"code":7,"code":0`, 1),
	"data twice":           strings.Replace(goodOrder, `"data":`, `"data":null,"data":`, 1),
	"id twice":             strings.Replace(goodOrder, `"id":`, `"id":"x","id":`, 1),
	"trailing data":        goodOrder + `{"code":1}`,
	"byte order marks":     "\ufeff\ufeff" + goodOrder,
	"not UTF-8":            strings.Replace(goodOrder, "COMPLETED", "\xff", 1),
	"code is a word":       strings.Replace(goodOrder, `"code":0`, `"code":"zero"`, 1),
	"code is true":         strings.Replace(goodOrder, `"code":0`, `"code":true`, 1),
	"code is an object":    strings.Replace(goodOrder, `"code":0`, `"code":{}`, 1),
	"code is out of range": strings.Replace(goodOrder, `"code":0`, `"code":1e400`, 1),
	"no data":              `{"code":0,"message":"Success"}`,
	"null data":            `{"code":0,"message":"Success","data":null}`,
	"data is a text":       `{"code":0,"message":"Success","data":"done"}`,
	"data is a number":     `{"code":0,"message":"Success","data":1}`,
	"too deep":             `{"code":0,"data":` + strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100) + `}`,
}

// TestBadAnswers: a read fails as malformed, a purchase is in doubt.
func TestBadAnswers(t *testing.T) {
	for name, body := range badAnswers {
		for op, call := range operations() {
			if op == "Cancel" || op == "Activate" {
				continue // what an answer without data means there is in the golden cases
			}
			t.Run(name+"/"+op, func(t *testing.T) {
				w := newWorld(t)
				if op == "TopUp" { // its reads are fine, the purchase is not
					w.on(statusPath, 200, goodStatus)
					w.on(topUpsPath, 200, goodTopUps)
				}
				if op != "Order" && op != "TopUp" {
					w.on(productPath, 200, body)
					w.on(profilePath, 200, body)
				}
				w.on("/(product|order|account/api/v1/reseller)/.*", 200, body)
				e := asError(t, call(t.Context(), w.client(t)))
				assert.ErrorIs(t, e, esim.ErrMalformedResponse)
				assert.Equal(t, op, e.Op)
				want := esim.OutcomeRejected
				if op == "Order" || op == "TopUp" {
					want = esim.OutcomeUnknown
				}
				assert.Equal(t, want, e.Outcome)
				assert.Equal(t, want == esim.OutcomeUnknown, esim.MaybeCharged(e))
			})
		}
	}
}

func TestContentTypes(t *testing.T) {
	for contentType, good := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true,
		"text/html": false, "": false, "application/octet-stream": false,
	} {
		w := newWorld(t)
		w.mock.RegisterResponder(http.MethodPost, "=~"+createPath, func(*http.Request) (*http.Response, error) {
			resp := httpmock.NewStringResponse(200, goodOrder)
			resp.Header.Set("Content-Type", contentType)
			return resp, nil
		})
		_, err := order(t.Context(), w.client(t), "ref-1")
		if good {
			require.NoError(t, err, contentType)
			continue
		}
		assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome, contentType)
	}
}

// TestOddDates: a date that names no instant is not stated, and spoils nothing.
func TestOddDates(t *testing.T) {
	for _, date := range []string{`null`, `""`, `"soon"`, `1758691212`, `{"at":1}`, `"2025-13-45T99:00:00Z"`, `"0000-00-00"`, `"2025-08-01T03:07:11.5"`, `"2025-08-01 03:07:11"`, `"2025-08-01"`} {
		w := newWorld(t)
		w.on(createPath, 200, strings.Replace(goodOrder, `"status":"COMPLETED"`,
			`"status":"COMPLETED","creation_time":`+date+`,"subscription":{"expiry":`+date+`}`, 1))
		got, err := order(t.Context(), w.client(t), "ref-1")
		require.NoError(t, err, date)
		assert.True(t, got.CreatedAt.IsZero(), date)
		assert.True(t, got.ESIMs[0].ExpiresAt.IsZero(), date)
	}
	for date, want := range map[string]string{
		"2025-08-01T03:07:11Z":      "2025-08-01T03:07:11Z",
		"2025-08-01T05:07:11+02:00": "2025-08-01T03:07:11Z",
		"2025-08-01T03:07:11+0000":  "2025-08-01T03:07:11Z",
		"2025-08-01 03:07:11.5Z":    "2025-08-01T03:07:11Z",
	} {
		w := newWorld(t)
		w.on(createPath, 200, strings.Replace(goodOrder, `"status":"COMPLETED"`, `"creation_time":"`+date+`","status":"COMPLETED"`, 1))
		got, err := order(t.Context(), w.client(t), "ref-1")
		require.NoError(t, err, date)
		assert.Equal(t, want, got.CreatedAt.Format("2006-01-02T15:04:05Z"), date)
	}
}

// TestNothingOfAnEarlierAnswerSurvives: the first attempt's answer is cut off
// after code 0, the second has no code.
func TestNothingOfAnEarlierAnswerSurvives(t *testing.T) {
	w := newWorld(t)
	w.on(createPath, 200, `{"code":0,"message":"Success","data":{"id":"o-1","esim":{"iccid":"89440000000000000000"`, `{"data":{"status":"COMPLETED"}}`)
	cfg := w.config()
	cfg.MaxRetries = 1
	_, err := order(t.Context(), newTestClient(t, cfg), "ref-1")
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)
}

// The next page's key is eSIMfx's, so one that is too long is its fault.
func TestAKeyThatIsTooLongIsNotBlamedOnTheCaller(t *testing.T) {
	w := newWorld(t)
	w.on("/product/api/v2/get_products", 200, `{"code":0,"data":{"products":[{"id":"p"}],"last_evaluated_key":{"id":"`+strings.Repeat("x", 8<<10)+`"}}}`)
	_, err := newTestClient(t, w.config()).ListPackages(t.Context(), esim.PackageQuery{})
	e := asError(t, err)
	assert.Equal(t, esim.ErrMalformedResponse, e.Kind)
	assert.Contains(t, e.Message, "key of the next page")
}

// TestOddCellsOfAList: a cell costs itself, a row without an id costs the row
// and is counted; a list that is none is an error.
func TestOddCellsOfAList(t *testing.T) {
	const row = `{"id":"a","name":"A","price":1.5,"price_unit":"USD","amount":1,"amount_unit":"GB","duration":7,"duration_unit":"DAY",` +
		`"coverage":["JP","US"],"networks":[{"mccmnc":"44020","name":"N"}],"is_unlimited":false}`
	page := func(rows string) string {
		return `{"code":0,"message":"Success","data":{"products":` + rows + `,"last_evaluated_key":{}}}`
	}
	w := newWorld(t)
	w.on("get_products", 200, page(`[`+row+`]`))
	whole, err := w.client(t).ListPackages(t.Context(), esim.PackageQuery{})
	require.NoError(t, err)
	for odd, change := range map[string]struct {
		from, to string
		costs    func(*esim.Package)
	}{
		"price":     {`"price":1.5`, `"price":"on request"`, func(p *esim.Package) { p.Price = esim.Money{} }},
		"amount":    {`"amount":1`, `"amount":{}`, func(p *esim.Package) { p.Data = 0 }},
		"duration":  {`"duration":7`, `"duration":[7]`, func(p *esim.Package) { p.ValidityDays = 0 }},
		"coverage":  {`["JP","US"]`, `"JP,US"`, func(p *esim.Package) { p.Countries, p.Kind = nil, esim.KindUnknown }},
		"a country": {`"JP"`, `{}`, func(p *esim.Package) { p.Countries, p.Kind = []esim.Country{"US"}, esim.KindRegional }},
		"networks":  {`[{"mccmnc":"44020","name":"N"}]`, `5`, func(p *esim.Package) { p.Networks = nil }},
		"a flag":    {`"is_unlimited":false`, `"is_unlimited":"perhaps"`, func(*esim.Package) {}},
	} {
		w := newWorld(t)
		w.on("get_products", 200, page(`[`+strings.Replace(row, change.from, change.to, 1)+`,`+row+`]`))
		got, err := w.client(t).ListPackages(t.Context(), esim.PackageQuery{})
		require.NoError(t, err, odd)
		want := whole.Packages[0]
		change.costs(&want)
		require.Len(t, got.Packages, 2, odd)
		assert.Equal(t, want, got.Packages[0], odd)
		assert.Equal(t, whole.Packages[0], got.Packages[1], odd)
		assert.Zero(t, got.Lost, odd)
	}
	for name, rows := range map[string]string{
		"a text": `"a"`, "null": `null`, "a list": `[]`, "an odd id": strings.Replace(row, `"a"`, `{}`, 1), "no id": strings.Replace(row, `"a"`, `""`, 1),
	} {
		w := newWorld(t)
		w.on("get_products", 200, page(`[`+row+`,`+rows+`]`))
		w.on(statusPath, 200, goodStatus)
		w.on(topUpsPath, 200, page(`[`+row+`,`+rows+`]`))
		c := w.client(t)
		got, err := c.ListPackages(t.Context(), esim.PackageQuery{})
		require.NoError(t, err, name)
		assert.Equal(t, whole.Packages, got.Packages, name)
		assert.Equal(t, 1, got.Lost, name)
		topUps, err := c.ListTopUps(t.Context(), anICCID)
		require.NoError(t, err, name)
		assert.Equal(t, whole.Packages, topUps, name)

		// A top-up that may be the lost row is not called unavailable.
		_, err = c.TopUp(t.Context(), esim.TopUpRequest{ICCID: anICCID, PackageID: "b", Reference: "ref-1"})
		e := asError(t, err)
		require.ErrorIs(t, e, esim.ErrMalformedResponse, name)
		assert.Equal(t, esim.OutcomeNotSent, e.Outcome, name)
	}
	for _, none := range []string{`{}`, `null`, `"none"`, `7`} {
		w := newWorld(t)
		w.on("get_products", 200, page(none))
		_, err := w.client(t).ListPackages(t.Context(), esim.PackageQuery{})
		require.ErrorIs(t, err, esim.ErrMalformedResponse, none)
	}
}

// TestOddCellsOfUsage: what does not count costs itself, what counts the answer.
func TestOddCellsOfUsage(t *testing.T) {
	const plan = `{"id":"o-1","product":{"id":"p","name":"P"},"subscription":{"upper_limit_amount":10,"used_amount":4,"amount_unit":"Byte","status":"ACTIVE"},"status":"COMPLETED"}`
	for odd, change := range map[string]struct {
		from, to string
		fails    bool
	}{
		"nothing":      {"", "", false},
		"a name":       {`"name":"P"`, `"name":{}`, false},
		"a product":    {`"product":{"id":"p","name":"P"}`, `"product":"P"`, false},
		"a limit":      {`"upper_limit_amount":10`, `"upper_limit_amount":"much"`, true},
		"what is used": {`"used_amount":4`, `"used_amount":[]`, true},
		"a unit":       {`"amount_unit":"Byte"`, `"amount_unit":{}`, true},
		"a state":      {`"status":"ACTIVE"`, `"status":{}`, true},
		"a plan":       {plan, `"gone"`, true},
	} {
		for _, form := range []string{`{"orders":[%s,%s]}`, `[%s,%s]`} {
			w := newWorld(t)
			w.on(statusPath, 200, goodStatus)
			w.on("get_esim_orders", 200, `{"code":0,"message":"Success","data":`+fmt.Sprintf(form, strings.Replace(plan, change.from, change.to, 1), plan)+`}`)
			usage, err := w.client(t).Usage(t.Context(), anICCID)
			if change.fails {
				require.ErrorIs(t, err, esim.ErrMalformedResponse, odd)
				continue
			}
			require.NoError(t, err, odd)
			assert.Equal(t, []esim.DataSize{20, 8, 12}, []esim.DataSize{usage.Total, usage.Used, usage.Remaining}, odd)
		}
	}
}

// A place that is no country is left out of the coverage, and logged as a number.
func TestUnknownCountriesAreLogged(t *testing.T) {
	for names, coverage := range map[int]string{0: `["JP","Turkey"]`, 2: `["JP","CANARY","TR","XQ"]`} {
		var log bytes.Buffer
		w := newWorld(t)
		w.on("get_products", 200, `{"code":0,"message":"Success","data":{"products":[{"id":"a","coverage":`+coverage+`}],"last_evaluated_key":{}}}`)
		cfg := w.config()
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		page, err := newTestClient(t, cfg).ListPackages(t.Context(), esim.PackageQuery{})
		require.NoError(t, err)
		assert.Equal(t, []esim.Country{"JP", "TR"}, page.Packages[0].Countries)
		want := fmt.Sprintf("provider=esimfx op=ListPackages names=%d", names)
		assert.Equal(t, names > 0, strings.Contains(log.String(), want), log.String())
		assert.NotContains(t, log.String(), "CANARY")
	}
}
