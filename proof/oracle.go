package proof

import (
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/journal"
)

// verdict is what is known of one cart when everything is at rest.
type verdict struct {
	*cart

	charges   []charged
	purchases []*journal.Purchase
}

// charged is a charge of one reseller.
type charged struct {
	esimtest.Charge

	at *stall
}

func (w *world) charges() int {
	n := 0
	for _, a := range w.accounts {
		n += len(a.Charges())
	}
	return n
}

// judge compares the shop's books and the journal with the ledgers.
func (w *world) judge() {
	purchases := w.allPurchases()
	w.mu.Lock()
	defer w.mu.Unlock()
	verdicts := make(map[string]*verdict)
	for _, c := range w.shop.carts {
		verdicts[c.reference] = &verdict{cart: c}
	}
	for _, p := range purchases {
		if v := verdicts[w.saleOf(p.Reference)]; v != nil {
			v.purchases = append(v.purchases, p)
		} else {
			w.find("foreign record", nil, "the journal has %s, which no cart has", p.Reference)
		}
	}
	owner := make(map[string]*cart) // of eSIMs, by the ledgers
	for _, a := range w.accounts {
		for _, c := range a.Charges() {
			v := verdicts[w.saleOf(w.referenceOf(a, c.Reference))]
			if v == nil {
				w.find("lost charge", nil, "%s has charged %s for nobody", a.reseller.Provider, c.PackageID)
				continue
			}
			v.charges = append(v.charges, charged{c, a})
			for _, iccid := range c.ICCIDs {
				owner[iccid] = v.cart
			}
		}
	}
	for _, c := range w.shop.carts {
		v := verdicts[c.reference]
		w.judgeCharges(v)
		w.judgeESIMs(v, owner)
		w.judgeSeller(v)
		w.judgeHooks(v)
		if !w.stopped {
			w.judgeRecord(v)
			w.judgeMoney(v)
		}
	}
	w.judgeWire()
	w.judgeTimes()
}

func (w *world) allPurchases() (list []*journal.Purchase) {
	for p, err := range w.auditor.Purchases(w.ctx, journal.Query{}) {
		if err != nil {
			w.t.Fatal("proof: ", err)
		}
		list = append(list, p)
	}
	return list
}

// referenceOf is the reference under which a key was sent.
func (w *world) referenceOf(a *stall, key string) string {
	for _, s := range w.log {
		if s.provider == a.reseller.Provider && s.key == key {
			return s.reference
		}
	}
	return ""
}

// underReview reports whether a person was told to look at the cart.
func (v *verdict) underReview() bool {
	return v.hooks[review] > 0 && slices.ContainsFunc(v.purchases, func(p *journal.Purchase) bool {
		return p.State == journal.Review || p.Alarm
	})
}

// judgeCharges: one reference is charged once, whoever sells.
func (w *world) judgeCharges(v *verdict) {
	units := 0
	for _, c := range v.charges {
		units += c.Quantity
	}
	allowed := v.quantity
	if w.recharges() {
		allowed *= w.accounts[w.c.turn()].reseller.MaxCharges(w.c.Config)
	}
	if units > allowed {
		w.find("second charge", v.cart, "%d units charged, %d ordered, %d allowed", units, v.quantity, allowed)
	}
	if units > v.quantity && !v.underReview() && w.heardOf(v) {
		w.find("silent charge", v.cart, "%d units charged, %d ordered, and nobody was told", units, v.quantity)
	}
}

// recharges reports whether the world breaks a sentence, or has a risk that the
// table of repeats names.
func (w *world) recharges() bool { return w.c.World.Breaks != "" || w.c.World.Recharges }

// deceived reports whether a charge cannot be known to anybody: the reseller has
// broken a sentence of its own, by charging twice or by calling an order
// refused that it had charged, and nothing has been heard of it.
func (w *world) deceived(v *verdict) bool {
	return w.recharges() && (len(v.charges) > 1 || v.refunds > 0) && !w.heardOf(v)
}

