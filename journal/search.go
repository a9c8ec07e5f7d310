package journal

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// clockSkew is by how much the provider's clock may be behind ours.
const clockSkew = 5 * time.Minute

// underWay is how long a request may be on its way and still be acted on:
// the five minutes that signatures are good for, with a margin.
const underWay = 10 * time.Minute

// search looks for a purchase in doubt in the provider's list. Orders of the
// same package are told apart by quantity and price, as far as both are known.
// Those that could be several purchases are counted: only if at least as many
// are listed that no purchase has, as there are purchases that may be one of
// them, each gets one. Fewer are given away only when none of these purchases
// can be charged any more: the rest were not. Purchases of different quantities
// that one order could be are for a person. While one of them is being sent, or
// their number has changed during the look, nobody can count.
func (j *Journal) search(ctx context.Context, finder evidence.OrderFinder, e *Entry) (found *esim.Order, l listing, err error) {
	before, when, err := j.rivals(ctx, e)
	if err != nil || slices.ContainsFunc(before, func(r Entry) bool { return r.State == Sending }) {
		return nil, unread, err
	}
	listed, err := finder.FindOrders(ctx, evidence.OrderSearch{PackageID: e.PackageID, Since: when.from})
	if err != nil {
		return nil, unread, err
	}
	free, odd, err := j.unclaimed(ctx, e, before, when, listed)
	if err != nil {
		return nil, unread, err
	}
	after, _, err := j.rivals(ctx, e)
	if err != nil || !slices.EqualFunc(before, after, func(a, b Entry) bool { return a.ID == b.ID && a.Attempts == b.Attempts }) {
		return nil, unread, err
	}
	switch {
	case len(free) == 0 && odd:
		return nil, unclear, nil
	case len(free) == 0:
		return nil, absent, nil
	}
	after = slices.DeleteFunc(after, func(r Entry) bool { // what no order left can be
		return !slices.ContainsFunc(free, func(o esim.Order) bool { return couldBe(&r, &o) })
	})
	place := slices.IndexFunc(after, func(r Entry) bool { return r.ID == e.ID })
	if place < 0 || slices.ContainsFunc(after, func(r Entry) bool { return !j.policy.alike(e, &r) }) {
		return nil, unclear, nil
	}
	switch {
	case !j.policy.enough(len(free), len(after)) && mayArrive(after, e.UpdatedAt):
		return nil, unread, nil // another may show
	case !j.policy.enough(len(free), len(after)) && !j.over(after, e.UpdatedAt), place >= len(free):
		return nil, unclear, nil
	}
	return &free[place], unclear, nil
}

// over reports whether all that these purchases will ever have been charged
// shows: none of them will be sent again, and each request was long enough ago.
// Where a person has to find out about one of them, it may be its order.
func (j *Journal) over(rivals []Entry, now time.Time) bool {
	return !slices.ContainsFunc(rivals, func(r Entry) bool {
		return now.Before(spanOf(&r).to) || r.State == Review || !r.Arrived && j.mayBeSent(&r, now)
	})
}

// mayArrive reports whether a request of one of them may still be under way.
func mayArrive(rivals []Entry, now time.Time) bool {
	return slices.ContainsFunc(rivals, func(r Entry) bool { return now.Before(spanOf(&r).to) })
}

// mayBeSent reports whether another request of a purchase in doubt may follow.
func (j *Journal) mayBeSent(e *Entry, now time.Time) bool {
	a, d := j.accounts[e.Provider], new(document)
	if kept, err := decodeDocument(e.Document); err == nil {
		d = kept
	}
	if a == nil {
		return true
	}
	why := j.policy.forbids(a.situation(e, d, now, true))
	return why == nil || why.passes
}

// couldBe reports whether a listed order can be of the purchase, by all that
// the list tells.
func couldBe(e *Entry, o *esim.Order) bool {
	price, exact := quoted(e)
	return (o.Quantity == 0 || o.Quantity == quantityOf(e)) && (!exact || fitsPrice(price, o))
}

// sameQuantity reports whether it does no harm to exchange the orders of two
// purchases of one package.
func sameQuantity(a, b *Entry) bool { return quantityOf(a) == quantityOf(b) }

// quantityOf is how many eSIMs were ordered.
func quantityOf(e *Entry) int {
	d, err := decodeDocument(e.Document)
	if err != nil {
		return 0
	}
	return d.Request.Quantity
}

