package router

import (
	"context"

	"github.com/esimkit/esim"
)

// GetESIM reads an eSIM from the reseller it came from.
func (r *Router) GetESIM(ctx context.Context, iccid esim.ICCID) (*esim.ESIM, error) {
	return about(ctx, r, "GetESIM", r.Capabilities().GetESIM, iccid, func(c esim.Client) (*esim.ESIM, error) { return c.GetESIM(ctx, iccid) })
}

// Usage reads how much data an eSIM has used, from the reseller it came from.
func (r *Router) Usage(ctx context.Context, iccid esim.ICCID) (*esim.Usage, error) {
	return about(ctx, r, "Usage", r.Capabilities().Usage, iccid, func(c esim.Client) (*esim.Usage, error) { return c.Usage(ctx, iccid) })
}

// ListTopUps lists what can be put on an eSIM, from the reseller it came from,
// under the ids of the router.
func (r *Router) ListTopUps(ctx context.Context, iccid esim.ICCID) ([]esim.Package, error) {
	list, err := about(ctx, r, "ListTopUps", r.Capabilities().ListTopUps, iccid, func(c esim.Client) ([]esim.Package, error) { return c.ListTopUps(ctx, iccid) })
	return qualify(list), err
}

// about makes a call about an eSIM to the reseller it came from.
func about[T any](ctx context.Context, r *Router, op string, supported bool, iccid esim.ICCID, call func(esim.Client) (T, error)) (T, error) {
	var none T
	if refused := r.core.unreadable(ctx, op, supported); refused != nil {
		return none, refused
	}
	if bare, err := esim.ParseICCID(string(iccid)); err != nil || bare != iccid {
		return none, r.core.refuse(op, "", esim.ErrInvalidRequest, nil, "ICCID is not 18 to 22 digits")
	}
	owner, failed := r.core.ownerOf(ctx, op, iccid)
	if failed != nil {
		return none, failed
	}
	return call(owner.client)
}

// unreadable is the error of a call that cannot be made at all, nil if it can.
func (c *core) unreadable(ctx context.Context, op string, supported bool) *esim.Error {
	switch {
	case !supported:
		return c.refuse(op, "", errUnsupported, nil, "")
	case ctx == nil:
		return c.refuse(op, "", esim.ErrInvalidRequest, nil, "nil context")
	case ctx.Err() != nil:
		return c.refuse(op, "", esim.ErrUnavailable, ctx.Err(), "the context has ended")
	}
	return nil
}

// Balance reads the balance of the only reseller. Of several there is none:
// what is left at one pays for nothing at another. See [Decision] for the
// balances that the router goes by.
func (r *Router) Balance(ctx context.Context) (esim.Money, error) {
	if refused := r.core.unreadable(ctx, "Balance", r.Capabilities().Balance); refused != nil {
		return esim.Money{}, refused
	}
	return r.core.sellers[0].client.Balance(ctx)
}
