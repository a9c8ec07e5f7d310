package journal

import (
	"slices"
	"time"

	"github.com/esimkit/esim"
)

// policy is what decides about money, as data: the state machine, when a
// request may be sent again, how evidence is judged. Tests switch single rules
// off to prove that each of them is needed.
type policy struct {
	table   []transition
	again   []resendRule
	window  func(life time.Duration) time.Duration
	resumed func(e *Entry) bool // earlier requests may have had an effect
	request func(e *Entry) bool // a new request id is due
	outcome func(err error) esim.Outcome
	locks   func(kind Kind, i esim.Idempotency) bool // one at a time for each eSIM
	preview bool                                     // what the eSIM had is on record before a top-up is sent
	enough  func(found, wanted int) bool             // the count rule, see search
	fits    func(ordered, told *esim.Order) string   // why evidence is not of this purchase
	whole   func(d *document) bool
	hold    bool // evidence that nobody can place is kept
}

func defaultPolicy() policy {
	return policy{
		table:   transitions,
		again:   resendRules,
		window:  resendWindow,
		resumed: func(e *Entry) bool { return e.Doubt > 0 },
		request: func(e *Entry) bool { return e.Doubt == 0 },
		outcome: esim.OutcomeOf,
		locks:   func(kind Kind, i esim.Idempotency) bool { return kind == TopUpKind && i == esim.IdempotencyNone },
		preview: true,
		enough:  func(found, wanted int) bool { return found >= wanted },
		fits:    misfit,
		whole:   (*document).whole,
		hold:    true,
	}
}

// next returns the state that follows, and whether there is a row for it.
func (p *policy) next(from State, on Event, f facts) (State, bool) {
	for _, t := range p.table {
		if t.Event == on && slices.Contains(t.From, from) && t.If.ok(f) {
			return t.To, true
		}
	}
	return from, false
}

// unstatedLife stands in for the time a provider remembers a reference, where
// it does not say. Most APIs with such keys keep them for a day.
const unstatedLife = 24 * time.Hour

// resendWindow leaves a margin of a sixth: 20 hours of a day, 150 days of six
// months.
func resendWindow(life time.Duration) time.Duration {
	if life <= 0 {
		life = unstatedLife
	}
	return life / 6 * 5
}

// situation is what resend rules look at.
type situation struct {
	entry   *Entry
	now     time.Time
	clockOK bool
	account string           // that the client charges now
	mode    esim.Idempotency // what the provider does with a second request
}

// resendRule must hold before a request is begun. Its text says why not.
type resendRule struct {
	why string
	ok  func(s *situation) bool
}

// clockSlack is by how much clocks of replicas that share a store may differ
// without one looking as if it had gone back.
const clockSlack = 5 * time.Second

var resendRules = []resendRule{
	{"the account or environment has changed since", func(s *situation) bool { return s.account == s.entry.Account }},
	{"the window in which the provider surely knows this reference is over", func(s *situation) bool {
		return s.entry.Doubt == 0 || s.now.Before(s.entry.ResendUntil)
	}},
	{"the clock has gone back", func(s *situation) bool {
		return s.clockOK && !s.now.Before(s.entry.UpdatedAt.Add(-clockSlack))
	}},
	{"the provider could not tell a second request from the first", func(s *situation) bool {
		return s.entry.Doubt == 0 || s.mode != esim.IdempotencyNone
	}},
	{"the provider has said that it knows the request", func(s *situation) bool {
		return !s.entry.Arrived || s.mode == esim.IdempotencyReplays
	}},
}

// forbids returns why no request may be begun, "" if one may.
func (p *policy) forbids(s *situation) string {
	for _, r := range p.again {
		if !r.ok(s) {
			return r.why
		}
	}
	return ""
}
