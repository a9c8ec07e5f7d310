package proof

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/journal"
)

// Result is what a case has come to.
type Result struct {
	Case     Case
	Findings []Finding
	Trace    []string
	Charges  int
	Refunds  int // that the shop has made
	Sends    map[esim.Provider]int
	Died     bool          // the process reached the step at which it was to die
	Took     time.Duration // simulated
}

// Run plays a case.
func Run(t *testing.T, c Case, store Store, resellers []Reseller) *Result {
	t.Helper()
	var result *Result
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, c, store, resellers)
		defer w.end()
		w.live()
		w.rest()
		w.judge()
		result = &Result{
			Case: c, Findings: w.findings, Trace: w.trace, Charges: w.charges(), Sends: make(map[esim.Provider]int),
			Died: w.lives > 1, Took: time.Since(w.began),
		}
		for _, c := range w.shop.carts {
			result.Refunds += c.refunds
		}
		for _, s := range w.log {
			if !s.unsent {
				result.Sends[s.provider]++
			}
		}
	})
	return result
}

const (
	healAfter = 20 * time.Minute
	bound     = 80 * time.Hour // after it nothing may be open
	quiet     = 2 * time.Hour  // without anything to do is rest
	lateNews  = 8 * time.Hour  // the same where webhooks come hours late
	far       = time.Hour      // longest pause between two looks
	manyLooks = 1200           // more prove nothing new
	manySends = 8              // more prove nothing new
)

// live is the sale with everything that disturbs it.
func (w *world) live() {
	w.begin()
	w.choose()
	switch first := w.accounts[0]; w.c.Ahead {
	case Down:
		first.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
	case Empty:
		w.now.sees(first) // in funds, as Router.Run does
		first.SetBalance("0")
	case Dearer:
		first.SetPrice(first.Package, "9.99")
	case Nothing:
	}
	if w.c.Fault.Kind != 0 {
		f := w.c.Fault
		f.Times = max(w.c.Times, 1)
		w.accounts[w.c.turn()].Inject(f)
	}
	w.now.p.dies = w.stepOf(w.c.Crash)
	done := make(chan struct{})
	for _, c := range w.shop.carts {
		go func() {
			w.call(c)
			done <- struct{}{}
		}()
	}
	for range w.shop.carts {
		<-done
	}
	w.revive()
}

// stepOf counts from where the process is.
func (w *world) stepOf(crash int) int {
	if crash == 0 {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now.p.step + crash
}

// call is the shop's call for a cart. It ends with the process.
func (w *world) call(c *cart) {
	h := w.house()
	w.shop.pays(c)
	h.while(func() {
		ctx, stop := h.ctx, context.CancelFunc(func() {})
		if w.c.Caller == Leaves && c.calls == 1 {
			ctx, stop = context.WithTimeout(ctx, time.Second)
		}
		defer stop()
		o, err := h.order(ctx, w, c)
		if !h.p.dead() {
			w.shop.answered(c, o, err)
		}
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if h.p.dead() && !c.told {
		c.broken = true
	}
}

// while does something in a process, until that dies.
func (h *house) while(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-h.p.died:
	}
}

// revive puts a new process in the place of one that died.
func (w *world) revive() {
	if w.house().p.dead() {
		w.begin()
	}
}

// rest lets time pass until nothing is open and nothing will happen by itself,
// and again after the shop has insisted.
func (w *world) rest() {
	w.settle()
	if w.c.Caller == Insists && w.insist() {
		w.settle()
	}
}

func (w *world) settle() {
	began, idle := time.Now(), time.Duration(0)
	for looks := 0; idle < w.quiet() && time.Since(began) < bound && !w.tooMany(); looks++ {
		if looks == manyLooks {
			w.mu.Lock()
			w.find("no rest", nil, "the journal was due %d times in %s", looks, time.Since(w.began).Round(time.Second))
			w.stopped = true
			w.mu.Unlock()
			break
		}
		w.turn()
		if !w.healed && time.Since(w.began) > healAfter {
			w.heal()
		}
		pause, open := w.nextDue()
		if open || !w.healed {
			idle = 0
		} else {
			idle += pause
		}
		time.Sleep(pause)
	}
}

// quiet is how long nothing has to be open at rest: as long as news may take.
func (w *world) quiet() time.Duration {
	if strings.HasSuffix(w.c.World.Name, "late") {
		return lateNews
	}
	return quiet
}

// turn lets the shop do what it does from time to time.
func (w *world) turn() {
	for _, c := range w.shop.carts {
		again := w.c.Caller == Repeats && !c.told || c.broken && w.c.Caller != Gone
		if again && c.calls < 6 {
			w.call(c)
			w.revive()
		}
	}
	h := w.house()
	h.while(func() { h.work(w.c.Loop && time.Since(w.began) < healAfter+window) })
	w.revive()
}

// heal ends all faults. What the world does by its nature stays.
func (w *world) heal() {
	w.healed = true
	w.say("world", "all faults end")
	for _, a := range w.accounts {
		a.Heal()
	}
	switch first := w.accounts[0]; w.c.Ahead {
	case Empty:
		first.SetBalance(plenty)
	case Dearer:
		first.SetPrice(first.Package, first.price.Amount())
	case Nothing, Down:
	}
}

// insist orders once more what the shop was told has failed, and reports whether
// there was anything.
func (w *world) insist() (again bool) {
	for _, c := range w.shop.carts {
		if !c.paid {
			w.call(c)
			again = true
		}
	}
	return again
}

// nextDue is how long it takes until the journal has something to do, and
// whether anything is open.
func (w *world) nextDue() (pause time.Duration, open bool) {
	pause = far
	now := time.Now()
	for p, err := range w.auditor.Purchases(w.ctx, journal.Query{}) {
		if err != nil {
			w.t.Fatal("proof: ", err)
		}
		open = open || p.State.Open() && p.State != journal.Review
		if !p.NextAt.IsZero() {
			pause = min(pause, p.NextAt.Sub(now))
		}
	}
	if w.c.Loop && time.Since(w.began) < healAfter {
		return time.Second, open // Run has its own pace
	}
	return min(max(pause, time.Second), far), open
}

// tooMany stops a case in which one key is sent again and again.
func (w *world) tooMany() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.keys() {
		w.stopped = w.stopped || n > manySends
	}
	return w.stopped
}

// keys are how often each key has reached a provider; 401 turns a request away
// at the door.
func (w *world) keys() map[string]int {
	n := make(map[string]int)
	for _, s := range w.log {
		if !s.unsent && s.status != http.StatusUnauthorized {
			n[string(s.provider)+" "+s.key]++
		}
	}
	return n
}

// end lets the goroutines of all processes end.
func (w *world) end() {
	close(w.over)
	w.mu.Lock()
	houses := append(slices.Clone(w.dead), w.now)
	w.mu.Unlock()
	for _, h := range houses {
		if h != nil {
			h.cancel()
		}
	}
	if len(houses) > 1 {
		time.Sleep(farewell)
	}
}

// farewell is how long the goroutines of a dead process may take to give up.
const farewell = 10 * time.Minute
