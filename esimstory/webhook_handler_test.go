package esimstory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const pathSecret = "canary-path-secret-0123456789abcdef"

func TestDeliveryHandler(t *testing.T) {
	const body = `{"topup_id":"` + unit12 + `","external_order_id":"ORDER-1"}`
	for _, c := range []struct {
		name, method, path string
		body               io.Reader
		deliver            error
		want, delivered    int
	}{
		{"delivered", "POST", "/hooks/" + pathSecret, strings.NewReader(body), nil, 200, 1},
		{"secret alone", "POST", "/" + pathSecret, strings.NewReader(body), nil, 200, 1},
		{"slash at the end", "POST", "/hooks/" + pathSecret + "/", strings.NewReader(body), nil, 200, 1},
		{"two slashes at the end", "POST", "/hooks/" + pathSecret + "//", strings.NewReader(body), nil, 404, 0},
		{"not stored", "POST", "/hooks/" + pathSecret, strings.NewReader(body), errors.New("disk full"), 503, 1},
		{"wrong secret", "POST", "/hooks/" + pathSecret + "x", strings.NewReader(body), nil, 404, 0},
		{"secret in another place", "POST", "/" + pathSecret + "/x", strings.NewReader(body), nil, 404, 0},
		{"no secret", "POST", "/hooks/", strings.NewReader(body), nil, 404, 0},
		{"wrong secret and method", "GET", "/hooks/x", nil, nil, 404, 0},
		{"GET", "GET", "/hooks/" + pathSecret, nil, nil, 405, 0},
		{"PUT", "PUT", "/hooks/" + pathSecret, strings.NewReader(body), nil, 405, 0},
		{"empty", "POST", "/hooks/" + pathSecret, nil, nil, 400, 1},
		{"not JSON", "POST", "/hooks/" + pathSecret, strings.NewReader("topup_id=1"), nil, 400, 1},
		{"no id", "POST", "/hooks/" + pathSecret, strings.NewReader("{}"), nil, 400, 1},
		{"not JSON and not stored", "POST", "/hooks/" + pathSecret, strings.NewReader("topup_id=1"), errors.New("disk full"), 503, 1},
		{"cut off", "POST", "/hooks/" + pathSecret, io.MultiReader(strings.NewReader(body), iotest.ErrReader(io.ErrUnexpectedEOF)), nil, 400, 1},
		{"at the limit", "POST", "/hooks/" + pathSecret, strings.NewReader(body + strings.Repeat(" ", maxDelivery-len(body))), nil, 200, 1},
		{"too large", "POST", "/hooks/" + pathSecret, strings.NewReader(body + strings.Repeat(" ", maxDelivery-len(body)+1)), nil, 413, 1},
		{"endless", "POST", "/hooks/" + pathSecret, endless{}, nil, 413, 1},
		{"too large and not stored", "POST", "/hooks/" + pathSecret, endless{}, errors.New("disk full"), 503, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []*Delivery
			h := DeliveryHandler(esim.NewSecret(pathSecret), func(ctx context.Context, d *Delivery) error {
				require.NoError(t, ctx.Err())
				got = append(got, d)
				return c.deliver
			})
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, c.body))
			require.Equal(t, c.want, w.Code)
			require.Len(t, got, c.delivered)
			require.NotContains(t, w.Body.String(), "disk full")
			if c.delivered > 0 && got[0].Problem == nil {
				require.Equal(t, unit12, got[0].TopupID)
			}
			if c.delivered > 0 && c.deliver == nil {
				require.Equal(t, c.want == http.StatusOK, got[0].Problem == nil)
			}
			if c.want == http.StatusMethodNotAllowed {
				require.Equal(t, "POST", w.Header().Get("Allow"))
			}
			require.NotContains(t, fmt.Sprintf("%+v %#v", h, h), "canary")
		})
	}
}

// What cannot be read may be the only copy of a sold eSIM.
func TestDeliveryHandlerDropsNothing(t *testing.T) {
	long := strings.Repeat("LPA:1$rsp1.cmlink.com$CANARY ", maxDelivery)
	for body, raw := range map[string]string{
		`[{"topup_id":"1","iccid":"89852341234567890123"}]`:                        "",
		`{"topup_id":"1","topup_id":"1","download_link":"LPA:1$a.example$CANARY"}`: "",
		"{\"topup_id\":\"1\",\"x\":\"CANARY\xff\"}":                                "",
		`{"data":{"topup_id":"1"}}`:                                                "",
		long:                                                                       long[:maxDelivery],
	} {
		if raw == "" {
			raw = body
		}
		var got *Delivery
		h := DeliveryHandler(esim.NewSecret(pathSecret), func(_ context.Context, d *Delivery) error { got = d; return nil })
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/"+pathSecret, strings.NewReader(body)))
		require.GreaterOrEqual(t, w.Code, 400)
		require.NotNil(t, got)
		require.ErrorIs(t, got.Problem, esim.ErrMalformedResponse)
		require.Equal(t, raw, got.Raw.Reveal())
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", got, got, *got), "CANARY")

		order := pendingOrder()
		changed, err := Apply(order, got)
		require.False(t, changed)
		require.Equal(t, got.Problem, err)
		require.Equal(t, pendingOrder(), order)
	}
}

func TestDeliveryHandlerWithoutConfigurationRefusesAll(t *testing.T) {
	deliver := func(context.Context, *Delivery) error { t.Error("called"); return nil }
	for _, h := range []http.Handler{
		DeliveryHandler(esim.Secret{}, deliver),
		DeliveryHandler(esim.NewSecret("short"), deliver),
		DeliveryHandler(esim.NewSecret("abcd/efgh+ijklmnopqrstuv=="), deliver),
		DeliveryHandler(esim.NewSecret("abcdefghijklmnop "), deliver),
		DeliveryHandler(esim.NewSecret("abcdefghijklmnopé"), deliver),
		DeliveryHandler(esim.NewSecret(pathSecret), nil),
	} {
		for _, path := range []string{"/", "/short", "/" + pathSecret, "/abcd/efgh+ijklmnopqrstuv=="} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", path, strings.NewReader(`{"topup_id":"1"}`)))
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
