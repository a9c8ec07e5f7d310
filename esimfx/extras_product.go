package esimfx

import (
	"context"
	"errors"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// Product is a package with what only eSIMfx says of one.
type Product struct {
	esim.Package

	// MetaProductID is not explained by the provider.
	MetaProductID string `json:"meta_product_id,omitempty"`
	// IMSIProfile is a class of profiles: an eSIM can be topped up with
	// products of its own class only.
	IMSIProfile string `json:"imsi_profile,omitempty"`
}

// Product reads one product of the catalogue by its id, in the old form (a
// UUID) or the new one, esimfx_… (eSIMfx docs: get_product).
func (c *Client) Product(ctx context.Context, id string) (*Product, error) {
	return adapter.OperateOn(ctx, c.api, "Product", id, idOf("ID"), about(c, esim.ErrPackageUnavailable, c.readProduct))
}

func (c *Client) readProduct(ctx context.Context, id string) (*Product, error) {
	p, err := c.product(ctx, id)
	if err != nil {
		return nil, err
	}
	return &Product{Package: p.convert(new(arenas)), MetaProductID: string(p.MetaProductID), IMSIProfile: string(p.IMSIProfile)}, nil
}

// OrderUsage reads the usage of one order's plan (eSIMfx docs: get_order).
func (c *Client) OrderUsage(ctx context.Context, orderID string) (*esim.PlanUsage, error) {
	return adapter.OperateOn(ctx, c.api, "OrderUsage", orderID, idOf("OrderID"), c.orderUsage)
}

func (c *Client) orderUsage(ctx context.Context, id string) (*esim.PlanUsage, error) {
	data, err := c.readOrder(ctx, id)
	if err != nil {
		return nil, err
	}
	plan, err := data.plan()
	if err != nil {
		return nil, c.api.Malformed(ctx, err.Error())
	}
	return &plan, nil
}

// Activate starts the plan of an order by hand, before its first use of a
// network, and returns the plan as read afterwards.
//
// It cannot be undone: the validity begins to run, and the plan can no longer
// be refunded. Nothing calls it by itself, and nobody needs it for a plan to
// start at its first use. Method, path and body are those of public
// integrations; the provider documents the name alone.
//
// An error of [esim.OutcomeAccepted] means that the plan was started and could
// not be read.
func (c *Client) Activate(ctx context.Context, orderID string) (*esim.PlanUsage, error) {
	return adapter.OperateOn(ctx, c.api, "Activate", orderID, idOf("OrderID"), c.activate)
}

func (c *Client) activate(ctx context.Context, id string) (*esim.PlanUsage, error) {
	call := adapter.Post("/order/api/v1/activate_subscription", adapter.Guarded, orderOnly{id})
	if _, err := fetch[activatedData](ctx, c.api, call); err != nil {
		return nil, err
	}
	plan, err := c.orderUsage(ctx, id)
	if e, ok := errors.AsType[*esim.Error](err); ok {
		e.Outcome = esim.OutcomeAccepted
	}
	return plan, err
}

func idOf(field string) func(*adapter.Check, string) {
	return func(check *adapter.Check, id string) { check.ID(field, id) }
}
