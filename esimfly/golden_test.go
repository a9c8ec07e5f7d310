package esimfly

import (
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/golden"
)

const (
	testICCID  = esim.ICCID("8948010010036785060")
	usageICCID = esim.ICCID("8910300001234567890")
	topUpICCID = esim.ICCID("8943108170002570328")
)

var goldenNow = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func testConfig() Config {
	return Config{
		Settings: esim.Settings{
			Limiter: rate.NewLimiter(rate.Inf, 1), MaxRetries: -1, Now: func() time.Time { return goldenNow },
		},
		AccessCode: "esf_test_vector", SecretKey: esim.NewSecret("sk_test_vector_0001"),
	}
}

// on makes the call of a case with a client whose configuration is changed.
func on(call func(t *testing.T, c *Client) (any, error), changes ...func(*Config)) golden.Op {
	return func(t *testing.T, h http.RoundTripper) (any, error) {
		cfg := testConfig()
		cfg.Transport = h
		for _, change := range changes {
			change(&cfg)
		}
		c, err := New(cfg)
		require.NoError(t, err)
		result, err := call(t, c)
		if err != nil {
			return nil, err // and not a typed nil
		}
		return result, nil
	}
}

func list100(q esim.PackageQuery) golden.Op {
	return on(func(t *testing.T, c *Client) (any, error) { return c.ListPackages(t.Context(), q) })
}

func ordered(change func(*esim.OrderRequest)) golden.Op {
	return on(func(t *testing.T, c *Client) (any, error) {
		req := esim.OrderRequest{PackageID: "merhaba-7days-1gb", Reference: "cart-0001"}
		change(&req)
		return c.Order(t.Context(), req)
	})
}

func toppedUp(change func(*esim.TopUpRequest)) golden.Op {
	return on(func(t *testing.T, c *Client) (any, error) {
		req := esim.TopUpRequest{ICCID: topUpICCID, PackageID: "turkey-7days-1gb-topup", Reference: "cart-0002"}
		change(&req)
		return c.TopUp(t.Context(), req)
	})
}

func cancelled(req esim.CancelRequest, changes ...func(*Config)) golden.Op {
	return on(func(t *testing.T, c *Client) (any, error) { return c.Cancel(t.Context(), req) }, changes...)
}

func readOrder(id string) golden.Op {
	return on(func(t *testing.T, c *Client) (any, error) {
		return c.GetOrder(t.Context(), esim.OrderRef{ID: id, Reference: "cart-0001"})
	})
}

