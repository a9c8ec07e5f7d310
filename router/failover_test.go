package router_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
)

// What the next choice may cost, by what the caller gave. The first choice is
// eSIMfly's at 5.50 USD, and it refuses; eSIM Story is far too dear.
func TestPriceOfTheNextChoice(t *testing.T) {
	quote := &esim.Package{Provider: esimfly.Provider, ID: "jp-0", Name: product, Price: money("5.50", "USD")}
	for name, c := range map[string]struct {
		next     esim.Money // at eSIMfx, of one
		quantity int
		req      esim.OrderRequest
		config   func(c *router.Config)
		why      string // "" = eSIMfx sells
	}{
		"a quote, 10 % dearer":                  {next: money("6.05", "USD"), req: esim.OrderRequest{Quote: quote}},
		"a quote, a cent more than 10 %":        {next: money("6.06", "USD"), req: esim.OrderRequest{Quote: quote}, why: "dearer than a next choice may be"},
		"a quote, for three":                    {next: money("6.05", "USD"), quantity: 3, req: esim.OrderRequest{Quote: quote}},
		"a quote, three a cent more":            {next: money("6.06", "USD"), quantity: 3, req: esim.OrderRequest{Quote: quote}, why: "dearer than a next choice may be"},
		"a quote and a ceiling":                 {next: money("7", "USD"), req: esim.OrderRequest{Quote: quote, MaxTotal: money("7", "USD")}},
		"above the ceiling":                     {next: money("7.01", "USD"), req: esim.OrderRequest{MaxTotal: money("7", "USD")}, why: "price above ceiling"},
		"a ceiling for two":                     {next: money("7", "USD"), quantity: 2, req: esim.OrderRequest{MaxTotal: money("14", "USD")}},
		"two above the ceiling":                 {next: money("7.01", "USD"), quantity: 2, req: esim.OrderRequest{MaxTotal: money("14", "USD")}, why: "price above ceiling"},
		"a tight ceiling over a quote":          {next: money("5.60", "USD"), req: esim.OrderRequest{Quote: quote, MaxTotal: money("5.55", "USD")}, why: "price above ceiling"},
		"neither, as cheap as the first choice": {next: money("5.50", "USD")},
		"neither, a cent dearer":                {next: money("5.51", "USD"), why: "dearer than a next choice may be"},
		"MaxDearer of 20 %":                     {next: money("6.60", "USD"), req: esim.OrderRequest{Quote: quote}, config: func(c *router.Config) { c.MaxDearer = 200 }},
		"MaxDearer of nothing":                  {next: money("5.51", "USD"), req: esim.OrderRequest{Quote: quote}, config: func(c *router.Config) { c.MaxDearer = -1 }, why: "dearer than a next choice may be"},
		"another currency":                      {next: money("1", "EUR"), req: esim.OrderRequest{Quote: quote}, why: "no rate from EUR to USD"},
		"another currency by a rate": {
			next: money("5", "EUR"), req: esim.OrderRequest{Quote: quote},
			config: func(c *router.Config) { c.Rates = rates{"EUR/USD": "1.21"}.rate },
		},
		"another currency by a dear rate": {
			next: money("5", "EUR"), req: esim.OrderRequest{Quote: quote},
			config: func(c *router.Config) { c.Rates = rates{"EUR/USD": "1.2101"}.rate }, why: "dearer than a next choice may be",
		},
		"no price": {req: esim.OrderRequest{Quote: quote}, why: "price not known"},
		"a quote in a currency that nothing is compared in": {
			next: money("6", "EUR"), req: esim.OrderRequest{Quote: quote},
			config: func(c *router.Config) { c.Currency, c.Rates = "EUR", rates{"USD/EUR": "0.9"}.rate }, why: "price cannot be compared",
		},
	} {
		for _, journalled := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s journalled=%v", name, journalled), func(t *testing.T) {
				w := newWorld(journalled)
				w.reprice(esimfx.Provider, c.next)
				w.reprice(esimstory.Provider, money("90", "USD"))
				w.refuse(esim.ErrPackageUnavailable, esimfly.Provider)
				config := w.config(router.Preferred(esimfly.Provider, esimfx.Provider))
				if c.config != nil {
					c.config(&config)
				}
				c.req.PackageID, c.req.Reference, c.req.Quantity = asked, "cart-1", c.quantity
				r := router.New(config)
				o, err := r.Order(t.Context(), c.req)
				d, explained := r.ExplainReference(t.Context(), "cart-1")
				if c.why == "" {
					require.NoError(t, err)
					require.NoError(t, explained)
					assert.Equal(t, esimfx.Provider, o.Provider)
					require.Len(t, w.charges(), 1)
					total, failed := c.next.MulInt(max(c.quantity, 1))
					require.NoError(t, failed)
					assert.Equal(t, total, w.charges()[0].Amount)
					return
				}
				require.Error(t, err)
				assert.Equal(t, esim.OutcomeRejected, esim.OutcomeOf(err), "eSIMfly was asked, and nobody else")
				none, ok := errors.AsType[*router.NoneLeft](err)
				require.True(t, ok)
				assert.Contains(t, none.Error(), "esimfx:jp-1: "+c.why)
				assert.Empty(t, w.charges())
				assert.Zero(t, w.resellers[esimfx.Provider].Requests("Order"))
				require.NoError(t, explained)
				assert.Contains(t, d.String(), c.why)
			})
		}
	}
}

