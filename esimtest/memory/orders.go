package memory

import (
	"context"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// GetOrder returns an order by its id or by its reference.
func (m *Client) GetOrder(ctx context.Context, ref esim.OrderRef) (*esim.Order, error) {
	c := m.check(ctx, "GetOrder", m.caps.GetOrder)
	c.ref(ref)
	if c.err != nil {
		return nil, c.err
	}
	var order *esim.Order
	err := m.send(ctx, "GetOrder", reading, func() *esim.Error {
		m.mu.Lock()
		defer m.mu.Unlock()
		o := m.find(ref)
		if o == nil {
			return m.fail("GetOrder", esim.ErrNotFound, esim.OutcomeRejected, "no such order")
		}
		order = m.show(o)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return order, nil
}

func (c *check) ref(ref esim.OrderRef) {
	switch {
	case ref.ID != "":
		c.id("ID", ref.ID)
	case ref.Reference != "" && !c.m.caps.LookupByReference:
		c.unsupported("Reference", "cannot be looked up without the ID")
	case ref.Reference != "":
		c.reference(ref.Reference)
	default:
		c.invalid("OrderRef", "is empty")
	}
}

// find returns the order of that name, nil if there is none. The lock is held.
func (m *Client) find(ref esim.OrderRef) *order {
	if ref.ID != "" {
		return m.orders[ref.ID]
	}
	if p := m.purchases[ref.Reference]; p != nil {
		return p.order
	}
	return nil
}

// show is the order as it is delivered by now. The lock is held.
func (m *Client) show(o *order) *esim.Order {
	now := m.Now()
	order := &esim.Order{
		Provider: m.provider, ID: o.id, Reference: o.reference, Status: esim.OrderCompleted,
		PackageID: o.item.ID, Quantity: o.quantity, Total: o.total, CreatedAt: o.createdAt,
	}
	if now.Before(o.readyAt) {
		order.Status = esim.OrderPending
		return order
	}
	if o.cancelled == o.quantity {
		order.Status = esim.OrderCancelled
	}
	for _, iccid := range o.iccids {
		order.ESIMs = append(order.ESIMs, m.esims[iccid].show(iccid, now))
	}
	return order
}

// Deliveries returns the orders that have been delivered late since the last
// call, as the provider's webhooks would report them. A test hands them to
// what receives its webhooks, such as the function of journal.Receiver.
func (m *Client) Deliveries() []*esim.Order {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.Now()
	var list []*esim.Order
	for len(m.late) > 0 && !now.Before(m.late[0].readyAt) {
		list = append(list, m.show(m.late[0]))
		m.late = m.late[1:]
	}
	return list
}

// Cancel takes back the unused eSIMs of an order, or one of them, and refunds
// their price. What was cancelled before stays as it is.
func (m *Client) Cancel(ctx context.Context, req esim.CancelRequest) (*esim.Cancellation, error) {
	c := m.check(ctx, "Cancel", m.caps.Cancel)
	byICCID := req.ICCID != ""
	if byICCID {
		c.iccid(req.ICCID)
	}
	if !byICCID || req.Order != (esim.OrderRef{}) {
		c.ref(req.Order)
	}
	if c.err != nil {
		return nil, c.err
	}
	var out *esim.Cancellation
	err := m.send(ctx, "Cancel", buying, func() (err *esim.Error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		out, err = m.cancel(req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (m *Client) cancel(req esim.CancelRequest) (*esim.Cancellation, *esim.Error) {
	ref := req.Order
	if e := m.esims[req.ICCID]; e != nil && ref == (esim.OrderRef{}) {
		ref.ID = e.order
	}
	o := m.find(ref)
	if o == nil {
		return nil, m.fail("Cancel", esim.ErrNotFound, esim.OutcomeRejected, "no such order")
	}
	if o.topUp {
		return nil, m.fail("Cancel", esim.ErrNotEligible, esim.OutcomeRejected, "a top-up cannot be cancelled")
	}
	out := &esim.Cancellation{OrderID: o.id}
	repeat := false
	for _, iccid := range o.iccids {
		e := m.esims[iccid]
		switch {
		case req.ICCID != "" && iccid != req.ICCID:
		case e.cancelled:
			repeat = true
		case e.used > 0 || !e.expiresAt.IsZero():
			out.Failed++
		default:
			e.cancelled = true
			out.Cancelled++
			out.ICCIDs = append(out.ICCIDs, iccid)
		}
	}
	if out.Cancelled == 0 && !repeat {
		return nil, m.fail("Cancel", esim.ErrNotEligible, esim.OutcomeRejected, "none of the eSIMs is unused")
	}
	o.cancelled += out.Cancelled
	m.refund(o, out)
	return out, nil
}

func (m *Client) refund(o *order, out *esim.Cancellation) {
	if out.Cancelled == 0 {
		return
	}
	out.Refund, out.Refunded = money.Times(o.item.Price, out.Cancelled), new(true)
	m.ledger.Book(esimtest.Charge{
		Kind: esimtest.ChargeRefund, OrderID: o.id, Reference: o.reference, PackageID: o.item.ID,
		Quantity: out.Cancelled, ICCIDs: texts(out.ICCIDs), Amount: money.Times(out.Refund, -1),
	})
}
