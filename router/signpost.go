package router

import (
	"context"
	"errors"

	"github.com/esimkit/esim"
)

// SaleOf returns the caller's reference of the sale that a reference belongs
// to. The second attempt of a sale, and those after it, are bought under a
// reference of their own, and that is what the hooks of a journal and the
// webhooks of a reseller tell; the caller's own it returns as it is. The error
// matches [esim.ErrNotFound] where no sale of the router has this reference.
func (r *Router) SaleOf(ctx context.Context, reference string) (string, error) {
	if ctx == nil {
		return "", r.core.refuse("SaleOf", "", esim.ErrInvalidRequest, nil, "nil context")
	}
	sale, _, failed := r.core.lookUp(ctx, "SaleOf", reference)
	if failed != nil {
		return "", failed
	}
	return sale, nil
}

// signpost puts on record which sale the reference of an attempt belongs to,
// before anybody can meet it. It is the same whoever writes it.
func (s *sale) signpost(ctx context.Context, a *attempt) error {
	if a.Reference == s.reference {
		return nil
	}
	text, err := (&document{Purpose: forAttempt, Of: s.reference}).encode()
	if err != nil {
		return err
	}
	err = s.Claims.Put(ctx, Claim{Reference: a.Reference, Version: 1, Document: text})
	if !errors.Is(err, ErrClaimConflict) {
		return err
	}
	there, err := s.Claims.Get(ctx, a.Reference) // somebody was here before, for this sale as a rule
	if err != nil {
		return err
	}
	if doc, err := decodeDocument(there); err != nil || doc.Purpose != forAttempt || doc.Of != s.reference {
		return errors.Join(errNotOurs, err)
	}
	return nil
}

var errNotOurs = errors.New("router: another sale has the reference that this attempt would get")

// lookUp reads the claim of a sale, by the caller's reference or by that of an
// attempt.
func (c *core) lookUp(ctx context.Context, op, reference string) (string, *document, *esim.Error) {
	for {
		claim, err := c.Claims.Get(ctx, reference)
		switch {
		case errors.Is(err, esim.ErrNotFound):
			return "", nil, c.refuse(op, reference, esim.ErrNotFound, nil, "no sale has this reference")
		case err != nil:
			return "", nil, c.refuse(op, reference, esim.ErrUnavailable, err, "the claim cannot be read")
		}
		doc, err := decodeDocument(claim)
		if err != nil {
			return "", nil, c.refuse(op, reference, esim.ErrMalformedResponse, err, "the claim cannot be read")
		}
		if doc.Purpose != forAttempt || doc.Of == reference {
			return reference, doc, nil
		}
		reference = doc.Of
	}
}
