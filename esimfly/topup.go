package esimfly

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/evidence"
)

// topUpRepeats: without a key every further top-up is one more.
var topUpRepeats = adapter.Repeats{Lost: esim.RepeatBuys, Answered: esim.RepeatBuys}

// topUpPrefix begins the order id of every top-up (eSIMfly docs:
// api/topup-order).
const topUpPrefix = "topup_"

// TopUp buys more data for an eSIM (eSIMfly docs: api/topup-order), one at a
// time for each eSIM.
//
// There is no key that would make a second send harmless, so a top-up is sent
// once. Before it the usage of the eSIM is read; a Quote or a MaxTotal is
// compared with the top-up list, read at that moment. If the answer is lost the
// usage is read again: an eSIM that has gained the package was charged for, and
// its Order comes back, with the ID if the order history shows which it is.
// Otherwise the error has [esim.OutcomeUnknown]. Calling TopUp again with the
// same reference compares once more and never sends again. For half an hour
// no other top-up of that eSIM is sent, which would blur the evidence.
//
// All of this is remembered by this Client and lost with it. Whoever must know
// after a restart keeps what [Client.BeforeTopUp] returns, and asks
// [Client.TopUpEffect] with it. With Resumed in [evidence.Send] nothing is sent: an error with
// [esim.OutcomeUnknown] says so.
//
// The expiry of the eSIM in the answer is taken for UTC, which eSIMfly does
// not say; Usage has it exactly.
func (c *Client) TopUp(ctx context.Context, req esim.TopUpRequest) (_ *esim.Order, err error) {
	const op = "TopUp"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	p := adapter.Terms{PackageID: req.PackageID, Quantity: 1, Quote: req.Quote, MaxTotal: req.MaxTotal}
	check := c.api.Check(ctx, op)
	send := evidence.SendOf(ctx)
	t := &topUp{op: op, ref: check.Reference(req.Reference, send.Resumed), iccid: req.ICCID, packageID: req.PackageID}
	if send.Resumed && check.Named() != "" {
		c.api.Recall(topUpRepeats, "", t.key())
	}
	check.ICCID("ICCID", req.ICCID)
	check.Terms(p)
	if err = check.Err(); err != nil {
		return nil, c.api.Withheld(err, check.Named(), t.key())
	}
	unlock, err := c.topUps.lock(ctx, "reference "+t.ref)
	if err != nil { // it is the same purchase, and may be paid for right now
		return nil, c.topUpError(t, esim.ErrUnavailable, esim.OutcomeUnknown, "another call with this reference is under way", err)
	}
	defer unlock()
	earlier, doubt := c.topUps.byReference(t.ref)
	if earlier == nil && send.Resumed {
		return nil, c.resumeTopUp(t)
	}
	outcome := esim.OutcomeNotSent
	if earlier != nil {
		outcome = esim.OutcomeUnknown
	}
	if earlier != nil && !earlier.same(t) {
		return nil, c.topUpConflict(t, earlier, doubt)
	}
	release, err := c.topUps.lock(ctx, "iccid "+string(t.iccid))
	if err != nil {
		return nil, c.topUpError(t, esim.ErrUnavailable, outcome, "another top-up of this eSIM is under way", err)
	}
	defer release()
	if earlier != nil {
		return c.repeatTopUp(ctx, earlier)
	}
	if err = c.prepareTopUp(ctx, t, p); err != nil {
		return nil, c.api.Withheld(err, t.ref, t.key())
	}
	order, err := c.sendTopUp(ctx, t, send.OneSend)
	if err != nil {
		return nil, err
	}
	if err := c.overcharged(op, order, p); err != nil {
		return nil, err
	}
	return order, nil
}

