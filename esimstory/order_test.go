package esimstory

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

const answerOne = `{"products":[{"topup_id":"` + unit12 + `","option_id":"` + optionA + `"}]}`

// priced is a sheet with the first option at 4.10 USD, the second at 3 EUR and
// a third without a price.
func priced(t *testing.T) func(*Config) {
	return func(c *Config) {
		c.Catalog = []esim.Package{
			{ID: optionA, Name: "Japan", Price: money(t, "4.10 USD")},
			{ID: optionB, Name: "Korea", Price: money(t, "3 EUR")},
			{ID: "free-text", Name: "China"},
			{ID: "second-usd", Name: "Taiwan", Price: money(t, "2 USD")},
		}
	}
}

func TestOrderRefusesBadInput(t *testing.T) {
	quote := func(change func(*esim.Package)) *esim.Package {
		p := &esim.Package{Provider: Provider, ID: optionA, Price: money(t, "4.10 USD")}
		change(p)
		return p
	}
	for _, c := range []struct {
		name, says string
		kind       esim.Kind
		req        esim.OrderRequest
	}{
		{"no package", "PackageID is empty", esim.ErrInvalidRequest, esim.OrderRequest{}},
		{"long package", "PackageID", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: strings.Repeat("a", 129)}},
		{"control character", "PackageID", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: "a\nb"}},
		{"no UTF-8", "PackageID", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: "a\xffb"}},
		{"negative quantity", "Quantity", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: optionA, Quantity: -1}},
		{"too many", "Quantity must be 1 to 100", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: optionA, Quantity: 101}},
		{"reference with space", "Reference", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: optionA, Reference: "a b"}},
		{"long reference", "Reference", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: optionA, Reference: strings.Repeat("a", 65)}},
		{"callback", "CallbackURL", esim.ErrUnsupported, esim.OrderRequest{PackageID: optionA, CallbackURL: "https://shop.example.com/"}},
		{"negative ceiling", "MaxTotal", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: optionA, MaxTotal: money(t, "-1 USD")}},
		{"excessive ceiling", "MaxTotal", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: optionA, MaxTotal: money(t, "9e15 USD")}},
		{"quote of another provider", "Quote.Provider", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: optionA, Quote: quote(func(p *esim.Package) { p.Provider = "esimfx" })}},
		{"quote of another package", "Quote.ID", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: optionA, Quote: quote(func(p *esim.Package) { p.ID = optionB })}},
		{"quote without price", "Quote.Price", esim.ErrUnsupported, esim.OrderRequest{PackageID: optionA, Quote: quote(func(p *esim.Package) { p.Price = esim.Money{} })}},
		{"quote of a negative price", "Quote.Price", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: optionA, Quote: quote(func(p *esim.Package) { p.Price = money(t, "-4 USD") })}},
		{"quote and ceiling in two currencies", "MaxTotal", esim.ErrInvalidRequest, esim.OrderRequest{PackageID: optionA, Quote: quote(func(*esim.Package) {}), MaxTotal: money(t, "5 EUR")}},
		{"old quote", "4.10 USD", esim.ErrPriceChanged, esim.OrderRequest{PackageID: optionA, Quote: quote(func(p *esim.Package) { p.Price = money(t, "4 USD") })}},
		{"quote in another currency than the sheet", "currency", esim.ErrUnsupported, esim.OrderRequest{PackageID: optionA, Quote: quote(func(p *esim.Package) { p.Price = money(t, "4.10 EUR") })}},
		{"above the ceiling", "8.20 USD", esim.ErrPriceChanged, esim.OrderRequest{PackageID: optionA, Quantity: 2, MaxTotal: money(t, "8.19 USD")}},
		{"ceiling in another currency", "currency", esim.ErrUnsupported, esim.OrderRequest{PackageID: optionA, MaxTotal: money(t, "100 EUR")}},
		{"ceiling for an option without price", "Config.Catalog", esim.ErrUnsupported, esim.OrderRequest{PackageID: "free-text", MaxTotal: money(t, "100 USD")}},
		{"ceiling for an unlisted option", "Config.Catalog", esim.ErrUnsupported, esim.OrderRequest{PackageID: "unlisted", MaxTotal: money(t, "100 USD")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wire := answering(200, answerOne)
			client := newTestClient(t, wire, priced(t))
			order, err := client.Order(t.Context(), c.req)
			require.Nil(t, order)
			e := failure(t, err, "Order")
			require.ErrorIs(t, e, c.kind)
			require.Equal(t, esim.OutcomeNotSent, e.Outcome)
			require.Contains(t, e.Message, c.says)
			require.False(t, esim.MaybeCharged(err))
			require.Zero(t, wire.sends())
		})
	}
}

