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
	"github.com/esimkit/esim/adapter/wire"
)

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

// ownerData is what the usage of an eSIM says of its order.
type ownerData struct {
	ESIM struct {
		ICCID   wire.Text `json:"iccid"`
		OrderID wire.Text `json:"order_id"`
	} `json:"esim"`
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
