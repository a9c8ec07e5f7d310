package esimfly

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
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
// MaxTotal needs a Quote, for the price is not told otherwise. An order that
// was charged higher all the same is [esim.ErrPriceChanged] with
// [esim.OutcomeAccepted].
//
// With a RequestID in [evidence.Send] the order is sent once, under that id, and not again by the
// client whatever comes of it, [Config].ReplaysVerified or not. Sent again under
// the same id within a day, which also an unverified client does unless a failure
// code has come, it is [esim.ErrDuplicate] with HTTP status 400 if the earlier
// send had arrived. A refusal such as [esim.ErrInsufficientBalance] uses the id up:
// no send under it is in doubt any more, and the reference may be ordered again.
// With Resumed an unverified client takes the id for that of the send in doubt.
//
// Error.Order holds what came if it was less, dearer or other than was ordered.
func (c *Client) Order(ctx context.Context, req esim.OrderRequest) (_ *esim.Order, err error) {
	const op = "Order"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	p := adapter.Terms{
		PackageID: req.PackageID, Quantity: cmp.Or(req.Quantity, 1), Quote: req.Quote, MaxTotal: req.MaxTotal,
	}
	body := orderBody{PackageCode: p.PackageID, Quantity: p.Quantity, CallbackURL: req.CallbackURL}
	check := c.api.Check(ctx, op)
	send := evidence.SendOf(ctx)
	body.Key = check.Reference(req.Reference, send.Resumed)
	key := purchaseKey(body.Key)
	c.resume(check, send)
	checkRequestID(check, send.RequestID)
	check.Range("Quantity", p.Quantity, 1, maxQuantity)
	check.Terms(p)
	if req.CallbackURL != "" {
		check.URL("CallbackURL", req.CallbackURL)
	}
	switch q := req.Quote; {
	case q == nil && p.Guarded():
		check.Unsupported("MaxTotal", "can be checked together with a Quote only")
	case q != nil && q.Name == "":
		check.Unsupported("Quote.Name", "is empty: eSIMfly checks the price together with the name as listed")
	case q != nil:
		body.PackageName, body.Price = q.Name, wire.NumberOf(q.Price.Amount())
	}
	if err = check.Err(); err != nil {
		return nil, c.api.Withheld(err, check.Named(), key)
	}
	call, err := c.post(op, "/esims/order", c.orderSafety(), body)
	if err != nil {
		return nil, c.api.Withheld(err, body.Key, key)
	}
	var out orderAnswer
	call.Out, call.Reference, call.Key, call.Repeats = &out, body.Key, key, c.orderRepeats()
	call.OneSend, call.RequestID = send.OneSend, send.RequestID
	call.Content = p.PackageID + " " + strconv.Itoa(p.Quantity)
	if err := c.api.Do(ctx, call); err != nil {
		return nil, err
	}
	order := &esim.Order{
		Provider: Provider, ID: out.ID.Value.String(), Reference: body.Key, Status: orderStatus(out.Status.Value),
		PackageID: p.PackageID, Quantity: p.Quantity, Total: out.total(req.Quote), Replayed: out.Duplicate.Value,
	}
	fulfil(order, out.rows(), out.Pending.Value, out.Status.Value)
	if err := c.verifyReplay(ctx, op, order); err != nil {
		return nil, err
	}
	c.placed.put(order.ID, placed{order.Quantity, order.Total.Currency()}, c.api.Now())
	if err := c.incomplete(ctx, op, order); err != nil {
		return nil, err
	}
	if err := c.overcharged(op, order, p); err != nil {
		return nil, err
	}
	return order, nil
}

// resume puts the purchase in doubt when another process may have sent it. A
// reference that was found unfit has never been sent. Where replays are verified
// a resumed order may come under a new request id, else under that in doubt only.
func (c *Client) resume(check *adapter.Check, send evidence.Send) {
	if !send.Resumed || check.Named() == "" {
		return
	}
	id := ""
	if !c.verified && isRequestID(send.RequestID) {
		id = send.RequestID
	}
	c.api.Recall(c.orderRepeats(), id, purchaseKey(check.Named()))
}

// purchaseKey is that of the transport's memory. Orders and top-ups share it,
// for one reference is one purchase, of whatever kind.
func purchaseKey(reference string) string { return "purchase:" + reference }

func (c *Client) orderSafety() adapter.Safety {
	if c.verified {
		return adapter.Replayed
	}
	return adapter.Keyed
}

