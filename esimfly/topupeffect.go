package esimfly

import (
	"context"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

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
	check.Purchase(adapter.Purchase{PackageID: req.PackageID, Quantity: 1, Quote: req.Quote, MaxTotal: req.MaxTotal})
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
