package journal

import (
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// policy is what decides about money, as data: the state machine, when a
// request may be sent again, how evidence is judged. Tests switch single rules
// off to prove that each of them is needed.
type policy struct {
	table   []transition
	again   []resendRule
	window  func(life time.Duration) time.Duration
	resumed func(e *Entry) bool                                           // earlier requests may have had an effect
	request func(e *Entry, d *document) bool                              // a new request id is due
	burns   func(d *document, refused *attempt, end evidence.Request) int // earlier requests that a refusal settles
	outcome func(err error) evidence.Request                              // how the request ended that brought err
	locks   func(kind Kind, i esim.Idempotency) bool                      // one at a time for each eSIM
	preview bool                                                          // what the eSIM had is on record before a top-up is sent
	enough  func(found, wanted int) bool                                  // the count rule, see search
	alike   func(a, b *Entry) bool                                        // one order is of no use to tell them apart
	fits    func(ordered, told *esim.Order) string                        // why evidence is not of this purchase
	whole   func(d *document) bool
	hold    bool // evidence that nobody can place is kept
}

func defaultPolicy() policy {
	return policy{
		table:   transitions,
		again:   resendRules,
		window:  resendWindow,
		resumed: func(e *Entry) bool { return e.Doubt > 0 },
		request: freshRequestID,
		burns:   burnt,
		outcome: requestOutcome,
		locks:   func(kind Kind, i esim.Idempotency) bool { return kind == TopUpKind && i == esim.IdempotencyNone },
		preview: true,
		enough:  func(found, wanted int) bool { return found >= wanted },
		alike:   sameQuantity,
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

// requestOutcome is how the request ended that brought err, whatever earlier
// requests under its reference have left in doubt.
func requestOutcome(err error) evidence.Request {
	if r, ok := evidence.OfRequest(err); ok {
		return r
	}
	return evidence.Request{Outcome: esim.OutcomeOf(err)}
}
