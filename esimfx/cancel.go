package esimfx

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// orderOnly is the body of the calls about one subscription.
type orderOnly struct {
	OrderID string `json:"order_id"`
}

type terminatedData struct {
	Refund *struct {
		NeedRefund *bool `json:"need_refund"`
	} `json:"refund"`
}

func (terminatedData) complete() bool { return true }

func (d *terminatedData) refunded() *bool {
	if d.Refund == nil {
		return nil
	}
	return d.Refund.NeedRefund
}

// Cancel terminates the subscription of an order (eSIMfx docs: Project
// Context, flow F), whatever its state: an active plan ends, too. With ICCID
// set only the orders among Order.ID that are for this eSIM are terminated;
// without Order.ID nothing is, since an eSIM may hold several orders.
//
// Refunded is true when eSIMfx says that its refund rule applied: the plan was
// still pending, within 60 days of the order. The package fee comes back, the
// eSIM fee does not, and no amount is stated. Refunded is nil when eSIMfx did
// not say, as for an order found terminated already, which is a success with
// Cancelled 0.
//
// The order is read before, and again after an answer that was lost, which
// often settles whether it was terminated. When a later one of several orders
// fails, the error is of kind [esim.ErrIncomplete]; repeating the call goes on.
func (c *Client) Cancel(ctx context.Context, req esim.CancelRequest) (_ *esim.Cancellation, err error) {
	ctx, end := c.api.Operation(ctx, "Cancel")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "Cancel")
	if req.Order.ID == "" {
		check.Fail("Order.ID", "is empty; eSIMfx terminates by order, and an eSIM may hold several")
	}
	ids := orderIDs(check, "Order.ID", req.Order.ID)
	if req.ICCID != "" {
		check.ICCID("ICCID", req.ICCID)
	}
	if err = check.Err(); err != nil {
		return nil, err
	}
	done, matched := &esim.Cancellation{OrderID: req.Order.ID}, false
	for _, id := range ids {
		order, err := readOrder[orderRead](ctx, c, "Cancel", id)
		if err == nil && (req.ICCID == "" || order.iccid() == req.ICCID) {
			err = c.terminate(ctx, &order, done, !matched)
			matched = true
		}
		if err != nil {
			e, ok := errors.AsType[*esim.Error](err)
			if !ok || done.Cancelled == 0 {
				return nil, err
			}
			out := c.halfway("Cancel", fmt.Sprintf("%d of %d orders were terminated before a failure", done.Cancelled, len(ids)), e)
			if e.Outcome == esim.OutcomeUnknown {
				out.Outcome = e.Outcome
			}
			return nil, out
		}
	}
	if !matched {
		return nil, c.api.FailIn("Cancel", esim.ErrNotEligible, esim.OutcomeNotSent, "the order is not for this eSIM")
	}
	return done, nil
}

// terminate ends one order and adds it to done.
func (c *Client) terminate(ctx context.Context, order *orderRead, done *esim.Cancellation, first bool) error {
	var refunded *bool
	if !order.terminated() {
		call, err := c.post("Cancel", "/order/api/v1/terminate_subscription", orderOnly{OrderID: order.id()})
		if err != nil {
			return err
		}
		data, err := fetch[terminatedData](ctx, c.api, call)
		if err != nil && !c.terminatedAnyway(ctx, order.id(), err) {
			return err
		}
		if err == nil {
			refunded = data.refunded()
		}
		done.Cancelled++
		if iccid := order.iccid(); iccid != "" {
			done.ICCIDs = append(done.ICCIDs, iccid)
		}
	}
	if first {
		done.Refunded = refunded
	} else {
		done.Refunded = bothRefunded(done.Refunded, refunded)
	}
	return nil
}

// terminatedAnyway looks whether a call of unknown outcome did its work.
func (c *Client) terminatedAnyway(ctx context.Context, id string, err error) bool {
	e, ok := errors.AsType[*esim.Error](err)
	if !ok || e.Outcome != esim.OutcomeUnknown {
		return false
	}
	order, err := readOrder[orderRead](ctx, c, "Cancel", id)
	return err == nil && order.terminated()
}

// bothRefunded: one that is not known makes the whole unknown.
func bothRefunded(a, b *bool) *bool {
	if a == nil || b == nil {
		return nil
	}
	return new(*a && *b)
}

// post is a call that changes a subscription. It carries no key, so it is sent
// again only if nothing of it was.
func (c *Client) post(op, path string, body any) (adapter.Call, error) {
	doc, err := wire.Encode(body)
	if err != nil {
		return adapter.Call{}, c.api.FailIn(op, esim.ErrInvalidRequest, esim.OutcomeNotSent, err.Error())
	}
	return adapter.Call{Op: op, Method: http.MethodPost, Path: path, Body: doc, Safety: adapter.Guarded}, nil
}
