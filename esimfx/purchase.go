package esimfx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/evidence"
)

// purchase is one Order or TopUp on its way.
type purchase struct {
	c         *Client
	op        string
	reference string
	keys      []string // of as many units as any order may have had under this reference
	body      orderRequest
	terms     adapter.Terms
	oneSend   bool // one request a unit
}

// Order buys eSIMs, each with a call of its own (eSIMfx docs: POST
// /order/api/v1/create_order, operation_type NEW). See the package
// documentation for what happens when only some can be bought. With OneSend in [evidence.Send]
// one request is sent for each eSIM, at most.
//
// Product and balance are read first: a package that eSIMfx does not know, or a
// balance that does not cover the order, is an error with nothing sent, for the
// codes of a refused order are not published. See Config.Postpaid.
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
	return adapter.OperateOn(ctx, c.api, "Order", req, func(*adapter.Check, esim.OrderRequest) {}, c.order)
}

func (c *Client) order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	check := c.api.Check(ctx, "Order")
	send := evidence.SendOf(ctx)
	p := c.purchase("Order", "NEW", check.Reference(req.Reference, send.Resumed), adapter.Terms{
		PackageID: req.PackageID, Quantity: req.Quantity, Quote: req.Quote, MaxTotal: req.MaxTotal,
	})
	p.oneSend = send.OneSend
	p.resume(check, send.Resumed)
	check.Range("Quantity", p.terms.Quantity, 1, maxQuantity)
	check.Terms(p.terms)
	if req.CallbackURL != "" {
		check.Unsupported("CallbackURL", "is nothing eSIMfx offers; its webhooks are set up in its portal")
	}
	if send.RequestID != "" {
		check.Unsupported("RequestID", "cannot be set; eSIMfx has no request ids")
	}
	if err := check.Err(); err != nil {
		return nil, c.api.Withheld(err, check.Named(), p.keys...)
	}
	if err := p.preCheck(ctx, check, p.product); err != nil {
		return nil, c.api.Withheld(err, p.reference, p.keys...)
	}
	return p.buy(ctx)
}

// TopUp buys data for an eSIM (eSIMfx docs: POST /order/api/v1/create_order,
// operation_type TOPUP). Before it buys it reads the state of the eSIM, which
// must not be blocked, the products that fit it, and the balance. The eSIM in the
// order has no activation code: nothing is to be installed. Quote, MaxTotal,
// OneSend and a repeat are what they are for [Client.Order].
func (c *Client) TopUp(ctx context.Context, req esim.TopUpRequest) (*esim.Order, error) {
	return adapter.OperateOn(ctx, c.api, "TopUp", req, func(*adapter.Check, esim.TopUpRequest) {}, c.topUp)
}

func (c *Client) topUp(ctx context.Context, req esim.TopUpRequest) (*esim.Order, error) {
	check := c.api.Check(ctx, "TopUp")
	send := evidence.SendOf(ctx)
	p := c.purchase("TopUp", "TOPUP", check.Reference(req.Reference, send.Resumed), adapter.Terms{
		PackageID: req.PackageID, Quote: req.Quote, MaxTotal: req.MaxTotal,
	})
	p.body.ICCID, p.oneSend = req.ICCID, send.OneSend
	p.resume(check, send.Resumed)
	check.ICCID("ICCID", req.ICCID)
	check.Terms(p.terms)
	if err := check.Err(); err != nil {
		return nil, c.api.Withheld(err, check.Named(), p.keys...)
	}
	if err := p.preCheck(ctx, check, p.fitting); err != nil {
		return nil, c.api.Withheld(err, p.reference, p.keys...)
	}
	return p.buy(ctx)
}

func (c *Client) purchase(op, operation, reference string, terms adapter.Terms) *purchase {
	if terms.Quantity == 0 {
		terms.Quantity = 1
	}
	p := &purchase{c: c, op: op, reference: reference, terms: terms}
	p.body.Operation, p.body.Product.ID = operation, terms.PackageID
	for unit := range maxQuantity {
		p.keys = append(p.keys, p.key(unit))
	}
	return p
}

// resume puts the units in doubt when another process may have sent them. A
// reference that was found unfit has never been sent.
func (p *purchase) resume(check *adapter.Check, resumed bool) {
	if resumed && check.Named() != "" {
		p.c.api.Recall(p.c.repeats, "", p.keys[:min(max(p.terms.Quantity, 1), maxQuantity)]...)
	}
}

// key is the idempotency key of one unit, in every process and for life. One
// reference is one purchase, so Order and TopUp share their keys; the account
// is part of it because nobody says whether eSIMfx keeps keys apart by account.
func (p *purchase) key(unit int) string {
	name := "esimkit/esim/esimfx/" + p.c.id.Reveal() + "/" + p.reference + "/" + strconv.Itoa(unit)
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String()
}

