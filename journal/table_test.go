package journal

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite testdata/transitions.golden and the generated parts of docs/journal.md")

// events are all that the table knows of.
func events() []Event {
	var all []Event
	for _, t := range transitions {
		if !slices.Contains(all, t.Event) {
			all = append(all, t.Event)
		}
	}
	return all
}

// circumstances are all that guards can tell apart.
func circumstances() []facts {
	var all []facts
	for _, doubt := range []int{0, 1} {
		for _, latest := range []bool{false, true} {
			for _, foreign := range []bool{false, true} {
				for _, alarm := range []bool{false, true} {
					for _, barred := range []bool{false, true} {
						all = append(all, facts{doubt: doubt, latest: latest, foreign: foreign, alarm: alarm, barred: barred})
					}
				}
			}
		}
	}
	return all
}

// everyTransition calls f for each state, event and circumstance.
func everyTransition(f func(from State, on Event, in facts, to State, moved bool)) {
	p := defaultPolicy()
	for _, from := range States() {
		for _, on := range events() {
			for _, in := range circumstances() {
				to, ok := p.next(from, on, in)
				f(from, on, in, to, ok)
			}
		}
	}
}

var letters = map[State]byte{
	Ready: 'R', Sending: 'S', Unknown: 'U', Provisioning: 'P', Delivered: 'D', Rejected: 'J', NotExecuted: 'N', Refunded: 'F', Review: 'V',
}

// TestEveryTransition compares what follows each event, in each state and each
// circumstance, with what was reviewed.
func TestEveryTransition(t *testing.T) {
	var b strings.Builder
	b.WriteString("The state that follows, by its letter, or . for none. The 32 columns are the circumstances:\n")
	for _, head := range []struct {
		name string
		is   func(facts) bool
	}{
		{"doubt", func(f facts) bool { return f.doubt > 0 }},
		{"latest", func(f facts) bool { return f.latest }},
		{"foreign", func(f facts) bool { return f.foreign }},
		{"alarm", func(f facts) bool { return f.alarm }},
		{"barred", func(f facts) bool { return f.barred }},
	} {
		fmt.Fprintf(&b, "%31s ", head.name)
		for _, in := range circumstances() {
			b.WriteByte("-+"[map[bool]int{false: 0, true: 1}[head.is(in)]])
		}
		b.WriteByte('\n')
	}
	for _, s := range States() {
		fmt.Fprintf(&b, "%c = %s\n", letters[s], s)
	}
	line := ""
	everyTransition(func(from State, on Event, _ facts, to State, moved bool) {
		mark := byte('.')
		if moved {
			mark = letters[to]
		}
		if line += string(mark); len(line) == len(circumstances()) {
			fmt.Fprintf(&b, "%-13s %-17s %s\n", from, on, line)
			line = ""
		}
	})
	const golden = "testdata/transitions.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String(), "read the change with care, then run: go test ./journal -run EveryTransition -update")
}

// What the table must never say, whatever is added to it.
func TestTableIsSafe(t *testing.T) {
	charged := []State{Provisioning, Delivered, Refunded} // known to be
	byHand := []Event{Withdraw, Escalate, DecideDelivered, DecideUncharged, DecideRefunded}
	everyTransition(func(from State, on Event, in facts, to State, moved bool) {
		if !moved {
			return
		}
		what := fmt.Sprintf("%s at %s with %+v goes to %s", from, on, in, to)
		if slices.Contains(charged, from) {
			assert.Contains(t, append(slices.Clone(charged), Review), to, "what was charged stays charged: %s", what)
		}
		if to.Uncharged() && in.doubt > 0 {
			assert.Equal(t, DecideUncharged, on, "nothing in doubt is called uncharged but by a person: %s", what)
		}
		if to == Refunded || on == DecideDelivered {
			assert.Contains(t, byHand, on, what)
		}
		if from == Review && (to.Uncharged() || to == Refunded) {
			assert.Contains(t, byHand, on, "a person ends a review: %s", what)
		}
		if from == Review && in.alarm {
			assert.Contains(t, byHand, on, "an alarm is for a person: %s", what)
		}
		if from.Uncharged() {
			assert.Contains(t, []State{Review, Ready}, to, what)
			assert.True(t, to != Ready || on == Repeat && in.doubt == 0, what)
		}
		if to == Sending {
			assert.Equal(t, Begin, on, what)
			assert.Contains(t, []State{Ready, Unknown}, from, what)
		}
		if on == Withdraw {
			assert.True(t, from == Ready && in.doubt == 0, "only what was not sent can be taken back: %s", what)
		}
	})
}