func TestARequestIDIsUnsupported(t *testing.T) {
	wire := answering(200, answerOne)
	ctx := evidence.WithSend(t.Context(), evidence.Send{RequestID: "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b"})
	_, err := newTestClient(t, wire).Order(ctx, esim.OrderRequest{PackageID: optionA})
	require.ErrorIs(t, failure(t, err, "Order"), esim.ErrUnsupported)
	require.False(t, esim.MaybeCharged(err))
	require.Zero(t, wire.sends())
}

func TestGuardsWithoutSheetAreUnsupported(t *testing.T) {
	wire := answering(200, answerOne)
	c := newTestClient(t, wire)
	for _, req := range []esim.OrderRequest{
		{PackageID: optionA, MaxTotal: money(t, "5 USD")},
		{PackageID: optionA, Quote: &esim.Package{Provider: Provider, ID: optionA, Price: money(t, "5 USD")}},
	} {
		_, err := c.Order(t.Context(), req)
		require.ErrorIs(t, err, esim.ErrUnsupported)
		require.False(t, esim.MaybeCharged(err))
	}
	require.Zero(t, wire.sends())
}

func TestOrderWithinQuoteAndCeiling(t *testing.T) {
	c := newTestClient(t, answering(201, answerOne), priced(t))
	order, err := c.Order(t.Context(), esim.OrderRequest{
		PackageID: strings.ToUpper(optionA),
		Quote:     &esim.Package{Provider: Provider, ID: strings.ToUpper(optionA), Price: money(t, "4.1 USD")},
		MaxTotal:  money(t, "4.10 USD"),
	})
	require.NoError(t, err)
	require.Equal(t, esim.OrderPending, order.Status)
	require.Equal(t, strings.ToUpper(optionA), order.PackageID, "as it was given")
	require.Len(t, order.Reference, 36, "minted")
	require.Empty(t, order.Total.Currency(), "the provider reports no price")
	require.Zero(t, order.Delivered())
	require.Equal(t, []esim.ESIM{{ItemID: unit12}}, order.ESIMs)
}