// heardOf reports whether a webhook has told of an eSIM of the cart that the
// customer does not have.
func (w *world) heardOf(v *verdict) bool {
	for _, c := range v.charges {
		for _, iccid := range c.ICCIDs {
			if !v.inHand[iccid] && slices.ContainsFunc(w.webhooks, func(body string) bool { return strings.Contains(body, iccid) }) {
				return true
			}
		}
	}
	return false
}

// judgeESIMs: what was charged is in the hands of the customer who paid it, or
// a person looks for it.
func (w *world) judgeESIMs(v *verdict, owner map[string]*cart) {
	for iccid := range v.inHand {
		switch other := owner[iccid]; {
		case other == nil:
			w.find("eSIM from nowhere", v.cart, "an eSIM that no ledger has")
		case other != v.cart:
			w.find("exchanged eSIM", v.cart, "an eSIM that was charged for %s", other.reference)
		}
	}
	missing := 0
	for _, c := range v.charges {
		for _, iccid := range c.ICCIDs {
			if !v.inHand[iccid] {
				missing++
			}
		}
	}
	if missing > 0 && !w.stopped && !v.underReview() && !w.deceived(v) {
		w.find("lost charge", v.cart, "%d charged eSIMs are neither in hand nor under review", missing)
	}
}

// judgeRecord: at rest a sale has ended, or a person was told.
func (w *world) judgeRecord(v *verdict) {
	for _, p := range v.purchases {
		switch {
		case p.State == journal.Review:
			if v.hooks[review] == 0 {
				w.find("silent review", v.cart, "%s at %s", p.Review, p.Provider)
			}
		case p.State.Open():
			w.find("never ends", v.cart, "it is %s at %s", p.State, p.Provider)
		case p.State == journal.Delivered && len(v.inHand) < v.quantity:
			w.find("missing eSIM", v.cart, "delivered, and %d of %d are in hand", len(v.inHand), v.quantity)
		}
	}
}

// judgeMoney: a customer has an eSIM, or the money back, or a person who looks.
func (w *world) judgeMoney(v *verdict) {
	switch {
	case v.underReview():
	case len(v.charges) > 0 && !v.paid && !w.deceived(v):
		w.find("refunded and charged", v.cart, "%d refunds, %d charges", v.refunds, len(v.charges))
	case len(v.charges) == 0 && v.paid && v.broken && w.diedTelling():
		w.find("told nobody", v.cart, "the process has died between the record and the return")
	case len(v.charges) == 0 && v.paid && !v.misnamed && (len(v.purchases) > 0 || !v.broken):
		w.find("stranded", v.cart, "paid, nothing charged, and nobody was told")
	}
}

// diedTelling reports whether the first process died between the note that a
// caller is told of a failure and the return of his call.
func (w *world) diedTelling() bool { return len(w.dead) > 0 && w.dead[0].p.at == "after "+saidSo }

// judgeSeller: the cheapest that could sell has sold, at its price.
func (w *world) judgeSeller(v *verdict) {
	for _, c := range v.charges {
		if want := times(c.at.price, c.Quantity); c.Amount != want {
			w.find("wrong price", v.cart, "%s at %s, listed at %s", c.at.reseller.Provider, c.Amount, want)
		}
		w.judgeChoice(v, c)
	}
	if w.c.Calm() && w.sells() && len(v.charges) == 0 && !w.stopped {
		w.find("no sale", v.cart, "nothing was in the way")
	}
	if w.c.Calm() && !w.stopped && len(v.charges) > 0 && len(v.inHand) < v.quantity {
		w.find("no delivery", v.cart, "nothing was in the way, and %d of %d are in hand", len(v.inHand), v.quantity)
	}
}

