package esimstory

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/evidence"
)

// orderTimeout is generous: the provider asks its own supplier before it
// answers, and an answer given up on is an order in doubt.
const orderTimeout = 90 * time.Second

// Order buys units of one option (eSIM Story docs: endpoints/create-order).
// The order comes back pending: each unit in ESIMs has an ItemID only, until
// its [Delivery] is put in with [Apply]. The provider reports no order id and
// no price, so ID is empty and Total is not stated.
//
// It is sent once. Nobody documents whether a failed order uses up its
// reference, so after an unknown outcome a second call with it sends nothing
// ([esim.ErrDuplicate], outcome unknown) unless [Config].RepeatsVerified: wait for
// the webhooks, then ask support.
// Quote and MaxTotal are compared with [Config].Catalog; CallbackURL is
// unsupported. Whatever fails before a repeat is sent has the outcome of the
// purchase as it stands, not that of the repeat.
func (c *Client) Order(ctx context.Context, req esim.OrderRequest) (_ *esim.Order, err error) {
	ctx, end := c.api.Operation(ctx, "Order")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "Order")
	send := evidence.SendOf(ctx)
	req.Reference = check.Reference(req.Reference, send.Resumed)
	c.resume(check, send.Resumed)
	req.Quantity = cmp.Or(req.Quantity, 1)
	guard := adapter.Terms{PackageID: req.PackageID, Quantity: req.Quantity, Quote: req.Quote, MaxTotal: req.MaxTotal}
	check.Range("Quantity", req.Quantity, 1, c.maxUnits)
	check.Terms(guard)
	if req.CallbackURL != "" {
		check.Unsupported("CallbackURL", "cannot be set for an order; eSIM Story calls the URL of the partner account")
	}
	if send.RequestID != "" {
		check.Unsupported("RequestID", "cannot be set; eSIM Story has no request ids")
	}
	lines := []Line{{OptionID: req.PackageID, Quantity: req.Quantity}}
	c.checkPrice(check, lines, guard)
	if err := check.Err(); err != nil {
		return nil, c.api.Withheld(err, check.Named(), key(check.Named()))
	}
	return c.order(ctx, "Order", req.Reference, lines, send.OneSend)
}

// key is what the purchases under a reference are remembered by.
func key(reference string) string { return "order:" + reference }

// resume puts the purchase in doubt when another process may have sent it. A
// reference that was found unfit has never been sent.
func (c *Client) resume(check *adapter.Check, resumed bool) {
	if resumed && check.Named() != "" {
		c.api.Recall(c.repeats, "", key(check.Named()))
	}
}

// order is the one road of both kinds of order. The lines are merged and
// checked.
func (c *Client) order(ctx context.Context, op, reference string, lines []Line, oneSend bool) (*esim.Order, error) {
	body, err := wire.Encode(orderBody{ExternalOrderID: reference, Products: lines})
	if err != nil {
		return nil, c.api.Withheld(c.api.FailIn(op, esim.ErrInvalidRequest, esim.OutcomeNotSent, err.Error()), reference, key(reference))
	}
	var answer orderAnswer
	err = c.api.Do(ctx, adapter.Call{
		Op: op, Method: http.MethodPost, Path: "/v1/api_partner/orders",
		Body: body, Out: &answer,
		// The reference of an order that stands is unique at the provider,
		// which refuses a second one under it and does not return the first.
		Safety: adapter.Guarded, OneSend: oneSend,
		Key: key(reference), Repeats: c.repeats, Content: content(lines), Reference: reference,
		Timeout: orderTimeout,
	})
	if err != nil {
		return nil, err
	}
	order := &esim.Order{
		Provider: Provider, Reference: reference, Status: esim.OrderPending,
		Quantity: units(lines), ESIMs: answer.units(),
	}
	if len(lines) == 1 {
		order.PackageID = lines[0].OptionID
	}
	if problem := answer.compare(lines); problem != "" {
		short := c.api.FailIn(op, esim.ErrIncomplete, esim.OutcomeAccepted, problem)
		short.Reference, short.Order = reference, order
		return nil, short
	}
	return order, nil
}
