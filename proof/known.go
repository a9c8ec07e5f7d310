package proof

import (
	"testing"

	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
)

// Known is a failure that stands in the proof until the house is rebuilt: a
// sale is a purchase at each reseller today, and not one row. It is asserted
// too, so it has to go when it is mended.
type Known struct {
	Name   string
	Rule   string
	Reason string
	// Covers reports whether a finding of this rule is of this kind.
	Covers func(c Case, f Finding) bool
	// Cases are those of which one at least must still fail so.
	Cases func(store string) []Case
}

// KnownFailures are what only "a sale is one row" can mend, and what a shop has
// to know.
func KnownFailures() []Known {
	failover := Case{At: esimfx.Provider, Form: Quoted, Ahead: Down}
	crashes := func(c Case) func(string) []Case {
		return func(store string) (list []Case) {
			for step := 1; step <= lastStep; step++ {
				c.Store, c.Crash = store, step
				list = append(list, c)
			}
			return list
		}
	}
	gone := failover
	gone.Caller = Gone
	return []Known{
		{
			Name: "a hook names the attempt", Rule: "hook reference",
			Reason: "the second reseller is asked under a reference of the router's own, and the journal knows no other",
			Covers: func(c Case, f Finding) bool { return c.Form.Routed() && f.Cart != "" },
			Cases: func(store string) []Case {
				c := failover
				c.Store = store
				return []Case{c}
			},
		},
		{
			Name: "a crash between two resellers strands the sale", Rule: "stranded",
			Reason: "failover is in the memory of the call, so nobody goes on with it unless the shop orders again",
			Covers: func(c Case, _ Finding) bool { return c.Form.Routed() && c.Crash > 0 && c.Caller == Gone },
			Cases:  crashes(gone),
		},
		{
			Name: "a process dies as it tells a caller", Rule: "told nobody",
			Reason: "that a caller was told is written down before the call returns, and nothing can be written with the return",
			Covers: func(c Case, _ Finding) bool { return c.Crash > 0 && c.Caller == Gone && c.Form != Enqueued },
			Cases:  crashes(Case{At: esimfly.Provider, Form: Named, Ahead: Down, Caller: Gone}),
		},
	}
}

// Unknown returns the findings that no known failure covers.
func (r *Result) Unknown() (list []Finding) {
	for _, f := range r.Findings {
		if !known(r.Case, f) {
			list = append(list, f)
		}
	}
	return list
}

func known(c Case, f Finding) bool {
	for _, k := range KnownFailures() {
		if k.Rule == f.Rule && k.Covers(c, f) {
			return true
		}
	}
	return false
}

// StillFails plays the cases of a known failure until one has it.
func (k Known) StillFails(t *testing.T, store Store, resellers []Reseller) bool {
	t.Helper()
	for _, c := range k.Cases(store.Name) {
		for _, f := range Run(t, c, store, resellers).Findings {
			if f.Rule == k.Rule && k.Covers(c, f) {
				return true
			}
		}
	}
	return false
}
