package esimfx

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/internal/golden"
)

// call is an operation of a case, on a client of its own.
func call(do func(t *testing.T, c *Client) (any, error), change ...func(*Config)) golden.Op {
	return func(t *testing.T, transport http.RoundTripper) (any, error) {
		cfg := testConfig(transport)
		cfg.ClientID, cfg.ClientKey = "client-1", esim.NewSecret("key-1")
		for _, f := range change {
			f(&cfg)
		}
		return do(t, newTestClient(t, cfg))
	}
}

func list(q esim.PackageQuery) golden.Op {
	return call(func(t *testing.T, c *Client) (any, error) { return c.ListPackages(t.Context(), q) })
}

func buy(change func(*testing.T, *esim.OrderRequest), also ...func(*Config)) golden.Op {
	return preCheckedAt(call(func(t *testing.T, c *Client) (any, error) {
		r := esim.OrderRequest{PackageID: aPackage, Reference: "cart-8841"}
		change(t, &r)
		return c.Order(t.Context(), r)
	}, also...), profilePath, productPath)
}

// guarded is a purchase whose price is in the case.
func guarded(change func(*testing.T, *esim.OrderRequest)) golden.Op {
	return preCheckedAt(call(func(t *testing.T, c *Client) (any, error) {
		r := esim.OrderRequest{PackageID: aPackage, Reference: "cart-8841"}
		change(t, &r)
		return c.Order(t.Context(), r)
	}), profilePath)
}

// preCheckedAt answers these reads beside the case: they are side by side with
// others, so their place among the requests is not fixed.
func preCheckedAt(op golden.Op, paths ...string) golden.Op {
	return func(t *testing.T, transport http.RoundTripper) (any, error) {
		return op(t, besidePreChecks{transport, paths})
	}
}

func topUp(change func(*testing.T, *esim.TopUpRequest)) golden.Op {
	return preCheckedAt(call(func(t *testing.T, c *Client) (any, error) {
		r := esim.TopUpRequest{ICCID: anICCID, PackageID: "ca7e9da3-ca97-47cc-9d40-a77610c2xxxx", Reference: "cart-8842"}
		change(t, &r)
		return c.TopUp(t.Context(), r)
	}), profilePath)
}

func read(ref esim.OrderRef) golden.Op {
	return call(func(t *testing.T, c *Client) (any, error) { return c.GetOrder(t.Context(), ref) })
}

func cancel(r esim.CancelRequest) golden.Op {
	return call(func(t *testing.T, c *Client) (any, error) { return c.Cancel(t.Context(), r) })
}

func balance(change ...func(*Config)) golden.Op {
	return call(func(t *testing.T, c *Client) (any, error) { return c.Balance(t.Context()) }, change...)
}

func TestGolden(t *testing.T) {
	// The caller repeats where the error says that this is safe.
	retried := preCheckedAt(call(func(t *testing.T, c *Client) (any, error) {
		o, err := order(t.Context(), c, "cart-8841")
		if esim.OutcomeOf(err) == esim.OutcomeUnknown && esim.MayRepeat(err) {
			return order(t.Context(), c, "cart-8841")
		}
		return o, err
	}), profilePath, productPath)
	// The cursor of the page in packages_first.
	const cursor = "eyJpZCI6ImVzaW1meF8xMEdfN0RfSlAiLCJzayI6ImErLz3DvCAxIn0"
	golden.Suite{
		Dir:     golden.Recorded(t, "esimfx"),
		Headers: []string{"Authorization", "Content-Type", "X-Idempotency-Key"},
		Ops: map[string]golden.Op{
			"packages":           list(esim.PackageQuery{}),
			"packages_countries": list(esim.PackageQuery{Countries: []esim.Country{"US", "CA"}, PageSize: 200}),
			"packages_region":    list(esim.PackageQuery{Region: "Global", PageSize: 5}),
			"packages_kind":      list(esim.PackageQuery{Kind: esim.KindRegional}),
			"packages_second":    list(esim.PackageQuery{Cursor: cursor}),
			"product": call(func(t *testing.T, c *Client) (any, error) {
				return c.Product(t.Context(), aPackage)
			}),
			"topups": call(func(t *testing.T, c *Client) (any, error) { return c.ListTopUps(t.Context(), anICCID) }),

			"order":          buy(func(*testing.T, *esim.OrderRequest) {}),
			"order_quantity": buy(func(_ *testing.T, r *esim.OrderRequest) { r.Quantity = 3 }),
			"order_retried":  retried,
			"order_guarded":  guarded(func(t *testing.T, r *esim.OrderRequest) { r.Quote = quote(t, "12.00") }),
			"order_ceiling": guarded(func(t *testing.T, r *esim.OrderRequest) {
				r.Quantity, r.MaxTotal = 2, money(t, "23.99")
			}),
			"topup": topUp(func(*testing.T, *esim.TopUpRequest) {}),
			"topup_guarded": topUp(func(t *testing.T, r *esim.TopUpRequest) {
				r.Quote = quote(t, "12")
				r.Quote.ID = r.PackageID
			}),

			"getorder":        read(esim.OrderRef{ID: anOrderID, Reference: "cart-8841"}),
			"getorder_joined": read(esim.OrderRef{ID: "order-1,order-2"}),
			"esim":            call(func(t *testing.T, c *Client) (any, error) { return c.GetESIM(t.Context(), anICCID) }),
			"usage":           call(func(t *testing.T, c *Client) (any, error) { return c.Usage(t.Context(), anICCID) }),
			"orderusage":      call(func(t *testing.T, c *Client) (any, error) { return c.OrderUsage(t.Context(), anOrderID) }),
			"activate":        call(func(t *testing.T, c *Client) (any, error) { return c.Activate(t.Context(), anOrderID) }),

			"cancel":        cancel(esim.CancelRequest{Order: esim.OrderRef{ID: anOrderID}}),
			"cancel_esim":   cancel(esim.CancelRequest{Order: esim.OrderRef{ID: anOrderID}, ICCID: anICCID}),
			"cancel_joined": cancel(esim.CancelRequest{Order: esim.OrderRef{ID: "order-1,order-2"}}),

			"balance":            balance(),
			"balance_usd":        balance(func(cfg *Config) { cfg.Currency = "USD" }),
			"balance_bare_token": balance(func(cfg *Config) { cfg.BareToken = true }),
			"login":              balance(),
			"login_taught": balance(func(cfg *Config) {
				cfg.Codes = map[int]Code{40102: {Kind: esim.ErrNotEligible, Refused: true}}
			}),
		},
	}.Run(t)
}

func TestTheCursorOfTheFirstPageIsThatOfTheSecondCase(t *testing.T) {
	key := []byte(`{"id":"esimfx_10G_7D_JP","sk":"a+/=ü 1"}`)
	cursor, ok := wire.Cursor(key)
	require.True(t, ok)
	start, ok := wire.CursorKey(cursor)
	require.True(t, ok)
	require.JSONEq(t, string(key), string(start))
}

func TestSentencesHaveCodeAndTests(t *testing.T) { golden.Sentences(t, "esimfx") }
