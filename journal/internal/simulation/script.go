package simulation

import (
	"context"
	"fmt"
	"time"

	"github.com/esimkit/esim/journal"
)

// How is what interrupts a scripted run at one place.
type How int

// The interruptions.
const (
	Nothing  How = iota
	Dies         // the replica dies
	Sleeps       // it sleeps for longer than its lease, and others take over
	Repeated     // another replica is called with the same reference
	Stepped      // another replica works on what is due
)

var howNames = [...]string{"nothing", "dies", "sleeps", "repeated", "stepped"}

// String names the interruption.
func (h How) String() string { return howNames[h] }

// Hows returns all interruptions.
func Hows() []How { return []How{Dies, Sleeps, Repeated, Stepped} }

// Case is a scenario with one interruption.
type Case struct {
	Mode     Mode
	Scenario string
	At       int // the place, from 1
	How      How
}

// String tells the case.
func (c Case) String() string {
	return fmt.Sprintf("%s, %s, %s at place %d", c.Mode, c.Scenario, c.How, c.At)
}

// script is fate as it is written: mishaps in turn, and one interruption.
type script struct {
	mishaps []mishap // of purchases, in the order in which they are sent
	letters []letter // of webhooks
	down    bool     // the provider cannot be reached
	fails   int      // calls of hooks

	at   int
	how  How
	done bool
}

func (s *script) point(w *world, r *replica, where string) {
	if s.done || s.how == Nothing || w.ops != s.at {
		return
	}
	s.done = true
	switch s.how {
	case Dies:
		w.kill(r, where)
	case Sleeps:
		s.freeze(w, r)
	case Repeated:
		if p := r.current; p != nil && p.calls > 0 {
			w.call(w.idle(1), p)
		}
	case Stepped:
		w.step(w.idle(1), 3)
	case Nothing:
	}
}

func (s *script) store(*world, *replica, string, bool) trouble { return fine }

func (s *script) wire(_ *world, _ *replica, pays bool) mishap {
	switch {
	case s.down:
		return noRoad
	case !pays || len(s.mishaps) == 0:
		return carried
	}
	how := s.mishaps[0]
	s.mishaps = s.mishaps[1:]
	return how
}

func (s *script) letter(*world) letter {
	if len(s.letters) == 0 {
		return letter{}
	}
	l := s.letters[0]
	s.letters = s.letters[1:]
	return l
}

func (s *script) hook(*world) bool {
	s.fails--
	return s.fails >= 0
}

func (s *script) freeze(w *world, r *replica) {
	w.note(r, r.current, "sleeps", "")
	w.pass(100 * time.Second)
	for range 2 {
		if other := w.idle(1); other != nil {
			w.step(other, 3)
		}
	}
}

func (s *script) lateness() time.Duration { return 90 * time.Second }

// Outcome is what a case has come to.
type Outcome struct {
	Places int             // passed at which it could have been interrupted
	States []journal.State // of the purchases, in the order in which they were begun
	Trace  []string
}

// RunCase plays one case. The error is a [*Violation] if a promise is broken.
func RunCase(ctx context.Context, c Case, newOne NewJournal) (Outcome, error) {
	i := indexOf(c.Scenario)
	if i < 0 {
		return Outcome{}, fmt.Errorf("simulation: no scenario is called %q", c.Scenario)
	}
	s := &script{at: c.At, how: c.How}
	w, err := newWorld(ctx, c.Mode, 1, scenarios[i].accounts(), s, newOne)
	if err != nil {
		return Outcome{}, err
	}
	defer w.close()
	t := &tale{world: w, script: s}
	scenarios[i].play(t)
	places := w.ops
	if w.violation == nil {
		w.settle(brief) //nolint:contextcheck // the simulator has a life of its own
	}
	if w.violation == nil {
		w.final()
	}
	out := Outcome{Places: places}
	for _, p := range w.purchases {
		out.States = append(out.States, p.state)
	}
	for i := range w.trace.events {
		out.Trace = append(out.Trace, w.trace.events[i].String())
	}
	if w.violation != nil {
		w.violation.Trace = out.Trace
		return out, w.violation
	}
	return out, nil
}

// Matrix returns every scenario with an interruption of every kind at every
// place.
func Matrix(ctx context.Context) ([]Case, error) {
	var cases []Case
	for _, mode := range Modes() {
		for _, name := range Scenarios(mode) {
			out, err := RunCase(ctx, Case{Mode: mode, Scenario: name}, nil)
			if err != nil {
				return nil, err
			}
			for at := 1; at <= out.Places; at++ {
				for _, how := range Hows() {
					cases = append(cases, Case{Mode: mode, Scenario: name, At: at, How: how})
				}
			}
		}
	}
	return cases, nil
}
