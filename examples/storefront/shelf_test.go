package main

import (
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/install"
	"github.com/esimkit/esim/journal"
)

func usd(t *testing.T, amount string) esim.Money {
	t.Helper()
	m, err := esim.ParseMoney(amount, "USD")
	require.NoError(t, err)
	return m
}

// shopOf is a shop that has these packages on its shelf.
func shopOf(t *testing.T, packages ...esim.Package) *shop {
	t.Helper()
	sold := map[esim.Provider][]esim.Package{}
	for _, p := range packages {
		sold[p.Provider] = append(sold[p.Provider], p)
	}
	s := &shop{resellers: &resellers{}, logger: slog.New(slog.DiscardHandler)}
	for p, list := range sold {
		s.resellers.clients = append(s.resellers.clients, memory.New(memory.WithProvider(p), memory.WithPackages(list...)))
	}
	var err error
	s.shelf, err = catalog.New(catalog.Config{Clients: s.resellers.clients})
	require.NoError(t, err)
	require.NoError(t, s.shelf.Sync(t.Context()))
	s.pages, err = readPages()
	require.NoError(t, err)
	return s
}

func packageOf(t *testing.T, p esim.Provider, id string, data esim.DataSize, days int, price string, countries ...esim.Country) esim.Package {
	t.Helper()
	return esim.Package{
		Provider: p, ID: id, Name: id, Data: data, Unlimited: data == 0, ValidityDays: days, Price: usd(t, price), Countries: countries,
	}
}

func keys(list []offer) []string {
	names := make([]string, len(list))
	for i, o := range list {
		names[i] = o.ID
		if o.Best {
			names[i] += "*"
		}
	}
	return names
}

func TestSearch(t *testing.T) {
	s := shopOf(t,
		packageOf(t, esimfly.Provider, "small", esim.GB, 7, "2", "JP"),
		packageOf(t, esimfly.Provider, "large", 10*esim.GB, 30, "10", "JP", "KR"),
		packageOf(t, esimfx.Provider, "endless", 0, 3, "9", "JP"),
		packageOf(t, esimstory.Provider, "middle", 5*esim.GB, 15, "6", "JP"),
		packageOf(t, esimstory.Provider, "elsewhere", 5*esim.GB, 15, "1", "FR"),
	)
	for query, want := range map[string][]string{
		"":                          {"small", "middle", "endless", "large*"},
		"sort=pergb":                {"large*", "middle", "small", "endless"},
		"sort=perday":               {"small", "large*", "middle", "endless"},
		"data=5":                    {"middle", "endless", "large*"},
		"days=15":                   {"middle", "large*"},
		"data=20":                   {"endless"},
		"unlimited=1":               {"endless"},
		"data=20&days=30":           {},
		"data=-5&days=x&sort=upper": {"small", "middle", "endless", "large*"},
	} {
		t.Run(query, func(t *testing.T) {
			q, err := url.ParseQuery(query)
			require.NoError(t, err)
			offers, page := s.search(readFilter(q).query("JP"))
			require.NoError(t, page.Err)
			assert.Equal(t, want, keys(offers))
		})
	}
	o, ok := s.offer("esimstory:middle")
	require.True(t, ok)
	assert.Equal(t, "middle", o.ID)
	for _, key := range []string{"esimstory:large", "esimstory", "", ":middle"} {
		_, ok = s.offer(key)
		assert.False(t, ok, key)
	}
	assert.Equal(t, []destination{{"FR", 1}, {"JP", 4}, {"KR", 1}}, s.countries())
	assert.Equal(t, usd(t, "2"), s.from("JP"))
}

// TestMoreOffers turns the pages of a long list, and follows an old link.
func TestMoreOffers(t *testing.T) {
	packages := make([]esim.Package, 2*perPage+1)
	for i := range packages {
		packages[i] = packageOf(t, esimfly.Provider, strconv.Itoa(i), esim.GB, 7, strconv.Itoa(i+1), "JP")
	}
	s := shopOf(t, packages...)
	seen := map[string]int{}
	next, pages := "/to/JP?data=1", 0
	for ; next != ""; pages++ {
		page := s.page(t, next)
		for _, m := range regexp.MustCompile(`offer=esimfly%3a(\d+)&`).FindAllStringSubmatch(page, -1) {
			seen[m[1]]++
		}
		assert.Contains(t, page, "121 of 121 offers")
		assert.Equal(t, pages == 0, strings.Contains(page, "Best price per GB"))
		m := regexp.MustCompile(`href="([^"]+)">More offers`).FindStringSubmatch(page)
		next = ""
		if m != nil {
			next = html.UnescapeString(m[1])
		}
	}
	assert.Equal(t, 3, pages)
	assert.Len(t, seen, len(packages))
	assert.Contains(t, s.page(t, "/to/JP?after=nonsense"), "More offers")
}