// reprice changes the price of a reseller, on the shelf too.
func (w *world) reprice(p esim.Provider, price esim.Money) {
	for i := range w.shelf {
		if w.shelf[i].Provider != p {
			continue
		}
		w.shelf[i].Price = price
		if price.Currency() != "" {
			w.resellers[p] = memory.New(memory.WithProvider(p), memory.WithPackages(w.shelf[i]),
				memory.WithBalance("1000000", price.Currency()))
		}
	}
}

// A price that is not known is nothing to compare with: nobody takes the place
// of a first choice whose price nobody knows.
func TestNextChoiceAfterAnUnknownPrice(t *testing.T) {
	w := newWorld(false)
	w.shelf[0].Price = esim.Money{}
	config := w.config(router.Preferred(esimfly.Provider))
	config.Currency = "USD"
	w.refuse(esim.ErrPackageUnavailable, esimfly.Provider)
	r := router.New(config)
	_, err := r.Order(t.Context(), esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	require.ErrorIs(t, err, esim.ErrPackageUnavailable)
	require.ErrorContains(t, err, "esimfx:jp-1: price cannot be compared")
	assert.Empty(t, w.charges())
	o, err := r.Order(t.Context(), esim.OrderRequest{PackageID: asked, Reference: "cart-1"}) // the first choice again
	require.NoError(t, err)
	assert.Equal(t, esimfly.Provider, o.Provider)
}

// Where the package of the quote is passed over unasked, its place has a price
// as well.
func TestPriceOfWhoTakesThePlaceOfAnOpenBreaker(t *testing.T) {
	for price, sold := range map[string]bool{"6.05": true, "6.06": false} {
		w := newWorld(false)
		w.reprice(esimfx.Provider, money(price, "USD"))
		config := w.config(router.Cheapest)
		config.Breaker.Failures = 1
		r := router.New(config)
		w.resellers[esimfly.Provider].Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
		_, err := buy(t.Context(), r, "cart-0") // opens it
		require.NoError(t, err)
		before := len(w.charges())
		quote := w.shelf[0]
		_, err = r.Order(t.Context(), esim.OrderRequest{PackageID: asked, Reference: "cart-1", Quote: &quote})
		assert.Equal(t, sold, err == nil, price)
		if !sold {
			require.ErrorContains(t, err, "esimfx:jp-1: dearer than a next choice may be")
			require.ErrorContains(t, err, "esimfly:jp-0: breaker open")
			assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
			assert.Len(t, w.charges(), before)
		}
	}
}

// After Until nobody else is asked, and a later call begins anew.
func TestUntil(t *testing.T) {
	for name, c := range map[string]struct {
		until time.Duration // 0 = not stated
		takes time.Duration // the first reseller
		sold  bool
	}{
		"in time":                {takes: 14 * time.Minute, sold: true},
		"too late":               {takes: 15 * time.Minute},
		"in time, as it is said": {until: time.Hour, takes: 59 * time.Minute, sold: true},
		"too late, as said":      {until: time.Minute, takes: time.Minute},
		"in time, soon":          {until: time.Minute, takes: time.Minute - time.Second, sold: true},
	} {
		for _, journalled := range []bool{false, true} {
			if journalled && c.takes > time.Minute {
				continue // a journal does not wait so long
			}
			t.Run(fmt.Sprintf("%s journalled=%v", name, journalled), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(journalled, memory.WithTimeout(2*time.Hour))
					fly := w.resellers[esimfly.Provider]
					fly.Inject(esimtest.Fault{Kind: esimtest.FaultDelay, Op: "Order", Delay: c.takes})
					fly.Refuse("Order", esim.ErrPackageUnavailable)
					var seen []esim.OrderRequest
					config := w.config(router.Cheapest)
					config.Clients = w.clients(nil, func(c esim.Client) esim.Client { return watching{c, &seen, new([]bool)} })
					r := router.New(config)
					req := esim.OrderRequest{PackageID: asked, Reference: "cart-1", MaxTotal: anyPrice}
					if c.until > 0 {
						req.Until = time.Now().Add(c.until)
					}
					want := time.Now().Add(15 * time.Minute)
					if c.until > 0 {
						want = req.Until
					}
					o, err := r.Order(t.Context(), req)
					for _, sent := range seen {
						assert.True(t, want.Equal(sent.Until), "it is the same for each reseller")
					}
					if c.sold {
						require.NoError(t, err)
						assert.Equal(t, esimfx.Provider, o.Provider)
						assert.Len(t, seen, 2)
						assert.Len(t, w.charges(), 1)
						return
					}
					require.ErrorContains(t, err, "esimfx:jp-1: Until has passed")
					assert.Equal(t, esim.OutcomeRejected, esim.OutcomeOf(err))
					assert.Len(t, seen, 1)
					assert.Empty(t, w.charges())
					req.Until = time.Time{}
					o, err = r.Order(t.Context(), req)
					require.NoError(t, err)
					require.Empty(t, w.truth(o, err))
				})
			})
		}
	}
}