// Every state can be left or is an end, every event has a row, no row is dead.
func TestTableIsWhole(t *testing.T) {
	p := defaultPolicy()
	used := make([]bool, len(transitions))
	reached := map[State]bool{Ready: true}
	everyTransition(func(from State, on Event, in facts, to State, moved bool) {
		if !moved {
			return
		}
		reached[to] = true
		i := slices.IndexFunc(p.table, func(r transition) bool {
			return r.Event == on && slices.Contains(r.From, from) && r.If.ok(in)
		})
		used[i] = true
	})
	for i, u := range used {
		assert.True(t, u, "row %d, %v, is never used", i, transitions[i].Event)
	}
	for _, s := range States() {
		assert.True(t, reached[s], "nothing leads to %s", s)
	}
	source, err := os.ReadFile("table.go")
	require.NoError(t, err)
	declared := regexp.MustCompile(`(?m)^\t\w+\s+Event = "|^\tDecide\w+\s+= "|^\tDecide\w+\s+Event = "`).FindAllString(string(source), -1)
	assert.Len(t, events(), len(declared), "each event that is declared has a row")
}

// Whatever happens in whatever order: once it is known that something was
// charged, that is known for good.
func TestEventsAreMonotone(t *testing.T) {
	p := defaultPolicy()
	rapid.Check(t, func(t *rapid.T) {
		state, doubt, alarm := Ready, 0, false
		charged := false
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			on := rapid.SampledFrom(events()).Draw(t, "event")
			in := facts{
				doubt: doubt, alarm: alarm,
				latest: rapid.Bool().Draw(t, "latest"), foreign: rapid.Bool().Draw(t, "foreign"),
			}
			switch on { // what raises an event has counted already
			case Begin:
				in.doubt++
			case Unsent, GivenUp, Refused:
				in.doubt = max(doubt-1, 0)
			case Part, Whole:
				in.doubt = 0
			default:
			}
			to, ok := p.next(state, on, in)
			if !ok {
				continue
			}
			if charged && (to == Ready || to == Sending || to == Unknown || to == Rejected) {
				t.Fatalf("%s at %s goes to %s though it was known to be charged", state, on, to)
			}
			if charged && to == NotExecuted && on != DecideUncharged {
				t.Fatalf("%s at %s goes to %s without a person", state, on, to)
			}
			alarm = alarm || to == Review && !state.Open() && state != Review
			state, doubt = to, in.doubt
			charged = charged || to == Provisioning || to == Delivered || to == Refunded
			if to == NotExecuted {
				charged, alarm = false, false // a person has said so
			}
		}
	})
}

// TestDocument keeps the generated parts of docs/journal.md true.
func TestDocument(t *testing.T) {
	const path = "../docs/journal.md"
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	want := string(data)
	for name, content := range map[string]string{"events": eventList(t), "transitions": transitionTable(), "diagram": diagram()} {
		part := regexp.MustCompile(`(?s)(<!-- ` + name + `:[^\n]*-->\n).*?(<!-- /` + name + ` -->)`)
		require.True(t, part.MatchString(want), "no part %s", name)
		want = part.ReplaceAllStringFunc(want, func(old string) string {
			m := part.FindStringSubmatch(old)
			return m[1] + content + m[2]
		})
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(data), "run: go test ./journal -run Document -update")
	for _, s := range States() {
		require.Contains(t, want, "| `"+s.String()+"` |", "each state has a row for the person on call")
	}
}

// eventList takes the words from the comments of the constants.
func eventList(t *testing.T) string {
	source, err := os.ReadFile("table.go")
	require.NoError(t, err)
	var b strings.Builder
	b.WriteString("| event | what has happened |\n| --- | --- |\n")
	said := ""
	for _, on := range events() {
		m := regexp.MustCompile(`= "` + string(on) + `"\s*(?://\s*(.*))?\n`).FindStringSubmatch(string(source))
		require.NotNil(t, m, "the constant of %s", on)
		if m[1] != "" {
			said = m[1]
		}
		fmt.Fprintf(&b, "| %s | %s |\n", on, said)
	}
	return b.String()
}

func transitionTable() string {
	var b strings.Builder
	b.WriteString("| from | event | if | to |\n| --- | --- | --- | --- |\n")
	for _, t := range transitions {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", joined(t.From), t.Event, t.If.text, t.To)
	}
	return b.String()
}

func joined(states []State) string {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = s.String()
	}
	return strings.Join(names, ", ")
}

func diagram() string {
	type arrow struct{ from, to State }
	var order []arrow
	on := make(map[arrow][]string)
	for _, t := range transitions {
		for _, from := range t.From {
			a := arrow{from, t.To}
			if on[a] == nil {
				order = append(order, a)
			}
			if !slices.Contains(on[a], string(t.Event)) {
				on[a] = append(on[a], string(t.Event))
			}
		}
	}
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n    [*] --> ready\n")
	for _, s := range States() {
		if node(s) != s.String() {
			fmt.Fprintf(&b, "    state %q as %s\n", s.String(), node(s))
		}
	}
	for _, a := range order {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", node(a.from), node(a.to), strings.Join(on[a], ", "))
	}
	for _, s := range States() {
		if !s.Open() && s != Review {
			fmt.Fprintf(&b, "    %s --> [*]\n", node(s))
		}
	}
	b.WriteString("```\n")
	return b.String()
}

func node(s State) string { return strings.ReplaceAll(s.String(), " ", "_") }