// page is what the shop answers, without a network in between.
func (s *shop) page(t *testing.T, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	require.Equal(t, http.StatusOK, w.Code, path)
	return w.Body.String()
}

// TestMarkup sells what a reseller has given names full of markup: no page
// takes it for its own.
func TestMarkup(t *testing.T) {
	const evil = `"'><img src=x onerror=alert(1)><script>alert(2)</script>{{.}}javascript:alert(3)`
	p := packageOf(t, esimfly.Provider, evil, esim.GB, 7, "2", "JP", "KR")
	p.Region, p.Networks = evil, []esim.Network{{Name: evil, Technology: "5G" + evil}}
	s := shopOf(t, p)
	o, ok := s.offer(offerKey(&p))
	require.True(t, ok)
	bought := &journal.Purchase{
		Reference: evil, PackageID: evil, Provider: esimfly.Provider, State: journal.Review, Kind: journal.OrderKind, Quantity: 1,
		Review: evil, Attempts: []journal.Attempt{{Number: 1, Failure: evil}},
		Order: &esim.Order{ID: evil, ESIMs: []esim.ESIM{{ItemID: evil, ICCID: evil}}},
	}
	e := esim.ESIM{Activation: esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "M"}, APN: evil, MSISDN: evil}
	guide, err := install.NewGuide(&e, install.Options{})
	require.NoError(t, err)
	pages := map[string]string{
		"home": s.page(t, "/?q="+url.QueryEscape(evil)), "offers": s.page(t, "/to/JP"),
		"checkout": s.page(t, "/checkout?offer="+url.QueryEscape(o.Key())),
	}
	for name, body := range map[string]any{
		"operator": &operatorView{
			Open: []openItem{{bought, evil}}, Balances: []balance{{esim.Provider(evil), evil}},
			Hooks:  []hookLine{{Source: evil, Kind: evil, About: evil}},
			Ledger: []ledgerLine{{esimtest.Charge{PackageID: evil}, esim.Provider(evil), bought}}, Demo: &demoView{ESIMs: []esim.ICCID{evil}},
			Shelf: []shelfView{{catalog.ProviderStatus{Provider: esim.Provider(evil), Held: &catalog.Report{Findings: []catalog.Finding{{
				Text: evil, Suspects: []catalog.Suspect{{Before: p, After: p}},
			}}}}}},
		},
		"order": &orderView{
			Cart: newCart(), Sale: &sale{Reference: evil, Package: p}, Purchase: bought, Kit: &kit{ICCID: evil, Guide: guide},
			More: []esim.Package{p}, TopUps: []topUpView{{Package: p}},
		},
	} {
		w := httptest.NewRecorder()
		s.show(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody), http.StatusOK, name, view{Body: body})
		require.Equal(t, http.StatusOK, w.Code, name)
		pages[name] = w.Body.String()
	}
	for name, page := range pages {
		assert.NotContains(t, page, "<img", name)
		assert.NotContains(t, page, "<script>", name)
		assert.NotRegexp(t, `(href|src|action)="\s*javascript:`, page, name)
		assert.Contains(t, page, "alert(1)", "%s: it is there, as text", name)
	}
}

func TestMatch(t *testing.T) {
	all := []destination{{Code: "GB"}, {Code: "US"}, {Code: "AE"}, {Code: "TR"}, {Code: "JP"}}
	for query, want := range map[string][]esim.Country{
		"Japan":  {"JP"},
		"jp":     {"JP"},
		"Turkey": {"TR"},
		"UNITED": {"GB", "US", "AE"},
		"states": {"US"},
		"pan":    nil,
		"France": nil,
	} {
		var got []esim.Country
		for _, d := range match(all, query) {
			got = append(got, d.Code)
		}
		assert.Equal(t, want, got, query)
	}
}

func TestOfferWords(t *testing.T) {
	o := offer{Package: esim.Package{Networks: []esim.Network{{Technology: "LTE"}, {Technology: "4G"}}}}
	assert.Equal(t, "4G", o.Technology())
	o.Networks = append(o.Networks, esim.Network{Technology: "5g"})
	assert.Equal(t, "5G", o.Technology())
	assert.False(t, o.Rechargeable(), "the reseller sells no top-ups")
	o.Networks = append(o.Networks, esim.Network{Technology: "unknown"})
	assert.Equal(t, "5G", o.Technology())
	o.TopUps = true
	assert.True(t, o.Rechargeable())
	o.Package.Rechargeable = new(false)
	assert.False(t, o.Rechargeable())
	assert.Equal(t, "🇯🇵", flagOf("JP"))
	assert.Empty(t, flagOf("Japan"))
}
