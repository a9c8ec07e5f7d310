package simulation

import (
	"slices"
	"time"

	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

// scenario is something that happens to a shop, without the interruption.
type scenario struct {
	name  string
	modes []Mode // nil = all
	moves bool   // there is a second account
	play  func(t *tale)
	// want are the states of the purchases in the end, if nothing interrupts.
	want []journal.State
	// but are those of modes in which it ends otherwise.
	but map[Mode][]journal.State
}

func (s *scenario) accounts() int {
	if s.moves {
		return 2
	}
	return 1
}

func indexOf(name string) int {
	return slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
}

// Scenarios returns the names of those of a mode.
func Scenarios(m Mode) []string {
	var names []string
	for _, s := range scenarios {
		if s.modes == nil || slices.Contains(s.modes, m) {
			names = append(names, s.name)
		}
	}
	return names
}

// Want returns the states in which the purchases of an uninterrupted scenario
// end.
func Want(m Mode, name string) []journal.State {
	s := &scenarios[indexOf(name)]
	if want, ok := s.but[m]; ok {
		return want
	}
	return s.want
}

var (
	one  = []journal.State{journal.Delivered}
	both = []journal.State{journal.Delivered, journal.Delivered}
	all3 = []journal.State{journal.Delivered, journal.Delivered, journal.Delivered}
	open = []journal.State{journal.Review}
	none = []journal.State{journal.Rejected}

	flies = []Mode{FlyKey, FlyNonce}
)

var scenarios = []scenario{
	{name: "order", want: one, play: func(t *tale) { t.buy(1) }},
	{name: "order of three", want: one, play: func(t *tale) { t.buy(3) }},
	{name: "order twice", want: one, play: func(t *tale) { t.again(t.buy(1), 1) }},
	{name: "other content", want: one, play: func(t *tale) {
		p := t.buy(2)
		t.conflict(t.replicas[1], p)
	}},
	{name: "enqueued", want: one, play: func(t *tale) {
		p := t.wish(1)
		if !t.enqueue(t.replicas[0], p) {
			t.enqueue(t.replicas[1], p)
		}
		t.work(3, 2*time.Second)
	}},
	{name: "enqueued, and no connection", want: one, play: func(t *tale) {
		p := t.wish(1)
		if !t.enqueue(t.replicas[0], p) {
			t.enqueue(t.replicas[1], p)
		}
		t.script.mishaps = []mishap{noRoad, throttled}
		t.work(8, 5*time.Second)
	}},
	{name: "answer lost", want: one, play: func(t *tale) {
		p := t.buy(1, cutAfter)
		t.work(4, 3*time.Second)
		t.again(p, 1)
	}},
	{name: "answer of three lost", want: one, play: func(t *tale) {
		t.buy(3, carried, cutAfter)
		t.work(4, 3*time.Second)
	}},
	// What eSIMfx answers is no answer that allows a repeat.
	{name: "answers cut short", want: one, but: map[Mode][]journal.State{FX: open}, play: func(t *tale) {
		p := t.buy(2, cutShort)
		t.again(p, 1, garbage)
		t.work(2, 3*time.Second)
	}},
	{name: "request lost", want: one, but: map[Mode][]journal.State{Story: open}, play: func(t *tale) {
		t.buy(1, cutBefore)
		t.work(4, 3*time.Second)
	}},
	{name: "request late", want: one, play: func(t *tale) {
		p := t.buy(1, overtaken)
		t.work(2, 3*time.Second)
		t.again(p, 1)
		t.work(4, time.Minute)
	}},
	{name: "worker frozen", want: one, play: func(t *tale) { t.buy(1, frozen) }},
	{name: "caller leaves", want: one, play: func(t *tale) {
		t.buy(1, abandoned)
		t.work(3, 3*time.Second)
	}},
	{name: "no connection", want: one, play: func(t *tale) {
		p := t.buy(1, noRoad)
		t.again(p, 1, throttled)
		t.again(p, 2)
	}},
	{name: "gateway fails", want: one, play: func(t *tale) {
		p := t.buy(1, badGateway)
		t.again(p, 1, unavailable)
		t.work(4, 3*time.Second)
	}},
	{name: "refused", want: none, modes: []Mode{FlyKey, FlyNonce, FX}, play: func(t *tale) {
		t.balance("0.01")
		p := t.buy(1)
		t.again(p, 1)
	}},
	{name: "balance gone after a lost answer", want: one, play: func(t *tale) {
		p := t.buy(1, cutAfter)
		t.balance("0.01")
		t.work(6, 10*time.Second)
		t.again(p, 1)
	}},
	// The refused repeat of eSIMfly has used the request id up, so the lost one
	// will never be acted on.
	{name: "balance gone after a lost request", want: none, but: map[Mode][]journal.State{Story: open, FX: one}, play: lostAndBroke},
	{name: "two at once", want: both, but: map[Mode][]journal.State{Story: {journal.Review, journal.Delivered}}, play: func(t *tale) {
		t.buy(1, cutBefore)
		t.buy(1, cutAfter)
		t.work(4, 5*time.Second)
	}},
	{name: "two quantities, no quote", want: []journal.State{journal.Review, journal.Review}, modes: []Mode{FlyNonce}, play: func(t *tale) {
		for _, quantity := range []int{2, 1} {
			p := t.wish(quantity)
			p.quote = nil // with it the price tells them apart
			t.again(p, 0, cutAfter)
		}
		t.work(4, 5*time.Second)
	}},
	{name: "one of two is none", want: []journal.State{journal.Delivered, journal.Review}, modes: []Mode{FlyNonce}, play: func(t *tale) {
		t.buy(1, crashed)
		t.buy(1, cutAfter)
		t.work(4, 5*time.Second)
	}},
	{name: "provider away for a day", want: one, play: func(t *tale) {
		p := t.buyFor(72*time.Hour, cutAfter)
		t.script.down = true
		t.work(3, 9*time.Hour)
		t.script.down = false
		t.work(2, time.Hour)
		t.again(p, 1)
	}},
	{name: "its time is over", want: one, but: map[Mode][]journal.State{FX: open}, play: func(t *tale) {
		t.buy(1, cutAfter)
		t.script.down = true
		t.work(2, 10*time.Minute)
		t.script.down = false
		t.work(2, time.Hour)
	}},
	{name: "one of two, and no way to ask", want: []journal.State{journal.Delivered, journal.Review}, modes: flies, play: func(t *tale) {
		t.buy(1, cutBefore)
		t.buy(1, cutAfter)
		t.script.down = true
		t.work(3, 9*time.Hour)
		t.script.down = false
		t.work(4, time.Hour)
	}},
	{name: "other account for a while", moves: true, want: one, play: func(t *tale) {
		p := t.buy(1, cutAfter)
		t.move(1)
		t.work(4, 2*time.Minute)
		t.again(p, 1)
	}},
	{name: "clock goes back", want: both, modes: flies, play: func(t *tale) {
		p := t.buyFor(72*time.Hour, cutAfter)
		t.pass(27 * time.Hour)
		t.buy(1) // by which the store knows the time
		t.skew = -25 * time.Hour
		t.work(2, time.Minute)
		t.skew = 0
		t.again(p, 1)
	}},
	{name: "top-up", want: both, modes: []Mode{FlyKey, FlyNonce, FX}, play: func(t *tale) { t.topUp(t.buy(1), 0) }},
	{name: "answer of a top-up lost", want: both, modes: []Mode{FlyKey, FlyNonce, FX}, play: func(t *tale) {
		p := t.topUp(t.buy(1), 0, cutAfter)
		t.work(4, 30*time.Second)
		t.again(p, 1)
	}},
	{name: "caller of a top-up leaves", want: both, modes: []Mode{FlyKey, FlyNonce, FX}, play: func(t *tale) {
		p := t.topUp(t.buy(1), 0, abandoned) // so that the client cannot look for it
		t.restart(t.replicas[0])
		t.work(4, 30*time.Second)
		t.again(p, 1)
	}},
	{name: "request of a top-up lost", want: []journal.State{journal.Delivered, journal.Review}, modes: flies, play: func(t *tale) {
		p := t.topUp(t.buy(1), 0, cutBefore)
		t.restart(t.replicas[0])
		t.work(4, 30*time.Second)
		t.again(p, 1)
	}},
	{
		name: "two top-ups of one eSIM", want: []journal.State{journal.Delivered, journal.Review, journal.Ready}, modes: flies, // the last was not begun
		play: func(t *tale) {
			base := t.buy(1)
			t.topUp(base, 0, cutBefore)
			t.topUp(base, 1)
			t.work(4, 30*time.Second)
		},
	},
	{name: "two top-ups with keys", want: all3, modes: []Mode{FX}, play: func(t *tale) {
		base := t.buy(1)
		t.topUp(base, 0, cutBefore)
		t.topUp(base, 1)
		t.work(4, 30*time.Second)
	}},
	{name: "webhook first", want: one, modes: []Mode{Story}, play: func(t *tale) {
		t.webhooks(simulator.WebhookBehaviour{BeforeResponse: true})
		t.script.letters = []letter{{anonymous: true}, {anonymous: true}}
		t.buy(2, frozen)
	}},
	{name: "webhooks twice, and late", want: one, modes: []Mode{Story}, play: func(t *tale) {
		t.script.letters = []letter{{again: true, after: time.Hour}, {again: true}}
		t.buy(2, tooLate)
		t.work(8, 15*time.Minute)
	}},
	{name: "webhook of somebody else", want: open, modes: []Mode{Story}, play: func(t *tale) {
		p := t.buy(1, cutBefore)
		t.post.stray(p.reference, t.mode.packages()[1], "foreign-unit")
		t.pass(time.Millisecond)
		t.work(3, 3*time.Second)
	}},
	{name: "one of three is missing", want: open, modes: []Mode{Story}, play: func(t *tale) {
		t.script.letters = []letter{{}, {lost: true}, {}}
		t.buy(3)
		t.work(3, 3*time.Second)
	}},
	{name: "nobody knows", want: open, modes: []Mode{Story}, play: func(t *tale) {
		t.script.letters = []letter{{lost: true}}
		t.buy(1, cutAfter)
		t.work(3, 3*time.Second)
	}},
	{name: "operator errs", want: open, modes: []Mode{Story}, play: func(t *tale) {
		t.script.letters = []letter{{after: 76 * time.Hour}}
		p := t.buy(1, cutAfter)
		t.work(8, 9*time.Hour+20*time.Minute)
		t.decide(p, journal.NotExecuted)
	}},
	{name: "shop is away", want: one, play: func(t *tale) {
		t.script.fails = 2
		t.buy(1)
		t.work(4, 10*time.Second)
	}},
}

func lostAndBroke(t *tale) {
	t.buy(1, cutBefore)
	t.balance("0.01")
	t.work(4, 10*time.Second)
}
