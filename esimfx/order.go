package esimfx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// maxQuantity of one Order. The API sells one eSIM a call and knows no larger
// orders; this bounds how much one call of Order can spend.
const maxQuantity = 20

// assumedRepeats: keys "prevent duplicate charges on retries" (eSIMfx docs:
// Project Context). What a replay answers, and whether the header is honoured at
// all, nobody has measured; so one repeat is called safe, a minute later.
var assumedRepeats = adapter.Repeats{Lost: esim.RepeatSafe, Most: 1, Pause: time.Minute}

const createPath = "/order/api/v1/create_order"

// sale states how eSIMfx sells. Codes of a refused order are not published, so
// what is certain to be refused is found out before.
func (c *Client) sale(cfg *Config) adapter.Purchase {
	p := adapter.Purchase{
		Max: maxQuantity, Single: true, Key: c.key, Safety: adapter.Keyed, Repeats: assumedRepeats,
		Offer: c.price, Always: true, Balance: c.readBalance, Send: c.create,
	}
	if cfg.NeverRepeat {
		p.Repeats = adapter.Repeats{}
	}
	if cfg.Postpaid {
		p.Balance = nil
	}
	return p
}

// Order buys eSIMs, each with a call of its own (eSIMfx docs: POST
// /order/api/v1/create_order, operation_type NEW). See the package
// documentation for what happens when only some can be bought.
//
// Product and balance are read first, for the codes of a refused order are not
// published. A package that eSIMfx does not know, or a balance that does not
// cover the order, is an error with nothing sent. See Config.Postpaid.
//
// A purchase of unknown outcome is not sent again by this client. Where a repeat
// is [esim.RepeatSafe], which is assumed once for each eSIM, call Order again with
// the same Reference after Error.RetryAfter; any other repeat sends nothing.
//
// A price that was changed, or cannot be read, holds back a repeat, too. When
// an earlier call is in doubt the error says so (outcome unknown); repeat
// without Quote and MaxTotal to have that purchase returned: the key keeps it
// from being charged twice, but if the earlier call did not buy, the repeat
// buys at the price of the day.
func (c *Client) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	return c.api.Order(ctx, req, c.order)
}

// TopUp buys data for an eSIM (eSIMfx docs: POST /order/api/v1/create_order,
// operation_type TOPUP). Before it buys it reads the state of the eSIM, which
// must not be blocked, the products that fit it, and the balance. The eSIM in the
// order has no activation code: nothing is to be installed. Quote, MaxTotal and a
// repeat are what they are for [Client.Order].
func (c *Client) TopUp(ctx context.Context, req esim.TopUpRequest) (*esim.Order, error) {
	return c.api.TopUp(ctx, req, c.topUp)
}

// key is the idempotency key of one unit, in every process and for life. One
// reference is one purchase, so Order and TopUp share their keys; the account
// is part of it because nobody says whether eSIMfx keeps keys apart by account.
func (c *Client) key(reference string, unit int) string {
	name := "esimkit/esim/esimfx/" + c.id.Reveal() + "/" + reference + "/" + strconv.Itoa(unit)
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String()
}

// price reads the price of a new eSIM.
func (c *Client) price(ctx context.Context, a *adapter.Attempt) (esim.Money, error) {
	product, err := about(c, esim.ErrPackageUnavailable, c.product)(ctx, a.PackageID)
	if err != nil {
		return esim.Money{}, err
	}
	return product.Price.Price(product.PriceUnit), nil
}

// topUpPrice reads whether the eSIM can take the top-up, and at what price.
func (c *Client) topUpPrice(ctx context.Context, a *adapter.Attempt) (esim.Money, error) {
	profile, err := c.getESIM(ctx, a.ICCID)
	if err != nil {
		return esim.Money{}, err
	}
	if profile.Status == esim.ESIMBlocked {
		return esim.Money{}, c.api.Fail(ctx, esim.ErrNotEligible, esim.OutcomeNotSent, "the eSIM is blocked or deactivated")
	}
	data, err := unpaged[productsData](ctx, c, topUpsPath, a.ICCID)
	if err != nil {
		return esim.Money{}, err
	}
	for _, p := range data.Products {
		if p.ID == wire.Text(a.PackageID) {
			return p.Price.Price(p.PriceUnit), nil
		}
	}
	kind := esim.ErrPackageUnavailable
	if _, lost, _ := data.packages(); lost > 0 { // it may be one of these
		kind = esim.ErrMalformedResponse
	}
	return esim.Money{}, c.api.Fail(ctx, kind, esim.OutcomeNotSent, "the package is not among the top-ups of this eSIM")
}