// orderRepeats are what a repeated order does, but for the rows of the error
// table that free its key.
func (c *Client) orderRepeats() adapter.Repeats {
	if c.verified {
		return adapter.Repeats{Lost: esim.RepeatSafe}
	}
	return adapter.Repeats{}
}

// placed is what this client remembers of an order that eSIMfly may not say.
type placed struct {
	quantity int
	currency string
}

// incomplete is the error of an order that was paid and lacks something, nil
// if it lacks nothing or only time.
func (c *Client) incomplete(ctx context.Context, op string, o *esim.Order) error {
	fail := func(why string, look error) error {
		err := c.api.FailIn(op, esim.ErrIncomplete, esim.OutcomeAccepted, why)
		err.Reference, err.Order = o.Reference, o
		err.Message, err.Err = amend(why, nil, "the list of eSIMs cannot be read now", look)
		return err
	}
	switch {
	case o.ID == "":
		return fail("the answer has no order reference", nil)
	case o.Status == esim.OrderPending:
		return nil
	case o.Status == esim.OrderFailed, o.Status == esim.OrderCancelled:
		return fail("the order was taken and is "+o.Status.String(), nil)
	case o.Delivered() < o.Quantity:
		return fail(fmt.Sprintf("%d of %d eSIMs came", o.Delivered(), o.Quantity), nil)
	}
	if missing, err := c.recoverCodes(ctx, op, o, !o.Replayed); missing > 0 {
		return fail(fmt.Sprintf("%d of %d eSIMs came without an activation code that can be read", missing, o.Quantity), err)
	}
	return nil
}

