package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/esimkit/esim"
)

// offer is a package as it stands on the shelf.
type offer struct {
	esim.Package

	Fulfilment esim.Fulfilment
	TopUps     bool // the reseller sells more data for the same eSIM
	Best       bool // the cheapest gigabyte of the list it is in
}

// Key names the offer in a URL.
func (o offer) Key() string { return string(o.Provider) + ":" + o.ID }

// PerGB is the price of 10⁹ bytes.
func (o offer) PerGB() esim.Money { return perGB(o.Package) }

// Technology is the fastest network technology that the reseller states.
func (o offer) Technology() string {
	best := ""
	for _, n := range o.Networks {
		word := strings.ToUpper(n.Technology)
		if word == "LTE" {
			word = "4G"
		}
		best = max(best, word) // 3G < 4G < 5G
	}
	return best
}

// Rechargeable reports whether the eSIM can be topped up.
func (o offer) Rechargeable() bool {
	return o.TopUps && (o.Package.Rechargeable == nil || *o.Package.Rechargeable)
}

// destination is a country that something on the shelf works in.
type destination struct {
	Code   esim.Country
	Offers int
	From   esim.Money
}

// filter narrows a search; zero fields take everything.
type filter struct {
	MinData   esim.DataSize
	MinDays   int
	Unlimited bool
	Sort      string // price, pergb or data
}

// shelf is what all resellers sell, by country.
type shelf struct {
	clients []esim.Client

	mu     sync.RWMutex
	offers map[esim.Provider][]offer
}

func newShelf(clients []esim.Client) *shelf {
	return &shelf{clients: clients, offers: make(map[esim.Provider][]offer)}
}

// sync reads every catalogue again. Where that fails the offers of before stay.
func (s *shelf) sync(ctx context.Context) error {
	errs := make([]error, len(s.clients))
	var reading sync.WaitGroup
	for i, c := range s.clients {
		reading.Go(func() { errs[i] = s.read(ctx, c) })
	}
	reading.Wait()
	return errors.Join(errs...)
}

func (s *shelf) read(ctx context.Context, c esim.Client) error {
	can := c.Capabilities()
	if !can.ListPackages {
		return nil
	}
	var list []offer
	for p, err := range esim.Packages(ctx, c, esim.PackageQuery{}) {
		if err != nil {
			return err
		}
		if p.Price.Currency() == "" || p.Price.IsZero() || len(p.Countries) == 0 {
			continue // what has no price cannot be sold, and what works nowhere cannot be found
		}
		list = append(list, offer{Package: p, Fulfilment: can.Fulfilment, TopUps: can.TopUp && can.ListTopUps})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offers[c.Provider()] = list
	return nil
}

// all are the offers of every reseller, in the order of their names.
func (s *shelf) all() []offer {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []offer
	for _, p := range slices.Sorted(maps.Keys(s.offers)) {
		list = append(list, s.offers[p]...)
	}
	return list
}

// countries are the destinations by name.
func (s *shelf) countries() []destination {
	found := make(map[esim.Country]destination)
	for _, o := range s.all() {
		for _, c := range o.Countries {
			d := found[c]
			d.Code = c
			d.Offers++
			if less, err := o.Price.Cmp(d.From); d.Offers == 1 || err == nil && less < 0 {
				d.From = o.Price
			}
			found[c] = d
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b destination) int {
		return cmp.Compare(a.Code.Name(), b.Code.Name())
	})
}

// search returns the offers for a country, the best first.
func (s *shelf) search(country esim.Country, f filter) []offer {
	list := slices.DeleteFunc(s.all(), func(o offer) bool {
		return !slices.Contains(o.Countries, country) || f.Unlimited && !o.Unlimited ||
			!o.Unlimited && o.Data < f.MinData || o.ValidityDays < f.MinDays
	})
	by := map[string]func(a, b offer) int{"pergb": byPerGB, "data": byData}[f.Sort]
	if by == nil {
		by = byPrice
	}
	slices.SortStableFunc(list, func(a, b offer) int { return cmp.Or(by(a, b), byPrice(a, b), cmp.Compare(a.Key(), b.Key())) })
	if len(list) > 0 {
		best := slices.MinFunc(list, byPerGB)
		for i := range list {
			list[i].Best = !best.PerGB().IsZero() && list[i].Key() == best.Key()
		}
	}
	return list
}

// offer returns the one of that key.
func (s *shelf) offer(key string) (offer, bool) {
	for _, o := range s.all() {
		if o.Key() == key {
			return o, true
		}
	}
	return offer{}, false
}

func byPrice(a, b offer) int { return compareMoney(a.Price, b.Price) }

// byPerGB puts what has no price per gigabyte last.
func byPerGB(a, b offer) int {
	x, y := a.PerGB(), b.PerGB()
	if x.IsZero() || y.IsZero() {
		return btoi(x.IsZero()) - btoi(y.IsZero())
	}
	return compareMoney(x, y)
}

func byData(a, b offer) int {
	return cmp.Or(btoi(b.Unlimited)-btoi(a.Unlimited), cmp.Compare(b.Data, a.Data))
}

// compareMoney keeps amounts of different currencies apart, since they do not
// compare.
func compareMoney(a, b esim.Money) int {
	return cmp.Or(cmp.Compare(a.Currency(), b.Currency()), a.Amount().Cmp(b.Amount()))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