func TestOrderLinesRefusesBadInput(t *testing.T) {
	line := Line{OptionID: optionA, Quantity: 1}
	for _, c := range []struct {
		name, says string
		kind       esim.Kind
		req        LinesRequest
	}{
		{"no lines", "Lines is empty", esim.ErrInvalidRequest, LinesRequest{}},
		{"no option", "Lines[1].OptionID is empty", esim.ErrInvalidRequest, LinesRequest{Lines: []Line{line, {Quantity: 1}}}},
		{"no quantity", "Lines[1].Quantity", esim.ErrInvalidRequest, LinesRequest{Lines: []Line{line, {OptionID: optionB}}}},
		{"negative quantity", "Lines[0].Quantity", esim.ErrInvalidRequest, LinesRequest{Lines: []Line{{OptionID: optionB, Quantity: -3}, line}}},
		{"too many in one", "100 units", esim.ErrInvalidRequest, LinesRequest{Lines: []Line{{OptionID: optionB, Quantity: 101}}}},
		{"too many in all", "100 units", esim.ErrInvalidRequest, LinesRequest{Lines: []Line{line, {OptionID: optionB, Quantity: 100}}}},
		{"numbers that overflow", "100 units", esim.ErrInvalidRequest, LinesRequest{Lines: []Line{line, {OptionID: optionB, Quantity: 1<<63 - 1}, {OptionID: optionB, Quantity: 1<<63 - 1}}}},
		{"bad reference", "Reference", esim.ErrInvalidRequest, LinesRequest{Reference: "a/b", Lines: []Line{line}}},
		{"negative ceiling", "MaxTotal", esim.ErrInvalidRequest, LinesRequest{Lines: []Line{line}, MaxTotal: money(t, "-1 USD")}},
		{"above the ceiling", "6.10 USD", esim.ErrPriceChanged, LinesRequest{Lines: []Line{line, {OptionID: "second-usd", Quantity: 1}}, MaxTotal: money(t, "6.09 USD")}},
		{"above the ceiling in one line", "8.20 USD", esim.ErrPriceChanged, LinesRequest{Lines: []Line{line, line}, MaxTotal: money(t, "8 USD")}},
		{"lines in two currencies", "one currency", esim.ErrUnsupported, LinesRequest{Lines: []Line{line, {OptionID: optionB, Quantity: 1}}, MaxTotal: money(t, "100 USD")}},
		{"a line without price", "Config.Catalog", esim.ErrUnsupported, LinesRequest{Lines: []Line{line, {OptionID: "free-text", Quantity: 1}}, MaxTotal: money(t, "100 USD")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wire := answering(200, answerOne)
			order, err := newTestClient(t, wire, priced(t)).OrderLines(t.Context(), c.req)
			require.Nil(t, order)
			e := failure(t, err, "OrderLines")
			require.ErrorIs(t, e, c.kind)
			require.Contains(t, e.Message, c.says)
			require.Equal(t, esim.OutcomeNotSent, e.Outcome)
			require.Zero(t, wire.sends())
		})
	}
}

func TestLinesOfOneOptionBecomeOne(t *testing.T) {
	wire := answering(200, `{"products":[`+
		`{"topup_id":"1","option_id":"`+optionA+`"},{"topup_id":"2","option_id":"`+optionB+`"},`+
		`{"topup_id":"3","option_id":"`+strings.ToUpper(optionA)+`"}]}`)
	c := newTestClient(t, wire)
	lines := []Line{{strings.ToUpper(optionA), 1}, {optionB, 1}, {optionA, 1}}
	order, err := c.OrderLines(t.Context(), LinesRequest{Reference: "r", Lines: lines})
	require.NoError(t, err)
	require.Equal(t, 3, order.Quantity)
	require.Empty(t, order.PackageID)
	require.Len(t, order.ESIMs, 3)
	require.JSONEq(t, `{"external_order_id":"r","products":[{"option_id":"`+strings.ToUpper(optionA)+`","qty":2},{"option_id":"`+optionB+`","qty":1}]}`, wire.bodies[0])
	require.Equal(t, []Line{{strings.ToUpper(optionA), 1}, {optionB, 1}, {optionA, 1}}, lines, "the caller's lines are left alone")

	// The same purchase in another order of lines is the same purchase, and
	// another one is a conflict, which is not sent.
	_, err = c.OrderLines(t.Context(), LinesRequest{Reference: "r", Lines: []Line{{optionB, 1}, {optionA, 2}}})
	require.ErrorIs(t, err, esim.ErrDuplicate)
	require.Equal(t, esim.OutcomeAccepted, esim.OutcomeOf(err))
	_, err = c.OrderLines(t.Context(), LinesRequest{Reference: "r", Lines: []Line{{optionB, 2}, {optionA, 1}}})
	require.ErrorIs(t, err, esim.ErrReferenceConflict)
	require.Equal(t, esim.OutcomeAccepted, esim.OutcomeOf(err), "of the purchase that has the reference")
	require.Equal(t, 1, wire.sends())
}