// resumeTopUp keeps back a top-up that another process may have sent. What the
// eSIM had before is not known here, so it stays in doubt.
func (c *Client) resumeTopUp(t *topUp) error {
	t.doubt = c.api.FailIn("TopUp", esim.ErrDuplicate, esim.OutcomeUnknown,
		"an earlier process may have sent this top-up, and eSIMfly could not tell a second one from it")
	t.doubt.Reference, t.doubt.Repeat = t.ref, esim.RepeatBuys
	evidence.Attach(t.doubt, evidence.Request{Outcome: esim.OutcomeNotSent})
	c.topUps.keepBlurred(t)
	return t.unknown(nil)
}

// prepareTopUp takes the pre-image and refuses what would fail or cost more
// than the caller wants.
func (c *Client) prepareTopUp(ctx context.Context, t *topUp, p adapter.Terms) error {
	before, err := c.usage(ctx, t.read(), t.iccid)
	if err != nil {
		return err
	}
	if err = c.clearDoubt(ctx, t, before.convert(t.iccid)); err != nil {
		return err
	}
	if word := before.ESIM.Status; slices.Contains(notToppable, word.Upper()) {
		return c.topUpError(t, esim.ErrNotEligible, esim.OutcomeNotSent,
			"an eSIM that is "+strings.ToLower(word.String())+" cannot be topped up", nil)
	}
	t.before, t.added = preimage(before.convert(t.iccid), c.api.Now()), 0
	if !p.Guarded() {
		return nil
	}
	offer, err := c.offer(ctx, t)
	if err != nil {
		return err
	}
	t.added = offer.Data
	check := c.api.Check(ctx, t.op)
	check.Reference(t.ref, false)
	check.Price(p, offer.Price, "the price in the top-up list")
	return check.Err()
}

// offer is the package of the top-up in the list of those that the eSIM can
// have now.
func (c *Client) offer(ctx context.Context, t *topUp) (*esim.Package, error) {
	offers, err := c.offers(ctx, t.read(), t.iccid)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(offers, func(o esim.Package) bool { return o.ID == t.packageID })
	if i < 0 {
		return nil, c.topUpError(t, esim.ErrPackageUnavailable, esim.OutcomeNotSent, "this package is not offered for this eSIM now", nil)
	}
	return &offers[i], nil
}

// notToppable are the states that eSIMfly documents and does not top up.
var notToppable = []string{"EXPIRED", "CANCELLED", "CANCELED", "DELETED"}

// sendTopUp sends the top-up and remembers what is known of it.
func (c *Client) sendTopUp(ctx context.Context, t *topUp, oneSend bool) (*esim.Order, error) {
	call, err := c.post("TopUp", "/topup/order", adapter.Once, topUpBody{string(t.iccid), t.packageID, 1})
	if err != nil {
		return nil, err
	}
	var out topUpAnswer
	call.Out, call.Reference, call.Key, call.Repeats = &out, t.ref, t.key(), topUpRepeats
	call.OneSend = oneSend
	call.Content = string(t.iccid) + " " + t.packageID
	t.sent = c.api.Now()
	if err := c.api.Do(ctx, call); err != nil {
		if errors.Is(err, esim.ErrReferenceConflict) || !t.remains(err) { // a conflict is about another purchase
			return nil, err
		}
		c.topUps.keepInDoubt(t)
		return c.settleTopUp(ctx, t)
	}
	order := t.newOrder()
	order.ID, order.Status = out.ID.Value.String(), orderStatus(out.Status.Value)
	order.Total, order.ESIMs[0].ExpiresAt = money(out.Amount.Value, out.Currency.Value), out.ESIMData.Value.Expires.Time
	c.topUps.settle(t, order, c.api.Now())
	why, about := "", iccidOf(out.ICCID.Value)
	switch {
	case order.ID == "":
		why = "the answer has no order reference"
	case about != "" && about != t.iccid:
		why = "the answer is about another eSIM"
	case order.Status == esim.OrderFailed, order.Status == esim.OrderCancelled:
		why = "the top-up was taken and is " + order.Status.String()
	}
	if why != "" {
		err := c.api.FailIn("TopUp", esim.ErrIncomplete, esim.OutcomeAccepted, why)
		err.Reference, err.Order = t.ref, t.copyOrder()
		return nil, err
	}
	return t.copyOrder(), nil
}

