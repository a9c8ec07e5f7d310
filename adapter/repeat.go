package adapter

import (
	"net/http"

	"github.com/esimkit/esim"
)

// maxSends is how many requests of one purchase may reach the provider in its
// life. A request that was proven not sent does not count.
const maxSends = 4

// state is what is known of the purchase under a key, over all its sends.
type state struct {
	doubt bool // a send has an unknown outcome
	done  bool // a send was accepted

	answer []byte // of the send that was accepted, where it is kept

	facts  Repeats
	repeat esim.Repeat // what a repeat would do after the sends in doubt
	sends  int         // that may have reached the provider
	again  int         // of these, the ones made while another was in doubt

	inDoubt string // request id of a send in doubt
	mixed   bool   // another send in doubt had another id, or nobody knows which
	spent   bool   // that id is used up: the next send needs a new one
	arrived bool   // the provider has said that a send in doubt arrived
}

// add counts a send that ended with r.
func (s *state) add(r result) {
	if r.outcome == esim.OutcomeNotSent {
		return
	}
	s.sends++
	if s.doubt && !r.throttled() {
		s.again++
	}
	switch {
	case r.outcome == esim.OutcomeUnknown:
		s.addDoubt(r)
	case r.burnt() && s.doubt && !s.mixed && !s.arrived && r.onceID == s.inDoubt:
		s.doubt, s.spent, s.inDoubt, s.repeat = false, false, "", esim.RepeatUnknown
	}
}

// burnt: the request was refused, and its request id is used up. No other
// request under that id can be acted on any more.
func (r *result) burnt() bool { return r.Burns && r.outcome == esim.OutcomeRejected }

// addDoubt keeps the worst of what a repeat would do. Once the provider knows a
// send in doubt it is replayed under one new request id, and not under a second.
func (s *state) addDoubt(r result) {
	repeat := r.repeatBy(s.facts)
	if s.arrived {
		repeat = esim.RepeatUnknown
	}
	if s.doubt {
		repeat = worse(s.repeat, repeat)
	}
	s.mixed = s.doubt && (s.mixed || s.inDoubt != r.onceID) || r.onceID == ""
	s.doubt, s.repeat = true, repeat
	switch {
	case r.Retry == Renonce:
		s.arrived, s.spent, s.inDoubt = true, true, r.onceID
	case r.Retry == InFlight:
		s.spent, s.inDoubt = true, r.onceID
	case !s.arrived:
		s.spent, s.inDoubt = false, r.onceID
	}
}

// next is what a repeat would do now: none is safe beyond the bounds.
func (s *state) next() esim.Repeat {
	spent := s.sends >= maxSends || s.facts.Most > 0 && s.again >= s.facts.Most
	if s.repeat == esim.RepeatSafe && spent {
		return esim.RepeatUnknown
	}
	return s.repeat
}

// worse returns the one of the two that asks for more care.
func worse(a, b esim.Repeat) esim.Repeat {
	if care[b] > care[a] {
		return b
	}
	return a
}

var care = [...]int{esim.RepeatSafe: 0, esim.RepeatUnknown: 1, esim.RepeatBuys: 2}

// repeatBy is what a repeat would do after a send that ended with r alone.
func (r *result) repeatBy(facts Repeats) esim.Repeat {
	switch {
	case r.Repeat != esim.RepeatUnknown:
		return r.Repeat
	case !r.answered, r.byGateway(), r.Retry == InFlight, r.Retry == Renonce:
		return facts.Lost
	}
	return facts.Answered
}

// byGateway: such an answer, in none of the provider's own shapes, is as good as
// none. A failure of the provider's that has lost its code is no gateway's.
func (r *result) byGateway() bool {
	switch r.status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return r.Code == "" && !r.Recognised
	}
	return false
}

// throttled: the request was refused unprocessed for coming too soon.
func (r *result) throttled() bool {
	return r.outcome == esim.OutcomeRejected && r.Retry == Throttled
}
