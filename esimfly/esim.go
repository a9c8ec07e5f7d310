package esimfly

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// GetESIM reads one eSIM, with its activation code, from the list of eSIMs
// (eSIMfly docs: api/esims), which has no call for a single one.
func (c *Client) GetESIM(ctx context.Context, iccid esim.ICCID) (_ *esim.ESIM, err error) {
	const op = "GetESIM"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.ICCID("ICCID", iccid)
	if err = check.Err(); err != nil {
		return nil, err
	}
	row, err := c.findESIM(ctx, op, iccid)
	if err != nil {
		return nil, err
	}
	found := row.convert()
	return &found, nil
}

// findESIM searches the list of eSIMs, and compares again: what the search
// matches is not documented.
func (c *Client) findESIM(ctx context.Context, op string, iccid esim.ICCID) (*esimRow, error) {
	call := get(op, "/esims", url.Values{"search": {string(iccid)}})
	for row, err := range list[esimRow](ctx, c, call, maxPageSize) {
		if err != nil {
			return nil, err
		}
		if iccidOf(row.ICCID) == iccid {
			return &row, nil
		}
	}
	return nil, c.api.FailIn(op, esim.ErrNotFound, esim.OutcomeRejected, "no eSIM of this account has this ICCID")
}

// Usage reads how much data an eSIM has used, as eSIMfly has stored it
// (eSIMfly docs: api/esims-usage). Of an unlimited plan only what was used is
// told. [Client.LiveStatus] asks the carrier instead.
func (c *Client) Usage(ctx context.Context, iccid esim.ICCID) (_ *esim.Usage, err error) {
	const op = "Usage"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.ICCID("ICCID", iccid)
	if err = check.Err(); err != nil {
		return nil, err
	}
	data, err := c.usage(ctx, get(op, "", nil), iccid)
	if err != nil {
		return nil, err
	}
	return data.convert(iccid), nil
}

// usage reads the usage of an eSIM for the operation of the call.
func (c *Client) usage(ctx context.Context, call adapter.Call, iccid esim.ICCID) (*usageData, error) {
	call.Path, call.Query = "/esims/usage/query", url.Values{"iccid": {string(iccid)}}
	data, err := fetch[usageData](ctx, c, call)
	if err != nil {
		return nil, err
	}
	if got := iccidOf(data.ESIM.ICCID); got != "" && got != iccid {
		return nil, c.malformed(call.Op, "the answer is about another eSIM")
	}
	return data, nil
}

// Cancel cancels all eSIMs of an order that were never downloaded or used,
// and asks for the money (eSIMfly docs: api/cancel-esim). eSIMfly cannot
// cancel one eSIM of several, so Order.ID is required, as consent. eSIMfly
// takes an eSIM for the name of its order, so the order is read first; an
// ICCID beside its ID must be the one that eSIMfly shows there. An order that
// was cancelled before is a success with Refunded nil. If eSIMfly says that it
// cancelled another one, Error.Order names that.
func (c *Client) Cancel(ctx context.Context, req esim.CancelRequest) (_ *esim.Cancellation, err error) {
	const op = "Cancel"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	switch {
	case req.Order.ID != "":
		check.ID("Order.ID", req.Order.ID)
	case req.Order.Reference != "":
		check.Unsupported("Order.Reference", "cannot be looked up at eSIMfly, which knows orders by its own ID")
	default:
		check.Fail("Order.ID", "is empty: eSIMfly cancels every unused eSIM of the order, not one alone; name the order to consent")
	}
	if req.ICCID != "" {
		check.ICCID("ICCID", req.ICCID)
	}
	if err = check.Err(); err != nil {
		return nil, err
	}
	iccid, err := c.firstICCID(ctx, op, req)
	if err != nil {
		return nil, err
	}
	call, err := c.post(op, "/esims/cancel", adapter.Replayed, iccidBody{iccid})
	if err != nil {
		return nil, err
	}
	data, err := fetch[cancelData](ctx, c, call)
	if e, ok := errors.AsType[*esim.Error](err); ok && e.Code == alreadyCancelled {
		return &esim.Cancellation{OrderID: req.Order.ID}, nil
	}
	if err != nil {
		return nil, err
	}
	if id := data.OrderID.String(); id != "" && id != req.Order.ID {
		err := c.api.FailIn(op, esim.ErrIncomplete, esim.OutcomeAccepted, "the answer is about another order")
		err.Order = &esim.Order{Provider: Provider, ID: id}
		return nil, err
	}
	result := &esim.Cancellation{
		OrderID:   req.Order.ID,
		Cancelled: data.Cancelled.Int(), Failed: data.Failed.Int(),
		Refund: money(data.Refund, data.Currency), Refunded: data.refunded(),
	}
	for _, r := range data.Results {
		if i := iccidOf(r.ICCID); r.Success && i != "" {
			result.ICCIDs = append(result.ICCIDs, i)
		}
	}
	return result, nil
}