// repeatTopUp answers a reference that was used before, without sending.
func (c *Client) repeatTopUp(ctx context.Context, t *topUp) (*esim.Order, error) {
	if t.order == nil {
		if _, err := c.settleTopUp(ctx, t); err != nil {
			return nil, err
		}
	}
	again := t.copyOrder()
	again.Replayed = true
	return again, nil
}

// settleTopUp compares the eSIM with the pre-image of a top-up in doubt. That
// it has not grown proves nothing: the figures may be late.
func (c *Client) settleTopUp(ctx context.Context, t *topUp) (*esim.Order, error) {
	if t.blurred {
		return nil, t.unknown(nil)
	}
	after, err := c.usage(ctx, t.read(), t.iccid)
	if err != nil {
		return nil, t.unknown(err)
	}
	if !t.before.Grown(after.convert(t.iccid), t.added) {
		return nil, t.unknown(nil)
	}
	c.adoptTopUp(ctx, t)
	return t.copyOrder(), nil
}

// clearDoubt lets a top-up pass if no earlier one of the eSIM is in doubt, or
// if that one shows in the usage read now, or is so old that it is given up.
func (c *Client) clearDoubt(ctx context.Context, t *topUp, now *esim.Usage) error {
	doubt := c.topUps.inDoubt(t.iccid)
	switch {
	case doubt == nil:
	case doubt.before.Grown(now, doubt.added):
		c.adoptTopUp(ctx, doubt)
	case c.api.Now().Sub(doubt.sent) < doubtWindow:
		return c.topUpError(t, esim.ErrNotEligible, esim.OutcomeNotSent,
			"an earlier top-up of this eSIM is in doubt; repeat that one, under its reference, first", nil)
	default:
		c.topUps.blur(doubt)
	}
	return nil
}

// adoptTopUp settles a top-up that has shown in the usage.
func (c *Client) adoptTopUp(ctx context.Context, t *topUp) {
	order := t.newOrder()
	order.Status = esim.OrderCompleted
	if row, err := c.historyOf(ctx, t); err == nil && row != nil { // only the ID and the price hang on it
		order.ID, order.Total, order.CreatedAt = row.ID.String(), money(row.Amount, row.Currency), row.CreatedAt.Time
	}
	c.topUps.settle(t, order, c.api.Now())
}

// historyOf looks for the top-up in the order history, which does not know
// references and does not always tell ICCIDs. It returns nil unless exactly
// one order can be the one.
func (c *Client) historyOf(ctx context.Context, t *topUp) (*orderRow, error) {
	since := t.sent.Add(-5 * time.Minute)
	call := t.read()
	call.Path = "/orders"
	call.Query = url.Values{"search": {topUpPrefix}, "status": {"all"}, "from_date": {since.UTC().Format(time.RFC3339)}}
	var found []*orderRow
	for row, err := range list[orderRow](ctx, c, call, maxPageSize) {
		if err != nil {
			return nil, err
		}
		if _, known := c.topUps.ids.get(row.ID.String()); !known && row.mayBe(t, since) {
			found = append(found, &row)
		}
	}
	if len(found) != 1 {
		return nil, nil //nolint:nilnil // not found is no failure
	}
	return found[0], nil
}

// mayBe compares the eSIM, or the package where no eSIM is shown.
func (r *orderRow) mayBe(t *topUp, since time.Time) bool {
	about := r.PackageCode.String() == t.packageID
	if iccid := iccidOf(r.ESIM.ICCID); iccid != "" {
		about = iccid == t.iccid
	}
	return about && strings.HasPrefix(r.ID.String(), topUpPrefix) && !r.CreatedAt.Before(since)
}

