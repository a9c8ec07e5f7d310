package esimfly

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// GetESIM reads one eSIM, with its activation code, from the list of eSIMs
// (eSIMfly docs: api/esims), which has no call for a single one.
func (c *Client) GetESIM(ctx context.Context, iccid esim.ICCID) (*esim.ESIM, error) {
	return adapter.Operate(ctx, c.api, "GetESIM", iccid, func(ctx context.Context, iccid esim.ICCID) (*esim.ESIM, error) {
		row, err := c.findESIM(ctx, iccid)
		if err != nil {
			return nil, err
		}
		return new(row.convert()), nil
	})
}

// findESIM searches the list of eSIMs, and compares again: what the search
// matches is not documented.
func (c *Client) findESIM(ctx context.Context, iccid esim.ICCID) (*esimRow, error) {
	lost := 0
	for row, err := range list[esimRow](ctx, c, adapter.Get("/esims", "search", string(iccid)), maxPageSize, &lost) {
		if err != nil {
			return nil, err
		}
		switch {
		case iccidOf(row.ICCID) == iccid:
			return &row, nil
		case row.ICCID == "":
			lost++
		}
	}
	if lost > 0 {
		return nil, c.api.Malformed(ctx, "rows are missing from the list of eSIMs, so it does not tell whether there is one of this ICCID")
	}
	return nil, c.api.Fail(ctx, esim.ErrNotFound, esim.OutcomeRejected, "no eSIM of this account has this ICCID")
}

// Usage reads how much data an eSIM has used, as eSIMfly has stored it
// (eSIMfly docs: api/esims-usage). Of an unlimited plan only what was used is
// told. [Client.LiveStatus] asks the carrier instead.
func (c *Client) Usage(ctx context.Context, iccid esim.ICCID) (*esim.Usage, error) {
	return adapter.Operate(ctx, c.api, "Usage", iccid, c.usage)
}

func (c *Client) usage(ctx context.Context, iccid esim.ICCID) (*esim.Usage, error) {
	data, err := c.usageOf(ctx, iccid)
	if err != nil {
		return nil, err
	}
	return data.convert(iccid), nil
}

func (c *Client) usageOf(ctx context.Context, iccid esim.ICCID) (*usageData, error) {
	data, err := fetch[usageData](ctx, c, adapter.Get("/esims/usage/query", "iccid", string(iccid)))
	if err != nil {
		return nil, err
	}
	if got := iccidOf(data.ESIM.ICCID); got != "" && got != iccid {
		return nil, c.api.Malformed(ctx, "the answer is about another eSIM")
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

const (
	maxListed = 2000 // eSIMs of a package that are looked through
	maxAsked  = 20   // of them, those that are asked about in one call
)

// collect completes an order of several eSIMs, of which eSIMfly shows one. The
// list of eSIMs names no order, but the usage of each does (eSIMfly docs:
// api/esims, api/esims-usage). Nothing is guessed from times: they only say
// where to look first.
func (c *Client) collect(ctx context.Context, o *esim.Order) error {
	if o.Status != esim.OrderCompleted && o.Status != esim.OrderUnknown || o.Delivered() == 0 || o.PackageID == "" || o.Delivered() >= o.Quantity {
		return nil
	}
	rows, err := c.uninstalled(ctx, o)
	if err != nil {
		return err
	}
	for i, asked := 0, 0; i < len(rows) && o.Delivered() < o.Quantity; i++ {
		iccid := iccidOf(rows[i].ICCID)
		owner, known := adapter.Learned[string](c.api, owners+string(iccid))
		switch {
		case known:
		case asked == maxAsked:
			continue // another call goes on from here
		default:
			asked++
			owner, err = c.ownerOf(ctx, iccid)
		}
		if err != nil && !errors.Is(err, esim.ErrNotFound) && !errors.Is(err, esim.ErrMalformedResponse) { // which are about this one alone
			return err
		}
		if owner == o.ID {
			o.ESIMs = append(o.ESIMs, rows[i].convert())
		}
	}
	return nil
}

// uninstalled lists the eSIMs of the order's package that are new, without
// those of the order that are known, first those sold at about the same time.
func (c *Client) uninstalled(ctx context.Context, o *esim.Order) (rows []esimRow, err error) {
	sold, listed := o.CreatedAt, 0
	seen := map[esim.ICCID]bool{"": true} // placeholders
	call := adapter.Get("/esims", "search", o.PackageID, "status", "NEW")
	for row, err := range list[esimRow](ctx, c, call, maxPageSize, new(int)) {
		if err != nil {
			return nil, err
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
	slices.SortStableFunc(rows, func(a, b esimRow) int { return cmp.Compare(apart(a, sold), apart(b, sold)) })
	return rows, nil
}

func apart(r esimRow, from time.Time) time.Duration { return r.CreatedAt.Sub(from).Abs() }

// owners is what the kit remembers of eSIMs: the ids of their orders.
const owners = "owner "

// ownerOf asks for the order that an eSIM belongs to, "" if that is not told.
func (c *Client) ownerOf(ctx context.Context, iccid esim.ICCID) (string, error) {
	data, err := fetch[ownerData](ctx, c, adapter.Get("/esims/usage/query", "iccid", string(iccid)))
	if err != nil {
		return "", err
	}
	owner := data.ESIM.OrderID.String()
	if got := iccidOf(data.ESIM.ICCID); got != "" && got != iccid || owner == "" {
		return "", nil // may be told another time
	}
	c.api.Learn(owners+string(iccid), owner)
	return owner, nil
}
