package router

import (
	"slices"
	"time"

	"github.com/esimkit/esim"
)

// leftOut is the reason of a candidate that the policy does not want.
const leftOut = "left out by the policy"

// breakerOpen is the reason of a reseller that is left alone.
const breakerOpen = "breaker open"

// question is a candidate that is looked at.
type question struct {
	*sale

	r     *reseller
	c     *Candidate
	asked bool       // it is the package that was asked for
	total esim.Money // own price of the whole order; without a currency = not known
	now   time.Time
}

// exclusion is a reason not to ask a candidate.
type exclusion struct {
	text  string    // for the documentation
	kind  esim.Kind // of the error, when no reseller is left
	guess bool      // it may be out of date: who else is left is asked first, and then this one all the same
	terms bool      // the sale asks for it, so it is nothing to report
	why   func(q *question) string
}

// exclusions is the table of what leaves candidates out. The first row that
// gives a reason counts. docs/router.md is rendered from it.
var exclusions = []exclusion{
	term("not allowed", esim.ErrPackageUnavailable, func(q *question) bool {
		return len(q.needs.Providers) > 0 && !slices.Contains(q.needs.Providers, q.c.Provider)
	}),
	plain("takes no orders", errUnsupported, func(q *question) bool { return !q.r.caps.Order }),
	plain("takes no callback URL", errUnsupported, func(q *question) bool {
		return q.req.CallbackURL != "" && !q.r.caps.CallbackURL
	}),
	plain("takes fewer at once", esim.ErrInvalidRequest, func(q *question) bool {
		return q.r.caps.MaxQuantity > 0 && q.wish.quantity > q.r.caps.MaxQuantity
	}),
	term("not rechargeable", esim.ErrPackageUnavailable, func(q *question) bool {
		rechargeable := q.c.Package.Rechargeable
		return q.needs.TopUp && (!q.r.caps.TopUp || rechargeable == nil || !*rechargeable)
	}),
	term("delivers by webhook only", esim.ErrPackageUnavailable, func(q *question) bool {
		return q.needs.Instant && q.r.caps.Fulfilment != esim.FulfilmentImmediate && q.r.caps.Fulfilment != esim.FulfilmentPolled
	}),
	plain("price not known", errUnsupported, (*question).unpriced),
	{text: "no rate from … to …", kind: errUnsupported, why: (*question).noRate},
	term("price above ceiling", esim.ErrPriceChanged, (*question).tooDear),
	term("margin too small", esim.ErrPriceChanged, func(q *question) bool {
		cost, ok := q.in(q.total, q.needs.SellingPrice.Currency())
		return !q.needs.SellingPrice.IsZero() && !(ok && q.needs.leavesMargin(cost))
	}),
	plain(breakerOpen, esim.ErrUnavailable, func(q *question) bool { return q.c.Health.Breaker == BreakerOpen }),
	plain("balance would fall below its minimum", esim.ErrInsufficientBalance, func(q *question) bool {
		least, ok := q.MinBalance[q.c.Provider]
		return ok && q.leaves(least)
	}),
	{text: "balance too low", kind: esim.ErrInsufficientBalance, guess: true, why: func(q *question) string {
		return when(q.r.balance.empty(q.now, q.BalanceAge) || q.leaves(esim.Money{}), "balance too low")
	}},
}

// plain is an exclusion whose reason is its text.
func plain(text string, kind esim.Kind, holds func(q *question) bool) exclusion {
	return exclusion{text: text, kind: kind, why: func(q *question) string { return when(holds(q), text) }}
}

// term is a plain exclusion that the terms of the sale ask for.
func term(text string, kind esim.Kind, holds func(q *question) bool) exclusion {
	row := plain(text, kind, holds)
	row.terms = true
	return row
}

func when(holds bool, text string) string {
	if holds {
		return text
	}
	return ""
}

func exclusionOf(text string) *exclusion {
	return &exclusions[slices.IndexFunc(exclusions, func(e exclusion) bool { return e.text == text })]
}

// exclude returns the first exclusion that holds and its reason, nil if none.
func (q *question) exclude() (*exclusion, string) {
	for i := range exclusions {
		if why := exclusions[i].why(q); why != "" {
			return &exclusions[i], why
		}
	}
	return nil, ""
}

// limits are the currencies that the price must be compared in.
func (q *question) limits() []string {
	list := make([]string, 0, 4)
	for _, m := range []esim.Money{q.needs.MaxPrice, q.needs.SellingPrice, q.req.MaxTotal} {
		if !m.IsZero() {
			list = append(list, m.Currency())
		}
	}
	if !q.asked {
		list = append(list, q.currency)
	}
	return list
}

// unpriced: without a price nothing can be compared. The ceiling of the request
// alone is one that the reseller may check.
func (q *question) unpriced() bool {
	if q.c.Price.Currency() != "" {
		return false
	}
	ceilingOnly := q.asked && q.needs.MaxPrice.IsZero() && q.needs.SellingPrice.IsZero() && q.r.caps.PriceGuard != esim.PriceGuardNone
	return len(q.limits()) > 0 && !ceilingOnly
}

func (q *question) noRate() string {
	if q.c.Price.Currency() == "" {
		return ""
	}
	for _, currency := range q.limits() {
		if _, ok := q.in(q.c.Price, currency); !ok {
			return "no rate from " + q.c.Price.Currency() + " to " + currency
		}
	}
	return ""
}

func (q *question) tooDear() bool {
	for _, limit := range []struct{ price, most esim.Money }{
		{q.c.Price, q.needs.MaxPrice}, {q.total, q.req.MaxTotal},
	} {
		if limit.most.IsZero() || q.c.Price.Currency() == "" { // unpriced and noRate have seen to that
			continue
		}
		if price, ok := q.in(limit.price, limit.most.Currency()); !ok || above(price, limit.most.Estimate()) {
			return true
		}
	}
	return false
}

// leaves reports whether less than an amount would be left of the balance.
func (q *question) leaves(least esim.Money) bool {
	if q.c.Balance == nil {
		return false
	}
	left, err := q.c.Balance.Sub(q.total)
	if err != nil {
		return false // another currency, or a price that is not known
	}
	if least == (esim.Money{}) {
		return left.Sign() < 0
	}
	c, err := left.Cmp(least)
	return err == nil && c < 0
}
