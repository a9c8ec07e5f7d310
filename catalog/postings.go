package catalog

import (
	"cmp"
	"slices"

	"github.com/esimkit/esim"
)

// post lists the rows of each country, and all, by price.
func (s *shelf) post() {
	order := s.byPrice()
	s.everything = s.runs(order)

	countries, of := s.distinctCountries()
	at := s.room(countries, of)
	for _, n := range order {
		r := &s.rows[n]
		for _, c := range of[r.coverage] {
			slot := &at[c][r.currency]
			*slot = append(*slot, n)
		}
	}
	s.byCountry = make(map[esim.Country]postings, len(countries))
	for c, country := range countries {
		var list postings
		for currency, rows := range at[c] {
			if len(rows) > 0 {
				list = append(list, run{uint8(currency), rows})
			}
		}
		s.byCountry[country] = slices.Clip(list)
	}
}

// byPrice returns all rows by currency, price and number.
func (s *shelf) byPrice() []uint32 {
	order := make([]uint32, len(s.rows))
	for n := range order {
		order[n] = uint32(n)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		x, y := &s.rows[a], &s.rows[b]
		if x.currency != y.currency {
			return cmp.Compare(x.currency, y.currency)
		}
		if c := x.price.Compare(y.price); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	return order
}

// runs cuts rows that are in order into one run a currency.
func (s *shelf) runs(order []uint32) postings {
	var list postings
	for from := 0; from < len(order); {
		currency := s.rows[order[from]].currency
		to := from + 1
		for to < len(order) && s.rows[order[to]].currency == currency {
			to++
		}
		list = append(list, run{currency, order[from:to:to]})
		from = to
	}
	return list
}

// distinctCountries returns the distinct countries, and those of each coverage by
// number.
func (s *shelf) distinctCountries() (all []esim.Country, of [][]uint32) {
	var distinct numbers[esim.Country]
	of = make([][]uint32, len(s.coverages))
	for i, coverage := range s.coverages {
		of[i] = make([]uint32, len(coverage))
		for k, c := range coverage {
			of[i][k] = distinct.number(c)
		}
	}
	return distinct.all, of
}

// room returns an empty list of just the right size for each country and
// currency. All of them share one piece of memory.
func (s *shelf) room(countries []esim.Country, of [][]uint32) [][][]uint32 {
	rows := make([][]int, len(s.coverages)) // by coverage and currency
	for i := range rows {
		rows[i] = make([]int, len(s.currencies))
	}
	for i := range s.rows {
		rows[s.rows[i].coverage][s.rows[i].currency]++
	}
	sizes, total := make([][]int, len(countries)), 0
	for c := range sizes {
		sizes[c] = make([]int, len(s.currencies))
	}
	for coverage, members := range of {
		for _, c := range members {
			for currency, n := range rows[coverage] {
				sizes[c][currency] += n
				total += n
			}
		}
	}
	memory, lists := make([]uint32, total), make([][][]uint32, len(countries))
	for c := range lists {
		lists[c] = make([][]uint32, len(s.currencies))
		for currency, n := range sizes[c] {
			lists[c][currency], memory = memory[:0:n], memory[n:]
		}
	}
	return lists
}
