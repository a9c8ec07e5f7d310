package catalog

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/esimkit/esim"
)

// What a row has room for.
const (
	maxProviders  = math.MaxUint8
	maxCurrencies = math.MaxUint8
	maxRows       = math.MaxUint32
	maxID         = 2048 // bytes, so that a cursor has room for it
)

// builder collects packages for a shelf.
type builder struct {
	rows       []row
	providers  numbers[esim.Provider]
	currencies numbers[string]
	regions    numbers[string]
	terms      numbers[terms]
	words      numbers[string] // of terms
	coverages  lists[esim.Country]
	networks   lists[esim.Network]
	best       []uint8 // generation of each list of networks
}

// newBuilder returns one that takes lists which an older shelf has from there.
func newBuilder(old *shelf) *builder {
	b := &builder{coverages: coverageLists(old.coverages), networks: networkLists(old.networks)}
	b.regions.number("")
	b.terms.number(terms{})
	return b
}

// build puts packages on a new shelf, in any order. Of two with the same
// provider and ID the first counts. It fails if a package does not fit a row.
func build(version uint64, rule Equivalence, packages iter.Seq[esim.Package]) (*shelf, error) {
	return rebuild(emptyShelf(), version, rule, packages)
}

// rebuild is build after an older shelf, whose lists it shares.
func rebuild(old *shelf, version uint64, rule Equivalence, packages iter.Seq[esim.Package]) (*shelf, error) {
	b := newBuilder(old)
	for p := range packages {
		if err := b.add(&p); err != nil {
			return nil, err
		}
	}
	s := b.shelf(version)
	s.index(func() { s.regroup(rule) })
	return s, nil
}

func (b *builder) add(p *esim.Package) error {
	if err := fits(p); err != nil {
		return err
	}
	r := row{
		id: p.ID, name: p.Name, data: p.Data,
		days: int32(p.ValidityDays), voice: p.VoiceMinutes, sms: p.SMS, //nolint:gosec // fits has looked
		kind:     uint8(p.Kind), //nolint:gosec // fits has looked
		coverage: b.coverages.number(p.Countries), network: b.networks.number(p.Networks),
		region:   b.regions.number(kept(&b.regions, p.Region)),
		provider: uint8(b.providers.number(kept(&b.providers, p.Provider))),           //nolint:gosec // compared below
		currency: uint8(b.currencies.number(kept(&b.currencies, p.Price.Currency()))), //nolint:gosec // compared below
	}
	if t := termsOf(p); t != (terms{}) {
		t.fairUse = kept(&b.words, t.fairUse)
		r.terms = b.terms.number(t)
	}
	if len(b.currencies.all) > maxCurrencies || len(b.providers.all) > maxProviders || len(b.rows) >= maxRows {
		return fmt.Errorf("catalog: more than %d currencies, %d providers or %d packages", maxCurrencies, maxProviders, maxRows)
	}
	price, err := p.Price.WithCurrency(b.currencies.all[r.currency])
	if err != nil {
		return fmt.Errorf("catalog: package %q: %w", p.ID, err)
	}
	r.price = price
	if p.Unlimited {
		r.flags |= unlimited
	}
	switch {
	case p.Rechargeable == nil:
	case *p.Rechargeable:
		r.flags |= rechargeable
	default:
		r.flags |= notRechargeable
	}
	for i := len(b.best); i < len(b.networks.all); i++ {
		b.best = append(b.best, uint8(generation(b.networks.all[i]))) //nolint:gosec // 0 to 5
	}
	r.generation = b.best[r.network]
	b.rows = append(b.rows, r)
	return nil
}

