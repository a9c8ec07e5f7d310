package proof

import (
	"math/rand/v2"
	"slices"

	"github.com/esimkit/esim/esimtest"
)

// Enumerate lists the cases of every run, each once, in one order: the wiring
// without trouble, every fault at every reseller in every form, every fault in
// every world, every fault at the reseller that is asked second, a crash at
// every step, and every caller under the faults that leave a sale in doubt. What
// such a list leaves open is drawn by its own fixed seed.
func Enumerate(store string, resellers []Reseller) []Case {
	d := &deck{store: store, resellers: resellers, random: rand.New(rand.NewPCG(1, 1)), seen: make(map[string]bool)} //nolint:gosec // no secret
	d.wiring()
	d.faults()
	d.worlds()
	d.failovers()
	d.crashes()
	d.callers()
	return d.cases
}

// Draw returns n cases by a seed.
func Draw(store string, resellers []Reseller, seed uint64, n int) []Case {
	d := &deck{store: store, resellers: resellers, random: rand.New(rand.NewPCG(seed, 2)), seen: make(map[string]bool)} //nolint:gosec // no secret
	for len(d.cases) < n {
		r := pick(d, resellers)
		c := Case{Form: pick(d, forms), Config: d.config(r)}
		if d.one(3) {
			c.Ahead = pick(d, d.obstacles(r, c.Form))
		}
		if !d.one(6) {
			c.Fault = pick(d, r.Faults)
			c.Times = pick(d, []int{1, 1, 2, many})
		}
		if len(r.Worlds) > 0 && d.one(2) {
			c.World = pick(d, r.Worlds)
		}
		if d.one(2) {
			c.Crash = 1 + d.random.IntN(lastStep)
		}
		c.Caller = pick(d, callers)
		c.Quantity = pick(d, []int{1, 1, 1, 2, 3})
		c.Carts = pick(d, []int{1, 1, 1, 2, 3})
		c.Loop = d.one(8)
		d.add(r, c)
	}
	return d.cases
}

var (
	forms   = []Form{Quoted, Listed, Capped, Named, Bare, Enqueued, Dearest, DearList}
	callers = []Caller{Waits, Repeats, Leaves, Insists, Gone}
)

const (
	many     = 9  // purchases that suffer a fault, more than are ever sent
	lastStep = 30 // at which a process dies; a sale with failover has fewer
)

// deck is a growing list of cases.
type deck struct {
	store     string
	resellers []Reseller
	random    *rand.Rand
	cases     []Case
	seen      map[string]bool
}

// add takes a case in which it is the reseller's turn.
func (d *deck) add(r Reseller, c Case) {
	c.Store, c.At = d.store, r.Provider
	if name := c.Name(); !d.seen[name] {
		d.seen[name] = true
		d.cases = append(d.cases, c)
	}
}

// before is the reseller that is cheapest where r comes next.
func (d *deck) before(r Reseller) Reseller {
	i := slices.IndexFunc(d.resellers, func(o Reseller) bool { return o.Provider == r.Provider })
	return d.resellers[(i+len(d.resellers)-1)%len(d.resellers)]
}

// obstacles are what can be in the way: of the reseller before it, or of itself
// where nobody else is asked.
func (d *deck) obstacles(r Reseller, form Form) []Ahead {
	if form.Routed() {
		return d.before(r).Refuses
	}
	return slices.DeleteFunc(slices.Clone(r.Refuses), func(a Ahead) bool {
		return a == Dearer && form == Bare // without a quote the price is whatever it is
	})
}

func (d *deck) one(of int) bool { return d.random.IntN(of) == 0 }

func pick[T any](d *deck, list []T) T { return list[d.random.IntN(len(list))] }

func (d *deck) config(r Reseller) string {
	if len(r.Forms) == 0 {
		return ""
	}
	return pick(d, r.Forms)
}

func (r Reseller) configs() []string {
	if len(r.Forms) == 0 {
		return []string{""}
	}
	return r.Forms
}

