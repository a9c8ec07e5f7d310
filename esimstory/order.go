package esimstory

import (
	"context"
	"net/http"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// The one endpoint of the partner API. The timeout is generous: the provider
// asks its own supplier before it answers, and an answer given up on is an order
// in doubt.
const (
	ordersPath   = "/v1/api_partner/orders"
	orderTimeout = 90 * time.Second
)

// Order buys units of one option (eSIM Story docs: endpoints/create-order).
// The order comes back pending: each unit in ESIMs has an ItemID only, until
// its [Delivery] is put in with [Apply]. The provider reports no order id and
// no price, so ID is empty and Total is not stated.
//
// It is sent once. Nobody documents whether a failed order uses up its
// reference. So after an unknown outcome a second call with it sends nothing
// ([esim.ErrDuplicate], outcome unknown), unless [Config].RepeatsVerified: wait
// for the webhooks, then ask support. Quote and MaxTotal are compared with
// [Config].Catalog; CallbackURL is unsupported.
func (c *Client) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	return c.api.Order(ctx, req, c.orders)
}

func oneLine(a *adapter.Attempt) []Line { return []Line{{OptionID: a.PackageID, Quantity: a.Quantity}} }

// purchase states how eSIM Story sells: all units in one call, under the
// caller's reference. The provider refuses a second order under the reference of
// one that stands, and does not return the first.
func (c *Client) purchase(lines func(*adapter.Attempt) []Line) adapter.Purchase {
	return adapter.Purchase{
		Max: c.maxUnits, Safety: adapter.Guarded, Repeats: c.repeats, Compared: true,
		Content: func(a *adapter.Attempt) string { return content(lines(a)) },
		Check: func(check *adapter.Check, a *adapter.Attempt) {
			if a.Guarded() {
				c.checkPrice(check, lines(a), a.Terms)
			}
		},
		Send: func(ctx context.Context, a *adapter.Attempt, call adapter.Call) error {
			return c.send(ctx, a.Order, lines(a), call)
		},
	}
}

func (c *Client) send(ctx context.Context, order *esim.Order, lines []Line, call adapter.Call) error {
	var answer orderAnswer
	call.Method, call.Path, call.Timeout = http.MethodPost, ordersPath, orderTimeout
	call.Payload, call.Out = orderBody{ExternalOrderID: order.Reference, Products: lines}, &answer
	if err := c.api.Do(ctx, call); err != nil {
		return err
	}
	order.Status, order.Quantity, order.ESIMs = esim.OrderPending, units(lines), answer.units()
	if len(lines) > 1 {
		order.PackageID = ""
	}
	if problem := answer.compare(lines); problem != "" {
		return c.api.Incomplete(ctx, problem)
	}
	return nil
}
