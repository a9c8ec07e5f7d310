package esimfly

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

var badIDs = []string{
	"", "a\tb", "a\nb", "a\x00b", "a\r\nb", "a\x7fb", "a\u0085b", "a\xffb", strings.Repeat("x", 129),
}

var badICCIDs = []esim.ICCID{
	"", "89", "89320420000100788", "89320420000100788011234", "893204200001007880a", "８９３２０４２００００１００７８８０１",
	"8932042000010078801 ", "8932042000/10078801", "../8932042000010078", "PENDING_B25081719340002_1755459260253",
}

type badCall struct {
	name  string
	field string // named in the error
	kind  esim.Kind
	call  func(ctx context.Context, c *Client) error
}

func badOrder(name, field string, kind esim.Kind, change func(*esim.OrderRequest)) badCall {
	return badCall{"Order with " + name, field, kind, func(ctx context.Context, c *Client) error {
		req := esim.OrderRequest{PackageID: "merhaba-7days-1gb", Reference: "cart-0001"}
		change(&req)
		_, err := c.Order(ctx, req)
		return err
	}}
}

func badTopUp(name, field string, kind esim.Kind, change func(*esim.TopUpRequest)) badCall {
	return badCall{"TopUp with " + name, field, kind, func(ctx context.Context, c *Client) error {
		req := esim.TopUpRequest{ICCID: topUpICCID, PackageID: "turkey-7days-1gb-topup", Reference: "cart-0001"}
		change(&req)
		_, err := c.TopUp(ctx, req)
		return err
	}}
}

func badList(name, field string, q esim.PackageQuery) badCall {
	return badCall{"ListPackages with " + name, field, esim.ErrInvalidRequest, func(ctx context.Context, c *Client) error {
		_, err := c.ListPackages(ctx, q)
		return err
	}}
}