// create buys one unit.
func (c *Client) create(ctx context.Context, a *adapter.Attempt, call adapter.Call) error {
	request := orderRequest{Operation: "NEW", ICCID: a.ICCID}
	if a.ICCID != "" {
		request.Operation = "TOPUP"
	}
	request.Product.ID = a.PackageID
	call.Header = http.Header{"X-Idempotency-Key": {call.Key}}
	data, err := fetch[*orderData](ctx, c.api, call.Post(createPath, request))
	if err != nil {
		return err
	}
	return c.add(ctx, a, data)
}

// add puts what came into the order, all of it, and says what is wrong. A
// top-up has no activation code, since nothing is to be installed.
func (c *Client) add(ctx context.Context, a *adapter.Attempt, data *orderData) error {
	data.ESIM.ICCID = wire.First(data.ESIM.ICCID, data.ICCID, wire.Text(a.ICCID))
	unit, problem := data.ESIM.convert()
	unit.ItemID = string(data.ID)
	data.Subscription.Value.date(&unit)
	topUp := a.ICCID != ""
	if topUp {
		unit.Activation, unit.RawActivation, problem = esim.ActivationCode{}, esim.Secret{}, nil
	}
	data.addTo(a.Order, unit)
	switch {
	case topUp && unit.ICCID != a.ICCID:
		return c.api.Fail(ctx, esim.ErrReferenceConflict, esim.OutcomeUnknown,
			"the answer is about another eSIM: this reference may have been used for another purchase")
	case data.ID == "":
		return c.api.Incomplete(ctx, "the order id is missing")
	case problem != nil && data.status() != esim.OrderPending:
		return c.api.Incomplete(ctx, problem.Error())
	}
	return nil
}

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
		data, err := c.readOrder(ctx, id)
		if err != nil {
			return nil, err
		}
		unit := new(esim.ESIM)
		if iccid := data.iccid(); iccid != "" {
			if unit, err = c.getESIM(ctx, iccid); err != nil {
				return nil, err
			}
		}
		unit.ItemID = id
		data.Subscription.Value.date(unit)
		data.addTo(order, *unit)
		order.PackageID = wire.First(order.PackageID, string(data.Product.Value.ID))
	}
	return order, nil
}

func (c *Client) readOrder(ctx context.Context, id string) (*orderData, error) {
	call := adapter.Get("/order/api/v1/get_order", "order_id", id)
	call.Strict = true // it may be that of a purchase in doubt
	data, err := fetch[orderRead](ctx, c.api, call)
	if err == nil && string(data.ID) != id {
		err = c.api.Malformed(ctx, "the answer is about another order")
	}
	return &data.orderData, err
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
		order, err := c.readOrder(ctx, id)
		if err == nil && (req.ICCID == "" || order.iccid() == req.ICCID) {
			err = c.terminate(ctx, order, done)
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
func (c *Client) terminate(ctx context.Context, order *orderData, done *esim.Cancellation) error {
	var refunded wire.Flag
	if !order.terminated() {
		id := string(order.ID)
		data, err := fetch[terminatedData](ctx, c.api, adapter.Post("/order/api/v1/terminate_subscription", adapter.Guarded, orderOnly{id}))
		if err != nil && !c.terminatedAnyway(ctx, id, err) {
			return err
		}
		refunded = data.Refund.NeedRefund // not said beside an error
		done.Cancelled++
		if iccid := order.iccid(); iccid != "" {
			done.ICCIDs = append(done.ICCIDs, iccid)
		}
	}
	if done.Refunded != nil && refunded.Known {
		done.Refunded = new(*done.Refunded && refunded.Value)
	} else {
		done.Refunded = nil
	}
	return nil
}

// terminatedAnyway looks whether a call of unknown outcome did its work.
func (c *Client) terminatedAnyway(ctx context.Context, id string, err error) bool {
	if e, ok := errors.AsType[*esim.Error](err); !ok || e.Outcome != esim.OutcomeUnknown {
		return false
	}
	order, err := c.readOrder(ctx, id)
	return err == nil && order.terminated()
}
