package esimfx

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

type badInput struct {
	name  string
	field string // that the error must name
	call  func(ctx context.Context, c *Client) error
}

var badIDs = []string{
	"", "a\tb", "a\nb", "a\x00b", "a\r\nb", "a\x7fb", "a\u0085b", "a\xffb", strings.Repeat("x", 129),
}

var badICCIDs = []esim.ICCID{
	"", "8944", "89440000000000000", "89440000000000000000000", "8944000000000000000x", "８９４４００００００００００００００００",
	" 89440000000000000000", "89440000000000000000\n", "../89440000000000000000", "8944000000/0000000000",
}

func badOrder(name, field string, change func(r *esim.OrderRequest)) badInput {
	return badInput{"Order: " + name, field, func(ctx context.Context, c *Client) error {
		r := esim.OrderRequest{PackageID: aPackage, Reference: "ref-1"}
		change(&r)
		_, err := c.Order(ctx, r)
		return err
	}}
}

func badTopUp(name, field string, change func(r *esim.TopUpRequest)) badInput {
	return badInput{"TopUp: " + name, field, func(ctx context.Context, c *Client) error {
		r := esim.TopUpRequest{ICCID: anICCID, PackageID: aPackage, Reference: "ref-1"}
		change(&r)
		_, err := c.TopUp(ctx, r)
		return err
	}}
}

func badQuery(name, field string, q esim.PackageQuery) badInput {
	return badInput{"ListPackages: " + name, field, func(ctx context.Context, c *Client) error {
		_, err := c.ListPackages(ctx, q)
		return err
	}}
}

func badInputs(t *testing.T) []badInput {
	dear := money(t, "9000000000000")
	list := []badInput{
		badOrder("quantity -1", "Quantity", func(r *esim.OrderRequest) { r.Quantity = -1 }),
		badOrder("quantity 21", "Quantity", func(r *esim.OrderRequest) { r.Quantity = maxQuantity + 1 }),
		badOrder("quote of another provider", "Quote.Provider", func(r *esim.OrderRequest) {
			r.Quote = quote(t, "12")
			r.Quote.Provider = "esimfly"
		}),
		badOrder("quote of another package", "Quote.ID", func(r *esim.OrderRequest) {
			r.Quote = quote(t, "12")
			r.Quote.ID = "esimfx_1G_7D_JP"
		}),
		badOrder("negative quote", "Quote.Price", func(r *esim.OrderRequest) { r.Quote = quote(t, "-12") }),
		badOrder("excessive quote", "Quote.Price", func(r *esim.OrderRequest) { r.Quote = quote(t, dear.Amount()) }),
		badOrder("negative ceiling", "MaxTotal", func(r *esim.OrderRequest) { r.MaxTotal = money(t, "-0.01") }),
		badOrder("excessive ceiling", "MaxTotal", func(r *esim.OrderRequest) { r.MaxTotal = dear }),
		badOrder("ceiling without a currency", "MaxTotal", func(r *esim.OrderRequest) {
			r.MaxTotal, _ = esim.ParseMoney("5", "")
		}),
		badOrder("ceiling in another currency than the quote", "MaxTotal", func(r *esim.OrderRequest) {
			r.Quote = quote(t, "12")
			r.MaxTotal, _ = esim.ParseMoney("100", "EUR")
		}),
		badTopUp("negative ceiling", "MaxTotal", func(r *esim.TopUpRequest) { r.MaxTotal = money(t, "-1") }),
		badTopUp("quote of another package", "Quote.ID", func(r *esim.TopUpRequest) {
			r.Quote = quote(t, "12")
			r.Quote.ID = "x"
		}),
		badQuery("negative page size", "PageSize", esim.PackageQuery{PageSize: -1}),
		badQuery("unknown kind", "Kind", esim.PackageQuery{Kind: 99}),
		badQuery("country in words", "Countries", esim.PackageQuery{Countries: []esim.Country{"JP", "Japan"}}),
		badQuery("country in small letters", "Countries", esim.PackageQuery{Countries: []esim.Country{"jp"}}),
		badQuery("two countries in one", "Countries", esim.PackageQuery{Countries: []esim.Country{"JP,US"}}),
		badQuery("countries and region", "Region", esim.PackageQuery{Countries: []esim.Country{"JP"}, Region: "Asia"}),
		badQuery("region with a control character", "Region", esim.PackageQuery{Region: "a\nb"}),
		badQuery("long region", "Region", esim.PackageQuery{Region: strings.Repeat("x", 101)}),
		{"Cancel: an ICCID alone", "Order.ID", func(ctx context.Context, c *Client) error {
			_, err := c.Cancel(ctx, esim.CancelRequest{ICCID: anICCID})
			return err
		}},
		{"GetOrder: too many ids", "OrderRef.ID", func(ctx context.Context, c *Client) error {
			_, err := c.GetOrder(ctx, esim.OrderRef{ID: strings.Repeat("x,", maxQuantity) + "x"})
			return err
		}},
		{"GetOrder: nothing", "OrderRef.ID", func(ctx context.Context, c *Client) error {
			_, err := c.GetOrder(ctx, esim.OrderRef{})
			return err
		}},
	}
	for _, cursor := range []string{
		"x y", "%%%", "e30", "bnVsbA", "W10", "ImEi", "MQ", "e30K", "eyJhIjoxfXg", "eyJhIjoxLCJhIjoyfQ", "eyJhIjoxfQ==",
		strings.Repeat("eyJh", 8<<10),
	} {
		list = append(list, badQuery(fmt.Sprintf("cursor %.20q", cursor), "Cursor", esim.PackageQuery{Cursor: cursor}))
	}
	for _, ref := range []string{"a b", "a/b", "a\nb", "ü", "a\xffb", strings.Repeat("r", 65)} {
		list = append(list,
			badOrder(fmt.Sprintf("reference %.10q", ref), "Reference", func(r *esim.OrderRequest) { r.Reference = ref }),
			badTopUp(fmt.Sprintf("reference %.10q", ref), "Reference", func(r *esim.TopUpRequest) { r.Reference = ref }))
	}
	for _, id := range badIDs {
		list = append(list,
			badOrder(fmt.Sprintf("package %.10q", id), "PackageID", func(r *esim.OrderRequest) { r.PackageID = id }),
			badTopUp(fmt.Sprintf("package %.10q", id), "PackageID", func(r *esim.TopUpRequest) { r.PackageID = id }))
		for op, call := range map[string]func(ctx context.Context, c *Client, id string) error{
			"GetOrder": func(ctx context.Context, c *Client, id string) error {
				_, err := c.GetOrder(ctx, esim.OrderRef{ID: id})
				return err
			},
			"GetOrder of two": func(ctx context.Context, c *Client, id string) error {
				_, err := c.GetOrder(ctx, esim.OrderRef{ID: "o-1," + id})
				return err
			},
			"Cancel": func(ctx context.Context, c *Client, id string) error {
				_, err := c.Cancel(ctx, esim.CancelRequest{Order: esim.OrderRef{ID: id}})
				return err
			},
			"Product": func(ctx context.Context, c *Client, id string) error {
				_, err := c.Product(ctx, id)
				return err
			},
			"OrderUsage": func(ctx context.Context, c *Client, id string) error {
				_, err := c.OrderUsage(ctx, id)
				return err
			},
			"Activate": func(ctx context.Context, c *Client, id string) error {
				_, err := c.Activate(ctx, id)
				return err
			},
		} {
			list = append(list, badInput{fmt.Sprintf("%s: id %.10q", op, id), "ID", func(ctx context.Context, c *Client) error {
				return call(ctx, c, id)
			}})
		}
	}
	for _, iccid := range badICCIDs {
		list = append(list, badTopUp(fmt.Sprintf("ICCID %.24q", iccid), "ICCID", func(r *esim.TopUpRequest) { r.ICCID = iccid }))
		for op, call := range map[string]func(ctx context.Context, c *Client) error{
			"ListTopUps": func(ctx context.Context, c *Client) error {
				_, err := c.ListTopUps(ctx, iccid)
				return err
			},
			"GetESIM": func(ctx context.Context, c *Client) error {
				_, err := c.GetESIM(ctx, iccid)
				return err
			},
			"Usage": func(ctx context.Context, c *Client) error {
				_, err := c.Usage(ctx, iccid)
				return err
			},
			"Cancel": func(ctx context.Context, c *Client) error {
				if iccid == "" { // is no filter
					iccid = "x"
				}
				_, err := c.Cancel(ctx, esim.CancelRequest{Order: esim.OrderRef{ID: "o-1"}, ICCID: iccid})
				return err
			},
		} {
			list = append(list, badInput{fmt.Sprintf("%s: ICCID %.24q", op, iccid), "ICCID", call})
		}
	}
	for op, call := range operations() {
		list = append(list, badInput{op + ": nil context", "context", func(_ context.Context, c *Client) error {
			return call(nil, c) //nolint:contextcheck // that is the test
		}})
	}
	return list
}

