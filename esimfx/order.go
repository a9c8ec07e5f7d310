package esimfx

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// orderData is an order as create_order and get_order return it (eSIMfx docs:
// Quick Start, steps 2 and 3). The two put the ICCID in different places. Only
// what a sale needs can spoil the answer to it by an odd form.
type orderData struct {
	ID           wire.Text                       `json:"id"`
	Status       wire.Optional[wire.Text]        `json:"status"`
	ICCID        wire.Text                       `json:"iccid"`
	ESIM         esimData                        `json:"esim"`
	CreationTime wire.Time                       `json:"creation_time"`
	Product      wire.Optional[productID]        `json:"product"`
	Subscription wire.Optional[subscriptionData] `json:"subscription"`
}

type productID struct {
	ID wire.Text `json:"id"`
}

type subscriptionData struct {
	Status wire.Text `json:"status"`
	Expiry wire.Time `json:"expiry"`
}

// complete: without data nothing is known of what was bought, and the same key
// may yet bring it.
func (d *orderData) complete() bool { return d != nil }

func (d *orderData) iccid() esim.ICCID {
	return wire.First(d.ICCID, d.ESIM.ICCID).ICCID()
}

// status knows one word for sure, COMPLETED; any other is no failure.
// TERMINATED is the subscription's word for cancelled.
func (d *orderData) status() esim.OrderStatus {
	if d.terminated() {
		return esim.OrderCancelled
	}
	switch d.Status.Value.Upper() {
	case "COMPLETED":
		return esim.OrderCompleted
	case "PENDING":
		return esim.OrderPending
	}
	return esim.OrderUnknown
}

func (d *orderData) terminated() bool { return d.Subscription.Value.Status.Upper() == "TERMINATED" }

// addTo makes the order, which is one eSIM's, a part of sum.
func (d *orderData) addTo(sum *esim.Order, unit esim.ESIM) {
	if sum.Quantity == 0 {
		sum.Status, sum.CreatedAt = d.status(), d.CreationTime.Time
	} else {
		sum.Status = together(sum.Status, d.status())
	}
	if id := string(d.ID); sum.ID == "" {
		sum.ID = id
	} else if id != "" {
		sum.ID += "," + id
	}
	sum.Quantity++
	if unit.ICCID != "" || !unit.Activation.IsZero() || !unit.RawActivation.IsZero() {
		sum.ESIMs = append(sum.ESIMs, unit)
	}
}

// together is the status of two orders seen as one.
func together(a, b esim.OrderStatus) esim.OrderStatus {
	switch {
	case a == b:
		return a
	case a == esim.OrderPending || b == esim.OrderPending:
		return esim.OrderPending
	}
	return esim.OrderUnknown
}

// GetOrder reads an order and its eSIM, activation code included, with two
// requests for each eSIM (eSIMfx docs: get_order and get_esim_status). It
// wants the ID: eSIMfx has no search by reference. An order whose ID was lost
// comes back when the purchase is repeated, where its error says that this is
// [esim.RepeatSafe]. A terminated order has [esim.OrderCancelled].
func (c *Client) GetOrder(ctx context.Context, ref esim.OrderRef) (_ *esim.Order, err error) {
	ctx, end := c.api.Operation(ctx, "GetOrder")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "GetOrder")
	if ref.ID == "" && ref.Reference != "" {
		check.Unsupported("OrderRef.Reference", "is nothing eSIMfx can look up")
	}
	ids := orderIDs(check, "OrderRef.ID", ref.ID)
	if err = check.Err(); err != nil {
		return nil, err
	}
	order := &esim.Order{Provider: esim.ESIMFX, Reference: ref.Reference}
	for _, id := range ids {
		data, err := readOrder[orderRead](ctx, c, "GetOrder", id)
		if err != nil {
			return nil, err
		}
		unit := esim.ESIM{ICCID: data.iccid(), ItemID: id}
		if unit.ICCID != "" {
			profile, err := c.profile(ctx, "GetOrder", unit.ICCID)
			if err != nil {
				return nil, err
			}
			unit.Status, unit.ProviderStatus = profile.Status, profile.ProviderStatus
			unit.Activation, unit.RawActivation = profile.Activation, profile.RawActivation
		}
		unit.ExpiresAt = data.Subscription.Value.Expiry.Time
		data.addTo(order, unit)
		order.PackageID = wire.First(order.PackageID, string(data.Product.Value.ID))
	}
	return order, nil
}

// orderIDs takes apart the ID of an order of several eSIMs.
func orderIDs(check *adapter.Check, field, joined string) []string {
	ids := strings.Split(joined, ",")
	if len(ids) > maxQuantity {
		check.Fail(field, "has more parts than an order has eSIMs")
	}
	for _, id := range ids {
		check.ID(field, id)
	}
	return ids
}

// orderRead is an order that was asked for by its id.
type orderRead struct{ orderData }

func (d orderRead) complete() bool { return d.ID != "" }

func (d orderRead) id() string { return string(d.ID) }

// readOrder reads one order, as much of it as T has.
func readOrder[T interface {
	payload
	id() string
}](ctx context.Context, c *Client, op, id string) (T, error) {
	data, err := fetch[T](ctx, c.api, adapter.Call{
		Op: op, Method: http.MethodGet, Path: "/order/api/v1/get_order",
		Query: url.Values{"order_id": {id}}, Safety: adapter.Read,
	})
	if err == nil && !strings.EqualFold(data.id(), id) {
		err = c.malformed(op, "the answer is about another order")
	}
	return data, err
}
