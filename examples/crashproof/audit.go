package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

// books are what is counted at the end.
type books struct {
	orders, delivered, open, review int // by the journal
	charges, twice, missing         int // by the resellers

	inHand map[string]bool // ICCIDs
}

// audit compares the resellers' books with the journal.
func audit(ctx context.Context, in *instructions, sim *simulator.Simulator) (*books, error) {
	store, closeStore, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeStore() //nolint:errcheck // nothing was written
	j, err := journal.New(store, journal.Config{})
	if err != nil {
		return nil, err
	}
	b := &books{inHand: make(map[string]bool)}
	for n := range in.Orders {
		provider, _ := in.seller(n)
		p, err := j.Lookup(ctx, provider, in.reference(n))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.reference(n), err)
		}
		b.enter(p)
	}
	b.compare(sim.ESIMFly.Ledger().Charges())
	b.compare(sim.ESIMFX.Ledger().Charges())
	return b, nil
}

// enter counts a purchase as the journal has it.
func (b *books) enter(p *journal.Purchase) {
	b.orders++
	switch {
	case p.State == journal.Delivered:
		for _, e := range p.Order.ESIMs {
			b.inHand[string(e.ICCID)] = true
			b.delivered++
		}
	case p.State == journal.Review:
		b.review++
	case p.State.Open():
		b.open++
	}
}

// compare counts charges: those of one key a second time, and those whose eSIM
// is not in hand.
func (b *books) compare(charges []esimtest.Charge) {
	seen := make(map[string]bool)
	for _, c := range charges {
		b.charges++
		if seen[c.Reference] {
			b.twice++
		}
		seen[c.Reference] = true
		for _, iccid := range c.ICCIDs {
			if !b.inHand[iccid] {
				b.missing++
			}
		}
	}
}

func (b *books) print() {
	for _, row := range []struct {
		name string
		n    int
	}{
		{"orders", b.orders},
		{"charges", b.charges},
		{"eSIMs delivered", b.delivered},
		{"open items", b.open},
		{"review items", b.review},
		{"charged twice", b.twice},
	} {
		fmt.Printf("%-16s %6d\n", row.name, row.n)
	}
}

// balance is an error unless no order was charged twice and every charge is an
// eSIM in hand or an item that somebody sees.
func (b *books) balance() error {
	if b.twice > 0 || b.charges > b.orders || b.missing > b.open+b.review {
		return errors.New("the books do not balance")
	}
	fmt.Println("\nthe books balance: no order was charged twice, and every charge is an eSIM in hand or an open item")
	return nil
}
