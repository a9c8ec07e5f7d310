package router_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/esimtest/resellers"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
)

// house is the three resellers with the real adapters before them, a catalogue
// of what they sell, and a router, as README puts them together.
type house struct {
	sim     *simulator.Simulator
	catalog *catalog.Catalog
	router  *router.Router
	same    map[esim.Provider]esim.Package // one product, as each reseller lists it
	log     *bytes.Buffer
}

// openHouse sells one product at the prices given.
func openHouse(t *testing.T, journalled, shelved bool, prices map[esim.Provider]string) *house {
	t.Helper()
	h := &house{log: new(bytes.Buffer), same: make(map[esim.Provider]esim.Package)}
	h.sim = simulator.ForTest(t, simulator.WithoutListeners(), simulator.WithClock(time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)))
	for p, list := range oneProduct(t, h.sim) {
		h.sim.Server(p).SetPrice(list.ID, prices[p])
		h.same[p] = list
	}
	all, err := resellers.New(h.sim, esim.Settings{MaxRetries: -1})
	require.NoError(t, err)
	clients := all.All()
	h.catalog, err = catalog.New(catalog.Config{Clients: clients, Now: h.sim.Now, Equivalence: catalog.Equivalence{AnyNetwork: true}})
	require.NoError(t, err)
	require.NoError(t, h.catalog.Sync(t.Context()))
	for p, was := range h.same {
		listed, ok := h.catalog.Package(p, was.ID)
		require.True(t, ok)
		require.Equal(t, money(prices[p], "USD"), listed.Price)
		h.same[p] = listed
	}
	if journalled {
		j, err := journal.New(journal.NewVolatileAt(h.sim.Now), journal.Config{Clients: clients})
		require.NoError(t, err)
		j.Receiver(esimstory.Provider)
		for i, c := range clients {
			clients[i] = j.Client(c.Provider())
		}
	}
	config := router.Config{
		Clients: clients, Policy: router.Cheapest, BalanceAge: -1, Now: h.sim.Now, Logger: slog.New(slog.NewTextHandler(h.log, nil)),
	}
	if shelved {
		config.Catalog = h.catalog
	}
	h.router = router.New(config)
	return h
}

// oneProduct is the first package that all three sell alike.
func oneProduct(t *testing.T, sim *simulator.Simulator) map[esim.Provider]esim.Package {
	t.Helper()
	type product struct {
		country esim.Country
		data    esim.DataSize
		days    int
	}
	found := make(map[product]map[esim.Provider]esim.Package)
	for _, s := range []*simulator.Server{sim.ESIMFly.Server, sim.ESIMStory.Server, sim.ESIMFX.Server} {
		for _, p := range s.Catalog() {
			voice, _ := p.VoiceMinutes.Count()
			sms, _ := p.SMS.Count()
			if len(p.Countries) != 1 || p.Unlimited || voice+sms > 0 {
				continue
			}
			k := product{p.Countries[0], (p.Data + esim.GB/2) / esim.GB, p.ValidityDays}
			if found[k] == nil {
				found[k] = make(map[esim.Provider]esim.Package)
			}
			if _, twice := found[k][p.Provider]; !twice {
				found[k][p.Provider] = p
			}
			if s == sim.ESIMFX.Server && len(found[k]) == 3 {
				return found[k]
			}
		}
	}
	t.Fatal("no product is sold by all three")
	return nil
}

// sold are the charges of all resellers.
func (h *house) sold() map[esim.Provider][]esimtest.Charge {
	all := make(map[esim.Provider][]esimtest.Charge)
	for _, p := range providers {
		if charges := h.sim.Server(p).Ledger().Charges(); len(charges) > 0 {
			all[p] = charges
		}
	}
	return all
}

// prices has one reseller cheapest, and the others little dearer.
func prices(cheapest esim.Provider) map[esim.Provider]string {
	list := make(map[esim.Provider]string)
	for i, p := range providers {
		list[p] = fmt.Sprintf("2.0%d", i+2)
	}
	list[cheapest] = "2"
	return list
}

