package esimfx

import (
	"context"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// GetESIM reads one eSIM and its activation code (eSIMfx docs: Project
// Context, flow G). A code in a form that is not known is in RawActivation.
func (c *Client) GetESIM(ctx context.Context, iccid esim.ICCID) (*esim.ESIM, error) {
	return adapter.Operate(ctx, c.api, "GetESIM", iccid, about(c, esim.ErrNotFound, c.getESIM))
}

func (c *Client) getESIM(ctx context.Context, iccid esim.ICCID) (*esim.ESIM, error) {
	data, err := fetch[esimData](ctx, c.api, adapter.Get("/order/api/v1/get_esim_status", "iccid", string(iccid)))
	if err == nil && data.ICCID.ICCID() != iccid {
		err = c.api.Malformed(ctx, "the answer is about another eSIM")
	}
	if err != nil {
		return nil, err
	}
	profile, _ := data.convert() // what cannot be installed can still be read and topped up
	return &profile, nil
}

// Usage reads the plans of an eSIM and its state, with two requests (eSIMfx
// docs: Project Context, flow E, and get_esim_status). The sums are of the
// plans that are active or pending; when there is none any more, of those that
// expired. Plans counted in days have no data to sum: they make the whole
// Unlimited.
func (c *Client) Usage(ctx context.Context, iccid esim.ICCID) (*esim.Usage, error) {
	return adapter.Operate(ctx, c.api, "Usage", iccid, about(c, esim.ErrNotFound, c.usage))
}

func (c *Client) usage(ctx context.Context, iccid esim.ICCID) (*esim.Usage, error) {
	data, err := unpaged[plansData](ctx, c, "/order/api/v1/get_esim_orders", iccid)
	if err != nil {
		return nil, err
	}
	profile, err := c.getESIM(ctx, iccid)
	if err != nil {
		return nil, err
	}
	usage := &esim.Usage{ICCID: iccid, Status: profile.Status}
	orders := data.orders()
	for i := range orders {
		plan, err := orders[i].plan()
		if err != nil {
			return nil, c.api.Malformed(ctx, err.Error())
		}
		usage.Plans = append(usage.Plans, plan)
	}
	adapter.SumPlans(usage)
	return usage, nil
}