// recoverCodes looks up the eSIMs that came without an activation code, for
// the list of eSIMs shows it under other names. It reports how many remain,
// and a failure that may pass. A code that is there and not understood counts
// for a new order only: another look does not make it plainer, unless what is
// there is a link or an image, which stands for a code.
func (c *Client) recoverCodes(ctx context.Context, op string, o *esim.Order, isNew bool) (missing int, err error) {
	for i := range o.ESIMs {
		e := &o.ESIMs[i]
		if e.ICCID == "" || !e.Activation.IsZero() {
			continue
		}
		row, failure := c.findESIM(ctx, op, e.ICCID)
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

// verifyReplay reads what a replay leaves out: the package, the price and the
// time (eSIMfly docs: api/create-order). Nothing says that eSIMfly compares a
// key that comes again with the order, so that is done here. Without an answer
// the replay stands as it came.
func (c *Client) verifyReplay(ctx context.Context, op string, o *esim.Order) error {
	if !o.Replayed || o.ID == "" {
		return nil
	}
	first, err := c.readOrder(ctx, op, o.Ref())
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
	o.PackageID, o.Quantity = first.PackageID, 0 // how many were ordered then is not told
	conflict := c.api.FailIn(op, esim.ErrReferenceConflict, esim.OutcomeUnknown, "this reference was used for an order of another package")
	conflict.Reference, conflict.Order = o.Reference, o
	return conflict
}

// overcharged is the error of a purchase that has cost more than the caller
// wanted, as far as the answer tells. It is made, so that is all there is to
// do about it.
func (c *Client) overcharged(op string, o *esim.Order, p adapter.Terms) error {
	limit, name := p.MaxTotal, "MaxTotal"
	if p.Quote != nil {
		if quoted, err := p.Quote.Price.MulInt(p.Quantity); err == nil && exceeds(o.Total, quoted) {
			limit, name = quoted, "the quote"
		}
	}
	if limit.Currency() == "" || !exceeds(o.Total, limit) {
		return nil
	}
	err := c.api.FailIn(op, esim.ErrPriceChanged, esim.OutcomeAccepted, o.Total.String()+" were charged, above "+name+" of "+limit.String())
	err.Reference, err.Order = o.Reference, o
	return err
}

// exceeds is false for amounts that cannot be compared.
func exceeds(m, limit esim.Money) bool {
	cmp, err := m.Cmp(limit)
	return err == nil && cmp > 0
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
func (c *Client) GetOrder(ctx context.Context, ref esim.OrderRef) (_ *esim.Order, err error) {
	const op = "GetOrder"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	if ref.ID == "" && ref.Reference != "" {
		check.Unsupported("Reference", "cannot be looked up at eSIMfly, which knows orders by its own ID")
	}
	check.ID("ID", ref.ID)
	if err = check.Err(); err != nil {
		return nil, err
	}
	order, err := c.readOrder(ctx, op, ref)
	if err != nil {
		return nil, err
	}
	known, _ := c.placed.get(order.ID)
	if order.Quantity = max(evidence.SendOf(ctx).Quantity, 0); order.Quantity == 0 {
		order.Quantity = known.quantity
	}
	if total, err := esim.NewMoney(order.Total.Amount(), known.currency); err == nil && !order.Total.IsZero() && order.Total.Currency() == "" {
		order.Total = total
	}
	if missing, err := c.recoverCodes(ctx, op, order, false); missing > 0 && err != nil {
		return nil, unread(err, order)
	}
	if err := c.collect(ctx, op, order); err != nil {
		return nil, unread(err, order)
	}
	return order, nil
}

// unread is the error of an order of which something could not be read, with
// what could.
func unread(err error, o *esim.Order) error {
	if e, ok := errors.AsType[*esim.Error](err); ok {
		e.Reference, e.Order = o.Reference, o
	}
	return err
}

func (c *Client) readOrder(ctx context.Context, op string, ref esim.OrderRef) (*esim.Order, error) {
	var out statusAnswer
	call := get(op, "/esims/order", url.Values{"orderReference": {ref.ID}})
	call.Out, call.Reference = &out, ref.Reference
	if err := c.api.Do(ctx, call); err != nil {
		return nil, err
	}
	o := out.Order
	if o.ID != "" && o.ID.String() != ref.ID {
		return nil, c.malformed(op, "the answer is about another order")
	}
	order := &esim.Order{
		Provider: Provider, ID: ref.ID, Reference: ref.Reference, Status: orderStatus(o.Status.Value),
		PackageID: o.PackageCode.Value.String(), CreatedAt: o.Date.Time,
		Total: money(o.FinalPrice.Value.Or(o.Amount.Value), o.Currency.Value),
	}
	var rows []soldRow
	if o.ESIM != nil {
		rows = []soldRow{*o.ESIM}
	}
	fulfil(order, rows, false, o.Status.Value)
	return order, nil
}

// FindOrders reads the orders of one package from the order history, oldest
// first: those of every status that were placed in the second of Since or later
// (eSIMfly docs: api/orders). It is the way to an order whose answer was lost where keys are
// not honoured, since the history knows no keys. Top-ups of eSIMs and of the
// wallet are left out. An order whose time cannot be read comes last. One that
// the search brings without its package has no PackageID; it may be another's.
//
// The list is whole: one that cannot be read to its end, or has an order without
// an ID, is an error. That an order is not in it proves little all the same,
// for a new one may take a while to show, and eSIMfly leaves out those in
// another currency than the account has now.
//
// Each has its ID, Status, Total and CreatedAt, and the eSIM that the history
// shows of it, if any, without an activation code. The Quantity is not told;
// GetOrder, given it, reads all of the order. eSIMfly's word for pending in this
// list is also that of an order not paid for yet.
func (c *Client) FindOrders(ctx context.Context, search evidence.OrderSearch) (_ []esim.Order, err error) {
	const op = "FindOrders"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.ID("PackageID", search.PackageID)
	if err = check.Err(); err != nil {
		return nil, err
	}
	// Oldest first, so that an order placed meanwhile moves no other to a page
	// that was read already.
	query := url.Values{"search": {search.PackageID}, "status": {"all"}, "sort_by": {"created_at"}, "sort_order": {"asc"}}
	if !search.Since.IsZero() {
		query.Set("from_date", search.Since.UTC().Format(time.RFC3339)) // whole seconds, inclusive
	}
	orders, seen := []esim.Order{}, map[string]bool{}
	for row, err := range list[orderRow](ctx, c, get(op, "/orders", query), maxPageSize) {
		switch {
		case err != nil:
			return nil, err
		case !row.fits(search):
			continue
		case row.ID == "":
			return nil, c.malformed(op, "an order in the history has no order reference")
		case !seen[row.ID.String()]: // a row that has moved is the same order
			seen[row.ID.String()] = true
			orders = append(orders, row.order())
		}
	}
	slices.SortStableFunc(orders, byAge)
	return orders, nil
}

// byAge puts the oldest first, and those of unknown age last.
func byAge(a, b esim.Order) int {
	switch {
	case a.CreatedAt.Equal(b.CreatedAt):
		return 0
	case a.CreatedAt.IsZero():
		return 1
	case b.CreatedAt.IsZero():
		return -1
	}
	return a.CreatedAt.Compare(b.CreatedAt)
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
		Provider: Provider, ID: past.ID, Status: past.Status, PackageID: past.PackageID,
		Total: past.Amount, CreatedAt: past.CreatedAt,
	}
	if past.ESIM != nil {
		o.ESIMs = []esim.ESIM{*past.ESIM}
	}
	return o
}