func TestOneLineIsAnOrder(t *testing.T) {
	wire := answering(200, answerOne)
	c := newTestClient(t, wire)
	order, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA, Reference: "r"})
	require.NoError(t, err)
	same, err := newTestClient(t, wire).OrderLines(t.Context(), LinesRequest{Reference: "r", Lines: []Line{{optionA, 1}}})
	require.NoError(t, err)
	require.Equal(t, order, same)
	require.Equal(t, wire.bodies[0], wire.bodies[1])
}

func TestMaxUnits(t *testing.T) {
	wire := answering(500, "")
	c := newTestClient(t, wire, func(c *Config) { c.MaxUnits = 3 })
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA, Quantity: 4})
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	_, err = c.Order(t.Context(), esim.OrderRequest{PackageID: optionA, Quantity: 3})
	require.ErrorIs(t, err, esim.ErrUnavailable)
	require.Equal(t, 1, wire.sends())
}

// A send in doubt makes every later refusal of the same reference say nothing.
func TestRefusalAfterDoubt(t *testing.T) {
	wire := answering(502, `<html>`)
	c := newTestClient(t, wire, func(c *Config) { c.RepeatsVerified = true })
	req := esim.OrderRequest{PackageID: optionA, Reference: "r"}
	_, err := c.Order(t.Context(), req)
	require.True(t, esim.MaybeCharged(err))
	require.True(t, esim.MayRepeat(err))

	wire.status, wire.body = 422, `{"errors":["Product with option_id not found"]}`
	_, err = c.Order(t.Context(), req)
	require.ErrorIs(t, err, esim.ErrPackageUnavailable)
	require.True(t, esim.MaybeCharged(err))

	wire.status, wire.body = 422, `{"errors":["External order id has already been taken"]}`
	_, err = c.Order(t.Context(), req)
	require.ErrorIs(t, err, esim.ErrDuplicate)
	require.True(t, esim.MaybeCharged(err))
	require.Equal(t, 3, wire.sends(), "each call is one send")
}

// A text of eSIM Story is an answer, also with a status that gateways use.
func TestAFailureOfTheProviderIsNoLostAnswer(t *testing.T) {
	wire := answering(503, `{"error":"eSIM Request failed: supplier"}`)
	c := newTestClient(t, wire, func(c *Config) { c.RepeatsVerified, c.MaxRetries = true, 5 })
	for range 2 {
		_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA, Reference: "r"})
		require.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
		require.False(t, esim.MayRepeat(err))
	}
	require.Equal(t, 1, wire.sends())
}

// After whatever leaves open what was bought, one request is all there is, also
// when the caller asks again. A repeat may buy a second time.
func TestOneRequestAfterAnythingUnknown(t *testing.T) {
	for _, answer := range []struct {
		status int
		body   string
	}{
		{422, `{"errors":["eSIM Request failed: x"]}`},
		{422, `{"errors":["API connection error: x"]}`},
		{422, `{"errors":["External order id has already been taken"]}`},
		{422, `{"errors":["something new"]}`},
		{500, `{"error":"Internal server error"}`},
		{502, `<html>`},
		{200, `{}`},
		{302, ``},
	} {
		wire := answering(answer.status, answer.body)
		c := newTestClient(t, wire, func(c *Config) { c.MaxRetries = 5 })
		for range 4 {
			_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA, Reference: "r"})
			require.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err), answer.body)
			require.False(t, esim.MayRepeat(err), answer.body)
		}
		require.Equal(t, 1, wire.sends(), answer.body)
	}
}

func TestNoPurchaseIsSentTwiceByItself(t *testing.T) {
	for _, status := range []int{302, 400, 403, 408, 409, 422, 425, 429, 500, 502, 503, 504} {
		wire := answering(status, `{"error":"x"}`)
		c := newTestClient(t, wire, func(c *Config) { c.MaxRetries = 5 })
		_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA})
		require.Error(t, err)
		require.Equal(t, 1, wire.sends(), "HTTP %d", status)
	}
}

