package router

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/esimkit/esim"
)

// ownerOf finds the reseller that an eSIM came from: from the orders seen, from
// the shop's records, else by asking every reseller.
func (c *core) ownerOf(ctx context.Context, op string, iccid esim.ICCID) (*reseller, *esim.Error) {
	if len(c.sellers) == 1 {
		return c.sellers[0], nil
	}
	if p, ok := c.esims.owner(iccid); ok && c.resellers[p] != nil {
		return c.resellers[p], nil
	}
	owner, failed := c.ownerOnRecord(ctx, op, iccid)
	if owner == nil && failed == nil {
		owner, failed = c.askAll(ctx, op, "this eSIM", func(r *reseller) bool { return r.caps.GetESIM },
			func(ctx context.Context, r *reseller) error {
				_, err := r.client.GetESIM(ctx, iccid)
				return err
			})
		if failed == nil && !owner.caps.GetESIM && !able(&owner.caps, op) {
			return nil, c.refuse(op, "", esim.ErrNotFound, nil,
				"no reseller that can be asked knows this eSIM, and "+string(owner.provider)+" cannot be asked")
		}
	}
	if failed != nil {
		return nil, failed
	}
	c.esims.note(iccid, owner.provider)
	return owner, nil
}

// able reports whether a call about an eSIM is supported.
func able(c *esim.Capabilities, op string) bool {
	return map[string]bool{
		"GetESIM": c.GetESIM, "Usage": c.Usage, "ListTopUps": c.ListTopUps, "TopUp": c.TopUp, "Cancel": c.Cancel,
	}[op]
}

// unsure are the errors of resellers that could not say, without the advice of
// each.
type unsure []error

func (u unsure) Unwrap() []error { return u }

func (u unsure) Error() string {
	texts := make([]string, len(u))
	for i, err := range u {
		texts[i] = said(err)
	}
	return strings.Join(texts, "; ")
}

// ownerOnRecord asks the shop; nil = it does not know.
func (c *core) ownerOnRecord(ctx context.Context, op string, iccid esim.ICCID) (*reseller, *esim.Error) {
	if c.Owners == nil {
		return nil, nil
	}
	p, err := c.Owners(ctx, iccid)
	switch {
	case errors.Is(err, esim.ErrNotFound), err == nil && p == "":
		return nil, nil
	case err != nil:
		return nil, c.refuse(op, "", esim.ErrUnavailable, err, "Config.Owners failed")
	case c.resellers[p] == nil:
		return nil, c.refuse(op, "", esim.ErrNotFound, nil, "the eSIM is of a reseller that is none of Config.Clients")
	}
	return c.resellers[p], nil
}

// askAll asks every reseller that can be asked whether it knows something. One
// must say yes and all others no: while one cannot be reached it might be that
// one.
func (c *core) askAll(ctx context.Context, op, what string, can func(*reseller) bool, know func(context.Context, *reseller) error) (*reseller, *esim.Error) {
	asked := slices.DeleteFunc(slices.Clone(c.sellers), func(r *reseller) bool { return !can(r) })
	answers := make([]error, len(asked))
	var all sync.WaitGroup
	for i, r := range asked {
		all.Go(func() { answers[i] = know(ctx, r) })
	}
	all.Wait()
	var found []*reseller
	var open unsure
	for i, err := range answers {
		switch {
		case err == nil:
			found = append(found, asked[i])
		case !errors.Is(err, esim.ErrNotFound):
			open = append(open, err)
		}
	}
	silent := len(c.sellers) - len(asked)
	switch {
	case len(found) > 1:
		return nil, c.refuse(op, "", esim.ErrInvalidRequest, nil, "several resellers know "+what)
	case len(found) == 1 && len(open) == 0:
		return found[0], nil
	case len(open) > 0:
		return nil, c.refuse(op, "", esim.ErrUnavailable, open, "a reseller could not be asked whether it knows "+what)
	case silent == 1: // nobody else knows it
		for _, r := range c.sellers {
			if !can(r) {
				return r, nil
			}
		}
	case silent > 1:
		return nil, c.refuse(op, "", errUnsupported, nil, "several resellers cannot be asked whether they know "+what)
	}
	return nil, c.refuse(op, "", esim.ErrNotFound, nil, "no reseller knows "+what)
}
