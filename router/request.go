package router

import (
	"context"
	"slices"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// journalled reports whether a journal keeps the purchases of a reseller.
func (c *core) journalled() bool {
	return slices.ContainsFunc(c.sellers, func(s *reseller) bool { return s.bar != nil })
}

// unfit is the error of a purchase that no reseller could understand, nil if
// one might. What depends on the reseller is left to its client.
func (c *core) unfit(ctx context.Context, op, reference string, most esim.Money, quote *esim.Package) *esim.Error {
	if why := wrongReference(reference); why != "" {
		return c.refuse(op, "", esim.ErrInvalidRequest, nil, why) // it is not fit to be printed
	}
	if reference == "" && c.journalled() {
		return c.refuse(op, "", esim.ErrInvalidRequest, journal.ErrReferenceMissing, "")
	}
	invalid := func(why string) *esim.Error { return c.refuse(op, reference, esim.ErrInvalidRequest, nil, why) }
	switch {
	case ctx == nil:
		return invalid("nil context")
	case most.Sign() < 0:
		return invalid("MaxTotal is negative")
	case quote != nil && quote.Price.Sign() < 0:
		return invalid("Quote.Price is negative")
	case quote != nil && !most.IsZero() && quote.Price.Currency() != most.Currency():
		if _, ok := c.in(quote.Price, most.Currency()); !ok {
			return invalid("MaxTotal is in another currency than Quote.Price, and there is no rate")
		}
	}
	return nil
}
