package esimfly

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

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
func (c *Client) FindOrders(ctx context.Context, search esim.OrderSearch) (_ []esim.Order, err error) {
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
func (r *orderRow) fits(search esim.OrderSearch) bool {
	code := r.PackageCode.String()
	return (code == "" || strings.EqualFold(code, search.PackageID)) &&
		!strings.HasPrefix(r.ID.String(), topUpPrefix) &&
		(r.CreatedAt.IsZero() || !r.CreatedAt.Before(search.Since.Truncate(time.Second)))
}

func (r *orderRow) order() esim.Order {
	past := r.convert()
	o := esim.Order{
		Provider: esim.ESIMFly, ID: past.ID, Status: past.Status, PackageID: past.PackageID,
		Total: past.Amount, CreatedAt: past.CreatedAt,
	}
	if past.ESIM != nil {
		o.ESIMs = []esim.ESIM{*past.ESIM}
	}
	return o
}
