package journal

import (
	"errors"
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// Mutant is a journal of which one rule is switched off.
type Mutant struct {
	Rule   string // that is broken
	change func(*policy)
}

// New returns such a journal.
func (m Mutant) New(store Store, config Config) (*Journal, error) {
	p := defaultPolicy()
	m.change(&p)
	return newJournal(store, config, p)
}

// dropped is the resend rules without those that say one of the reasons.
func dropped(rules []resendRule, reasons ...string) []resendRule {
	kept := slices.DeleteFunc(slices.Clone(rules), func(r resendRule) bool { return slices.Contains(reasons, r.why) })
	if len(kept)+len(reasons) != len(rules) {
		panic("a rule that is to be dropped is not there")
	}
	return kept
}

// first puts rows before those of the table.
func first(table []transition, rows ...transition) []transition { return append(rows, table...) }

const (
	accountRule = "the account or environment has changed since"
	windowRule  = "the window in which the provider surely knows this reference is over"
	clockRule   = "the clock has gone back"
	repeatRule  = "nobody knows that a repeat would be safe"
	sendsRule   = "the key has been sent as often as a key may be"
	timeRule    = "its time is over"
)

// Mutants returns one for each rule of the policy.
func Mutants() []Mutant {
	closes := []transition{
		{[]State{Sending, Unknown}, Refused, always, Rejected},
		{[]State{Sending, Unknown}, GivenUp, always, NotExecuted},
	}
	return []Mutant{
		{"resend within the window only", func(p *policy) { p.again = dropped(p.again, windowRule) }},
		{"the account is the one that it began with", func(p *policy) { p.again = dropped(p.again, accountRule) }},
		{"the clock has not gone back", func(p *policy) { p.again = dropped(p.again, clockRule) }},
		{"a key is sent four times", func(p *policy) { p.again = dropped(p.again, sendsRule, repeatRule) }},
		{"nothing is sent after its time", func(p *policy) { p.again = dropped(p.again, timeRule) }},
		{"what may buy again is sent once", func(p *policy) {
			p.again = dropped(p.again, repeatRule)
			p.resumed = func(*Entry) bool { return false } // or the client would keep it back
		}},
		{"one top-up of an eSIM at a time", func(p *policy) { p.locks = func(Kind, esim.Idempotency) bool { return false } }},
		{"the eSIM before a top-up is on record", func(p *policy) { p.preview = false }},
		{"what is not known may have been charged", func(p *policy) {
			p.outcome = func(err error) evidence.Request {
				r := requestOutcome(err)
				if r.Outcome == esim.OutcomeUnknown {
					r.Outcome = esim.OutcomeRejected
				}
				return r
			}
		}},
		{"a duplicate is no refusal", func(p *policy) {
			p.table = first(p.table, closes...)
			p.outcome = func(err error) evidence.Request {
				if errors.Is(err, esim.ErrDuplicate) {
					return evidence.Request{Outcome: esim.OutcomeRejected}
				}
				return requestOutcome(err)
			}
		}},
		{"a refusal settles one request only", func(p *policy) {
			p.table = first(p.table, closes...)
			p.resumed = func(*Entry) bool { return false } // or the client would call it unknown
		}},
		{"one request id until nothing is in doubt", func(p *policy) { p.request = func(*Entry, *document) bool { return true } }},
		{"orders are counted before they are given away", func(p *policy) { p.enough = func(found, _ int) bool { return found > 0 } }},
		{"purchases of other quantities are not alike", func(p *policy) { p.alike = func(_, _ *Entry) bool { return true } }},
		{"evidence must fit", func(p *policy) { p.fits = func(_, _ *esim.Order) string { return "" } }},
		{"evidence is kept until it finds its place", func(p *policy) { p.hold = false }},
		{"a part is not the whole", func(p *policy) { p.whole = func(d *document) bool { return d.delivered() > 0 } }},
		{"the deadline is no proof", func(p *policy) {
			p.table = first(p.table, transition{[]State{Sending, Unknown}, Expired, always, NotExecuted})
		}},
		{"what was paid is never not executed", func(p *policy) {
			p.table = first(p.table, transition{[]State{Provisioning}, Expired, always, NotExecuted})
		}},
		{"a charge after the end is an alarm", func(p *policy) {
			p.table = slices.DeleteFunc(slices.Clone(p.table), func(t transition) bool {
				return slices.Contains(t.From, NotExecuted) && (t.Event == Part || t.Event == Whole)
			})
		}},
		{"a request that did not come back may have been sent", func(p *policy) {
			p.table = first(p.table, transition{[]State{Sending}, Lost, always, NotExecuted})
		}},
		{"the window is shorter than the memory of the provider", func(p *policy) {
			p.window = func(life time.Duration) time.Duration { return 2 * max(life, unstatedLife) }
		}},
	}
}