func badCalls() []badCall {
	invalid, unsupported := esim.ErrInvalidRequest, esim.ErrUnsupported
	quote := func(change func(*esim.Package)) func(*esim.OrderRequest) {
		return func(r *esim.OrderRequest) { r.Quote = turkeyQuote(); change(r.Quote) }
	}
	calls := []badCall{
		badOrder("quantity -1", "Quantity", invalid, func(r *esim.OrderRequest) { r.Quantity = -1 }),
		badOrder("quantity 11", "Quantity", invalid, func(r *esim.OrderRequest) { r.Quantity = 11 }),
		badOrder("a reference with a space", "Reference", invalid, func(r *esim.OrderRequest) { r.Reference = "a b" }),
		badOrder("a long reference", "Reference", invalid, func(r *esim.OrderRequest) { r.Reference = strings.Repeat("r", 65) }),
		badOrder("a ceiling without a quote", "MaxTotal", unsupported, func(r *esim.OrderRequest) { r.MaxTotal = usd("10") }),
		badOrder("a negative ceiling", "MaxTotal", invalid, func(r *esim.OrderRequest) { r.MaxTotal = usd("-1") }),
		badOrder("a ceiling above the maximum", "MaxTotal", invalid, func(r *esim.OrderRequest) { r.MaxTotal = usd("9e15") }),
		badOrder("a ceiling in another currency", "MaxTotal", invalid, func(r *esim.OrderRequest) {
			r.Quote = turkeyQuote()
			r.MaxTotal, _ = esim.ParseMoney("100", "EUR")
		}),
		badOrder("a ceiling below the quote", "MaxTotal", esim.ErrPriceChanged, func(r *esim.OrderRequest) {
			r.Quote, r.Quantity, r.MaxTotal = turkeyQuote(), 3, usd("8.15")
		}),
		badOrder("a quote of another provider", "Quote", invalid, quote(func(q *esim.Package) { q.Provider = "esimfx" })),
		badOrder("a quote of another package", "Quote", invalid, quote(func(q *esim.Package) { q.ID = "PHAJHEAYP" })),
		badOrder("a quote without currency", "Quote", unsupported, quote(func(q *esim.Package) { q.Price = esim.Money{} })),
		badOrder("a quote without name", "Quote.Name", unsupported, quote(func(q *esim.Package) { q.Name = "" })),
		badOrder("a quote with a broken name", "JSON", invalid, quote(func(q *esim.Package) { q.Name = "a\xffb" })),
		badOrder("a negative quote", "Quote", invalid, quote(func(q *esim.Package) { q.Price = usd("-2.72") })),
		badOrder("a relative callback", "CallbackURL", invalid, func(r *esim.OrderRequest) { r.CallbackURL = "/hook" }),
		badOrder("a plain http callback", "CallbackURL", invalid, func(r *esim.OrderRequest) { r.CallbackURL = "http://example.com/hook" }),
		badOrder("a callback with a password", "CallbackURL", invalid, func(r *esim.OrderRequest) { r.CallbackURL = "https://u:canary@example.com" }),
		badTopUp("a negative ceiling", "MaxTotal", invalid, func(r *esim.TopUpRequest) { r.MaxTotal = usd("-1") }),
		badTopUp("a quote of another package", "Quote", invalid, func(r *esim.TopUpRequest) { r.Quote = turkeyQuote() }),
		badTopUp("a quote without currency", "Quote", unsupported, func(r *esim.TopUpRequest) { r.Quote = topUpQuote(); r.Quote.Price = esim.Money{} }),
		badTopUp("a reference with a slash", "Reference", invalid, func(r *esim.TopUpRequest) { r.Reference = "a/b" }),
		badList("page size -1", "PageSize", esim.PackageQuery{PageSize: -1}),
		badList("page size 101", "PageSize", esim.PackageQuery{PageSize: 101}),
		badList("a cursor of somebody else", "Cursor", esim.PackageQuery{Cursor: "canary"}),
		badList("a cursor of another page size", "Cursor", esim.PackageQuery{Cursor: "2x100", PageSize: 50}),
		badList("a country in words", "Countries", esim.PackageQuery{Countries: []esim.Country{"Japan"}}),
		badList("a country in small letters", "Countries", esim.PackageQuery{Countries: []esim.Country{"JP", "kr"}}),
		badList("an unknown kind", "Kind", esim.PackageQuery{Kind: 99}),
		badList("a negative kind", "Kind", esim.PackageQuery{Kind: -1}),
		badList("a line break", "Search", esim.PackageQuery{Search: "a\nb"}),
		badList("a long search", "Search", esim.PackageQuery{Search: strings.Repeat("x", 101)}),
		badList("a region that is not UTF-8", "Region", esim.PackageQuery{Region: "a\xffb"}),
		{"GetOrder by reference", "Reference", unsupported, func(ctx context.Context, c *Client) error {
			_, err := c.GetOrder(ctx, esim.OrderRef{Reference: "cart-0001"})
			return err
		}},
		{"Cancel of nothing", "Order.ID", invalid, func(ctx context.Context, c *Client) error {
			_, err := c.Cancel(ctx, esim.CancelRequest{})
			return err
		}},
		{"Cancel of one eSIM", "every unused eSIM of the order", invalid, func(ctx context.Context, c *Client) error {
			_, err := c.Cancel(ctx, esim.CancelRequest{ICCID: testICCID})
			return err
		}},
		{"Cancel by reference", "Order.Reference", unsupported, func(ctx context.Context, c *Client) error {
			_, err := c.Cancel(ctx, esim.CancelRequest{Order: esim.OrderRef{Reference: "cart-0001"}, ICCID: testICCID})
			return err
		}},
		{"UsageReport of 91 days", "days", invalid, func(ctx context.Context, c *Client) error {
			_, err := c.UsageReport(ctx, testICCID, 91)
			return err
		}},
		{"UsageReport of -1 days", "days", invalid, func(ctx context.Context, c *Client) error {
			_, err := c.UsageReport(ctx, testICCID, -1)
			return err
		}},
		{"SendSMS without text", "text", invalid, func(ctx context.Context, c *Client) error { return c.SendSMS(ctx, testICCID, "") }},
		{"SendSMS of 501 characters", "text", invalid, func(ctx context.Context, c *Client) error {
			return c.SendSMS(ctx, testICCID, strings.Repeat("ü", 501))
		}},
		{"SendSMS not in UTF-8", "JSON", invalid, func(ctx context.Context, c *Client) error { return c.SendSMS(ctx, testICCID, "a\xff") }},
		{"SetWebhook without events", "events", invalid, func(ctx context.Context, c *Client) error {
			_, err := c.SetWebhook(ctx, "https://example.com/hook", nil)
			return err
		}},
		{"SetWebhook with an empty event", "events", invalid, func(ctx context.Context, c *Client) error {
			_, err := c.SetWebhook(ctx, "https://example.com/hook", []string{"esim.installed", ""})
			return err
		}},
		{"SetWebhook with plain http", "url", invalid, func(ctx context.Context, c *Client) error {
			_, err := c.SetWebhook(ctx, "http://example.com/hook", []string{"esim.installed"})
			return err
		}},
		{"SetWebhook not in UTF-8", "JSON", invalid, func(ctx context.Context, c *Client) error {
			_, err := c.SetWebhook(ctx, "https://example.com/hook", []string{"a\xff"})
			return err
		}},
		{"Orders of an unknown status", "Status", invalid, func(ctx context.Context, c *Client) error {
			_, err := all(c.Orders(ctx, OrdersQuery{Status: "lost"}))
			return err
		}},
		{"Orders by an unknown field", "SortBy", invalid, func(ctx context.Context, c *Client) error {
			_, err := all(c.Orders(ctx, OrdersQuery{SortBy: "price"}))
			return err
		}},
		{"Orders in pages of 101", "PageSize", invalid, func(ctx context.Context, c *Client) error {
			_, err := all(c.Orders(ctx, OrdersQuery{PageSize: 101}))
			return err
		}},
		{"ESIMs of an unknown status", "Status", invalid, func(ctx context.Context, c *Client) error {
			_, err := all(c.ESIMs(ctx, ESIMsQuery{Status: "LOST"}))
			return err
		}},
		{"ESIMs with a control character", "Search", invalid, func(ctx context.Context, c *Client) error {
			_, err := all(c.ESIMs(ctx, ESIMsQuery{Search: "a\x7f"}))
			return err
		}},
	}
	for _, id := range badIDs {
		calls = append(calls,
			badOrder(fmt.Sprintf("package %.12q", id), "PackageID", invalid, func(r *esim.OrderRequest) { r.PackageID = id }),
			badTopUp(fmt.Sprintf("package %.12q", id), "PackageID", invalid, func(r *esim.TopUpRequest) { r.PackageID = id }),
			badCall{fmt.Sprintf("GetOrder %.12q", id), "ID", invalid, func(ctx context.Context, c *Client) error {
				_, err := c.GetOrder(ctx, esim.OrderRef{ID: id})
				return err
			}},
			badCall{fmt.Sprintf("Cancel %.12q", id), "Order.ID", invalid, func(ctx context.Context, c *Client) error {
				_, err := c.Cancel(ctx, esim.CancelRequest{Order: esim.OrderRef{ID: id}, ICCID: testICCID})
				return err
			}})
	}
	for _, iccid := range badICCIDs {
		calls = append(calls, badTopUp(fmt.Sprintf("ICCID %.24q", iccid), "ICCID", invalid, func(r *esim.TopUpRequest) { r.ICCID = iccid }))
		for name, call := range callsWithICCID() {
			calls = append(calls, badCall{
				fmt.Sprintf("%s %.24q", name, iccid), "ICCID", invalid,
				func(ctx context.Context, c *Client) error { return call(ctx, c, iccid) },
			})
		}
	}
	return calls
}

