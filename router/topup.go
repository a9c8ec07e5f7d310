package router

import (
	"context"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// TopUp buys more data for an eSIM, from the reseller that the eSIM came from
// and from nobody else. PackageID is one of ListTopUps, or the reseller's own
// id. The reference is claimed as that of an order is, so a repeat goes to the
// same reseller whatever has become of the eSIM.
func (r *Router) TopUp(ctx context.Context, req esim.TopUpRequest) (*esim.Order, error) {
	c := r.core
	if refused := c.unfit(ctx, "TopUp", req.Reference, req.MaxTotal, req.Quote); refused != nil {
		return nil, refused
	}
	refuse := func(refused *esim.Error) (*esim.Order, error) {
		refused.Reference = req.Reference
		return nil, refused
	}
	if bare, err := esim.ParseICCID(string(req.ICCID)); err != nil || bare != req.ICCID {
		return refuse(c.refuse("TopUp", "", esim.ErrInvalidRequest, nil, "ICCID is not 18 to 22 digits"))
	}
	w, refused := c.wish("TopUp", req.PackageID, req.Quote, wish{purpose: forTopUp, quantity: 1, iccid: req.ICCID})
	if refused != nil {
		return refuse(refused)
	}
	if !r.Capabilities().TopUp {
		return refuse(c.refuse("TopUp", "", errUnsupported, nil, "no reseller sells top-ups"))
	}
	s := c.begin(w, req.Reference)
	s.topUp, s.send, s.resumed = true, s.sendTopUp, evidence.SendOf(ctx).Resumed
	s.req = esim.OrderRequest{Quote: req.Quote, MaxTotal: req.MaxTotal, Until: req.Until}
	return s.make(evidence.WithSend(ctx, evidence.Send{}))
}

// findOwner finds the reseller of the eSIM of a top-up that is new.
func (s *sale) findOwner(ctx context.Context) *esim.Error {
	owner, failed := s.ownerOf(ctx, "TopUp", s.wish.iccid)
	switch {
	case failed != nil:
		failed.Reference = s.reference
		return failed
	case s.wish.provider != "" && s.wish.provider != owner.provider:
		return s.refuse("TopUp", s.reference, esim.ErrNotEligible, nil, "the eSIM is of another reseller than the package")
	}
	s.wish.provider = owner.provider
	return nil
}

// onlyOwner makes the owner of the eSIM the one candidate.
func (s *sale) onlyOwner() {
	c := Candidate{Provider: s.doc.Asked.Provider, Package: esim.Package{Provider: s.doc.Asked.Provider, ID: s.doc.Asked.PackageID}}
	if s.req.Quote != nil {
		c.Price = s.req.Quote.Price
	}
	if r := s.resellers[c.Provider]; r != nil {
		s.left = []Candidate{c}
	}
}

// overCeiling checks the ceiling where the reseller cannot, since it is in
// another currency than the price.
func (s *sale) overCeiling() *esim.Error {
	quote, most := s.req.Quote, s.req.MaxTotal
	if quote == nil || most.IsZero() || quote.Price.Currency() == most.Currency() {
		return nil
	}
	if price, ok := s.in(quote.Price, most.Currency()); ok && !above(price, most.Estimate()) {
		return nil
	}
	return s.refuse("TopUp", s.reference, esim.ErrPriceChanged, nil, "Quote.Price is above MaxTotal")
}

func (s *sale) sendTopUp(ctx context.Context, r *reseller, a *attempt, resumed bool) (*esim.Order, error) {
	o := s.orderOf(a)
	return r.client.TopUp(evidence.WithSend(ctx, evidence.Send{Resumed: resumed}), esim.TopUpRequest{
		ICCID: s.doc.ICCID, PackageID: o.PackageID, Reference: o.Reference, Quote: o.Quote, MaxTotal: o.MaxTotal, Until: o.Until,
	})
}
