package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

const testSeed = 7

// startShop serves a shop against simulators until the test ends.
func startShop(t *testing.T) *shop {
	t.Helper()
	s := serveShop(t, options{seed: testSeed}, esim.Money{})
	require.Eventually(t, func() bool {
		return s.stocked(esimfly.Provider, esimstory.Provider, esimfx.Provider)
	}, 10*time.Second, 10*time.Millisecond)
	s.resellers.sim.ESIMStory.Webhooks(simulator.WebhookBehaviour{Delay: 20 * time.Millisecond})
	return s
}

func serveShop(t *testing.T, o options, dayCap esim.Money) *shop {
	t.Helper()
	o.address, o.data = "127.0.0.1:0", t.TempDir()
	s, err := open(t.Context(), o, dayCap, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
		if s.resellers.sim != nil {
			require.Empty(t, s.resellers.sim.Violations())
		}
	})
	return s
}

// stocked reports whether these resellers' offers are on the shelf.
func (s *shop) stocked(resellers ...esim.Provider) bool {
	found := s.shelf.Search(catalog.Query{Limit: 1, Facets: true}).Facets.Providers
	return !slices.ContainsFunc(resellers, func(p esim.Provider) bool { return found[p] == 0 })
}

// client follows no redirect, so that a test sees it.
var client = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// reply is an answer to a request, without its body.
type reply struct {
	StatusCode int
	Header     http.Header
}

// do sends a request and returns the answer and its body.
func do(t *testing.T, r *http.Request) (got reply, body string) {
	t.Helper()
	response, err := client.Do(r)
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, errors.Join(err, response.Body.Close()))
	return reply{response.StatusCode, response.Header}, string(text)
}

func (s *shop) get(t *testing.T, path string) (reply, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+path, http.NoBody)
	require.NoError(t, err)
	return do(t, r)
}

// request is a form as a browser posts it from a page of the shop.
func (s *shop) request(t *testing.T, path string, form url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

func (s *shop) post(t *testing.T, path string, form url.Values) (reply, string) {
	t.Helper()
	return do(t, s.request(t, path, form))
}

// form reads the hidden fields of the checkout page at a path.
func (s *shop) form(t *testing.T, path string) url.Values {
	t.Helper()
	answer, page := s.get(t, path)
	require.Equal(t, http.StatusOK, answer.StatusCode, page)
	form := hidden(page, "cart", "offer", "price")
	require.Len(t, form, 3)
	return form
}

// cheapest is an offer of a reseller that works in Japan alone.
func (s *shop) cheapest(t *testing.T, p esim.Provider) offer {
	t.Helper()
	offers, _ := s.search(catalog.Query{
		Countries: []esim.Country{"JP"}, MinData: esim.GB, Providers: []esim.Provider{p}, Unlimited: catalog.No, Limit: 500,
	})
	for _, o := range offers {
		if len(o.Countries) == 1 {
			return o
		}
	}
	t.Fatal("no offer of ", p)
	return offer{}
}

// buyOne buys through the pages and returns the cart.
func (s *shop) buyOne(t *testing.T, p esim.Provider) cart {
	t.Helper()
	o := s.cheapest(t, p)
	form := s.form(t, "/checkout?for=JP&offer="+url.QueryEscape(o.Key()))
	answer, page := s.post(t, "/buy", form)
	require.Equal(t, http.StatusSeeOther, answer.StatusCode, page)
	c, ok := parseCart(form.Get("cart"))
	require.True(t, ok)
	require.Equal(t, c.Path(), answer.Header.Get("Location"))
	return c
}

// waitFor waits until the purchase of a cart is in a state.
func (s *shop) waitFor(t *testing.T, c cart, want journal.State) *journal.Purchase {
	t.Helper()
	var p *journal.Purchase
	require.Eventually(t, func() bool {
		var err error
		_, p, err = s.purchase(t.Context(), c.Reference())
		return err == nil && p != nil && p.State == want
	}, 15*time.Second, 20*time.Millisecond, "not %s", want)
	return p
}

// charges are what a reseller has charged.
func (s *shop) charges(p esim.Provider) []esimtest.Charge {
	return s.resellers.sim.Server(p).Ledger().Charges()
}
