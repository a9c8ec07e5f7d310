package journal

import (
	"context"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// listing is what a list of the provider's orders says of a purchase in doubt.
type listing int

const (
	unread  listing = iota // not at all, or while others were being sent
	absent                 // no order in it could be this purchase
	unclear                // orders that could be this purchase or another one
)

// enoughLists are as many as there is to learn from: read when no request can
// be under way any more they say the same each time.
const enoughLists = 2

// betweenLists is the pause between the lists that count.
const betweenLists = 2 * time.Minute

// source is a way in which something can still be learnt of a purchase.
type source struct {
	name string
	open func(j *Journal, s *situation) bool
}

// sources are all that bring news by themselves. Evidence may come at any time,
// and is not waited for.
var sources = []source{
	{"a request", func(j *Journal, s *situation) bool {
		why := j.policy.forbids(s)
		return s.entry.State == Unknown && (why == nil || why.passes)
	}},
	{"a look-up", func(_ *Journal, s *situation) bool { return s.account.reads(s.entry, s.doc) }},
	{"the effect of a top-up", func(_ *Journal, s *situation) bool {
		_, ok := esim.As[evidence.EffectProber](s.account.client)
		return ok && s.entry.State == Unknown && len(s.doc.Before) > 0
	}},
	{"a list", func(_ *Journal, s *situation) bool {
		_, ok := esim.As[evidence.OrderFinder](s.account.client)
		return ok && s.entry.State == Unknown && s.entry.Kind == OrderKind && s.doc.Absent < enoughLists && s.doc.Unclear < enoughLists
	}},
	{"a webhook", func(j *Journal, s *situation) bool {
		if s.account.caps.Fulfilment != esim.FulfilmentWebhook {
			return false
		}
		return s.entry.State == Provisioning || s.now.Before(j.lateAt(s.entry, s.doc))
	}},
}

// hopeless says why nothing more can be learnt of the purchase by itself, "" if
// something can.
func (j *Journal) hopeless(s *situation) string {
	for _, from := range sources {
		if from.open(j, s) {
			return ""
		}
	}
	switch {
	case s.entry.State == Provisioning:
		return "it was charged, and nothing brings the rest"
	case s.doc.Unclear >= enoughLists:
		return "the provider lists orders that could be it, and they cannot be told apart"
	case s.entry.Arrived && s.doc.Absent >= enoughLists:
		return "the provider knows the request and lists no order that could be it"
	case s.doc.Absent >= enoughLists:
		return "the provider lists no order that could be it, which is no proof"
	}
	if why := j.policy.forbids(s); why != nil {
		return why.why + ", and nothing else tells whether it was charged"
	}
	return "nothing tells whether it was charged"
}

// reads reports whether the purchase can be read at the provider. Of an order
// that is bought unit by unit the read of a part says nothing of the rest.
func (a *account) reads(e *Entry, d *document) bool {
	switch {
	case !a.caps.GetOrder:
		return false
	case a.caps.LookupByReference:
		return true
	case d.Order == nil || d.Order.ID == "":
		return false
	}
	return e.State == Provisioning || !a.byUnit(e.Kind)
}

// byUnit reports whether one order may be several requests, each of which can
// be repeated.
func (a *account) byUnit(kind Kind) bool { return a.mode(kind) == esim.IdempotencyReplays }

// nothingFound notes a look that brought no order. If nothing more can be
// learnt a person must look, at once.
func (j *Journal) nothingFound(ctx context.Context, a *account, e Entry, l listing, cause error) (Entry, error) {
	return j.change(ctx, e, func(e *Entry, d *document) error {
		if e.State != Unknown && e.State != Provisioning {
			return errNoChange
		}
		e.LeaseUntil = zeroTime
		j.count(e, d, a, l)
		if a.disproves(d) {
			for _, at := range d.doubtful() {
				at.Settled = true
			}
			e.Doubt = 0
			j.happen(e, d, Disproved, facts{})
			return nil
		}
		if why := j.hopeless(a.situation(e, d, e.UpdatedAt, true)); why != "" {
			j.review(e, d, Exhausted, why, facts{})
			return nil
		}
		j.pause(e, d, a, cause)
		return nil
	})
}

// count notes what a list has said, if no request could be under way any more.
func (j *Journal) count(e *Entry, d *document, a *account, l listing) {
	if e.State != Unknown || e.UpdatedAt.Before(a.listsFrom(d)) {
		return
	}
	switch l {
	case absent:
		d.Absent, d.Unclear = d.Absent+1, 0
	case unclear:
		d.Absent, d.Unclear = 0, d.Unclear+1
	case unread:
	}
}

// listsFrom is when a list says something: after all requests have arrived, if
// they ever do, and after the time that the operator has set.
func (a *account) listsFrom(d *document) time.Time {
	if len(d.Attempts) == 0 {
		return time.Time{}
	}
	return d.Attempts[len(d.Attempts)-1].At.Add(max(underWay+clockSkew, a.caps.ListProvesAfter))
}

// disproves reports whether the lists prove that nothing was charged, which
// they do where the operator has said so.
func (a *account) disproves(d *document) bool {
	return a.caps.ListProvesAfter > 0 && d.Absent >= enoughLists
}
