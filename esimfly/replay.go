package esimfly

import (
	"context"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// verifyReplay reads what a replay leaves out: the package, the price and the
// time (eSIMfly docs: api/create-order). Nothing says that eSIMfly compares a
// key that comes again with the order, so that is done here. Without an answer
// the replay stands as it came.
func (c *Client) verifyReplay(ctx context.Context, op string, o *esim.Order) error {
	if !o.Replayed || o.ID == "" {
		return nil
	}
	first, err := c.readOrder(ctx, op, o.Ref())
	if err != nil {
		return nil //nolint:nilerr // what was paid for has come; only side facts hang on the read
	}
	o.CreatedAt = first.CreatedAt
	if o.Total == (esim.Money{}) {
		o.Total = first.Total
	}
	if first.PackageID == "" || strings.EqualFold(first.PackageID, o.PackageID) {
		return nil
	}
	o.PackageID, o.Quantity = first.PackageID, 0 // how many were ordered then is not told
	conflict := c.api.Fail(op, esim.ErrReferenceConflict, esim.OutcomeUnknown, "this reference was used for an order of another package")
	conflict.Reference, conflict.Order = o.Reference, o
	return conflict
}

// overcharged is the error of a purchase that has cost more than the caller
// wanted, as far as the answer tells. It is made, so that is all there is to
// do about it.
func (c *Client) overcharged(op string, o *esim.Order, p adapter.Purchase) error {
	limit, name := p.MaxTotal, "MaxTotal"
	if p.Quote != nil {
		if quoted, err := p.Quote.Price.MulInt(p.Quantity); err == nil && exceeds(o.Total, quoted) {
			limit, name = quoted, "the quote"
		}
	}
	if limit.Currency() == "" || !exceeds(o.Total, limit) {
		return nil
	}
	err := c.api.Fail(op, esim.ErrPriceChanged, esim.OutcomeAccepted, o.Total.String()+" were charged, above "+name+" of "+limit.String())
	err.Reference, err.Order = o.Reference, o
	return err
}

// exceeds is false for amounts that cannot be compared.
func exceeds(m, limit esim.Money) bool {
	cmp, err := m.Cmp(limit)
	return err == nil && cmp > 0
}
