package router

import (
	"context"
	"errors"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// GetOrder reads an order from the reseller that has it: by Reference through
// the claim, by an ID of the form "provider:id", or by a bare ID that one
// reseller knows and all others say they do not.
func (r *Router) GetOrder(ctx context.Context, ref esim.OrderRef) (*esim.Order, error) {
	c := r.core
	if refused := c.unreadable(ctx, "GetOrder", r.Capabilities().GetOrder); refused != nil {
		return nil, refused
	}
	at, failed := c.find(ctx, "GetOrder", ref)
	if failed != nil {
		return nil, failed
	}
	if at.doc != nil {
		ctx = evidence.WithSend(ctx, evidence.Send{Quantity: at.doc.Quantity})
	}
	order, err := at.reseller.client.GetOrder(ctx, at.ref)
	if err != nil {
		told := errorOf("GetOrder", at.reseller.provider, err)
		if at.doc != nil {
			told.Reference = at.sale
		}
		return nil, told
	}
	c.remember(at.reseller.provider, order)
	if at.doc != nil {
		order = at.doc.outward(order, at.sale)
	}
	return order, nil
}

// Cancel takes back an order or an eSIM, at the reseller that has it. The order
// is found as GetOrder finds it.
func (r *Router) Cancel(ctx context.Context, req esim.CancelRequest) (*esim.Cancellation, error) {
	c := r.core
	if refused := c.unreadable(ctx, "Cancel", r.Capabilities().Cancel); refused != nil {
		return nil, refused
	}
	if req.Order == (esim.OrderRef{}) && req.ICCID != "" {
		return about(ctx, r, "Cancel", true, req.ICCID, func(c esim.Client) (*esim.Cancellation, error) { return c.Cancel(ctx, req) })
	}
	at, failed := c.find(ctx, "Cancel", req.Order)
	if failed != nil {
		return nil, failed
	}
	return at.reseller.client.Cancel(ctx, esim.CancelRequest{Order: at.ref, ICCID: req.ICCID})
}

// place is where an order is.
type place struct {
	reseller *reseller
	ref      esim.OrderRef // as the reseller knows it
	doc      *document     // of the claim; nil = found without one
	sale     string        // the caller's reference, by the claim
}

// find finds the reseller of an order.
func (c *core) find(ctx context.Context, op string, ref esim.OrderRef) (place, *esim.Error) {
	p, id, named := c.split(ref.ID)
	why := wrongPackageID(id)
	switch {
	case ref.ID == "" && ref.Reference == "":
		return place{}, c.refuse(op, "", esim.ErrInvalidRequest, nil, "neither ID nor Reference")
	case ref.ID != "" && why != "":
		return place{}, c.refuse(op, "", esim.ErrInvalidRequest, nil, "ID "+why)
	}
	if why := wrongReference(ref.Reference); why != "" {
		return place{}, c.refuse(op, "", esim.ErrInvalidRequest, nil, why)
	}
	ref.ID = id
	if ref.Reference != "" {
		at, failed := c.claimed(ctx, op, ref)
		switch {
		case failed != nil:
			return place{}, failed
		case at.reseller != nil && named && at.reseller.provider != p:
			return place{}, c.refuse(op, ref.Reference, esim.ErrInvalidRequest, nil, "ID and Reference are of two resellers")
		case at.reseller != nil:
			return at, nil
		}
	}
	if named {
		return place{reseller: c.resellers[p], ref: ref}, nil
	}
	return c.search(ctx, op, ref)
}

// claimed finds an order by its claim. No reseller and no error: there is none.
func (c *core) claimed(ctx context.Context, op string, ref esim.OrderRef) (place, *esim.Error) {
	sale, doc, failed := c.lookUp(ctx, op, ref.Reference)
	switch {
	case failed != nil && errors.Is(failed, esim.ErrNotFound):
		return place{}, nil
	case failed != nil:
		return place{}, failed
	}
	a := doc.binding()
	if a == nil {
		return place{}, c.refuse(op, ref.Reference, esim.ErrNotFound, nil, "nothing was bought under this reference")
	}
	r := c.resellers[a.Provider]
	if r == nil {
		return place{}, c.refuse(op, ref.Reference, esim.ErrUnavailable, nil, string(a.Provider)+" has the order, and is none of Config.Clients any more")
	}
	found := esim.OrderRef{ID: ref.ID, Reference: a.Reference}
	if found.ID == "" {
		found.ID = a.OrderID
	}
	if found.ID == "" && !r.caps.LookupByReference {
		return place{}, c.refuse(op, ref.Reference, esim.ErrUnavailable, nil, "the order may have been bought, and "+string(a.Provider)+" finds none by reference; repeat it with this reference")
	}
	return place{reseller: r, ref: found, doc: doc, sale: sale}, nil
}

// search asks every reseller for an order that no claim knows.
func (c *core) search(ctx context.Context, op string, ref esim.OrderRef) (place, *esim.Error) {
	if len(c.sellers) == 1 {
		return place{reseller: c.sellers[0], ref: ref}, nil
	}
	can := func(r *reseller) bool { return r.caps.GetOrder && (ref.ID != "" || r.caps.LookupByReference) }
	r, failed := c.askAll(ctx, op, "this order", can, func(ctx context.Context, r *reseller) error {
		_, err := r.client.GetOrder(ctx, ref)
		return err
	})
	return place{reseller: r, ref: ref}, failed
}