// A moment that has passed before the call begins nothing.
func TestUntilHasPassed(t *testing.T) {
	w := newWorld(false)
	_, iccid := sold(t, w)
	r := router.New(w.config(router.Cheapest))
	past := time.Now().Add(-time.Second)
	_, err := r.Order(t.Context(), esim.OrderRequest{PackageID: asked, Reference: "cart-2", Until: past})
	require.ErrorIs(t, err, esim.ErrUnavailable)
	assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
	_, err = r.TopUp(t.Context(), esim.TopUpRequest{ICCID: iccid, PackageID: "jp-1", Reference: "topup-1", Until: past})
	require.ErrorIs(t, err, esim.ErrUnavailable)
	assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
	assert.Len(t, w.charges(), 1)
}

// A reseller that is passed over for a reason of its own or of ours is logged
// and in the decision; one that the terms of the sale leave out is in the
// decision alone.
func TestPassedOverIsLogged(t *testing.T) {
	refused := &esim.Error{Op: "Order", Kind: esim.ErrUnsupported, Outcome: esim.OutcomeNotSent, Message: "Quote.Name is empty"}
	for name, c := range map[string]struct {
		change func(c *router.Config)
		req    esim.OrderRequest
		logged string
		shown  string
	}{
		"refused by its client": {
			change: func(c *router.Config) { c.Clients[0] = odd{c.Clients[0], refused} },
			logged: "unsupported operation: Quote.Name is empty", shown: "refused: unsupported operation: Quote.Name is empty",
		},
		"balance": {
			change: func(c *router.Config) {
				c.MinBalance = map[esim.Provider]esim.Money{esimfly.Provider: money("1", "EUR")}
			},
		},
		"takes fewer": {
			change: func(c *router.Config) { c.Clients[0] = few{c.Clients[0]} },
			req:    esim.OrderRequest{Quantity: 2}, logged: "takes fewer at once", shown: "takes fewer at once",
		},
		"not allowed": {
			change: func(c *router.Config) { c.Needs.Providers = []esim.Provider{esimfx.Provider} }, shown: "not allowed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(false)
			var log bytes.Buffer
			config := w.config(router.Cheapest)
			config.Logger = slog.New(slog.NewTextHandler(&log, nil))
			c.change(&config)
			c.req.PackageID, c.req.Reference = asked, "cart-1"
			r := router.New(config)
			o := mustOrder(t, r, c.req)
			d, err := r.Explain(t.Context(), o)
			require.NoError(t, err)
			assert.Contains(t, d.String(), c.shown)
			if c.logged == "" {
				assert.NotContains(t, log.String(), "passed over")
				return
			}
			assert.Equal(t, esimfx.Provider, o.Provider)
			assert.Contains(t, log.String(), "level=WARN msg=\"router: a reseller was passed over\" reference=cart-1 package=esimfly:jp-0")
			assert.Contains(t, log.String(), c.logged)
		})
	}
}

// few sells one at a time.
type few struct{ esim.Client }

func (f few) Capabilities() esim.Capabilities {
	caps := f.Client.Capabilities()
	caps.MaxQuantity = 1
	return caps
}

// Under a journal a purchase needs a reference; without one it is minted, and
// told with the order and with the error.
func TestEmptyReference(t *testing.T) {
	w := newWorld(true)
	r := router.New(w.config(router.Cheapest))
	_, err := r.Order(t.Context(), esim.OrderRequest{PackageID: asked})
	require.ErrorIs(t, err, journal.ErrReferenceMissing)
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
	_, err = r.TopUp(t.Context(), esim.TopUpRequest{ICCID: "8988303000000000017", PackageID: "jp-1"})
	require.ErrorIs(t, err, journal.ErrReferenceMissing)
	assert.Empty(t, w.charges())

	w = newWorld(false)
	r = router.New(w.config(router.Cheapest))
	w.resellers[esimfly.Provider].Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
	_, err = r.Order(t.Context(), esim.OrderRequest{PackageID: asked})
	told, ok := errors.AsType[*esim.Error](err)
	require.True(t, ok)
	require.NotEmpty(t, told.Reference)
	o, err := r.Order(t.Context(), esim.OrderRequest{PackageID: asked, Reference: told.Reference})
	require.NoError(t, err)
	assert.Equal(t, told.Reference, o.Reference)
	assert.Len(t, w.charges(), 1)
}