// span is the time in which an order may have been made.
type span struct{ from, to time.Time }

func (s span) overlaps(o span) bool { return !s.to.Before(o.from) && !o.to.Before(s.from) }

// spanOf is from the first request to the time at which the last one can have
// arrived, by the provider's clock.
func spanOf(e *Entry) span {
	last := e.UpdatedAt
	if d, err := decodeDocument(e.Document); err == nil && len(d.Attempts) > 0 {
		last = d.Attempts[len(d.Attempts)-1].At
	}
	return span{e.CreatedAt.Add(-clockSkew), last.Add(underWay + clockSkew)}
}

// together leaves those whose orders can have been made at the time of e's, or
// of one that is left, and tells that time.
func together(all []Entry, e *Entry) ([]Entry, span) {
	spans := make([]span, len(all))
	for i := range all {
		spans[i] = spanOf(&all[i])
	}
	whole := spanOf(e)
	for grown := true; grown; {
		grown = false
		for _, s := range spans {
			if s.overlaps(whole) && (s.from.Before(whole.from) || s.to.After(whole.to)) {
				whole = span{earliestOf(whole.from, s.from), latestOf(whole.to, s.to)}
				grown = true
			}
		}
	}
	var near []Entry
	for i := range all {
		if spans[i].overlaps(whole) {
			near = append(near, all[i])
		}
	}
	return near, whole
}

func earliestOf(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// rivals are the purchases in doubt, e among them, of which an order that looks
// like that of e may be, in the order of time; and the time in which it was
// made. One under review for which no order was found counts too.
func (j *Journal) rivals(ctx context.Context, e *Entry) ([]Entry, span, error) {
	var all []Entry
	q := Query{Provider: e.Provider, PackageID: e.PackageID, States: []State{Sending, Unknown, Review}}
	for {
		page, err := j.store.List(ctx, q)
		if err != nil {
			return nil, span{}, err
		}
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
		q.After = &page[len(page)-1]
	}
	all = slices.DeleteFunc(all, func(r Entry) bool {
		return r.ID != e.ID && (r.Account != e.Account || r.Kind != OrderKind || r.Doubt == 0 || placed(&r))
	})
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	near, when := together(all, e)
	return near, when, nil
}

// placed reports whether an order is on record for the purchase.
func placed(e *Entry) bool {
	return slices.ContainsFunc(e.Keys, func(key string) bool { return strings.HasPrefix(key, orderKey("")) })
}

// quoted is the price that the purchase was quoted; a mere ceiling is none.
func quoted(e *Entry) (price esim.Money, ok bool) {
	d, err := decodeDocument(e.Document)
	if err != nil || d.Request.Quote == nil {
		return esim.Money{}, false
	}
	price, err = d.Request.Quote.Price.MulInt(d.Request.Quantity)
	return price, err == nil && price.Currency() != ""
}

// unclaimed are the listed orders that no purchase has and e could be. Odd: there
// are others, of which the list says too little, or another price, and which no
// rival could be. No purchase gets one, and none is disproved beside one.
func (j *Journal) unclaimed(ctx context.Context, e *Entry, rivals []Entry, when span, listed []esim.Order) (free []esim.Order, odd bool, err error) {
	for i := range listed {
		o := &listed[i]
		dated := !o.CreatedAt.IsZero()
		if dated && (o.CreatedAt.Before(when.from) || o.CreatedAt.After(when.to)) || o.Quantity != 0 && o.Quantity != quantityOf(e) {
			continue
		}
		owners, err := j.store.Named(ctx, e.Provider, []string{orderKey(o.ID)})
		switch {
		case err != nil:
			return nil, false, err
		case len(owners) > 0:
		case dated && o.ID != "" && o.PackageID != "" && couldBe(e, o):
			free = append(free, *o)
		case !slices.ContainsFunc(rivals, func(r Entry) bool { return r.ID != e.ID && couldBe(&r, o) }):
			odd = true
		}
	}
	slices.SortStableFunc(free, func(a, b esim.Order) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return free, odd, nil
}

// fitsPrice compares the price, where both are known: it tells orders of other
// quantities apart.
func fitsPrice(price esim.Money, o *esim.Order) bool {
	c, err := o.Total.Cmp(price)
	return err != nil || c == 0
}