// fits refuses a package that no reseller can mean.
func fits(p *esim.Package) error {
	switch {
	case p.Provider == "" || p.ID == "":
		return fmt.Errorf("catalog: a package has no provider or no ID: %q, %q", string(p.Provider), p.ID)
	case len(p.ID) > maxID:
		return fmt.Errorf("catalog: package %q... has an ID of %d bytes, more than %d", p.ID[:32], len(p.ID), maxID)
	case !isInt32(p.ValidityDays), p.Kind < 0, p.Kind > math.MaxUint8:
		return fmt.Errorf("catalog: package %q has days or a kind beyond all measure", p.ID)
	}
	return nil
}

func isInt32(n int) bool { return n >= math.MinInt32 && n <= math.MaxInt32 }

// shelf puts the rows into their order. Numbers of providers and currencies
// are ranks from here on.
func (b *builder) shelf(version uint64) *shelf {
	s := &shelf{
		version: version, rows: b.rows,
		coverages: b.coverages.all, networks: b.networks.all, regions: b.regions.all, terms: b.terms.all,
	}
	providers, currencies := ranks(b.providers.all), ranks(b.currencies.all)
	s.providers, s.currencies = slices.Sorted(slices.Values(b.providers.all)), slices.Sorted(slices.Values(b.currencies.all))
	for i := range s.rows {
		r := &s.rows[i]
		r.provider, r.currency = providers[r.provider], currencies[r.currency]
	}
	if !slices.IsSortedFunc(s.rows, compareRows) {
		slices.SortStableFunc(s.rows, compareRows)
	}
	s.rows = slices.CompactFunc(s.rows, func(a, b row) bool { return compareRows(a, b) == 0 })
	if cap(s.rows) > len(s.rows)+len(s.rows)/64 {
		s.rows = append(make([]row, 0, len(s.rows)), s.rows...)
	}
	return s
}

func compareRows(a, b row) int {
	return cmp.Or(cmp.Compare(a.provider, b.provider), cmp.Compare(a.id, b.id))
}

// ranks returns the place of each value among all.
func ranks[T cmp.Ordered](values []T) []uint8 {
	sorted := slices.Sorted(slices.Values(values))
	of := make([]uint8, len(values))
	for i, v := range values {
		n, _ := slices.BinarySearch(sorted, v)
		of[i] = uint8(n) //nolint:gosec // at most 255 values
	}
	return of
}

// index derives from the rows what searches go by. Their products are
// numbered first, by regroup or something quicker.
func (s *shelf) index(products func()) {
	var work sync.WaitGroup
	work.Go(s.post)
	work.Go(s.outlines)
	work.Go(func() {
		products()
		s.gather()
	})
	work.Wait()
}

// regroup finds out which product each offer is.
func (s *shelf) regroup(rule Equivalence) {
	of := make(map[uint64]uint32, len(s.rows)/2)
	var groups []group
	for n := range s.rows {
		key := s.productOf(n, rule)
		g, ok := of[key]
		if !ok {
			g = uint32(len(groups)) //nolint:gosec // no more than rows
			of[key] = g
			groups = append(groups, group{key: key})
		}
		s.rows[n].group = g
	}
	s.groups = slices.Clip(groups)
}

// gather lists the offers of each product.
func (s *shelf) gather() {
	for n := range s.rows {
		s.groups[s.rows[n].group].to++
	}
	next := uint32(0)
	for g := range s.groups {
		size := s.groups[g].to
		s.groups[g].from, s.groups[g].to = next, next
		next += size
	}
	s.groupOf = make([]uint32, len(s.rows))
	for n := range s.rows {
		g := &s.groups[s.rows[n].group]
		s.groupOf[g.to] = uint32(n)
		g.to++
	}
}

// productOf returns the number of the product that a row is.
func (s *shelf) productOf(n int, rule Equivalence) uint64 {
	p := s.pack(uint32(n)) //nolint:gosec // a shelf has less than 2^32 rows
	return productKey(rule.product(&p, int(s.rows[n].generation)))
}

// productKey is the number of a product, the same everywhere and always.
func productKey(product string) uint64 {
	sum := sha256.Sum256([]byte(product))
	return binary.BigEndian.Uint64(sum[:])
}
