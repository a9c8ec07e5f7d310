package esimfx

import (
	"context"
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// balancePatience bounds the read of the balance, whose path no document
// states: a purchase does without it rather than wait.
const balancePatience = 5 * time.Second

// preCheck keeps back what is certain to be refused. eSIMfx publishes no codes,
// so a refusal cannot be told from a failure, and a purchase that need not be
// sent is one that is never in doubt. Without a balance it goes on; without a
// price it does not.
//
// A repeat in doubt is held back by the caller's own quote and ceiling only: the
// first send may be why the balance is low.
func (p *purchase) preCheck(ctx context.Context, check *adapter.Check, offer func(context.Context) (esim.Money, error)) error {
	made, doubt := p.standing()
	if made == p.terms.Quantity && !doubt || doubt && !p.terms.Guarded() {
		return nil
	}
	var (
		price, balance esim.Money
		unsold, unread error
	)
	reads := []func(context.Context){func(ctx context.Context) { price, unsold = offer(ctx) }}
	prepaid := !doubt && !p.c.postpaid
	if prepaid {
		reads = append(reads, func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(ctx, balancePatience)
			defer cancel()
			balance, unread = p.c.balance(ctx, adapter.None{})
		})
	}
	p.c.api.Together(ctx, reads...)
	if unsold != nil {
		return unsold
	}
	check.Price(p.terms, price, "the price")
	if err := check.Err(); err != nil {
		return err
	}
	total, err := price.MulInt(max(p.terms.Quantity-made, 0))
	if !prepaid || unread != nil || err != nil {
		return nil //nolint:nilerr // nothing is known that keeps the purchase back
	}
	return p.c.api.Covers(ctx, p.op, balance, total)
}

// product reads the price of a new eSIM.
func (p *purchase) product(ctx context.Context) (esim.Money, error) {
	product, err := about(p.c, esim.ErrPackageUnavailable, p.c.product)(ctx, p.terms.PackageID)
	if err != nil {
		return esim.Money{}, err
	}
	return product.price(), nil
}

// fitting reads whether the eSIM can take the top-up, and at what price.
func (p *purchase) fitting(ctx context.Context) (esim.Money, error) {
	profile, err := p.c.getESIM(ctx, p.body.ICCID)
	if err != nil {
		return esim.Money{}, err
	}
	if profile.Status == esim.ESIMBlocked {
		return esim.Money{}, p.c.api.FailIn(p.op, esim.ErrNotEligible, esim.OutcomeNotSent, "the eSIM is blocked or deactivated")
	}
	products, err := p.c.listTopUps(ctx, p.body.ICCID)
	if err != nil {
		return esim.Money{}, err
	}
	i := slices.IndexFunc(products, func(o esim.Package) bool { return o.ID == p.terms.PackageID })
	if i < 0 {
		return esim.Money{}, p.c.api.FailIn(p.op, esim.ErrPackageUnavailable, esim.OutcomeNotSent, "the package is not among the top-ups of this eSIM")
	}
	return products[i].Price, nil
}