// forms are the ways in which README and docs/router.md order.
var forms = map[string]func(p esim.Package) esim.OrderRequest{
	"docs/router.md": func(p esim.Package) esim.OrderRequest {
		return esim.OrderRequest{PackageID: string(p.Provider) + ":" + p.ID, Reference: "cart-8841"}
	},
	"README": func(p esim.Package) esim.OrderRequest {
		return esim.OrderRequest{PackageID: p.ID, Quote: &p, Reference: "cart-8841"}
	},
	"both": func(p esim.Package) esim.OrderRequest {
		return esim.OrderRequest{PackageID: string(p.Provider) + ":" + p.ID, Quote: &p, Reference: "cart-8841", Quantity: 2, MaxTotal: money("5", "USD")}
	},
	"a bare quote": func(p esim.Package) esim.OrderRequest {
		return esim.OrderRequest{PackageID: p.ID, Quote: &esim.Package{Provider: p.Provider, ID: p.ID, Price: p.Price}, Reference: "cart-8841"}
	},
}

// Each reseller sells where it is the cheapest, in each form, at the price on
// the shelf, and nobody else is charged.
func TestTheCheapestResellerSells(t *testing.T) {
	for _, cheapest := range providers {
		for name, form := range forms {
			for _, journalled := range []bool{false, true} {
				for _, asked := range []esim.Provider{cheapest, providers[0], providers[1]} {
					h := openHouse(t, journalled, true, prices(cheapest))
					req := form(h.same[asked])
					o, err := h.router.Order(t.Context(), req)
					at := fmt.Sprintf("cheapest=%s form=%s journalled=%v asked=%s", cheapest, name, journalled, asked)
					require.NoError(t, err, at)
					h.wantSold(t, at, o, cheapest, "2", max(req.Quantity, 1))
				}
			}
		}
	}
}

// wantSold: one purchase in the house, at that reseller. eSIMfx charges each
// unit by itself.
func (h *house) wantSold(t *testing.T, at string, o *esim.Order, p esim.Provider, price string, quantity int) {
	t.Helper()
	assert.Equal(t, p, o.Provider, at)
	assert.Equal(t, "cart-8841", o.Reference, at)
	charges := h.sold()
	require.Len(t, charges, 1, at)
	sold := 0
	for _, c := range charges[p] {
		sold += c.Quantity
		assert.Equal(t, h.same[p].ID, c.PackageID, at)
		total, err := money(price, "USD").MulInt(c.Quantity)
		require.NoError(t, err)
		assert.Equal(t, total, c.Amount, at)
	}
	assert.Equal(t, quantity, sold, at)
}

// Without a catalogue the package asked for is bought, with and without a quote.
func TestEachResellerSellsWithoutACatalogue(t *testing.T) {
	for _, p := range providers {
		for _, name := range []string{"docs/router.md", "README", "both"} {
			for _, journalled := range []bool{false, true} {
				h := openHouse(t, journalled, false, prices(p))
				req := forms[name](h.same[p])
				o, err := h.router.Order(t.Context(), req)
				at := fmt.Sprintf("%s form=%s journalled=%v", p, name, journalled)
				require.NoError(t, err, at)
				h.wantSold(t, at, o, p, "2", max(req.Quantity, 1))
			}
		}
	}
}

// The next one after a reseller that cannot be reached is any of the others.
func TestFailoverToEachReseller(t *testing.T) {
	for _, first := range providers {
		for _, next := range providers {
			if first == next {
				continue
			}
			for _, journalled := range []bool{false, true} {
				list := map[esim.Provider]string{}
				for _, p := range providers {
					list[p] = "2.19"
				}
				list[first], list[next] = "2", "2.18"
				h := openHouse(t, journalled, true, list)
				h.sim.Server(first).Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
				o, err := h.router.Order(t.Context(), forms["README"](h.same[first]))
				at := fmt.Sprintf("%s after %s journalled=%v", next, first, journalled)
				require.NoError(t, err, at)
				h.wantSold(t, at, o, next, "2.18", 1)
				d, err := h.router.Explain(t.Context(), o)
				require.NoError(t, err)
				assert.Contains(t, d.String(), " #1  "+string(first)+":", at)
				assert.Contains(t, h.log.String(), "a reseller was passed over", at)
				assert.Contains(t, h.log.String(), string(first)+":"+h.same[first].ID, at)
			}
		}
	}
}