func callsWithICCID() map[string]func(context.Context, *Client, esim.ICCID) error {
	return map[string]func(context.Context, *Client, esim.ICCID) error{
		"ListTopUps": func(ctx context.Context, c *Client, i esim.ICCID) error { _, err := c.ListTopUps(ctx, i); return err },
		"GetESIM":    func(ctx context.Context, c *Client, i esim.ICCID) error { _, err := c.GetESIM(ctx, i); return err },
		"Usage":      func(ctx context.Context, c *Client, i esim.ICCID) error { _, err := c.Usage(ctx, i); return err },
		"LiveStatus": func(ctx context.Context, c *Client, i esim.ICCID) error { _, err := c.LiveStatus(ctx, i); return err },
		"NetworkEvents": func(ctx context.Context, c *Client, i esim.ICCID) error {
			_, err := c.NetworkEvents(ctx, i)
			return err
		},
		"UsageReport": func(ctx context.Context, c *Client, i esim.ICCID) error {
			_, err := c.UsageReport(ctx, i, 7)
			return err
		},
		"Suspend":  func(ctx context.Context, c *Client, i esim.ICCID) error { return c.Suspend(ctx, i) },
		"Activate": func(ctx context.Context, c *Client, i esim.ICCID) error { return c.Activate(ctx, i) },
		"SendSMS":  func(ctx context.Context, c *Client, i esim.ICCID) error { return c.SendSMS(ctx, i, "hello") },
	}
}

func TestBadInputIsRefusedBeforeAnythingIsSent(t *testing.T) {
	c, f := silent(t)
	for _, tt := range badCalls() {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.call(t.Context(), c)
			require.ErrorIs(t, err, tt.kind)
			e := asError(t, err)
			assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
			assert.False(t, esim.MaybeCharged(err))
			assert.Contains(t, e.Message, tt.field)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
	assert.Zero(t, f.total())
}

func TestNilContext(t *testing.T) {
	c, f := silent(t)
	var none context.Context
	calls := map[string]func() error{
		"Balance":      func() error { _, err := c.Balance(none); return err },
		"Webhook":      func() error { _, err := c.Webhook(none); return err },
		"ListPackages": func() error { _, err := c.ListPackages(none, esim.PackageQuery{}); return err },
		"Order":        func() error { _, err := c.Order(none, esim.OrderRequest{PackageID: "p"}); return err },
		"TopUp": func() error {
			_, err := c.TopUp(none, esim.TopUpRequest{ICCID: topUpICCID, PackageID: "p"})
			return err
		},
		"GetOrder": func() error { _, err := c.GetOrder(none, esim.OrderRef{ID: "o"}); return err },
		"Cancel":   func() error { _, err := c.Cancel(none, esim.CancelRequest{Order: esim.OrderRef{ID: "o"}}); return err },
		"Orders":   func() error { _, err := all(c.Orders(none, OrdersQuery{})); return err },
		"ESIMs":    func() error { _, err := all(c.ESIMs(none, ESIMsQuery{})); return err },
		"SetWebhook": func() error {
			_, err := c.SetWebhook(none, "https://example.com", []string{"esim.installed"})
			return err
		},
	}
	for name, call := range callsWithICCID() {
		calls[name] = func() error { return call(none, c, testICCID) }
	}
	for name, call := range calls {
		err := call()
		assert.ErrorIs(t, err, esim.ErrInvalidRequest, name)
		assert.False(t, esim.MaybeCharged(err), name)
	}
	assert.Zero(t, f.total())
}
