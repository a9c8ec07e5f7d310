package esimfly

import (
	"context"
	"errors"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

type iccidBody struct {
	ICCID esim.ICCID `json:"iccid"`
}

type cancelData struct {
	OrderID   wire.Text   `json:"order_reference"`
	Cancelled wire.Number `json:"cancelled_esims"`
	Failed    wire.Number `json:"failed_esims"`
	Refund    wire.Number `json:"refunded_amount"`
	Currency  wire.Text   `json:"currency"`
	Method    wire.Text   `json:"refund_method"`
	Credited  *bool       `json:"balance_credited"`
	Results   []struct {
		ICCID   wire.Text `json:"iccid"`
		Success bool      `json:"success"`
	} `json:"cancel_results"`
}

// refunded reports whether the money is on the balance again; nil where
// eSIMfly settles it elsewhere, or does not say.
func (d *cancelData) refunded() *bool {
	switch d.Method.Folded() {
	case "BALANCE":
		return d.Credited
	case "REFUND_REQUEST":
		return new(false) // still to be confirmed
	}
	return nil
}

// Cancel cancels all eSIMs of an order that were never downloaded or used,
// and asks for the money (eSIMfly docs: api/cancel-esim). eSIMfly cannot
// cancel one eSIM of several, so Order.ID is required, as consent. eSIMfly
// takes an eSIM for the name of its order, so the order is read first; an
// ICCID beside its ID must be the one that eSIMfly shows there. An order that
// was cancelled before is a success with Refunded nil. If eSIMfly says that it
// cancelled another one, Error.Order names that.
func (c *Client) Cancel(ctx context.Context, req esim.CancelRequest) (_ *esim.Cancellation, err error) {
	const op = "Cancel"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	switch {
	case req.Order.ID != "":
		check.ID("Order.ID", req.Order.ID)
	case req.Order.Reference != "":
		check.Unsupported("Order.Reference", "cannot be looked up at eSIMfly, which knows orders by its own ID")
	default:
		check.Fail("Order.ID", "is empty: eSIMfly cancels every unused eSIM of the order, not one alone; name the order to consent")
	}
	if req.ICCID != "" {
		check.ICCID("ICCID", req.ICCID)
	}
	if err = check.Err(); err != nil {
		return nil, err
	}
	iccid, err := c.firstICCID(ctx, op, req)
	if err != nil {
		return nil, err
	}
	call, err := c.post(op, "/esims/cancel", adapter.Replayed, iccidBody{iccid})
	if err != nil {
		return nil, err
	}
	data, err := fetch[cancelData](ctx, c, call)
	if e, ok := errors.AsType[*esim.Error](err); ok && e.Code == alreadyCancelled {
		return &esim.Cancellation{OrderID: req.Order.ID}, nil
	}
	if err != nil {
		return nil, err
	}
	if id := data.OrderID.String(); id != "" && id != req.Order.ID {
		err := c.api.Fail(op, esim.ErrIncomplete, esim.OutcomeAccepted, "the answer is about another order")
		err.Order = &esim.Order{Provider: esim.ESIMFly, ID: id}
		return nil, err
	}
	result := &esim.Cancellation{
		OrderID:   req.Order.ID,
		Cancelled: data.Cancelled.Int(), Failed: data.Failed.Int(),
		Refund: money(data.Refund, data.Currency), Refunded: data.refunded(),
	}
	for _, r := range data.Results {
		if i := iccidOf(r.ICCID); r.Success && i != "" {
			result.ICCIDs = append(result.ICCIDs, i)
		}
	}
	return result, nil
}

// firstICCID names the order in the only way eSIMfly's cancellation accepts.
func (c *Client) firstICCID(ctx context.Context, op string, req esim.CancelRequest) (esim.ICCID, error) {
	order, err := c.readOrder(ctx, op, req.Order)
	if err != nil {
		return "", err
	}
	if order.Delivered() == 0 {
		return "", c.api.Fail(op, esim.ErrNotEligible, esim.OutcomeNotSent, "no eSIM of the order has come yet, and eSIMfly cancels by eSIM")
	}
	shown := order.ESIMs[0].ICCID
	if req.ICCID != "" && req.ICCID != shown {
		return "", c.api.Fail(op, esim.ErrInvalidRequest, esim.OutcomeNotSent,
			"the order does not show this eSIM; eSIMfly cancels all unused eSIMs of an order anyway, so name the order alone")
	}
	return shown, nil
}