func (c *Client) topUpError(t *topUp, kind error, outcome esim.Outcome, why string, cause error) error {
	err := c.api.FailIn(t.op, kind, outcome, why)
	err.Reference, err.Err = t.ref, cause
	if outcome == esim.OutcomeUnknown {
		err.Repeat = topUpRepeats.Lost
	}
	evidence.Attach(err, evidence.Request{Outcome: esim.OutcomeNotSent})
	return err
}

// topUpConflict is the error of a top-up under the reference of another one,
// with the outcome of that one. Nothing was sent.
func (c *Client) topUpConflict(t, earlier *topUp, doubt bool) error {
	const why = "this reference was used for another top-up; nothing was sent for this one"
	if doubt {
		return c.topUpError(t, esim.ErrReferenceConflict, esim.OutcomeUnknown, why, nil)
	}
	err := c.topUpError(t, esim.ErrReferenceConflict, esim.OutcomeAccepted, why, nil)
	if e, ok := errors.AsType[*esim.Error](err); ok {
		e.Order = earlier.copyOrder()
	}
	return err
}

// topUpRecord is what BeforeTopUp returns, as JSON. Its form must stay, for it
// is kept by others.
type topUpRecord struct {
	Before    Preimage      `json:"before"`
	PackageID string        `json:"package_id"`
	Added     esim.DataSize `json:"added"` // by the package; 0 = not known, or without limit
}

// BeforeTopUp reads what must be on record before a top-up is sent, so that
// [Client.TopUpEffect] can recognise it in any process and at any later time:
// the [Preimage] of the eSIM, and how much data the package adds, by the Quote
// or else by the list of top-ups of this eSIM. It spends nothing. The result is
// JSON and holds no secret.
func (c *Client) BeforeTopUp(ctx context.Context, req esim.TopUpRequest) (_ []byte, err error) {
	const op = "BeforeTopUp"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	t := c.topUpOf(check, op, req)
	check.Terms(adapter.Terms{PackageID: req.PackageID, Quantity: 1, Quote: req.Quote, MaxTotal: req.MaxTotal})
	if err = check.Err(); err != nil {
		return nil, err
	}
	bought := req.Quote
	if bought == nil || !bought.Unlimited && bought.Data <= 0 {
		if bought, err = c.offer(ctx, t); err != nil {
			return nil, err
		}
	}
	now, err := c.usage(ctx, t.read(), t.iccid)
	if err != nil {
		return nil, err
	}
	return wire.Encode(topUpRecord{
		Before: preimage(now.convert(t.iccid), c.api.Now()), PackageID: t.packageID, Added: bought.Data,
	})
}

// topUpOf checks what names a top-up that must not get lost, so one without a
// reference will not do.
func (c *Client) topUpOf(check *adapter.Check, op string, req esim.TopUpRequest) *topUp {
	t := &topUp{op: op, iccid: req.ICCID, packageID: req.PackageID}
	if t.ref = req.Reference; t.ref == "" {
		check.Fail("Reference", "is empty")
	} else {
		check.Reference(t.ref, false)
	}
	check.ICCID("ICCID", req.ICCID)
	check.ID("PackageID", req.PackageID)
	return t
}

