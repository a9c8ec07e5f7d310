package journal

import (
	"errors"
	"net/http"
	"time"

	"github.com/esimkit/esim"
)

// maxSends is how often one key is sent in its life. A request that was proven
// not to have been sent gives its count back.
const maxSends = 4

// situation is what resend rules look at.
type situation struct {
	entry   *Entry
	doc     *document
	now     time.Time
	clockOK bool
	account *account
}

func (a *account) situation(e *Entry, d *document, now time.Time, clockOK bool) *situation {
	return &situation{entry: e, doc: d, now: now, clockOK: clockOK, account: a}
}

// resendRule must hold before a request is begun. Its text says why not.
type resendRule struct {
	why    string
	passes bool // what forbids it may pass by itself
	ok     func(s *situation) bool
}

// clockSlack is by how much clocks of replicas that share a store may differ
// without one looking as if it had gone back.
const clockSlack = 5 * time.Second

var resendRules = []resendRule{
	{"the account or environment has changed since", true, func(s *situation) bool {
		return s.account.fingerprint == s.entry.Account
	}},
	{"the window in which the provider surely knows this reference is over", false, func(s *situation) bool {
		return s.entry.Doubt == 0 || s.now.Before(s.entry.ResendUntil)
	}},
	{"the key has been sent as often as a key may be", false, func(s *situation) bool { return s.doc.Sends < maxSends }},
	{"nobody knows that a repeat would be safe", false, (*situation).repeatable},
	{"its time is over", false, func(s *situation) bool { return s.now.Before(s.doc.Until) }},
	{"the clock has gone back", true, func(s *situation) bool {
		return s.clockOK && !s.now.Before(s.entry.UpdatedAt.Add(-clockSlack))
	}},
	{"the provider asks to wait", true, func(s *situation) bool { return !s.now.Before(s.doc.NotBefore) }},
}

// forbids returns the first rule that is against beginning a request now, nil
// if one may be begun. A rule that never comes to allow it counts before those
// that may.
func (p *policy) forbids(s *situation) *resendRule {
	var passing *resendRule
	for i := range p.again {
		switch r := &p.again[i]; {
		case r.ok(s):
		case !r.passes:
			return r
		case passing == nil:
			passing = r
		}
	}
	return passing
}

// repeatable reports whether a request may be sent beside those in doubt: a
// repeat after each of them is safe, or the provider will tell by the request
// id that it has seen it.
func (s *situation) repeatable() bool {
	return s.entry.Doubt == 0 || s.safe() || s.probes()
}

// safe reports whether the provider returns the first purchase to a repeat,
// after each of the requests in doubt.
func (s *situation) safe() bool {
	most := s.account.caps.MaxRepeats
	if most > 0 && s.doc.Repeats >= most {
		return false
	}
	if s.entry.Arrived && s.account.mode(s.entry.Kind) != esim.IdempotencyReplays {
		return false // it has said so, and would say no more
	}
	for _, a := range s.doc.doubtful() {
		if s.account.repeatAfter(s.entry.Kind, a) != esim.RepeatSafe {
			return false
		}
	}
	return true
}

// repeatAfter is what a repeat would do after the request. A request that
// nothing is recorded of brought no answer. "Known" is no answer of the request
// that it is about, so the provider's word on requests without one stands.
func (a *account) repeatAfter(kind Kind, of *attempt) esim.Repeat {
	if of.Failure != nil && !of.Failure.known() {
		return of.Failure.Repeat
	}
	if kind == TopUpKind {
		return a.caps.TopUpRepeat
	}
	return a.caps.OrderRepeat
}

// probes reports whether the request id in doubt may be sent once more, which
// the provider refuses if it has seen it. That is worth a try where the last
// request brought no answer, and after no failure of the provider.
func (s *situation) probes() bool {
	if !s.account.caps.OnceRequestID || s.entry.Kind != OrderKind || s.doc.RequestID == "" || s.entry.Arrived {
		return false
	}
	list := s.doc.doubtful()
	for _, a := range list {
		if a.Failure != nil && a.Failure.Repeat == esim.RepeatBuys {
			return false
		}
	}
	sends := 0
	for _, a := range list {
		if a.RequestID == s.doc.RequestID {
			sends++
		}
	}
	return sends == 1 && list[len(list)-1].unanswered()
}

// unanswered reports whether the provider itself has said nothing to the
// request: no answer has come, or that of a gateway.
func (a *attempt) unanswered() bool {
	if a.Failure == nil || a.Failure.HTTPStatus == 0 {
		return true
	}
	switch a.Failure.HTTPStatus {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return a.Failure.Code == ""
	}
	return false
}

// freshRequestID reports whether the next request gets an id of its own: no
// request is in doubt, or the provider has used up the id of the last one and
// will replay.
func freshRequestID(e *Entry, d *document) bool {
	list := d.doubtful()
	return e.Doubt == 0 || d.RequestID == "" || len(list) > 0 && list[len(list)-1].Failure.known()
}

// known reports whether the provider has said that it knows the purchase or the
// request id.
func (f *failure) known() bool {
	return f != nil && errors.Is(f.kind(), esim.ErrDuplicate)
}
