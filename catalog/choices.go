package catalog

import "github.com/esimkit/esim"

// plan is the cheapest offer for a set of legs; without units there is none.
type plan struct {
	pick
	total esim.Money
}

// offer finds the cheapest plan of each set of legs.
func (j *journey) offer() {
	clear(j.plans)
	for covered := range j.candidates {
		if len(j.candidates[covered]) == 0 {
			continue
		}
		for set := legs(covered); set != 0; set = (set - 1) & legs(covered) {
			for i := range j.candidates[covered] {
				j.compete(&j.candidates[covered][i], set)
			}
		}
	}
}

// compete makes the candidate the plan of a set of legs if it is the cheapest.
func (j *journey) compete(c *candidate, set legs) {
	p := &j.plans[set]
	if p.units > 0 && c.price.Compare(p.total) > 0 {
		return
	}
	units := j.unitsOf(c, set)
	if units == 0 {
		return
	}
	cost := c.cost
	if units > 1 {
		var ok bool
		if cost, ok = j.cost(c.currency, cost.total, units); !ok {
			return
		}
	}
	total := cost.shown()
	if d := total.Compare(p.total); p.units == 0 || d < 0 || d == 0 && c.row < p.row {
		*p = plan{pick{c.row, int32(units), cost}, total} //nolint:gosec // at most the stack
	}
}

// choice is the cheapest way to serve a set of legs: a plan for some of them,
// its first leg among them, and the best way for the rest.
type choice struct {
	total esim.Money
	plans int  // 0 = there is no way
	first legs // what the plan of the first leg serves
}

// choose finds the best way for every set of legs.
func (j *journey) choose() {
	for set := 1; set < len(j.best); set++ {
		j.best[set] = j.choice(legs(set))
	}
}

func (j *journey) choice(set legs) choice {
	var best choice
	lowest := set & -set
	others := set &^ lowest
	for with := others; ; with = (with - 1) & others {
		c, ok := j.split(set, lowest|with)
		if ok && (best.plans == 0 || j.before(c, best, set)) {
			best = c
		}
		if with == 0 {
			return best
		}
	}
}

// split serves first with one plan, and what is left of set the best way.
func (j *journey) split(set, first legs) (choice, bool) {
	p, rest := &j.plans[first], set&^first
	if p.units == 0 {
		return choice{}, false
	}
	if rest == 0 {
		return choice{p.total, 1, first}, true
	}
	others := &j.best[rest]
	if others.plans == 0 {
		return choice{}, false
	}
	total, err := p.total.Add(others.total)
	if err != nil {
		return choice{}, false // more digits than any amount has
	}
	return choice{total, others.plans + 1, first}, true
}

// before reports whether a is taken rather than b, another way for the same
// set: the cheaper, then the one with fewer plans, then by the plans' rows,
// whose order is that of provider and ID. Where even these are the same, the
// earlier plan has the earlier leg.
func (j *journey) before(a, b choice, set legs) bool {
	if c := a.total.Compare(b.total); c != 0 {
		return c < 0
	}
	if a.plans != b.plans {
		return a.plans < b.plans
	}
	first := false // whether a has the first leg that makes the difference
	for differ, restA, restB := legs(0), set, set; restA != 0; {
		if x, y := j.plans[a.first].row, j.plans[b.first].row; x != y {
			return x < y
		}
		if differ == 0 {
			differ = (a.first ^ b.first) & -(a.first ^ b.first)
			first = a.first&differ != 0
		}
		restA, restB = restA&^a.first, restB&^b.first
		a, b = j.best[restA], j.best[restB]
	}
	return first
}
