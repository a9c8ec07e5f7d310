package esimfly

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/evidence"
)

// Order buys up to ten eSIMs of one package (eSIMfly docs: api/create-order).
//
// The reference goes along as idempotency_key. With [Config].ReplaysVerified an
// order without an answer is repeated under it; without, it is not, and no
// second call with this reference is sent either ([esim.ErrDuplicate]): look for
// the order with [Client.FindOrders]. After a failure code, such as
// ORDER_PROCESSING_ERROR, the key is free again, so nothing is ever repeated.
//
// A replay has Replayed set. eSIMfly repeats neither its package nor its price,
// so the order is read as well: one of another package is
// [esim.ErrReferenceConflict] with an unknown outcome, since nothing tells
// whose order it is. With a Quote eSIMfly itself compares name and price; a
// MaxTotal needs a Quote, for the price is not stated otherwise. An order that
// was charged higher all the same is [esim.ErrPriceChanged] with
// [esim.OutcomeAccepted].
//
// With a RequestID in [evidence.Send] the order is sent once, under that id.
// The client does not repeat it by itself, [Config].ReplaysVerified or not. You
// may send it again under the same id within a day, with an unverified client
// too unless a failure code has come. If the earlier send had arrived, the
// answer is [esim.ErrDuplicate] with HTTP status 400. A refusal such as
// [esim.ErrInsufficientBalance] uses the id up: no send under it is in doubt
// any more, and the reference may be ordered again. With Resumed an unverified
// client takes the id for that of the send in doubt.
//
// Error.Order holds what came if it was less, dearer or other than was ordered.
func (c *Client) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	return c.api.Order(ctx, req, c.orders)
}

// orderFacts state how eSIMfly sells eSIMs.
func (c *Client) orderFacts() adapter.Purchase {
	p := adapter.Purchase{
		Max: maxQuantity, Safety: adapter.Keyed, Compared: true, // by eSIMfly itself
		Check: checkOrder, Send: c.sendOrder,
	}
	if c.verified {
		p.Safety, p.Repeats.Lost = adapter.Replayed, esim.RepeatSafe
	}
	return p
}

// checkOrder wants what eSIMfly compares a price with.
func checkOrder(check *adapter.Check, a *adapter.Attempt) {
	switch q := a.Quote; {
	case q == nil && a.Guarded():
		check.Unsupported("MaxTotal", "can be checked together with a Quote only")
	case q != nil && q.Name == "":
		check.Unsupported("Quote.Name", "is empty: eSIMfly checks the price together with the name as listed")
	}
}

func (c *Client) sendOrder(ctx context.Context, a *adapter.Attempt, call adapter.Call) error {
	body := orderBody{PackageCode: a.PackageID, Quantity: a.Quantity, Key: a.Reference, CallbackURL: a.CallbackURL}
	if q := a.Quote; q != nil {
		body.PackageName, body.Price = q.Name, wire.NumberOf(q.Price)
	}
	out, err := adapter.Fetch[orderAnswer](ctx, c.api, call.Post("/esims/order", body))
	if err != nil {
		return err
	}
	o := a.Order
	o.ID, o.Status, o.Quantity = out.ID.Value.String(), orderStatus(out.Status.Value), a.Quantity
	o.ProviderStatus, o.Total, o.Replayed = out.Status.Value.String(), out.total(a.Quote), out.Duplicate.Value
	fulfil(o, out.rows(), out.Pending.Value, out.Status.Value)
	if err := c.verifyReplay(ctx, o); err != nil {
		return err
	}
	c.api.Learn(orders+o.ID, placed{o.Quantity, o.Total.Currency()})
	return c.incomplete(ctx, o)
}

