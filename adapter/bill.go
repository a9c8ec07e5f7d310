package adapter

import "github.com/esimkit/esim"

// bill is what one operation has spent, as observers see it.
type bill struct {
	fresh   bool // nothing was known of the purchase before
	lost    bool // an exchange of this operation brought no answer
	sent    bool // the latest call was accepted, and not known from memory
	bought  bool
	charged esim.Money
}

// accepted notes that the call under way brought what it should, by an answer or
// from memory.
func (a *Attempt) accepted(sent bool) {
	if a != nil {
		a.answer, a.sent = true, sent
	}
}

// noAnswer notes that an exchange may have bought.
func (a *Attempt) noAnswer(r result) {
	if a != nil && r.outcome == esim.OutcomeUnknown {
		a.lost = true
	}
}

// enter adds the latest call to the bill. An order that comes again was charged
// before, unless by an exchange of this operation whose answer was lost.
func (a *Attempt) enter(before esim.Money) {
	if !a.sent || a.Order.Replayed && !(a.fresh && a.lost) {
		return
	}
	a.bought = true
	price := a.Order.Total
	if price == before {
		return // the answer states none
	}
	if rest, err := price.Sub(before); err == nil {
		price = rest // of this unit
	}
	if sum, err := a.charged.Add(price); err == nil {
		price = sum
	}
	a.charged = price
}