func TestEndedAndMissingContext(t *testing.T) {
	wire := answering(200, answerOne)
	c := newTestClient(t, wire, priced(t))
	_, err := c.Order(nil, esim.OrderRequest{PackageID: optionA}) //nolint:staticcheck // that it is refused is the point
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	_, err = c.OrderLines(nil, LinesRequest{Lines: []Line{{optionA, 1}}}) //nolint:staticcheck // as above
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	_, err = c.ListPackages(nil, esim.PackageQuery{}) //nolint:staticcheck // as above
	require.ErrorIs(t, err, esim.ErrInvalidRequest)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Order(ctx, esim.OrderRequest{PackageID: optionA})
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, esim.MaybeCharged(err))
	_, err = c.ListPackages(ctx, esim.PackageQuery{})
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, esim.MaybeCharged(err))
	require.Zero(t, wire.sends())
}

// watcher counts operations and keeps their ends.
type watcher struct {
	operations []string
	ends       []error
}

func (w *watcher) observer() esim.Observer {
	return esim.Observer{
		OperationStart: func(ctx context.Context, op esim.Operation) context.Context {
			w.operations = append(w.operations, op.Name)
			return ctx
		},
		OperationEnd: func(_ context.Context, op esim.Operation) { w.ends = append(w.ends, op.Err) },
	}
}

func TestObserverSeesEveryOperation(t *testing.T) {
	w := new(watcher)
	c := newTestClient(t, answering(200, answerOne), priced(t), func(c *Config) { c.Observer = w.observer() })
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA})
	require.NoError(t, err)
	_, short := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA, Quantity: 2})
	_, listed := c.ListPackages(t.Context(), esim.PackageQuery{})
	_, none := c.Balance(t.Context())
	require.ErrorIs(t, short, esim.ErrIncomplete)
	require.Equal(t, []string{"Order", "Order", "ListPackages"}, w.operations)
	require.Equal(t, []error{nil, short, listed}, w.ends)
	require.ErrorIs(t, none, esim.ErrUnsupported)
}

// Nothing that could be a credential, a signature or an activation code may
// come out, wherever the provider puts it.
func TestNothingSecretComesOut(t *testing.T) {
	const lpa = "LPA:1$rsp1.cmlink.com$CANARYMATCHINGID0123456789ABCDEF"
	const signature = "e3f210047e7d936f526876bfab04a5bfb41d6d0e21688674157156fff0644b6b"
	leak := lpa + " " + testAccessKey + " " + testSecretKey + " " + signature
	for _, answer := range []struct {
		status int
		body   string
	}{
		{200, `{"products":"` + leak + `"}`},
		{200, `{"products":[],"errors":["` + leak + `"]}`},
		{200, leak},
		{401, `{"error":{"code":"` + leak + `","message":"` + leak + `"}}`},
		{422, `{"errors":["eSIM Request failed - Status: 1, Message: ` + leak + `"]}`},
		{422, `{"errors":{"` + leak + `":["` + leak + `"]}}`},
		{500, `{"error":"` + leak + `"}`},
		{502, "<html>" + leak},
	} {
		logger, logged := captured()
		c := newTestClient(t, answering(answer.status, answer.body), func(c *Config) { c.Logger = logger })
		_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA, Reference: "r"})
		text := allPrinted(t, err) + logged.String()
		require.Contains(t, logged.String(), "esimstory")
		for _, secret := range []string{"CANARY", testAccessKey, testSecretKey, signature} {
			require.NotContains(t, text, secret, "HTTP %d", answer.status)
		}
	}
}

func TestHeadersOfAnOrder(t *testing.T) {
	wire := answering(500, "")
	_, err := newTestClient(t, wire).Order(t.Context(), esim.OrderRequest{PackageID: optionA})
	require.Error(t, err)
	h := wire.headers[0]
	require.Equal(t, "application/json", h.Get("Content-Type"))
	require.Equal(t, "application/json", h.Get("Accept"))
	require.Empty(t, h.Values("Authorization"))
	require.Empty(t, h.Values(http.CanonicalHeaderKey("Idempotency-Key")))
}