// verifyReplay reads what a replay leaves out: the package, the price and the
// time (eSIMfly docs: api/create-order). Nothing says that eSIMfly compares a
// key that comes again with the order, so that is done here. Without an answer
// the replay stands as it came.
func (c *Client) verifyReplay(ctx context.Context, o *esim.Order) error {
	if !o.Replayed || o.ID == "" {
		return nil
	}
	first, err := c.readOrder(ctx, o.Ref())
	if err != nil {
		return nil //nolint:nilerr // what was paid for has come; only side facts hang on the read
	}
	o.CreatedAt = first.CreatedAt
	if o.Total == (esim.Money{}) {
		o.Total = first.Total
	}
	if first.PackageID == "" || strings.EqualFold(first.PackageID, o.PackageID) {
		return nil
	}
	o.PackageID, o.Quantity = first.PackageID, 0 // how many were ordered then is not stated
	conflict := c.api.Fail(ctx, esim.ErrReferenceConflict, esim.OutcomeUnknown, "this reference was used for an order of another package")
	conflict.Order = o
	return conflict
}

// incomplete is the error of an order that was paid and lacks something, nil
// if it lacks nothing or only time.
func (c *Client) incomplete(ctx context.Context, o *esim.Order) error {
	switch {
	case o.ID == "":
		return c.api.Incomplete(ctx, "the answer has no order reference")
	case o.Status == esim.OrderPending:
		return nil
	case o.Status == esim.OrderFailed, o.Status == esim.OrderCancelled:
		return c.api.Incomplete(ctx, "the order was taken and is "+o.Status.String())
	case o.Delivered() < o.Quantity:
		return c.api.Incomplete(ctx, fmt.Sprintf("%d of %d eSIMs came", o.Delivered(), o.Quantity))
	}
	missing, look := c.recoverCodes(ctx, o, !o.Replayed)
	if missing == 0 {
		return nil
	}
	err := c.api.Incomplete(ctx, fmt.Sprintf("%d of %d eSIMs came without an activation code that can be read", missing, o.Quantity))
	return adapter.Amend(err, "the list of eSIMs cannot be read now", look)
}

// recoverCodes looks up the eSIMs that came without an activation code, for
// the list of eSIMs shows it under other names. It reports how many remain,
// and a failure that may pass. A code that is there and not understood counts
// for a new order only: another look does not make it plainer, unless what is
// there is a link or an image, which stands for a code.
func (c *Client) recoverCodes(ctx context.Context, o *esim.Order, isNew bool) (missing int, err error) {
	for i := range o.ESIMs {
		e := &o.ESIMs[i]
		if e.ICCID == "" || !e.Activation.IsZero() {
			continue
		}
		row, failure := c.findESIM(ctx, e.ICCID)
		if failure == nil {
			row.put(e)
		}
		if !e.Activation.IsZero() || !isNew && e.Unreadable() && !isPicture(e.RawActivation.Reveal()) {
			continue
		}
		missing++
		if failure != nil && !errors.Is(failure, esim.ErrNotFound) {
			err = failure
		}
	}
	return missing, err
}

func isPicture(text string) bool {
	return strings.Contains(text, "://") || strings.HasPrefix(text, "data:")
}

// orders is what the kit remembers of orders: what eSIMfly may not say.
const orders = "order "

type placed struct {
	quantity int
	currency string
}

// GetOrder reads an order by its ID, which is eSIMfly's orderReference
// (eSIMfly docs: api/create-order). It cannot be found by the caller's own
// reference. eSIMfly shows one eSIM of an order, however many it has, and not
// how many that is: the Quantity is that of [evidence.Send] in ctx, or 0 unless
// this client has placed the order and remembers.
//
// If more than one was ordered the others are collected from the list of eSIMs
// that nobody has installed yet: of those of the package, the ones whose usage
// names this order. That is a matter of some requests, and of no more than
// about forty at a time: of many eSIMs of one package those sold at about the
// same time are asked about first, and another call goes on from there. What is
// not found is missing in ESIMs. With [Config].ReplaysVerified, calling Order
// again with the same reference brings all of them at once.
func (c *Client) GetOrder(ctx context.Context, ref esim.OrderRef) (*esim.Order, error) {
	return adapter.Operate(ctx, c.api, "GetOrder", ref, c.getOrder)
}