// TopUpEffect looks whether a top-up has happened, by comparing the eSIM with
// what [Client.BeforeTopUp] had returned. It never sends a purchase. Both
// results are nil if nothing of the top-up can be seen, which proves nothing
// while eSIMfly's figures may be late; otherwise the order comes back, with ID
// and Total if the order history shows exactly one that it can be.
//
// It is proof only while no other top-up of this eSIM is sent between the two:
// see [Preimage.Grown]. Errors are those of a read. One of kind
// [esim.ErrInvalidRequest] says that before is not about this top-up.
func (c *Client) TopUpEffect(ctx context.Context, before []byte, req esim.TopUpRequest) (_ *esim.Order, err error) {
	const op = "TopUpEffect"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	t := c.topUpOf(check, op, req)
	t.recall(check, before)
	if err = check.Err(); err != nil {
		return nil, err
	}
	for _, key := range []string{"reference " + t.ref, "iccid " + string(t.iccid)} {
		unlock, left := c.topUps.lock(ctx, key)
		if left != nil {
			return nil, c.topUpError(t, esim.ErrUnavailable, esim.OutcomeNotSent, "another call about this eSIM is under way", left)
		}
		defer unlock()
	}
	earlier, _ := c.topUps.byReference(t.ref)
	switch {
	case earlier == nil:
	case !earlier.same(t):
		return nil, c.topUpConflict(t, earlier, earlier.order == nil)
	case earlier.order != nil:
		return earlier.copyOrder(), nil
	case earlier.blurred && !earlier.sent.IsZero():
		return nil, nil // this client has sent another one since, which may be what shows
	}
	after, err := c.usage(ctx, t.read(), t.iccid)
	if err != nil {
		return nil, err
	}
	if !t.before.Grown(after.convert(t.iccid), t.added) {
		return nil, nil
	}
	if earlier != nil { // in doubt until now
		if earlier.sent.IsZero() {
			earlier.sent = t.sent
		}
		t = earlier
	}
	c.adoptTopUp(ctx, t)
	return t.copyOrder(), nil
}

// recall reads what BeforeTopUp has returned for this top-up.
func (t *topUp) recall(check *adapter.Check, record []byte) {
	var r topUpRecord
	err := wire.Decode(record, &r)
	if err != nil || r.Before.ICCID != t.iccid || r.PackageID != t.packageID ||
		r.Before.TakenAt.IsZero() || r.Before.Total < 0 || r.Added < 0 {
		check.Fail("before", "is not what BeforeTopUp has returned for this top-up")
	}
	t.before, t.added, t.sent = r.Before, r.Added, r.Before.TakenAt
}

// Preimage is what eSIMfly shows of an eSIM before a top-up. Since a top-up
// has no key, the change against its pre-image is the only trace of one whose
// answer was lost. It has a stable JSON form and is meant to be stored, before
// the top-up is sent, by whoever must find out after a restart.
type Preimage struct {
	ICCID     esim.ICCID    `json:"iccid"`
	TakenAt   time.Time     `json:"taken_at"`
	Total     esim.DataSize `json:"total"`
	Unlimited bool          `json:"unlimited,omitzero"`
	ExpiresAt time.Time     `json:"expires_at,omitzero"`
}

// TopUpPreimage reads the pre-image of an eSIM. It spends nothing.
func (c *Client) TopUpPreimage(ctx context.Context, iccid esim.ICCID) (Preimage, error) {
	now, err := c.Usage(ctx, iccid)
	if err != nil {
		return Preimage{}, err
	}
	return preimage(now, c.api.Now()), nil
}

func preimage(u *esim.Usage, at time.Time) Preimage {
	return Preimage{ICCID: u.ICCID, TakenAt: at.UTC(), Total: u.Total, Unlimited: u.Unlimited, ExpiresAt: u.ExpiresAt}
}

// Grown reports whether the eSIM has gained at least the data of a package
// since; added 0 stands for a package of unknown size. For an unlimited plan
// it is a later expiry that counts, unless there was none before: a first
// use sets one too (eSIMfly docs: llm text of topup-order).
//
// It is proof of a top-up only if no other one of this eSIM was sent since.
// False is proof of nothing, for eSIMfly's figures may be late.
func (p Preimage) Grown(after *esim.Usage, added esim.DataSize) bool {
	switch {
	case after.ICCID != p.ICCID:
		return false
	case p.Unlimited:
		return !p.ExpiresAt.IsZero() && after.ExpiresAt.After(p.ExpiresAt)
	case after.Unlimited:
		return true
	}
	return after.Total-p.Total >= max(added, 1)
}
