package proof

import (
	"errors"
	"fmt"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

type hookKind string

const (
	delivered hookKind = "OnDelivered"
	failed    hookKind = "OnFailed"
	review    hookKind = "OnReview"
	late      hookKind = "OnLate"
)

// cart is what the shop knows of a sale.
type cart struct {
	reference string
	quantity  int

	paid    bool // the shop has the customer's money
	told    bool // how it went, by an order or a failure
	broken  bool // the call ended with the process, or it said that the sale is not on record
	calls   int
	refunds int
	inHand  map[string]bool // eSIMs by ICCID

	misnamed bool // OnFailed has named a reference that the shop does not know
	hooks    map[hookKind]int
}

// moment is something that the shop has heard or done.
type moment struct {
	seq  int
	at   time.Time
	cart *cart
	what string // ordered, refunded, or a hook
}

const (
	ordered  = "order"
	refunded = "refund"
)

// shop are the shop's own books. Its methods hold the world's lock.
type shop struct {
	w       *world
	carts   []*cart
	moments []moment
	loose   int
}

func (s *shop) cart(reference string) *cart {
	for _, c := range s.carts {
		if c.reference == reference {
			return c
		}
	}
	return nil
}

func (s *shop) at(c *cart, what string) {
	s.w.seq++
	s.moments = append(s.moments, moment{s.w.seq, time.Now(), c, what})
}

// pays is the customer's part.
func (s *shop) pays(c *cart) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	c.paid, c.told, c.broken = true, false, false
	c.calls++
	s.at(c, ordered)
	s.w.note(c.reference, "is ordered")
}

// answered is the end of a call.
func (s *shop) answered(c *cart, o *esim.Order, err error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.note(c.reference, "the call returns %v", short(o, err))
	if err == nil {
		if o != nil {
			s.take(c, o)
		}
		return
	}
	e, ok := errors.AsType[*esim.Error](err)
	if ok && e.Order != nil {
		s.take(c, e.Order)
	}
	if !esim.MaybeCharged(err) {
		s.refund(c, "the call says that nothing was charged")
	}
	c.broken = c.broken || !c.told && errors.Is(err, journal.ErrNotOnRecord) // no hook will come
}

// take puts the eSIMs of an order into the hands of the customer.
func (s *shop) take(c *cart, o *esim.Order) {
	for i := range o.ESIMs {
		e := &o.ESIMs[i]
		if e.ICCID != "" && (!e.Activation.IsZero() || !e.RawActivation.IsZero()) {
			c.inHand[string(e.ICCID)] = true
		}
	}
	c.told = c.told || len(c.inHand) >= c.quantity
}

// refund gives the customer's money back.
func (s *shop) refund(c *cart, why string) {
	s.w.note(c.reference, "is refunded: %s", why)
	s.at(c, refunded)
	c.told = true
	if !c.paid {
		s.w.find("refunded twice", c, "%s", why)
	}
	c.paid = false
	c.refunds++
}

// hooked is a call of the journal. Its reference is the shop's own, or the shop
// cannot know which customer is meant.
func (s *shop) hooked(kind hookKind, p *journal.Purchase) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.note(p.Reference, "%s: %s at %s", kind, p.State, p.Provider)
	c := s.cart(p.Reference)
	if c == nil {
		real := s.w.saleOf(p.Reference)
		if c = s.cart(real); c == nil {
			s.w.find("hook reference", nil, "%s names %s, which no cart has", kind, p.Reference)
			return
		}
		s.w.find("hook reference", c, "%s names %s", kind, p.Reference)
		if kind == failed {
			c.misnamed = true
			return // the shop knows no customer whom it could refund
		}
	}
	s.at(c, string(kind))
	c.hooks[kind]++
	switch kind {
	case delivered:
		if p.Order != nil {
			s.take(c, p.Order)
		}
		c.told = true
	case failed:
		if c.hooks[failed] > 1 && !c.paid {
			return // a hook is called at least once
		}
		s.refund(c, "OnFailed")
	case review, late:
	}
}

func (s *shop) unmatched() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.loose++
}

// again is an error after which a webhook is to be handed on once more. What
// contradicts the record is kept there for somebody to look at.
func again(err error) error {
	if errors.Is(err, journal.ErrContradiction) {
		return nil
	}
	return err
}

func short(o *esim.Order, err error) string {
	if err != nil {
		text := err.Error()
		return fmt.Sprintf("%s: %.160s", esim.OutcomeOf(err), text)
	}
	if o == nil {
		return "on record"
	}
	return fmt.Sprintf("an order of %s, %s, %d eSIMs", o.Provider, o.Status, o.Delivered())
}
