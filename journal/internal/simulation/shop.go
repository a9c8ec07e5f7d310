package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// ending is how a call ended.
type ending struct {
	err  error
	died bool // the replica; nobody got an answer
}

// call orders, or tops up, on a replica as a shop does.
func (w *world) call(r *replica, p *purchase) (end ending) {
	p.calls++
	p.active++
	p.refused = false
	n := p.calls
	survived := w.act(r, p, "call", func(ctx context.Context) {
		var order *esim.Order
		if p.kind == journal.TopUpKind {
			order, end.err = r.client.TopUp(ctx, p.topUp())
		} else {
			order, end.err = r.client.Order(ctx, p.order())
		}
		if !r.dead {
			w.answered(p, n, order, end.err)
		}
	})
	p.active--
	if !survived {
		p.deserted++
		end.died = true
	}
	return end
}

// enqueue commits the intent and leaves the rest to the replicas.
func (w *world) enqueue(r *replica, p *purchase) (survived bool) {
	p.calls++
	p.active++
	p.refused = false
	n := p.calls
	survived = w.act(r, p, "enqueue", func(ctx context.Context) {
		var err error
		if p.kind == journal.TopUpKind {
			_, err = r.journal.EnqueueTopUp(ctx, nil, w.mode.provider(), p.topUp())
		} else {
			_, err = r.journal.EnqueueOrder(ctx, nil, w.mode.provider(), p.order())
		}
		if err != nil {
			w.note(r, p, "is told", err.Error())
		}
		if o := esim.OutcomeOf(err); err != nil && p.calls == n && !r.dead && (o == esim.OutcomeNotSent || o == esim.OutcomeRejected) {
			p.told++
			p.refused = p.active <= 1
		}
	})
	p.active--
	if !survived {
		p.deserted++
	}
	return survived
}

// conflict calls with a reference that is on record and with other content.
func (w *world) conflict(r *replica, p *purchase) {
	if p.version == 0 {
		return // it would be an ordinary call
	}
	trouble, calls, open := w.troubles, p.calls, p.state.Open()
	twisted := p.other(w.mode.packages())
	units := p.units()
	var err error
	alive := w.act(r, p, "call with other content", func(ctx context.Context) {
		if p.kind == journal.TopUpKind {
			_, err = r.client.TopUp(ctx, twisted.topUp())
		} else {
			_, err = r.client.Order(ctx, twisted.order())
		}
	})
	if alive && trouble == w.troubles && !errors.Is(err, esim.ErrReferenceConflict) {
		w.broken(p, "other content under the same reference is no conflict: %v", err)
	}
	if p.units() > units && p.calls == calls && !open {
		w.broken(p, "other content under the same reference was bought")
	}
}

// crowd is the shops of a random world.
type crowd struct {
	*weather

	w    *world
	made int
	agenda
	bought []topUpTarget
}

type topUpTarget struct {
	iccid     esim.ICCID
	packageID string
}

// agenda is what shops have on their mind, in no order.
type agenda []errand

type errand struct {
	at time.Time
	do func()
}

func (c *crowd) plan(d time.Duration, do func()) {
	c.agenda = append(c.agenda, errand{c.w.now().Add(d), do})
}

// due does the first thing whose time has come.
func (c *crowd) due() bool {
	now := c.w.now()
	for i, e := range c.agenda {
		if !e.at.After(now) {
			c.agenda = append(c.agenda[:i], c.agenda[i+1:]...)
			e.do()
			return true
		}
	}
	return false
}

// live runs the world until so many purchases were begun and the shops have
// nothing on their mind.
func (c *crowd) live(orders int) {
	for (c.made < orders || len(c.agenda) > 0) && c.w.violation == nil {
		c.change(c.w)
		c.w.pass(c.gap())
		switch {
		case c.below(3) == 0:
			c.w.step(c.w.replicas[c.below(replicas)], 2)
		case c.due():
		case c.made < orders:
			c.made++
			c.shop(c.next())
		}
	}
}

// gap is the time until something happens. Long outages pass quickly.
func (c *crowd) gap() time.Duration {
	if left := c.out.Sub(c.w.now()); left > 10*time.Minute {
		return c.upTo(min(left, 20*time.Minute))
	}
	if c.below(40) == 0 {
		return c.upTo(5 * time.Minute)
	}
	return c.upTo(4 * time.Second)
}

// next is what somebody wants to buy.
func (c *crowd) next() *purchase {
	ids := c.w.mode.packages()
	p := &purchase{
		reference: fmt.Sprintf("r%05d", c.made), kind: journal.OrderKind, packageID: ids[c.below(len(ids))], quantity: 1,
	}
	if c.below(5) == 0 {
		p.quantity += 1 + c.below(2)
	}
	if c.w.mode.topUps() && len(c.bought) > 0 && c.below(10) == 0 {
		target := c.bought[c.below(min(len(c.bought), 6))]
		p.kind, p.quantity, p.iccid, p.packageID = journal.TopUpKind, 1, target.iccid, target.packageID
	} else if c.below(10) > 0 {
		p.quote = c.w.providers[0].stock[p.packageID]
	}
	return c.w.add(p)
}

// shop buys in the way of somebody who has read the manual: again after an
// unknown end, under the same reference.
func (c *crowd) shop(p *purchase) {
	r := c.w.replicas[c.below(replicas)]
	if c.below(6) == 0 {
		if !c.w.enqueue(r, p) {
			c.plan(c.upTo(time.Minute), func() { c.shop(p) })
		}
		return
	}
	end := c.w.call(r, p)
	if c.below(25) == 0 {
		c.plan(c.upTo(time.Minute), func() { c.w.conflict(c.w.replicas[c.below(replicas)], p) })
	}
	switch {
	case end.died, end.err != nil && esim.MaybeCharged(end.err):
		if c.below(8) > 0 {
			c.plan(c.between(time.Second, 2*time.Minute), func() { c.shop(p) })
		}
	case end.err != nil:
		if c.below(3) == 0 {
			c.plan(c.upTo(time.Minute), func() { c.shop(p) })
		}
	default:
		c.remember(p)
		if c.below(20) == 0 {
			c.plan(c.upTo(time.Minute), func() { c.w.call(c.w.replicas[c.below(replicas)], p) })
		}
	}
}

// remember keeps eSIMs that can be topped up.
func (c *crowd) remember(p *purchase) {
	if p.kind == journal.TopUpKind || p.packageID != c.w.mode.packages()[0] || !c.w.mode.topUps() || len(c.bought) >= 12 || len(p.charges) == 0 {
		return
	}
	topUp := p.packageID
	if c.w.mode != FX {
		topUp = "TOPUP_" + topUp
	}
	for _, iccid := range p.charges[0].iccids {
		c.bought = append(c.bought, topUpTarget{esim.ICCID(iccid), topUp})
	}
}
