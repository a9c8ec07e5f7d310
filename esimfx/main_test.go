package esimfx

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// These turn up in requests only. A test that finds one elsewhere fails.
const (
	canaryID    = "ci_canary_7f3e"
	canaryKey   = "ck_canary_91b2d6"
	canaryToken = "at_canary_5d0c44aa"
	canaryMatch = "MATCH-CANARY-0042"
)

const (
	anICCID   = esim.ICCID("89440000000000000000")
	anOrderID = "01b47ffa-4a74-4209-87e2-d282e274xxxx"
	aPackage  = "esimfx_10G_7D_JP"
)

func testConfig(transport http.RoundTripper) Config {
	return Config{
		Settings: esim.Settings{
			BaseURL: "https://fx.example.com", Transport: transport,
			Limiter: rate.NewLimiter(rate.Inf, 1), MaxRetries: -1,
			Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
		},
		ClientID: canaryID, ClientKey: esim.NewSecret(canaryKey),
		Codes: map[int]Code{
			40105: {Kind: esim.ErrUnauthorized, Refused: true},
			40201: {Kind: esim.ErrInsufficientBalance, Refused: true},
			40402: {Kind: esim.ErrNotFound},
			40403: {Kind: esim.ErrNotFound},
			40903: {Kind: esim.ErrDuplicate},
			42900: {Kind: esim.ErrRateLimited, Refused: true},
		},
	}
}

func newTestClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// world answers requests by path, and counts them.
type world struct {
	mock *httpmock.MockTransport
	sent int
}

// newWorld answers the login and the reads before a purchase; whatever else a
// test does not expect fails.
func newWorld(t *testing.T) *world {
	w := &world{mock: httpmock.NewMockTransport()}
	w.mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		t.Errorf("unexpected request %s %s", r.Method, r.URL.Path)
		return nil, http.ErrAbortHandler
	})
	w.on("/account/api/v1/auth", 200, `{"code":0,"message":"Success","data":{"access_token":"`+canaryToken+`"}}`)
	for _, path := range []string{productPath, profilePath} {
		w.mock.RegisterResponder(http.MethodGet, "=~.*"+path, preChecked)
	}
	return w
}

// preChecked answers the reads before a purchase: every product is sold, at 12
// USD, and the account has the money. They are not counted.
func preChecked(r *http.Request) (*http.Response, error) {
	body := `{"code":0,"data":{"balance":"500"}}`
	if id := r.URL.Query().Get("id"); id != "" {
		body = `{"code":0,"data":{"id":"` + id + `","price":12,"price_unit":"USD"}}`
	}
	resp := httpmock.NewStringResponse(200, body)
	resp.Header.Set("Content-Type", "application/json")
	resp.Request = r
	return resp, nil
}

// besidePreChecks leaves the reads before a purchase out of what next sees.
type besidePreChecks struct {
	next  http.RoundTripper
	paths []string
}

func (b besidePreChecks) RoundTrip(r *http.Request) (*http.Response, error) {
	if slices.Contains(b.paths, r.URL.Path) {
		return preChecked(r)
	}
	return b.next.RoundTrip(r)
}

// on lets a path answer with these bodies in turn, and then with the last.
func (w *world) on(path string, status int, bodies ...string) {
	respond := func(*http.Request) (*http.Response, error) {
		w.sent++
		body := bodies[0]
		if len(bodies) > 1 {
			bodies = bodies[1:]
		}
		resp := httpmock.NewStringResponse(status, body)
		resp.Header.Set("Content-Type", "application/json")
		return resp, nil
	}
	w.mock.RegisterResponder(http.MethodGet, "=~.*"+path, respond)
	w.mock.RegisterResponder(http.MethodPost, "=~.*"+path, respond)
}

func (w *world) config() Config { return testConfig(w.mock) }

func (w *world) client(t *testing.T) *Client { return newTestClient(t, w.config()) }

const (
	profilePath = "/account/api/v1/reseller/get_profile"
	productPath = "/product/api/v1/get_product"
	statusPath  = "/order/api/v1/get_esim_status"
	orderPath   = "/order/api/v1/get_order"
)

const (
	goodOrder = `{"code":0,"message":"Success","data":{"id":"o-1","status":"COMPLETED","esim":{"iccid":"89440000000000000000",` +
		`"esim_qr":"LPA:1$rsp.truphone.com$` + canaryMatch + `","status":"PROVISIONED"}}}`
	goodProduct = `{"code":0,"message":"Success","data":{"id":"esimfx_10G_7D_JP","price":12,"price_unit":"USD"}}`
	goodStatus  = `{"code":0,"message":"Success","data":{"iccid":"89440000000000000000","status":"ACTIVE",` +
		`"esim_qr":"LPA:1$rsp.truphone.com$` + canaryMatch + `"}}`
	goodTopUps = `{"code":0,"message":"Success","data":{"products":[{"id":"esimfx_10G_7D_JP","price":12,"price_unit":"USD"}]}}`
)

func money(t *testing.T, amount string) esim.Money {
	t.Helper()
	m, err := esim.ParseMoney(amount, "USD")
	require.NoError(t, err)
	return m
}

func quote(t *testing.T, price string) *esim.Package {
	t.Helper()
	return &esim.Package{Provider: Provider, ID: aPackage, Price: money(t, price)}
}

func order(ctx context.Context, c *Client, reference string) (*esim.Order, error) {
	return c.Order(ctx, esim.OrderRequest{PackageID: aPackage, Reference: reference})
}

func asError(t *testing.T, err error) *esim.Error {
	t.Helper()
	var e *esim.Error
	require.ErrorAs(t, err, &e)
	return e
}