// Package ids that nobody sells, as they come from a browser, are refused with
// nothing sent, open no breaker and hold nothing back.
func TestMadeUpPackages(t *testing.T) {
	for _, journalled := range []bool{false, true} {
		for _, p := range providers {
			h := openHouse(t, journalled, true, prices(p))
			for i := range 20 {
				req := esim.OrderRequest{PackageID: fmt.Sprintf("%s:junk-%d", p, i), Reference: fmt.Sprintf("junk-%d", i)}
				if i%2 == 1 {
					req.Quote = &esim.Package{Provider: p, ID: fmt.Sprintf("junk-%d", i), Name: "Japan", Price: money("0.01", "USD")}
				}
				_, err := h.router.Order(t.Context(), req)
				require.ErrorIs(t, err, esim.ErrPackageUnavailable)
				require.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
				require.ErrorContains(t, err, "the catalogue does not list this package")
			}
			assert.Empty(t, h.sold())
			for _, server := range providers {
				assert.Zero(t, purchases(h, server), server)
			}
			o, err := h.router.Order(t.Context(), forms["README"](h.same[p]))
			require.NoError(t, err)
			h.wantSold(t, "after the junk", o, p, "2", 1)
			d, err := h.router.Explain(t.Context(), o)
			require.NoError(t, err)
			for _, c := range d.Candidates {
				assert.Equal(t, router.BreakerClosed, c.Health.Breaker, c.Provider)
			}
		}
	}
}

// purchases is how many orders have reached a reseller.
func purchases(h *house, p esim.Provider) int {
	return h.sim.Server(p).Requests("order")
}

// A resumed attempt is sent the same bytes: the whole quote is on record.
func TestResumedAttemptHasTheSameQuote(t *testing.T) {
	w := newWorld(false, memory.WithCapabilities(func(c *esim.Capabilities) { c.CallbackURL = true }))
	for i := range w.shelf {
		w.shelf[i].Networks = []esim.Network{{Country: "JP", Name: "Docomo", MCC: "440", MNC: "01", Technology: "5G"}}
	}
	var seen []esim.OrderRequest
	var resumed []bool
	record := func(c esim.Client) esim.Client { return watching{c, &seen, &resumed} }
	for n := range 2 {
		config := w.config(router.Cheapest)
		config.Clients = w.clients(nil, record)
		if n == 0 {
			w.resellers[esimfly.Provider].Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
		} else {
			w.shelf[0].Name, w.shelf[0].Price = "renamed", money("9.99", "USD") // nobody looks at the shelf again
		}
		req := esim.OrderRequest{PackageID: asked, Reference: "cart-1", MaxTotal: anyPrice}
		if n == 0 {
			req.CallbackURL = "https://shop.example/hooks"
		}
		_, err := router.New(config).Order(t.Context(), req)
		require.Equal(t, n == 0, err != nil)
	}
	require.Len(t, seen, 2)
	assert.Equal(t, []bool{false, true}, resumed)
	assert.Equal(t, seen[0], seen[1])
	require.NotNil(t, seen[0].Quote)
	assert.Equal(t, product, seen[0].Quote.Name)
	assert.Len(t, seen[0].Quote.Networks, 1)
	assert.Equal(t, "jp-0", seen[0].Quote.ID)
	assert.Len(t, w.charges(), 1)
}

// watching keeps the orders that pass.
type watching struct {
	esim.Client

	seen    *[]esim.OrderRequest
	resumed *[]bool
}

func (c watching) Unwrap() esim.Client { return c.Client }

func (c watching) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	*c.seen, *c.resumed = append(*c.seen, req), append(*c.resumed, evidence.SendOf(ctx).Resumed)
	req.CallbackURL = "" // which a reseller in memory does not have
	return c.Client.Order(ctx, req)
}

// The caller's own quote is what the reseller gets, whatever the shelf adds.
func TestOwnQuoteTravelsWhole(t *testing.T) {
	w := newWorld(false)
	var seen []esim.OrderRequest
	config := w.config(router.Cheapest)
	config.Clients = w.clients(nil, func(c esim.Client) esim.Client { return watching{c, &seen, new([]bool)} })
	quote := w.shelf[0]
	quote.Name, quote.Region = "as it was listed", "East Asia"
	quote.ID = asked
	mustOrder(t, router.New(config), esim.OrderRequest{PackageID: asked, Quote: &quote, Reference: "cart-1"})
	require.Len(t, seen, 1)
	quote.ID = "jp-0"
	assert.Equal(t, &quote, seen[0].Quote)
	assert.Len(t, w.charges(), 1)
}