// standing counts the units bought before under this reference, as far as this
// client knows, and says whether one is in doubt. It looks at all that an order
// can have, since the earlier one may have been larger.
func (p *purchase) standing() (made int, doubt bool) {
	for _, key := range p.keys {
		done, open := p.c.api.Standing(key)
		if done {
			made++
		}
		doubt = doubt || open
	}
	return made, doubt
}

// made: a repeat cannot cost anything, so no price needs to be looked at.
func (p *purchase) made() bool {
	made, doubt := p.standing()
	return made == p.terms.Quantity && !doubt
}

// buy sends the purchase, one unit after the other, and stops at the first
// that does not bring what it should.
func (p *purchase) buy(ctx context.Context) (*esim.Order, error) {
	body, err := wire.Encode(p.body)
	if err != nil {
		return nil, p.c.api.Withheld(p.c.api.FailIn(p.op, esim.ErrInvalidRequest, esim.OutcomeNotSent, err.Error()), p.reference, p.keys...)
	}
	if _, doubt := p.standing(); doubt && p.c.api.Repeat(p.keys...) != esim.RepeatSafe { // nor are the units beside the one in doubt
		return nil, p.c.api.Withheld(p.c.api.FailIn(p.op, esim.ErrDuplicate, esim.OutcomeNotSent, "the purchase was not sent again"), p.reference, p.keys...)
	}
	order := &esim.Order{
		Provider: Provider, Reference: p.reference, PackageID: p.terms.PackageID, Replayed: p.made(),
	}
	for _, key := range p.keys[:p.terms.Quantity] {
		data, err := fetch[*orderData](ctx, p.c.api, adapter.Call{
			Op: p.op, Method: http.MethodPost, Path: "/order/api/v1/create_order", Body: body,
			Header: http.Header{"X-Idempotency-Key": {key}}, Safety: adapter.Keyed, OneSend: p.oneSend,
			Key: key, Repeats: p.c.repeats, Content: string(body) + strconv.Itoa(p.terms.Quantity), Reference: p.reference,
			Keep: true,
		})
		if err == nil {
			if err = p.add(order, data); err != nil {
				p.c.api.Drop(key)
			}
		}
		if err != nil {
			return nil, p.stopped(ctx, order, err)
		}
	}
	return order, nil
}

// add puts what came into the order, all of it, and says what is wrong.
func (p *purchase) add(order *esim.Order, data *orderData) error {
	data.ESIM.ICCID = wire.First(data.ESIM.ICCID, data.ICCID, wire.Text(p.body.ICCID))
	unit, problem := data.ESIM.convert()
	unit.ItemID, unit.ExpiresAt = string(data.ID), data.Subscription.Value.Expiry.Time
	topUp := p.body.ICCID != ""
	if topUp {
		unit.Activation, unit.RawActivation = esim.ActivationCode{}, esim.Secret{}
	}
	data.addTo(order, unit)
	switch {
	case topUp && unit.ICCID != p.body.ICCID:
		return p.c.api.FailIn(p.op, esim.ErrReferenceConflict, esim.OutcomeUnknown,
			"the answer is about another eSIM: this reference may have been used for another purchase")
	case data.ID == "":
		return p.incomplete("the order id is missing")
	case problem != nil && !topUp && data.status() != esim.OrderPending:
		return p.incomplete(problem.Error())
	}
	return nil
}

func (p *purchase) incomplete(why string) *esim.Error {
	return p.c.api.FailIn(p.op, esim.ErrIncomplete, esim.OutcomeAccepted, why)
}

// stopped is the error of a purchase that ended early with err: in doubt if
// any unit is, else accepted if any was bought, by this call or an earlier one.
func (p *purchase) stopped(ctx context.Context, order *esim.Order, err error) error {
	e, ok := errors.AsType[*esim.Error](err)
	if !ok {
		return err
	}
	made, doubt := p.standing()
	switch {
	case errors.Is(e.Kind, esim.ErrReferenceConflict) && e.Outcome != esim.OutcomeUnknown && order.Quantity == 0 && !doubt:
		return e // what was bought under this reference is another purchase
	case e.Outcome == esim.OutcomeUnknown || doubt:
		e.Outcome, e.Repeat = esim.OutcomeUnknown, p.c.api.Repeat(p.keys...)
		if e.Repeat == esim.RepeatSafe {
			e.RetryAfter = max(e.RetryAfter, p.c.repeats.Pause)
		}
	case e.Outcome != esim.OutcomeAccepted && max(made, order.Quantity) > 0:
		e = p.c.api.Halfway(ctx, fmt.Sprintf("%d of %d were bought before a failure", max(made, order.Quantity), p.terms.Quantity), e)
	}
	e.Reference = p.reference
	if order.Quantity > 0 {
		e.Order = order
		if last, ok := evidence.OfRequest(e); ok && last.Outcome != esim.OutcomeUnknown {
			evidence.Attach(e, evidence.Request{Outcome: esim.OutcomeAccepted}) // of an earlier unit of this call
		}
	}
	return e
}