func (c *Client) getOrder(ctx context.Context, ref esim.OrderRef) (*esim.Order, error) {
	order, err := c.readOrder(ctx, ref)
	if err != nil {
		return nil, err
	}
	known, _ := adapter.Learned[placed](c.api, orders+order.ID)
	order.Quantity = cmp.Or(max(evidence.SendOf(ctx).Quantity, 0), known.quantity)
	if total, bad := order.Total.WithCurrency(known.currency); bad == nil && !order.Total.IsZero() && order.Total.Currency() == "" {
		order.Total = total
	}
	missing, err := c.recoverCodes(ctx, order, false)
	if missing == 0 || err == nil {
		err = c.collect(ctx, order)
	}
	if e, ok := errors.AsType[*esim.Error](err); ok { // of which something could not be read, with what could
		e.Reference, e.Order = order.Reference, order
	}
	if err != nil {
		return nil, err
	}
	return order, nil
}

func (c *Client) readOrder(ctx context.Context, ref esim.OrderRef) (*esim.Order, error) {
	call := adapter.Get("/esims/order", "orderReference", ref.ID)
	call.Strict = true
	out, err := adapter.Fetch[statusAnswer](adapter.WithReference(ctx, ref.Reference), c.api, call)
	if err != nil {
		return nil, err
	}
	if id := out.Order.ID.String(); id != "" && id != ref.ID {
		return nil, c.api.Malformed(ctx, "the answer is about another order")
	}
	return out.convert(ref), nil
}

// Cancel cancels all eSIMs of an order that were never downloaded or used,
// and asks for the money (eSIMfly docs: api/cancel-esim). eSIMfly cannot
// cancel one eSIM of several, so Order.ID is required, as consent. eSIMfly
// takes an eSIM for the name of its order, so the order is read first; an
// ICCID beside its ID must be the one that eSIMfly shows there. An order that
// was cancelled before is a success with Refunded nil. If eSIMfly says that it
// cancelled another one, Error.Order names that.
func (c *Client) Cancel(ctx context.Context, req esim.CancelRequest) (*esim.Cancellation, error) {
	return adapter.Operate(ctx, c.api, "Cancel", req, c.cancel)
}

func (c *Client) cancel(ctx context.Context, req esim.CancelRequest) (*esim.Cancellation, error) {
	iccid, err := c.firstICCID(ctx, req)
	if err != nil {
		return nil, err
	}
	data, err := fetch[cancelData](ctx, c, adapter.Post("/esims/cancel", adapter.Replayed, iccidBody{iccid}))
	if e, ok := errors.AsType[*esim.Error](err); ok && e.Code == alreadyCancelled {
		return &esim.Cancellation{OrderID: req.Order.ID}, nil
	}
	if err != nil {
		return nil, err
	}
	if id := data.OrderID.String(); id != "" && id != req.Order.ID {
		err := c.api.Fail(ctx, esim.ErrIncomplete, esim.OutcomeAccepted, "the answer is about another order")
		err.Order = &esim.Order{Provider: Provider, ID: id}
		return nil, err
	}
	return data.convert(req.Order.ID), nil
}

// firstICCID names the order in the only way eSIMfly's cancellation accepts.
func (c *Client) firstICCID(ctx context.Context, req esim.CancelRequest) (esim.ICCID, error) {
	order, err := c.readOrder(ctx, req.Order)
	if err != nil {
		return "", err
	}
	if order.Delivered() == 0 {
		return "", c.api.Fail(ctx, esim.ErrNotEligible, esim.OutcomeNotSent, "no eSIM of the order has come yet, and eSIMfly cancels by eSIM")
	}
	shown := order.ESIMs[0].ICCID
	if req.ICCID != "" && req.ICCID != shown {
		return "", c.api.Fail(ctx, esim.ErrInvalidRequest, esim.OutcomeNotSent,
			"the order does not show this eSIM; eSIMfly cancels all unused eSIMs of an order anyway, so name the order alone")
	}
	return shown, nil
}

