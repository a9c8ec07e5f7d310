package proof_test

import (
	"iter"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
)

// A read is answered from a recorded exchange, of which one cell at a time is odd.
type oddRead struct {
	recorded string
	rows     string                                                // name of the list of the answer, "" = it is no list
	id       string                                                // member of a row that names it
	needs    []string                                              // members without which the answer says nothing
	call     func(*testing.T, http.RoundTripper) (any, int, error) // also tells the rows that the list lost
}

const (
	oddICCID = esim.ICCID("8910300001234567890")
	fxICCID  = esim.ICCID("89440000000000000000")
)

func oddReads() []oddRead {
	fly := func(call func(*testing.T, *esimfly.Client) (any, int, error)) func(*testing.T, http.RoundTripper) (any, int, error) {
		return func(t *testing.T, h http.RoundTripper) (any, int, error) {
			c, err := esimfly.New(esimfly.Config{
				Settings: esim.Settings{Transport: h, Limiter: rate.NewLimiter(rate.Inf, 1), MaxRetries: -1}, AccessCode: "ac", SecretKey: esim.NewSecret("sk"),
			})
			require.NoError(t, err)
			return call(t, c)
		}
	}
	fx := func(call func(*testing.T, *esimfx.Client) (any, int, error)) func(*testing.T, http.RoundTripper) (any, int, error) {
		return func(t *testing.T, h http.RoundTripper) (any, int, error) {
			c, err := esimfx.New(esimfx.Config{
				Settings: esim.Settings{BaseURL: "https://api.example.test", Transport: h, Limiter: rate.NewLimiter(rate.Inf, 1), MaxRetries: -1}, ClientID: "id", ClientKey: esim.NewSecret("key"),
			})
			require.NoError(t, err)
			return call(t, c)
		}
	}
	return []oddRead{
		{"esimfly/listpackages_sample", "packages", "package_code", nil, fly(func(t *testing.T, c *esimfly.Client) (any, int, error) {
			return packagesOf(c.ListPackages(t.Context(), esim.PackageQuery{}))
		})},
		{"esimfly/listpackages_old_row", "packages", "package_code", nil, fly(func(t *testing.T, c *esimfly.Client) (any, int, error) {
			return packagesOf(c.ListPackages(t.Context(), esim.PackageQuery{}))
		})},
		{"esimfly/listtopups_row", "packages", "package_code", nil, fly(func(t *testing.T, c *esimfly.Client) (any, int, error) {
			return rowsOf(c.ListTopUps(t.Context(), "8943108170002570328"))
		})},
		{"esimfly/orders_with_esim", "orders", "order_reference", nil, fly(func(t *testing.T, c *esimfly.Client) (any, int, error) {
			return allOf(c.Orders(t.Context(), esimfly.OrdersQuery{}))
		})},
		{"esimfly/esims_row", "esims", "iccid", nil, fly(func(t *testing.T, c *esimfly.Client) (any, int, error) {
			return allOf(c.ESIMs(t.Context(), esimfly.ESIMsQuery{}))
		})},
		{"esimfly/getesim_active", "", "", []string{"success", "data", "esims", "iccid", "pagination", "page", "total", "total_pages", "0"}, fly(func(t *testing.T, c *esimfly.Client) (any, int, error) {
			return single(c.GetESIM(t.Context(), oddICCID))
		})},
		{"esimfly/usage_active", "", "", []string{"success", "data", "total_mb", "used_mb", "remaining_mb", "iccid"}, fly(func(t *testing.T, c *esimfly.Client) (any, int, error) {
			return single(c.Usage(t.Context(), oddICCID))
		})},
		{"esimfly/livestatus_active", "", "", []string{"success", "data"}, fly(func(t *testing.T, c *esimfly.Client) (any, int, error) {
			return single(c.LiveStatus(t.Context(), "8948010010036785060"))
		})},
		{"esimfly/networkevents_one", "", "", []string{"success", "data", "events"}, fly(func(t *testing.T, c *esimfly.Client) (any, int, error) {
			return single(c.NetworkEvents(t.Context(), "8948010010036785060"))
		})},
		{"esimfly/usagereport_week", "", "", []string{"success", "data", "daily_usage", "by_country", "operators"}, fly(func(t *testing.T, c *esimfly.Client) (any, int, error) {
			return single(c.UsageReport(t.Context(), "8948010010036785060", 0))
		})},
		{"esimfx/packages_v2", "products", "id", nil, fx(func(t *testing.T, c *esimfx.Client) (any, int, error) {
			return packagesOf(c.ListPackages(t.Context(), esim.PackageQuery{}))
		})},
		{"esimfx/topups_quickstart", "products", "id", nil, fx(func(t *testing.T, c *esimfx.Client) (any, int, error) {
			return rowsOf(c.ListTopUps(t.Context(), fxICCID))
		})},
		{"esimfx/product_v2", "", "", []string{"code", "data", "id"}, fx(func(t *testing.T, c *esimfx.Client) (any, int, error) {
			return single(c.Product(t.Context(), "esimfx_10G_7D_JP"))
		})},
		{"esimfx/esim_quickstart", "", "", []string{"code", "data", "iccid"}, fx(func(t *testing.T, c *esimfx.Client) (any, int, error) {
			return single(c.GetESIM(t.Context(), fxICCID))
		})},
		{"esimfx/usage_orders", "", "", []string{
			"code", "data", "iccid", "orders", "0", "1", "2", "subscription", "status", "upper_limit_amount", "used_amount", "amount_unit", "last_evaluated_key",
		}, fx(func(t *testing.T, c *esimfx.Client) (any, int, error) {
			return single(c.Usage(t.Context(), fxICCID))
		})},
		{"esimfx/orderusage_quickstart", "", "", []string{"code", "data", "id", "iccid", "subscription", "status", "upper_limit_amount", "used_amount", "amount_unit"}, fx(func(t *testing.T, c *esimfx.Client) (any, int, error) {
			return single(c.OrderUsage(t.Context(), "01b47ffa-4a74-4209-87e2-d282e274xxxx"))
		})},
	}
}

func packagesOf(page *esim.PackagePage, err error) (any, int, error) {
	if err != nil {
		return nil, 0, err
	}
	return page.Packages, page.Lost, nil
}

func rowsOf[T any](rows []T, err error) (any, int, error) { return rows, -1, err }

func single[T any](v *T, err error) (any, int, error) { return v, -1, err }

func allOf[T any](seq iter.Seq2[T, error]) (any, int, error) {
	var rows []T
	for row, err := range seq {
		if err != nil {
			return nil, 0, err
		}
		rows = append(rows, row)
	}
	return rows, -1, nil
}