// firstICCID names the order in the only way eSIMfly's cancellation accepts.
func (c *Client) firstICCID(ctx context.Context, op string, req esim.CancelRequest) (esim.ICCID, error) {
	order, err := c.readOrder(ctx, op, req.Order)
	if err != nil {
		return "", err
	}
	if order.Delivered() == 0 {
		return "", c.api.FailIn(op, esim.ErrNotEligible, esim.OutcomeNotSent, "no eSIM of the order has come yet, and eSIMfly cancels by eSIM")
	}
	shown := order.ESIMs[0].ICCID
	if req.ICCID != "" && req.ICCID != shown {
		return "", c.api.FailIn(op, esim.ErrInvalidRequest, esim.OutcomeNotSent,
			"the order does not show this eSIM; eSIMfly cancels all unused eSIMs of an order anyway, so name the order alone")
	}
	return shown, nil
}

const (
	maxListed = 2000 // eSIMs of a package that are looked through
	maxAsked  = 20   // of them, those that are asked about in one call
)

// collect completes an order of several eSIMs, of which eSIMfly shows one. The
// list of eSIMs names no order, but the usage of each does (eSIMfly docs:
// api/esims, api/esims-usage). Nothing is guessed from times: they only say
// where to look first.
func (c *Client) collect(ctx context.Context, op string, o *esim.Order) error {
	missing := o.Quantity - o.Delivered()
	switch o.Status {
	case esim.OrderPending, esim.OrderFailed, esim.OrderCancelled:
		return nil
	case esim.OrderCompleted, esim.OrderUnknown:
	}
	if missing <= 0 || o.Delivered() == 0 || o.PackageID == "" {
		return nil
	}
	rows, sold, err := c.uninstalled(ctx, op, o)
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b esimRow) int {
		return cmp.Compare(a.CreatedAt.Sub(sold).Abs(), b.CreatedAt.Sub(sold).Abs())
	})
	asked := 0
	for i := range rows {
		iccid := iccidOf(rows[i].ICCID)
		owner, known := c.owners.get(iccid)
		if !known && asked >= maxAsked {
			continue
		}
		if !known {
			asked++
			owner, err = c.ownerOf(ctx, op, iccid)
			if err != nil && !errors.Is(err, esim.ErrNotFound) && !errors.Is(err, esim.ErrMalformedResponse) { // which are about this one alone
				return err
			}
		}
		if owner != o.ID {
			continue
		}
		o.ESIMs = append(o.ESIMs, rows[i].convert())
		if missing--; missing == 0 {
			break
		}
	}
	return nil
}

// uninstalled lists the eSIMs of the order's package that are new, without
// those of the order that are known, and tells when the order was sold.
func (c *Client) uninstalled(ctx context.Context, op string, o *esim.Order) (rows []esimRow, sold time.Time, err error) {
	sold = o.CreatedAt
	seen := map[esim.ICCID]bool{"": true} // placeholders
	call := get(op, "/esims", url.Values{"search": {o.PackageID}, "status": {"NEW"}})
	listed := 0
	for row, err := range list[esimRow](ctx, c, call, maxPageSize) {
		if err != nil {
			return nil, sold, err
		}
		iccid := iccidOf(row.ICCID)
		switch {
		case slices.ContainsFunc(o.ESIMs, func(e esim.ESIM) bool { return e.ICCID == iccid }):
			if at := row.CreatedAt.Time; !at.IsZero() {
				sold = at // and so are the others
			}
		case !seen[iccid] && strings.EqualFold(row.PackageCode.String(), o.PackageID):
			rows = append(rows, row)
		}
		seen[iccid] = true
		if listed++; listed == maxListed {
			break
		}
	}
	return rows, sold, nil
}

// ownerOf asks for the order that an eSIM belongs to, "" if that is not told.
func (c *Client) ownerOf(ctx context.Context, op string, iccid esim.ICCID) (string, error) {
	data, err := fetch[ownerData](ctx, c, get(op, "/esims/usage/query", url.Values{"iccid": {string(iccid)}}))
	if err != nil {
		return "", err
	}
	owner := data.ESIM.OrderID.String()
	if got := iccidOf(data.ESIM.ICCID); got != "" && got != iccid || owner == "" {
		return "", nil // may be told another time
	}
	c.owners.put(iccid, owner, c.api.Now())
	return owner, nil
}