func (w *world) judgeChoice(v *verdict, c charged) {
	if !w.c.Form.Routed() {
		if c.at != w.asked {
			w.find("wrong seller", v.cart, "%s sold what %s was asked for", c.at.reseller.Provider, w.asked.reseller.Provider)
		}
		return
	}
	for i, a := range w.accounts {
		if a == c.at {
			break
		}
		excused := !a.listed || i == 0 && w.c.turn() == 1 || w.wasAsked(v, a) || w.readsEmpty(a) || w.sharesLogin(a)
		if !excused {
			w.find("wrong seller", v.cart, "%s sold for %s, and %s at %s was not asked", c.at.reseller.Provider, c.at.price, a.reseller.Provider, a.price)
		}
	}
	if most := w.most(v); c.at.price.Currency() == most.Currency() {
		if over, err := c.at.price.Cmp(most); err == nil && over > 0 {
			w.find("too dear", v.cart, "%s sold for %s, and at most %s was agreed", c.at.reseller.Provider, c.at.price, most)
		}
	}
}

// most is what one eSIM may cost: what was agreed, or the price first chosen.
// An account that was seen empty is chosen last, also when it no longer is.
func (w *world) most(v *verdict) esim.Money {
	seenEmpty := w.c.Ahead == Empty && (v.calls > 1 || len(w.shop.carts) > 1) || w.readsEmpty(w.accounts[0])
	if w.c.bounded() || seenEmpty {
		return w.accounts[len(w.accounts)-1].price
	}
	return w.accounts[max(slices.IndexFunc(w.accounts, func(a *stall) bool { return a.listed }), 0)].price
}

// readsEmpty: an account on invoice reads 0, and so a router asks it last.
func (w *world) readsEmpty(a *stall) bool {
	return a.reseller.Provider == w.c.At && strings.HasSuffix(w.c.World.Name, "/on-invoice")
}

// sharesLogin: where the login of a cart fails, that of another one that waits
// for it fails too, without a request of its own.
func (w *world) sharesLogin(a *stall) bool {
	return a.reseller.Provider == w.c.At && w.c.Fault.Kind == esimtest.FaultRefuse && len(w.shop.carts) > 1
}

// bounded reports whether the shop has said what a failover may cost. Without
// that it may cost nothing.
func (c Case) bounded() bool { return c.Form == Quoted || c.Form == Capped || c.Form == Dearest }

// sells reports whether somebody can make the sale.
func (w *world) sells() bool { return w.c.Ahead == Nothing || w.c.bounded() }

// wasAsked reports whether the reseller got a request for the sale, or would have
// got one if it took connections.
func (w *world) wasAsked(v *verdict, a *stall) bool {
	return slices.ContainsFunc(a.askedFor, func(reference string) bool { return w.saleOf(reference) == v.reference })
}

// judgeHooks: after the shop was told how a sale ended, nothing is sent for it
// that charges, unless the shop was told by a return value and has ordered
// again. OnFailed closes a reference.
func (w *world) judgeHooks(v *verdict) {
	for _, s := range w.log {
		if !s.charged || w.saleOf(s.reference) != v.reference {
			continue
		}
		for _, m := range w.shop.moments {
			if m.cart != v.cart || m.seq > s.seq || m.what == ordered || m.what == string(late) {
				continue
			}
			again := m.what != string(failed) && slices.ContainsFunc(w.shop.moments, func(o moment) bool {
				return o.cart == v.cart && o.what == ordered && o.seq > m.seq && o.seq < s.seq
			})
			if !again {
				w.find("charge after hook", v.cart, "%s, and a later request to %s was charged", m.what, s.provider)
			}
		}
	}
}

// maxSends is how often a key is sent in its life.
const maxSends = 4

// judgeWire: no key is sent for ever, and the protocols are kept.
func (w *world) judgeWire() {
	sends := w.keys()
	for _, key := range sorted(sends) {
		if n := sends[key]; n > maxSends {
			w.find("sends", nil, "%s: %d purchases under one key", strings.Fields(key)[0], n)
		}
	}
	for _, a := range w.accounts {
		for _, v := range a.Violations() {
			skewed := w.c.World.Name != "" || w.c.Fault.Kind == esimtest.FaultClockSkew
			if skewed && strings.Contains(strings.ToLower(v), "timestamp") {
				continue // where its clock is off, or is right again, the first request is out of time
			}
			w.find("protocol", nil, "%s: %s", a.reseller.Provider, v)
		}
	}
}
