package esimfx

import (
	"context"
	"errors"
	"fmt"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// product reads one product.
func (c *Client) product(ctx context.Context, id string) (*product, error) {
	data, err := fetch[productData](ctx, c.api, adapter.Get("/product/api/v1/get_product", "id", id))
	if err == nil && string(data.get().ID) != id {
		err = c.api.Malformed(ctx, "the answer is about another product")
	}
	return data.get(), err
}

// GetOrder reads an order and its eSIM, activation code included, with two
// requests for each eSIM (eSIMfx docs: get_order and get_esim_status). It
// wants the ID: eSIMfx has no search by reference. An order whose ID was lost
// comes back when the purchase is repeated, where its error says that this is
// [esim.RepeatSafe]. A terminated order has [esim.OrderCancelled].
func (c *Client) GetOrder(ctx context.Context, ref esim.OrderRef) (*esim.Order, error) {
	return adapter.Operate(ctx, c.api, "GetOrder", ref, c.getOrder)
}

func (c *Client) getOrder(ctx context.Context, ref esim.OrderRef) (*esim.Order, error) {
	order := &esim.Order{Provider: Provider, Reference: ref.Reference}
	for _, id := range adapter.SplitIDs(ref.ID) {
		data, err := readOrder[orderRead](ctx, c, id)
		if err != nil {
			return nil, err
		}
		unit := new(esim.ESIM)
		if iccid := data.iccid(); iccid != "" {
			if unit, err = c.getESIM(ctx, iccid); err != nil {
				return nil, err
			}
		}
		unit.ItemID, unit.ExpiresAt = id, data.Subscription.Value.Expiry.Time
		data.addTo(order, *unit)
		order.PackageID = wire.First(order.PackageID, string(data.Product.Value.ID))
	}
	return order, nil
}

// readOrder reads one order, as much of it as T has.
func readOrder[T interface {
	payload
	id() string
}](ctx context.Context, c *Client, id string) (T, error) {
	data, err := fetch[T](ctx, c.api, adapter.Get("/order/api/v1/get_order", "order_id", id))
	if err == nil && data.id() != id {
		err = c.api.Malformed(ctx, "the answer is about another order")
	}
	return data, err
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
func (c *Client) Cancel(ctx context.Context, req esim.CancelRequest) (*esim.Cancellation, error) {
	return adapter.Operate(ctx, c.api, "Cancel", req, c.cancel)
}

func (c *Client) cancel(ctx context.Context, req esim.CancelRequest) (*esim.Cancellation, error) {
	ids := adapter.SplitIDs(req.Order.ID)
	done, matched := &esim.Cancellation{OrderID: req.Order.ID, Refunded: new(true)}, false
	for _, id := range ids {
		order, err := readOrder[orderRead](ctx, c, id)
		if err == nil && (req.ICCID == "" || order.iccid() == req.ICCID) {
			err = c.terminate(ctx, &order, done)
			matched = true
		}
		if err == nil {
			continue
		}
		e, ok := errors.AsType[*esim.Error](err)
		if !ok || done.Cancelled == 0 {
			return nil, err
		}
		out := c.api.Halfway(ctx, fmt.Sprintf("%d of %d orders were terminated before a failure", done.Cancelled, len(ids)), e)
		if e.Outcome == esim.OutcomeUnknown {
			out.Outcome = e.Outcome
		}
		return nil, out
	}
	if !matched {
		return nil, c.api.Fail(ctx, esim.ErrNotEligible, esim.OutcomeNotSent, "the order is not for this eSIM")
	}
	return done, nil
}

// terminate ends one order and adds it to done, whose Refunded is true as long
// as eSIMfx said so of every order, and nil once it did not say.
func (c *Client) terminate(ctx context.Context, order *orderRead, done *esim.Cancellation) error {
	var refunded *bool
	if !order.terminated() {
		call := adapter.Post("/order/api/v1/terminate_subscription", adapter.Guarded, orderOnly{order.id()})
		data, err := fetch[terminatedData](ctx, c.api, call)
		if err != nil && !c.terminatedAnyway(ctx, order.id(), err) {
			return err
		}
		refunded = data.refunded() // not said beside an error
		done.Cancelled++
		if iccid := order.iccid(); iccid != "" {
			done.ICCIDs = append(done.ICCIDs, iccid)
		}
	}
	done.Refunded = bothRefunded(done.Refunded, refunded)
	return nil
}

// terminatedAnyway looks whether a call of unknown outcome did its work.
func (c *Client) terminatedAnyway(ctx context.Context, id string, err error) bool {
	if e, ok := errors.AsType[*esim.Error](err); !ok || e.Outcome != esim.OutcomeUnknown {
		return false
	}
	order, err := readOrder[orderRead](ctx, c, id)
	return err == nil && order.terminated()
}

// bothRefunded: one that is not known makes the whole unknown.
func bothRefunded(a, b *bool) *bool {
	if a == nil || b == nil {
		return nil
	}
	return new(*a && *b)
}
