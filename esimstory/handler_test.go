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
		{"not stored", "POST", "/hooks/" + pathSecret, strings.NewReader(body), errors.New("disk full"), 503, 1},
		{"wrong secret", "POST", "/hooks/" + pathSecret + "x", strings.NewReader(body), nil, 404, 0},
		{"secret in another place", "POST", "/" + pathSecret + "/x", strings.NewReader(body), nil, 404, 0},
		{"no secret", "POST", "/hooks/", strings.NewReader(body), nil, 404, 0},
		{"wrong secret and method", "GET", "/hooks/x", nil, nil, 404, 0},
		{"GET", "GET", "/hooks/" + pathSecret, nil, nil, 405, 0},
		{"PUT", "PUT", "/hooks/" + pathSecret, strings.NewReader(body), nil, 405, 0},
		{"empty", "POST", "/hooks/" + pathSecret, nil, nil, 400, 0},
		{"not JSON", "POST", "/hooks/" + pathSecret, strings.NewReader("topup_id=1"), nil, 400, 0},
		{"no id", "POST", "/hooks/" + pathSecret, strings.NewReader("{}"), nil, 400, 0},
		{"cut off", "POST", "/hooks/" + pathSecret, io.MultiReader(strings.NewReader(body), iotest.ErrReader(io.ErrUnexpectedEOF)), nil, 400, 0},
		{"at the limit", "POST", "/hooks/" + pathSecret, strings.NewReader(body + strings.Repeat(" ", maxDelivery-len(body))), nil, 200, 1},
		{"too large", "POST", "/hooks/" + pathSecret, strings.NewReader(body + strings.Repeat(" ", maxDelivery-len(body)+1)), nil, 413, 0},
		{"endless", "POST", "/hooks/" + pathSecret, endless{}, nil, 413, 0},
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
			if c.delivered > 0 {
				require.Equal(t, unit12, got[0].TopupID)
			}
			if c.want == http.StatusMethodNotAllowed {
				require.Equal(t, "POST", w.Header().Get("Allow"))
			}
			require.NotContains(t, fmt.Sprintf("%+v %#v", h, h), "canary")
		})
	}
}

func TestDeliveryHandlerWithoutConfigurationRefusesAll(t *testing.T) {
	deliver := func(context.Context, *Delivery) error { t.Error("called"); return nil }
	for _, h := range []http.Handler{
		DeliveryHandler(esim.Secret{}, deliver),
		DeliveryHandler(esim.NewSecret("short"), deliver),
		DeliveryHandler(esim.NewSecret(pathSecret), nil),
	} {
		for _, path := range []string{"/", "/short", "/" + pathSecret} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", path, strings.NewReader(`{"topup_id":"1"}`)))
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
		}
	}
}
