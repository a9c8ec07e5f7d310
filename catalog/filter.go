package catalog

import (
	"math"
	"slices"

	"github.com/esimkit/esim"
)

// filter is what a query asks of a row, in numbers of one shelf.
type filter struct {
	countries     []esim.Country // all of these, but the one that is walked
	walked        esim.Country
	anyOf         []esim.Country // one of these
	providers     set
	kinds         set
	must, mustNot flags

	generation       uint8
	minData, maxData esim.DataSize
	minDays, maxDays int32
	stack            int32
	text             *textFilter
}

// set holds numbers below 256.
type set [4]uint64

// all returns the set of all numbers.
func all() set { return set{math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64} }

func (s *set) add(n uint8)      { s[n>>6] |= 1 << (n & 63) }
func (s *set) has(n uint8) bool { return s[n>>6]&(1<<(n&63)) != 0 }

// traits are what a [Query] and a [TripQuery] ask for alike.
type traits struct {
	providers               []esim.Provider
	kinds                   []esim.PackageKind
	unlimited, rechargeable Want
	generation              int
}

func (s *shelf) filter(t traits) filter {
	f := filter{providers: all(), kinds: all(), stack: 1, generation: uint8(min(t.generation, math.MaxUint8))} //nolint:gosec // not negative
	if len(t.providers) > 0 {
		f.providers = set{}
	}
	for _, p := range t.providers {
		if i, found := slices.BinarySearch(s.providers, p); found {
			f.providers.add(uint8(i)) //nolint:gosec // at most 255 of them
		}
	}
	if len(t.kinds) > 0 {
		f.kinds = set{}
	}
	for _, k := range t.kinds {
		if k >= 0 && k <= math.MaxUint8 {
			f.kinds.add(uint8(k))
		}
	}
	f.want(t.unlimited, unlimited, 0)
	f.want(t.rechargeable, rechargeable, notRechargeable)
	return f
}

// want asks for the flag that says yes, or for the one that says no; without
// such a one, for the absence of yes.
func (f *filter) want(w Want, yes, no flags) {
	switch {
	case w == Yes:
		f.must |= yes
	case w == No && no != 0:
		f.must |= no
	case w == No:
		f.mustNot |= yes
	}
}

// units returns how many of a package make the offer; 0 = it does not suit.
func (f *filter) units(s *shelf, r *row) int32 {
	if r.flags&f.must != f.must || r.flags&f.mustNot != 0 || r.generation < f.generation || !f.kinds.has(r.kind) || !f.providers.has(r.provider) {
		return 0
	}
	units := int32(1)
	if f.stack > 1 {
		units = f.needed(r)
	} else if max(r.days, 0) < f.minDays || max(r.data, 0) < f.minData && r.flags&unlimited == 0 {
		return 0
	}
	if units == 0 || f.maxDays > 0 && !f.lastsAtMost(r, units) || f.maxData > 0 && !f.holdsAtMost(r, units) {
		return 0
	}
	if !f.reaches(s, r) || f.text != nil && !f.text.match(s, r) {
		return 0
	}
	return units
}

// needed returns how many make up the least days and data; 0 = too many.
func (f *filter) needed(r *row) int32 {
	units := int64(1)
	if f.minDays > 0 {
		if r.days <= 0 {
			return 0
		}
		units = max(units, ceil(int64(f.minDays), int64(r.days)))
	}
	if f.minData > 0 && r.flags&unlimited == 0 {
		if r.data <= 0 {
			return 0
		}
		units = max(units, ceil(int64(f.minData), int64(r.data)))
	}
	if units > int64(f.stack) {
		return 0
	}
	return int32(units)
}

func (f *filter) lastsAtMost(r *row, units int32) bool {
	return r.days > 0 && r.days <= f.maxDays/units
}

func (f *filter) holdsAtMost(r *row, units int32) bool {
	return r.flags&unlimited == 0 && r.data > 0 && r.data <= f.maxData/esim.DataSize(units)
}

// reaches reports whether the package works where it is to.
func (f *filter) reaches(s *shelf, r *row) bool {
	for _, c := range f.countries {
		if c != f.walked && !s.covers(r, c) {
			return false
		}
	}
	return len(f.anyOf) == 0 || s.coversOne(r, f.anyOf)
}

func (s *shelf) coversOne(r *row, countries []esim.Country) bool {
	for _, c := range countries {
		if s.covers(r, c) {
			return true
		}
	}
	return false
}

func ceil(n, by int64) int64 { return (n-1)/by + 1 } // n is positive
