package catalog

// seated is an offer with its place in the order.
type seated struct {
	pick pick
	at   seat
}

// rank picks offers whose order is not that of the rows. It looks at all that
// suit and keeps the first ones.
func (e *search) rank(found []pick) []pick {
	best := make([]seated, 0, e.query.limit()+1)
	for i := range e.aisles {
		for a := e.aisles[i]; ; {
			n, units := e.next(&a)
			if units == 0 {
				break
			}
			p, at, ok := e.place(n, units)
			if !ok || e.after != nil && at.compare(e.after) <= 0 {
				continue
			}
			best = keep(best, seated{p, at})
		}
	}
	start := len(found)
	found = append(found, make([]pick, len(best))...)
	for n := len(best); n > 0; n = len(best) {
		found[start+n-1] = best[0].pick
		best[0] = best[n-1]
		best = best[:n-1]
		sink(best)
	}
	return found
}

// keep adds to a heap with the last in the order on top, which makes room when
// it is full.
func keep(best []seated, s seated) []seated {
	if len(best) < cap(best) {
		best = append(best, s)
		for i := len(best) - 1; i > 0 && best[i].at.compare(&best[(i-1)/2].at) > 0; i = (i - 1) / 2 {
			best[i], best[(i-1)/2] = best[(i-1)/2], best[i]
		}
		return best
	}
	if best[0].at.compare(&s.at) > 0 {
		best[0] = s
		sink(best)
	}
	return best
}

// sink restores the order of a heap whose top may be out of place.
func sink(heap []seated) {
	for i := 0; ; {
		last := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(heap); child++ {
			if heap[child].at.compare(&heap[last].at) > 0 {
				last = child
			}
		}
		if last == i {
			return
		}
		heap[i], heap[last] = heap[last], heap[i]
		i = last
	}
}