// all collects a sequence up to its error.
func all[T any](seq iter.Seq2[T, error]) (any, error) {
	var rows []T
	for row, err := range seq {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func usd(amount string) esim.Money {
	m, err := esim.ParseMoney(amount, "USD")
	if err != nil {
		panic(err)
	}
	return m
}

func turkeyQuote() *esim.Package {
	return &esim.Package{Provider: Provider, ID: "merhaba-7days-1gb", Name: "Turkey 1 GB 7 Days", Price: usd("2.72")}
}

func topUpQuote() *esim.Package {
	return &esim.Package{Provider: Provider, ID: "turkey-7days-1gb-topup", Name: "Turkey 1GB 7Days", Price: usd("2.45")}
}

func patient(cfg *Config) { cfg.MaxRetries = 1 }

func TestGolden(t *testing.T) {
	order := esim.CancelRequest{Order: esim.OrderRef{ID: "order_1692123456_ab7cd"}}
	orderAndESIM := esim.CancelRequest{Order: order.Order, ICCID: testICCID}
	golden.Suite{
		Dir:     golden.Recorded(t, "esimfly"),
		Headers: []string{"Content-Type", "RT-AccessCode"},
		Ops: map[string]golden.Op{
			"balance": on(func(t *testing.T, c *Client) (any, error) { return c.Balance(t.Context()) }),

			"listpackages":                 list100(esim.PackageQuery{}),
			"listpackages_second":          list100(esim.PackageQuery{Cursor: "2x2", PageSize: 2}),
			"listpackages_country":         list100(esim.PackageQuery{Countries: []esim.Country{"TR"}}),
			"listpackages_country_all":     list100(esim.PackageQuery{Countries: []esim.Country{"TR"}, Cursor: "all-1x2"}),
			"listpackages_countries":       list100(esim.PackageQuery{Countries: []esim.Country{"FR", "DE"}}),
			"listpackages_kind":            list100(esim.PackageQuery{Kind: esim.KindLocal}),
			"listpackages_region":          list100(esim.PackageQuery{Region: "europe"}),
			"listpackages_search":          list100(esim.PackageQuery{Search: "Côte & more", Countries: []esim.Country{"US"}}),
			"listpackages_country_unfound": list100(esim.PackageQuery{Countries: []esim.Country{"TR"}}),
			"listtopups":                   on(func(t *testing.T, c *Client) (any, error) { return c.ListTopUps(t.Context(), topUpICCID) }),
			"order":                        ordered(func(*esim.OrderRequest) {}),
			"order_two":                    ordered(func(r *esim.OrderRequest) { r.Quantity = 2 }),
			"order_quote":                  ordered(func(r *esim.OrderRequest) { r.Quote = turkeyQuote() }),
			"order_quote_ceiling":          ordered(func(r *esim.OrderRequest) { r.Quote, r.MaxTotal = turkeyQuote(), usd("2.72") }),
			"order_quote_iqd": ordered(func(r *esim.OrderRequest) {
				r.Quote = turkeyQuote()
				r.Quote.Price, _ = esim.ParseMoney("1980000", "IQD")
			}),
			"order_quote_replay": ordered(func(r *esim.OrderRequest) { r.Quote = turkeyQuote() }),
			"order_callback": ordered(func(r *esim.OrderRequest) {
				r.PackageID, r.CallbackURL = "RB85_4D", "https://hooks.example.test/esimfly?t=a&u=b"
			}),
			"getorder":       readOrder("order_1692123456_ab7cd"),
			"getorder_topup": readOrder("topup_1755559183090_vyf9w"),
			"usage":          on(func(t *testing.T, c *Client) (any, error) { return c.Usage(t.Context(), usageICCID) }),
			"topup":          toppedUp(func(*esim.TopUpRequest) {}),
			"topup_quote":    toppedUp(func(r *esim.TopUpRequest) { r.Quote = topUpQuote() }),
			"topup_ceiling":  toppedUp(func(r *esim.TopUpRequest) { r.MaxTotal = usd("2.50") }),

			"cancel":                    cancelled(orderAndESIM),
			"cancel_order":              cancelled(order),
			"cancel_already_after_loss": cancelled(orderAndESIM, patient),
			"getesim":                   on(func(t *testing.T, c *Client) (any, error) { return c.GetESIM(t.Context(), usageICCID) }),

			"orders": on(func(t *testing.T, c *Client) (any, error) { return all(c.Orders(t.Context(), OrdersQuery{})) }),
			"orders_filtered": on(func(t *testing.T, c *Client) (any, error) {
				return all(c.Orders(t.Context(), OrdersQuery{
					Status: "completed", From: goldenNow.AddDate(0, 0, -1), To: goldenNow, Search: "IRQ",
					SortBy: "amount", Oldest: true, PageSize: 20,
				}))
			}),
			"esims": on(func(t *testing.T, c *Client) (any, error) { return all(c.ESIMs(t.Context(), ESIMsQuery{})) }),
			"esims_filtered": on(func(t *testing.T, c *Client) (any, error) {
				return all(c.ESIMs(t.Context(), ESIMsQuery{Search: "Sweden", Status: "active", PageSize: 50}))
			}),
			"livestatus":    on(func(t *testing.T, c *Client) (any, error) { return c.LiveStatus(t.Context(), testICCID) }),
			"networkevents": on(func(t *testing.T, c *Client) (any, error) { return c.NetworkEvents(t.Context(), testICCID) }),
			"usagereport":   on(func(t *testing.T, c *Client) (any, error) { return c.UsageReport(t.Context(), testICCID, 0) }),
			"usagereport_quarter": on(func(t *testing.T, c *Client) (any, error) {
				return c.UsageReport(t.Context(), testICCID, 90)
			}),
			"suspend":  on(func(t *testing.T, c *Client) (any, error) { return nil, c.Suspend(t.Context(), testICCID) }),
			"activate": on(func(t *testing.T, c *Client) (any, error) { return nil, c.Activate(t.Context(), testICCID) }),
			"sms": on(func(t *testing.T, c *Client) (any, error) {
				return nil, c.SendSMS(t.Context(), testICCID, "Hoş geldiniz <1 GB> & iyi yolculuklar")
			}),
			"setwebhook": on(func(t *testing.T, c *Client) (any, error) {
				return c.SetWebhook(t.Context(), "https://hooks.example.com/esimfly", []string{"esim.installed", "esim.status.changed"})
			}),
			"webhook": on(func(t *testing.T, c *Client) (any, error) { return c.Webhook(t.Context()) }),
		},
	}.Run(t)
}