func (d *deck) wiring() {
	for _, r := range d.resellers {
		for _, config := range r.configs() {
			for _, form := range forms {
				for quantity := 1; quantity <= 3; quantity++ {
					for _, loop := range []bool{false, true} {
						d.add(r, Case{Form: form, Config: config, Quantity: quantity, Loop: loop})
					}
				}
				d.add(r, Case{Form: form, Config: config, Carts: 3})
				for _, ahead := range d.obstacles(r, form) {
					for _, caller := range []Caller{Waits, Insists} {
						d.add(r, Case{Form: form, Config: config, Ahead: ahead, Caller: caller})
					}
				}
			}
		}
	}
}

func (d *deck) faults() {
	for _, r := range d.resellers {
		for _, config := range r.configs() {
			for _, f := range r.Faults {
				for _, form := range []Form{Quoted, Listed, Named, Bare} {
					d.add(r, Case{Form: form, Config: config, Fault: f, Times: pick(d, []int{1, many})})
				}
				d.add(r, Case{Form: pick(d, []Form{Capped, Enqueued, DearList}), Config: config, Fault: f, Quantity: 2})
				d.add(r, Case{Form: pick(d, []Form{Quoted, Named, Bare}), Config: config, Fault: f, Carts: 2, Times: pick(d, []int{1, 2, many})})
			}
		}
	}
}

func (d *deck) worlds() {
	for _, r := range d.resellers {
		for _, world := range r.Worlds {
			for _, f := range append([]esimtest.Fault{{}}, r.Faults...) {
				d.add(r, Case{
					Form: pick(d, []Form{Quoted, Named, Bare}), Config: d.config(r), World: world, Fault: f, Times: pick(d, []int{1, 2, many}),
					Caller: pick(d, []Caller{Waits, Repeats}), Quantity: pick(d, []int{1, 1, 2}),
				})
			}
		}
	}
}

func (d *deck) failovers() {
	for _, r := range d.resellers {
		for _, ahead := range d.before(r).Refuses {
			for _, f := range r.Faults {
				d.add(r, Case{Form: pick(d, []Form{Quoted, Capped}), Config: d.config(r), Ahead: ahead, Fault: f, Caller: pick(d, callers)})
			}
		}
	}
}

func (d *deck) crashes() {
	var after []esimtest.FaultKind
	for _, k := range esimtest.AllFaults() {
		if k.Commits() {
			after = append(after, k)
		}
	}
	for _, r := range d.resellers {
		for step := 1; step <= lastStep; step++ {
			for _, form := range []Form{Quoted, Named} {
				for _, caller := range []Caller{Waits, Gone} {
					d.add(r, Case{Form: form, Config: d.config(r), Crash: step, Caller: caller})
				}
			}
			d.add(r, Case{Form: Quoted, Config: d.config(r), Crash: step, Ahead: pick(d, d.before(r).Refuses), Caller: pick(d, []Caller{Waits, Gone})})
			d.add(r, Case{Form: pick(d, forms), Config: d.config(r), Crash: step, Fault: d.fault(r, after), Caller: pick(d, callers)})
			d.add(r, Case{Form: Named, Config: d.config(r), Crash: step, Ahead: Down, Caller: Gone}) // until its time is over
		}
	}
}

// fault draws one of the reseller's of these kinds.
func (d *deck) fault(r Reseller, kinds []esimtest.FaultKind) esimtest.Fault {
	return pick(d, slices.DeleteFunc(slices.Clone(r.Faults), func(f esimtest.Fault) bool { return !slices.Contains(kinds, f.Kind) }))
}

func (d *deck) callers() {
	doubtful := []esimtest.FaultKind{
		esimtest.FaultHang, esimtest.FaultHangAfterCommit, esimtest.FaultCutBeforeCommit, esimtest.FaultCutAfterCommit,
		esimtest.Fault502HTMLBefore, esimtest.Fault502HTMLAfter, esimtest.FaultErrorBefore, esimtest.FaultErrorAfter, esimtest.Fault429,
		esimtest.FaultRefuse,
	}
	for _, r := range d.resellers {
		for _, f := range r.Faults {
			if !slices.Contains(doubtful, f.Kind) {
				continue
			}
			for _, caller := range callers {
				for _, form := range []Form{Quoted, Named} {
					d.add(r, Case{Form: form, Config: d.config(r), Fault: f, Times: pick(d, []int{1, many}), Caller: caller})
				}
			}
		}
	}
}
