package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
)

// offer is a package as a page shows it.
type offer struct {
	esim.Package

	PerGB      esim.Estimate // price of 10⁹ bytes; zero = the question makes no sense
	Fulfilment esim.Fulfilment
	TopUps     bool // the reseller sells more data for the same eSIM
	Best       bool // the cheapest gigabyte of all that was asked for
}

// offerKey names an offer in a URL.
func offerKey(p *esim.Package) string { return string(p.Provider) + ":" + p.ID }

// Key names the offer in a URL.
func (o offer) Key() string { return offerKey(&o.Package) }

// Technology is the best network technology that the reseller states in a word
// that customers know.
func (o offer) Technology() string {
	for _, t := range []struct{ name, word string }{{"5G", "5G"}, {"4G", "4G"}, {"4G", "LTE"}, {"3G", "3G"}} {
		if slices.ContainsFunc(o.Networks, func(n esim.Network) bool { return strings.Contains(strings.ToUpper(n.Technology), t.word) }) {
			return t.name
		}
	}
	return ""
}

// Rechargeable reports whether the eSIM can be topped up.
func (o offer) Rechargeable() bool {
	return o.TopUps && (o.Package.Rechargeable == nil || *o.Package.Rechargeable)
}

// sellable: what has no price cannot be sold, and what works nowhere is no use.
func sellable(p *esim.Package) bool {
	return p.Price.Currency() != "" && p.Price.Sign() > 0 && len(p.Countries) > 0
}

// offerOf adds what only the reseller's client knows.
func (s *shop) offerOf(p *esim.Package) offer {
	o := offer{Package: *p}
	if c, err := s.resellers.client(p.Provider); err == nil {
		can := c.Capabilities()
		o.Fulfilment, o.TopUps = can.Fulfilment, can.TopUp && can.ListTopUps
	}
	return o
}

// offer returns the one of that key.
func (s *shop) offer(key string) (offer, bool) {
	provider, id, _ := strings.Cut(key, ":")
	p, ok := s.shelf.Package(esim.Provider(provider), id)
	if !ok || !sellable(&p) {
		return offer{}, false
	}
	return s.offerOf(&p), true
}

// search returns a page of offers. The one of the cheapest gigabyte, on
// whatever page it is, is the best.
func (s *shop) search(q catalog.Query) ([]offer, catalog.Page) {
	cheapest := q
	cheapest.Sort, cheapest.Limit, cheapest.After, cheapest.Facets = catalog.ByPricePerGB, 1, "", false
	best := ""
	for _, o := range s.shelf.Search(cheapest).Offers {
		if !o.PerGB.IsZero() {
			best = offerKey(&o.Package)
		}
	}
	page := s.shelf.Search(q)
	offers := make([]offer, 0, len(page.Offers))
	for i := range page.Offers {
		p := &page.Offers[i].Package
		if !sellable(p) {
			continue
		}
		o := s.offerOf(p)
		o.PerGB, o.Best = page.Offers[i].PerGB, o.Key() == best
		offers = append(offers, o)
	}
	return offers, page
}

// destination is a country that something on the shelf works in.
type destination struct {
	Code   esim.Country
	Offers int
}

// from is the lowest price for a destination.
func (s *shop) from(c esim.Country) esim.Money {
	offers, _ := s.search(catalog.Query{Countries: []esim.Country{c}})
	if len(offers) == 0 {
		return esim.Money{}
	}
	return offers[0].Price
}

// countries are the destinations by name.
func (s *shop) countries() []destination {
	counts := s.shelf.Search(catalog.Query{Limit: 1, Facets: true}).Facets.Countries
	list := make([]destination, 0, len(counts))
	for _, c := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, destination{c, counts[c]})
	}
	slices.SortStableFunc(list, func(a, b destination) int { return cmp.Compare(a.Code.Name(), b.Code.Name()) })
	return list
}
