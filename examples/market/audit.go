package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// account is what came of a strategy.
type account struct {
	strategy strategy

	sales     int
	delivered int // sales that ended with an eSIM
	refused   int // sales of which the traveller was told that nothing was charged
	doubt     int // sales of which nobody knew at first whether they were charged
	resolved  int // of them, those of which it is known by now
	open      int // sales that the journal, or a person, still looks at

	sent    int // orders, to any reseller
	charges int
	charged esim.Money            // in the shop's currency
	by      map[esim.Provider]int // charges

	double int // charges beyond the first of a sale
	silent int // charges that are neither an eSIM in hand nor an open item
	untrue int // sales of which the traveller was told what is not so
}

// standing is what the shop has on record of an order that it sent.
type standing int

const (
	nothing  standing = iota // as far as the shop knows it cost nothing
	inHand                   // paid, and the eSIM is there
	openItem                 // the journal, or a person, is at it
)

// fate is what became of a sale.
type fate struct {
	charges      int
	inHand, open bool
}

// audit lays the charges of all resellers beside what the shop has on record.
func (m *market) audit(ctx context.Context, s strategy, told []answer) (account, error) {
	nothingYet, err := esim.MoneyOf(0, 0, currency)
	a := account{strategy: s, sales: len(told), sent: len(m.door.sent), charged: nothingYet, by: make(map[esim.Provider]int)}
	if err != nil {
		return a, err
	}
	record := m.journalled
	if m.journal == nil {
		record = func(_ context.Context, o sending, sale int) (standing, error) { return remembered(o, told[sale]), nil }
	}
	fates := make([]fate, len(told))
	standings := make(map[sending]standing, len(m.door.sent))
	for o, sale := range m.door.sent {
		st, err := record(ctx, o, sale)
		if err != nil {
			return a, err
		}
		standings[o] = st
		fates[sale].inHand = fates[sale].inHand || st == inHand
		fates[sale].open = fates[sale].open || st == openItem
	}
	for _, r := range m.resellers {
		for _, c := range r.Ledger().Charges() {
			o := sending{r.Provider(), c.Reference}
			sale, known := m.door.sent[o]
			if !known {
				return a, fmt.Errorf("%s has charged %s, which nobody has sent", o.to, o.reference)
			}
			fates[sale].charges++
			if err := a.add(o.to, m.inDollars(c.Amount), standings[o]); err != nil {
				return a, err
			}
		}
	}
	for sale, f := range fates {
		a.count(told[sale], f)
	}
	return a, nil
}

// journalled is what the journal says of an order.
func (m *market) journalled(ctx context.Context, o sending, _ int) (standing, error) {
	p, err := m.journal.Lookup(ctx, o.to, o.reference)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return nothing, nil
	case err != nil:
		return nothing, err
	case p.State == journal.Delivered && m.paidFor(p.Order, o):
		return inHand, nil
	case p.State == journal.Delivered, p.State.Uncharged():
		return nothing, nil
	}
	return openItem, nil
}

// paidFor reports whether an order holds every eSIM that the reseller has
// charged under this reference.
func (m *market) paidFor(order *esim.Order, o sending) bool {
	has := func(iccid string) bool {
		return slices.ContainsFunc(order.ESIMs, func(e esim.ESIM) bool { return string(e.ICCID) == iccid })
	}
	for _, charge := range m.reseller(o.to).Ledger().ByReference(o.reference) {
		for _, iccid := range charge.ICCIDs {
			if !has(iccid) {
				return false
			}
		}
	}
	return true
}

// remembered is what a shop without a journal knows: the order that came back.
func remembered(o sending, told answer) standing {
	if told.said == sold && told.by == o.to {
		return inHand
	}
	return nothing
}

// add books a charge.
func (a *account) add(p esim.Provider, dollars esim.Money, st standing) (err error) {
	a.charges++
	a.by[p]++
	if st == nothing {
		a.silent++
	}
	a.charged, err = a.charged.Add(dollars)
	return err
}

// count closes the books of a sale.
func (a *account) count(told answer, f fate) {
	a.double += max(0, f.charges-1)
	a.delivered += one(f.inHand)
	a.open += one(f.open)
	switch told.said {
	case sold:
		a.untrue += one(f.charges == 0 || !f.inHand && !f.open)
	case refused:
		a.refused++
		a.untrue += one(f.charges > 0)
	case doubt:
		a.doubt++
		a.resolved += one(!f.open)
		a.untrue += one(f.inHand && f.charges == 0)
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// verdict is an error unless the router has kept its promise.
func verdict(accounts []account) error {
	var broken []error
	for _, a := range accounts {
		if a.strategy.policy != nil && a.double+a.silent+a.untrue > 0 {
			broken = append(broken, fmt.Errorf(
				"%s: %d double charges, %d charges lost in silence, %d travellers told what is not so",
				a.strategy.name, a.double, a.silent, a.untrue))
		}
	}
	return errors.Join(broken...)
}