func TestBadInput(t *testing.T) {
	w := newWorld(t)
	c := w.client(t)
	for _, row := range badInputs(t) {
		t.Run(row.name, func(t *testing.T) {
			err := row.call(t.Context(), c)
			e := asError(t, err)
			assert.ErrorIs(t, e, esim.ErrInvalidRequest)
			assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
			assert.Equal(t, Provider, e.Provider)
			assert.False(t, esim.MaybeCharged(err))
			assert.Contains(t, e.Message, row.field)
			op, _, _ := strings.Cut(row.name, ":")
			assert.Equal(t, strings.TrimSuffix(op, " of two"), e.Op)
		})
	}
	assert.Zero(t, w.sent, "nothing may be sent")
}

func TestUnsupported(t *testing.T) {
	w := newWorld(t)
	c := w.client(t)
	unstated := quote(t, "12")
	unstated.Price, _ = unstated.Price.WithCurrency("")
	for name, call := range map[string]func() error{
		"Search": func() error {
			_, err := c.ListPackages(t.Context(), esim.PackageQuery{Search: "japan"})
			return err
		},
		"RequestID": func() error {
			_, err := c.Order(evidence.WithSend(t.Context(), evidence.Send{RequestID: "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b"}), esim.OrderRequest{PackageID: aPackage})
			return err
		},
		"CallbackURL": func() error {
			_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, CallbackURL: "https://shop.example.com/x"})
			return err
		},
		"OrderRef.Reference": func() error {
			_, err := c.GetOrder(t.Context(), esim.OrderRef{Reference: "ref-1"})
			return err
		},
		"Quote.Price": func() error {
			_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Quote: unstated})
			return err
		},
	} {
		e := asError(t, call())
		assert.ErrorIs(t, e, esim.ErrUnsupported, name)
		assert.Equal(t, esim.OutcomeNotSent, e.Outcome, name)
		assert.Contains(t, e.Message, name)
	}
	assert.Zero(t, w.sent, "nothing may be sent")
}
