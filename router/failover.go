package router

import (
	"time"

	"github.com/esimkit/esim"
)

// defaultUntil is how long after the intent a reseller is asked for the first
// time, where the caller says nothing.
const defaultUntil = 15 * time.Minute

// turnExclusions is the table of what leaves a candidate out when its turn has
// come. docs/router.md is rendered from it.
var turnExclusions = []exclusion{
	plain("Until has passed", esim.ErrUnavailable, func(q *question) bool { return q.late() }),
	plain("price cannot be compared", errUnsupported, func(q *question) bool {
		_, comparable := q.dearer()
		return !comparable
	}),
	plain("dearer than a next choice may be", esim.ErrPriceChanged, func(q *question) bool {
		dearer, _ := q.dearer()
		return dearer
	}),
}

// excludeNow returns the first of them that holds, nil if none.
func (s *sale) excludeNow(c *Candidate) *exclusion {
	var q question
	s.question(&q, s.resellers[c.Provider], c)
	for i := range turnExclusions {
		if turnExclusions[i].why(&q) != "" {
			return &turnExclusions[i]
		}
	}
	return nil
}

// late reports whether no reseller is asked for the first time any more.
func (s *sale) late() bool { return !s.Now().Before(s.doc.Until) }

// beginRound sets what holds until everybody has said no: the first choice, to
// which the next ones are compared, and the end.
func (s *sale) beginRound() {
	until := s.req.Until
	if until.IsZero() {
		until = s.Now().Add(defaultUntil)
	}
	s.doc.First, s.doc.Until = s.doc.next(), until.UTC().Round(0) // as it is read again
}

// dearer reports whether a candidate that takes the place of another one costs
// more than it may, and whether that can be told at all.
func (q *question) dearer() (dearer, comparable bool) {
	if !q.replaces() {
		return false, true
	}
	most, thousandths := q.mostOfNext()
	total, ok := q.in(q.total, most.Currency())
	if !ok {
		return false, false
	}
	price, err := total.MulInt(whole)
	if err != nil {
		return true, true
	}
	limit, err := most.Estimate().MulInt(thousandths)
	if err != nil {
		return true, true
	}
	return above(price, limit), true
}

// replaces reports whether the candidate takes the place of the first choice,
// or of a package that the caller has a quote for and that was passed over.
func (q *question) replaces() bool {
	if q.doc.next() > q.doc.First {
		first := q.doc.attempt(q.doc.First)
		return first == nil || first.Provider != q.c.Provider || first.PackageID != q.c.Package.ID
	}
	return q.req.Quote != nil && !q.asked && q.excluded[Choice{q.wish.provider, q.wish.id}] != nil
}

// mostOfNext is what the whole order may cost, as so many thousandths of an
// amount; without a currency = not known.
func (q *question) mostOfNext() (most esim.Money, thousandths int) {
	price := esim.Money{}
	switch first := q.doc.attempt(q.doc.First); {
	case !q.req.MaxTotal.IsZero():
		return q.req.MaxTotal, whole
	case q.req.Quote != nil:
		price, thousandths = q.req.Quote.Price, whole+q.MaxDearer
	case first != nil && first.Price != nil:
		price, thousandths = *first.Price, whole
	}
	most, err := price.MulInt(q.doc.Quantity)
	if err != nil {
		return esim.Money{}, 0
	}
	return most, thousandths
}
