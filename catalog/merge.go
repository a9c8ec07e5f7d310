package catalog

import "slices"

// head is the next offer of an aisle.
type head struct {
	at    seat
	pick  pick
	aisle aisle
}

// merge picks offers by price. Each aisle has its own in order, so it is
// enough to look at their heads: those of amounts that can be compared
// together, those of the other currencies one currency after the other.
func (e *search) merge(found []pick) []pick {
	limit := e.query.limit() + 1
	slices.SortStableFunc(e.aisles, func(a, b aisle) int { return int(e.group(&a)) - int(e.group(&b)) })
	var space [8]head
	for from, to := 0, 0; from < len(e.aisles) && len(found) < limit; from = to {
		heads := space[:0]
		for to = from; to < len(e.aisles) && e.group(&e.aisles[to]) == e.group(&e.aisles[from]); to++ {
			h := head{aisle: e.aisles[to]}
			e.skip(&h.aisle)
			if e.advance(&h) {
				heads = append(heads, h)
			}
		}
		found = e.drain(heads, found, limit)
	}
	return found
}

// drain picks from heads until all aisles are at their end, or enough is
// found. There are few: one for each currency, and each country of AnyOf.
func (e *search) drain(heads []head, found []pick, limit int) []pick {
	for len(heads) > 0 && len(found) < limit {
		next := &heads[0]
		for i := range heads {
			if heads[i].at.compare(&next.at) < 0 {
				next = &heads[i]
			}
		}
		found = append(found, next.pick)
		if !e.advance(next) {
			*next = heads[len(heads)-1]
			heads = heads[:len(heads)-1]
		}
	}
	return found
}

// advance moves a head to the next row that suits.
func (e *search) advance(h *head) bool {
	n, units := e.next(&h.aisle)
	if units == 0 {
		return false
	}
	h.pick, h.at, _ = e.place(n, units) // one unit always has a place
	return true
}

// skip cuts off an aisle what is not after the cursor.
func (e *search) skip(a *aisle) {
	if e.after == nil {
		return
	}
	from, to := 0, len(a.ahead)
	for from < to {
		middle := (from + to) / 2
		if _, at, _ := e.place(a.ahead[middle], 1); at.compare(e.after) <= 0 {
			from = middle + 1
		} else {
			to = middle
		}
	}
	a.ahead = a.ahead[from:]
}

// group is 0 for a currency that can be compared.
func (e *search) group(a *aisle) uint32 {
	t := &e.tariffs[a.currency]
	if !t.rate.IsZero() {
		return 0
	}
	return t.ordinal + 1
}
