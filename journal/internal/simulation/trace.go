package simulation

import (
	"fmt"
	"time"
)

// event is a step of a run.
type event struct {
	at        time.Duration // since the start
	replica   int           // -1 = the world
	reference string        // "" = concerns all
	what      string
	detail    string
}

func (e *event) String() string {
	who := "world"
	if e.replica >= 0 {
		who = fmt.Sprintf("replica %d", e.replica)
	}
	return fmt.Sprintf("%12s  %-9s  %-10s  %s %s", e.at, who, e.reference, e.what, e.detail)
}

// trace is what has happened, and the digest of it.
type trace struct {
	events []event
	digest uint64
}

func (t *trace) add(e event) {
	t.events = append(t.events, e)
	t.hash(e.what)
	t.hash(e.reference)
	t.hash(e.detail)
	t.digest = mix(t.digest ^ uint64(e.at) ^ uint64(e.replica+1)<<56) //nolint:gosec // any bits will do
}

// hash is FNV-1a.
func (t *trace) hash(text string) {
	for i := range len(text) {
		t.digest = (t.digest ^ uint64(text[i])) * 1099511628211
	}
}

// of returns the events that concern a reference.
func (t *trace) of(reference string) []string {
	var list []string
	for i := range t.events {
		if e := &t.events[i]; e.reference == reference || e.reference == "" && e.replica < 0 {
			list = append(list, e.String())
		}
	}
	return list
}

// Violation is a broken promise.
type Violation struct {
	Mode      Mode
	Seed      uint64 // of the world
	Orders    int    // begun in the world, and the share of its faults; 0 in a scenario
	Faults    float64
	Reference string
	What      string
	Trace     []string // of that purchase, and of what concerns all
}

// Error tells all but the trace.
func (v *Violation) Error() string {
	where := ""
	if v.Orders > 0 {
		where = fmt.Sprintf(" (-mode %s -world %#x -orders %d -faults %v)", v.Mode, v.Seed, v.Orders, v.Faults)
	}
	return fmt.Sprintf("%s, %s: %s%s", v.Mode, v.Reference, v.What, where)
}
