package esimfx

import (
	"context"
	"errors"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// Product is a package with what only eSIMfx says of one.
type Product struct {
	esim.Package

	// MetaProductID is not explained by the provider.
	MetaProductID string `json:"meta_product_id,omitempty"`
	// IMSIProfile is a class of profiles: an eSIM can be topped up with
	// products of its own class only.
	IMSIProfile string `json:"imsi_profile,omitempty"`
	// UnlimitedSpeed is free text about fair use, and HighSpeed the full-speed
	// data a day of an unlimited plan, 0 = not stated. Both are known from
	// public integrations only.
	UnlimitedSpeed string        `json:"unlimited_speed,omitempty"`
	HighSpeed      esim.DataSize `json:"high_speed,omitempty"`
}

// Product reads one product of the catalogue by its id, in the old form (a
// UUID) or the new one, esimfx_… (eSIMfx docs: get_product).
func (c *Client) Product(ctx context.Context, id string) (_ *Product, err error) {
	ctx, end := c.api.Operation(ctx, "Product")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "Product")
	check.ID("ID", id)
	if err = check.Err(); err != nil {
		return nil, err
	}
	p, err := c.product(ctx, "Product", id)
	if err != nil {
		return nil, err
	}
	out := &Product{
		Package: p.convert(), MetaProductID: string(p.MetaProductID), IMSIProfile: string(p.IMSIProfile),
		UnlimitedSpeed: string(p.UnlimitedSpeed),
	}
	if unit, ok := unitOf(wire.First(p.HighSpeedUnit, p.FullSpeedUnit)); ok {
		out.HighSpeed = p.HighSpeed.Or(p.FullSpeed).Size(unit)
	}
	return out, nil
}

// OrderUsage reads the usage of one order's plan (eSIMfx docs: get_order).
func (c *Client) OrderUsage(ctx context.Context, orderID string) (_ *esim.PlanUsage, err error) {
	ctx, end := c.api.Operation(ctx, "OrderUsage")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "OrderUsage")
	check.ID("OrderID", orderID)
	if err = check.Err(); err != nil {
		return nil, err
	}
	return c.orderUsage(ctx, "OrderUsage", orderID)
}

func (c *Client) orderUsage(ctx context.Context, op, orderID string) (*esim.PlanUsage, error) {
	data, err := readOrder[planData](ctx, c, op, orderID)
	if err != nil {
		return nil, err
	}
	plan, err := data.convert()
	if err != nil {
		return nil, c.malformed(op, err.Error())
	}
	return &plan, nil
}

// activatedData is the answer of activate_subscription, of which only the code
// is known.
type activatedData struct{}

func (activatedData) complete() bool { return true }

// UnmarshalJSON accepts whatever it is.
func (*activatedData) UnmarshalJSON([]byte) error { return nil }

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
func (c *Client) Activate(ctx context.Context, orderID string) (_ *esim.PlanUsage, err error) {
	ctx, end := c.api.Operation(ctx, "Activate")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "Activate")
	check.ID("OrderID", orderID)
	if err = check.Err(); err != nil {
		return nil, err
	}
	call, err := c.post("Activate", "/order/api/v1/activate_subscription", orderOnly{OrderID: orderID})
	if err != nil {
		return nil, err
	}
	if _, err = fetch[activatedData](ctx, c.api, call); err != nil {
		return nil, err
	}
	plan, err := c.orderUsage(ctx, "Activate", orderID)
	if err != nil {
		if e, ok := errors.AsType[*esim.Error](err); ok {
			e.Outcome = esim.OutcomeAccepted
		}
		return nil, err
	}
	return plan, nil
}
