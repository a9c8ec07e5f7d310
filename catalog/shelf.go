package catalog

import (
	"slices"
	"strings"

	"github.com/esimkit/esim"
)

// shelf is what is on sale at one moment. Nothing in it changes once it is
// built, so any number of readers may look at it without a lock.
//
// A catalogue repeats itself: thousands of packages share one list of
// countries or networks. A row therefore holds numbers that point into lists
// of what is distinct, and costs about a hundred bytes beside its texts.
type shelf struct {
	version uint64
	rows    []row // by provider, then ID: the number of a row is its rank in that order

	providers  []esim.Provider  // sorted
	currencies []string         // sorted; "" = not stated
	coverages  [][]esim.Country // each sorted; the first is empty
	networks   [][]esim.Network // the first is empty
	regions    []string         // the first is ""
	terms      []terms          // the first is zero

	outlined []outline // by row

	everything postings
	byCountry  map[esim.Country]postings

	groups  []group  // offers that are the same product
	groupOf []uint32 // rows by group; those of a group are groupOf[g.from:g.to]
}

// row is a package in short.
type row struct {
	id, name string
	price    esim.Money
	data     esim.DataSize

	coverage uint32 // in shelf.coverages
	network  uint32 // in shelf.networks
	region   uint32 // in shelf.regions
	terms    uint32 // in shelf.terms
	group    uint32 // in shelf.groups

	days       int32
	voice, sms esim.Allowance

	provider   uint8 // in shelf.providers
	currency   uint8 // in shelf.currencies
	kind       uint8
	generation uint8 // of the best network: 2 to 5; 0 = not stated
	flags      flags
}

// terms are the conditions of a package that few resellers state, and those
// that do repeat for many packages.
type terms struct {
	fullSpeedPerDay esim.DataSize
	fairUse         string
	start           esim.ValidityStart
	installWithin   int
	minPrice        esim.Money
}

func termsOf(p *esim.Package) terms {
	return terms{p.FullSpeedPerDay, p.FairUse, p.ValidityStart, p.InstallWithinDays, p.MinPrice}
}

type flags uint8

const (
	unlimited flags = 1 << iota
	rechargeable
	notRechargeable // neither of the two: not stated
)

// group is a set of offers that are one product for the traveller.
type group struct {
	key      uint64 // stays the same as long as the product does
	from, to uint32 // in shelf.groupOf
}

// postings are rows in the order of their price. Amounts of different
// currencies have no order, so each currency is a run of its own.
type postings []run

// run holds rows of one currency by price, then number.
type run struct {
	currency uint8
	rows     []uint32
}

// find returns the number of a package's row.
func (s *shelf) find(p esim.Provider, id string) (uint32, bool) {
	i, found := slices.BinarySearchFunc(s.rows, id, func(r row, id string) int {
		if c := strings.Compare(string(s.providers[r.provider]), string(p)); c != 0 {
			return c
		}
		return strings.Compare(r.id, id)
	})
	return uint32(i), found //nolint:gosec // a shelf has less than 2^32 rows
}

// pack returns the package of a row. Its lists are the shelf's own.
func (s *shelf) pack(n uint32) (p esim.Package) {
	s.packInto(&p, n)
	return p
}

// packInto is pack for a package that lies somewhere already.
func (s *shelf) packInto(p *esim.Package, n uint32) {
	r := &s.rows[n]
	*p = esim.Package{
		Provider: s.providers[r.provider], ID: r.id, Name: r.name, Kind: esim.PackageKind(r.kind),
		Countries: s.coverages[r.coverage], Region: s.regions[r.region],
		Data: r.data, Unlimited: r.flags&unlimited != 0, ValidityDays: int(r.days), Price: r.price,
		VoiceMinutes: r.voice, SMS: r.sms, Networks: s.networks[r.network],
	}
	t := &s.terms[r.terms]
	p.FullSpeedPerDay, p.FairUse, p.ValidityStart, p.InstallWithinDays, p.MinPrice = t.fullSpeedPerDay, t.fairUse, t.start, t.installWithin, t.minPrice
	switch {
	case r.flags&rechargeable != 0:
		p.Rechargeable = &yes
	case r.flags&notRechargeable != 0:
		p.Rechargeable = &no
	}
}

// covers reports whether a row works in a country.
func (s *shelf) covers(r *row, c esim.Country) bool {
	_, found := slices.BinarySearch(s.coverages[r.coverage], c)
	return found
}

// What packages point to for Rechargeable; nobody writes to them.
var yes, no = true, false