// FindOrders reads the orders of one package from the order history, oldest
// first: those of every status that were placed in the second of Since or later
// (eSIMfly docs: api/orders). It is the way to an order whose answer was lost where keys are
// not honoured, since the history knows no keys. Top-ups of eSIMs and of the
// wallet are left out. An order whose time cannot be read comes last. One that
// the search brings without its package has no PackageID; it may be another's.
//
// A list that cannot be read to its end is an error. A list that has lost a row
// is an error beside the orders that it shows, and what it lacks proves
// nothing. An order that is not in a whole list may exist all the same: a new
// one may take a while to show, and eSIMfly leaves out orders in another
// currency than the account has now.
//
// Each has its ID, Status, Total and CreatedAt, and the eSIM that the history
// shows of it, if any, without an activation code. The Quantity is not stated;
// GetOrder, given it, reads all of the order. eSIMfly's word for pending in this
// list is also that of an order not paid for yet.
func (c *Client) FindOrders(ctx context.Context, search evidence.OrderSearch) ([]esim.Order, error) {
	return adapter.OperateOn(ctx, c.api, "FindOrders", search, func(check *adapter.Check, search evidence.OrderSearch) {
		check.ID("PackageID", search.PackageID)
	}, c.findOrders)
}

func (c *Client) findOrders(ctx context.Context, search evidence.OrderSearch) ([]esim.Order, error) {
	// Oldest first, so that an order placed meanwhile moves no other to a page
	// that was read already. Since is inclusive, in whole seconds.
	query := OrdersQuery{Search: search.PackageID, From: search.Since, Oldest: true}
	found, err := c.history(ctx, query.call(), func(r *orderRow) bool { return r.fits(search) })
	slices.SortStableFunc(found, func(a, b esim.Order) int { return age(a).Compare(age(b)) })
	return found, err
}

// age is when an order was placed; those of unknown age come last.
func age(o esim.Order) time.Time {
	if o.CreatedAt.IsZero() {
		return time.Unix(1<<40, 0)
	}
	return o.CreatedAt
}

// history reads orders of the order history. A list that has lost a row is an error
// beside what it shows.
func (c *Client) history(ctx context.Context, call adapter.Call, fits func(*orderRow) bool) ([]esim.Order, error) {
	found, seen, lost := []esim.Order{}, map[string]bool{}, 0
	for row, err := range list[orderRow](ctx, c, call, maxPageSize, &lost) {
		switch {
		case err != nil:
			return nil, err
		case row.ID == "":
			lost++
		case fits(&row) && !seen[row.ID.String()]: // a row that has moved is the same order
			seen[row.ID.String()] = true
			found = append(found, row.order())
		}
	}
	if lost > 0 {
		return found, c.api.Malformed(ctx, "rows are missing from the order history")
	}
	return found, nil
}

// fits looks again, for the search of eSIMfly takes parts of words, and names
// of packages too.
func (r *orderRow) fits(search evidence.OrderSearch) bool {
	code := r.PackageCode.String()
	return (code == "" || strings.EqualFold(code, search.PackageID)) &&
		!strings.HasPrefix(r.ID.String(), topUpPrefix) &&
		(r.CreatedAt.IsZero() || !r.CreatedAt.Before(search.Since.Truncate(time.Second)))
}

func (r *orderRow) order() esim.Order {
	past := r.convert()
	o := esim.Order{
		Provider: Provider, ID: past.ID, Status: past.Status, ProviderStatus: past.ProviderStatus, PackageID: past.PackageID,
		Total: past.Amount, CreatedAt: past.CreatedAt,
	}
	if past.ESIM != nil {
		o.ESIMs = []esim.ESIM{*past.ESIM}
	}
	return o
}
