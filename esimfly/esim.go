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
	data, err := c.usageOf(ctx, iccid, false)
	if err != nil {
		return nil, err
	}
	return data.convert(iccid), nil
}

// usageOf reads the stored usage. A proof is strict: what decides over a top-up has
// nothing in it that cannot be read.
func (c *Client) usageOf(ctx context.Context, iccid esim.ICCID, proof bool) (*usageData, error) {
	call := adapter.Get("/esims/usage/query", "iccid", string(iccid))
	call.Strict = proof
	data, err := fetch[usageData](ctx, c, call)
	if err != nil {
		return nil, err
	}
	if proof && data.Data.Unlimited.Unreadable {
		return nil, c.api.Malformed(ctx, "it cannot be read whether the eSIM has a limit")
	}
	if got := iccidOf(data.ESIM.ICCID); got != "" && got != iccid {
		return nil, c.api.Malformed(ctx, "the answer is about another eSIM")
	}
	return data, nil
}

// TopUp buys more data for an eSIM (eSIMfly docs: api/topup-order), one at a
// time for each eSIM.
//
// There is no key that would make a second send harmless, so a top-up is sent
// once. Before it the usage of the eSIM is read; a Quote or a MaxTotal is
// compared with the top-up list, read at that moment. If the answer is lost the
// usage is read again: an eSIM that has gained the package was charged for. Its
// Order then comes back, with the ID if the order history shows which it is.
// Otherwise the error has [esim.OutcomeUnknown]. Calling TopUp again with the
// same reference compares once more and never sends again. For half an hour no
// other top-up of that eSIM is sent, which would make the evidence ambiguous.
//
// All of this is remembered by this Client and lost with it. Whoever must know
// after a restart keeps what [Client.BeforeTopUp] returns, and asks
// [Client.TopUpEffect] with it. With Resumed in [evidence.Send] nothing is sent: an error with
// [esim.OutcomeUnknown] says so.
//
// The expiry of the eSIM in the answer is taken for UTC, which eSIMfly does
// not say; Usage has it exactly.
func (c *Client) TopUp(ctx context.Context, req esim.TopUpRequest) (*esim.Order, error) {
	return c.api.TopUp(ctx, req, c.topUps)
}

// BeforeTopUp reads what must be on record before a top-up is sent, so that
// [Client.TopUpEffect] can recognise it in any process and at any later time.
// That is what the eSIM has, and how much data the package adds, by the Quote
// or else by the list of top-ups of this eSIM. It spends nothing. The result is
// JSON and holds no secret.
func (c *Client) BeforeTopUp(ctx context.Context, req esim.TopUpRequest) ([]byte, error) {
	return c.api.BeforeTopUp(ctx, req, c.topUps)
}

// TopUpEffect looks whether a top-up has happened, by comparing the eSIM with
// what [Client.BeforeTopUp] had returned. It never sends a purchase. Both
// results are nil if nothing of the top-up can be seen, which proves nothing
// while eSIMfly's figures may be late; otherwise the order comes back, with ID
// and Total if the order history shows exactly one that it can be.
//
// It is proof only while no other top-up of this eSIM is sent between the two.
// Errors are those of a read. One of kind [esim.ErrInvalidRequest] says that before
// is not about this top-up.
func (c *Client) TopUpEffect(ctx context.Context, before []byte, req esim.TopUpRequest) (*esim.Order, error) {
	return c.api.TopUpEffect(ctx, before, req, c.topUps)
}

// topUpFacts state how eSIMfly sells top-ups: every further one is one more. In
// half an hour the figures of one have settled.
func (c *Client) topUpFacts() adapter.Purchase {
	return adapter.Purchase{
		Safety: adapter.Once, Repeats: adapter.Repeats{Lost: esim.RepeatBuys, Answered: esim.RepeatBuys},
		Offer: c.offer, OfferIn: "the price in the top-up list", Send: c.sendTopUp,
		Keyless: &adapter.Keyless{Before: c.beforeTopUp, After: c.afterTopUp, Shows: gained, Find: c.findTopUps, Window: 30 * time.Minute},
	}
}

// beforeTopUp refuses an eSIM in a state that eSIMfly does not top up.
func (c *Client) beforeTopUp(ctx context.Context, a *adapter.Attempt) (*esim.Usage, error) {
	data, err := c.usageOf(ctx, a.ICCID, true)
	if err != nil {
		return nil, err
	}
	if word := data.ESIM.Status; slices.Contains(notToppable, word.Upper()) {
		return nil, c.api.Fail(ctx, esim.ErrNotEligible, esim.OutcomeNotSent, "an eSIM that is "+strings.ToLower(word.String())+" cannot be topped up")
	}
	return data.convert(a.ICCID), nil
}

func (c *Client) afterTopUp(ctx context.Context, iccid esim.ICCID) (*esim.Usage, error) {
	data, err := c.usageOf(ctx, iccid, true)
	if err != nil {
		return nil, err
	}
	return data.convert(iccid), nil
}

// notToppable are the states that eSIMfly documents and does not top up.
var notToppable = []string{"EXPIRED", "CANCELLED", "CANCELED", "DELETED"}

// offer reads the price of the package in the list of those that the eSIM can have
// now. A list that has lost a row does not tell that it is not offered.
func (c *Client) offer(ctx context.Context, a *adapter.Attempt) (esim.Money, error) {
	offers, lost, err := c.offers(ctx, a.ICCID)
	if err != nil {
		return esim.Money{}, err
	}
	i := slices.IndexFunc(offers, func(o esim.Package) bool { return o.ID == a.PackageID })
	switch {
	case i >= 0:
		a.Added = offers[i].Data
		return offers[i].Price, nil
	case lost > 0:
		return esim.Money{}, c.api.Fail(ctx, esim.ErrMalformedResponse, esim.OutcomeNotSent, "rows are missing from the list of top-ups, and this package is not in the rest")
	}
	return esim.Money{}, c.api.Fail(ctx, esim.ErrPackageUnavailable, esim.OutcomeNotSent, "this package is not offered for this eSIM now")
}

func (c *Client) sendTopUp(ctx context.Context, a *adapter.Attempt, call adapter.Call) error {
	out, err := adapter.Fetch[topUpAnswer](ctx, c.api, call.Post("/topup/order", topUpBody{a.ICCID, a.PackageID, 1}))
	if err != nil {
		return err
	}
	o, about := a.Order, iccidOf(out.ICCID.Value)
	o.ID, o.Status, o.Quantity = out.ID.Value.String(), orderStatus(out.Status.Value), 1
	o.ProviderStatus, o.Total = out.Status.Value.String(), money(out.Amount.Value, out.Currency.Value)
	o.ESIMs = []esim.ESIM{{ICCID: a.ICCID, ExpiresAt: out.ESIMData.Value.Expires.Time}}
	switch {
	case o.ID == "":
		return c.api.Incomplete(ctx, "the answer has no order reference")
	case about != "" && about != a.ICCID:
		return c.api.Incomplete(ctx, "the answer is about another eSIM")
	case o.Status == esim.OrderFailed, o.Status == esim.OrderCancelled:
		return c.api.Incomplete(ctx, "the top-up was taken and is "+o.Status.String())
	}
	return nil
}

// gained reports whether an eSIM has gained at least the data of a package. For an
// unlimited plan it is a later expiry that counts, unless there was none before: a
// first use sets one too (eSIMfly docs: llm text of topup-order).
func gained(before adapter.BeforeImage, after *esim.Usage, added esim.DataSize) bool {
	switch {
	case before.Unlimited:
		return !before.ExpiresAt.IsZero() && after.ExpiresAt.After(before.ExpiresAt)
	case after.Unlimited:
		return true
	}
	return after.Total-before.Total >= max(added, 1)
}

// topUpPrefix begins the order id of every top-up (eSIMfly docs:
// api/topup-order).
const topUpPrefix = "topup_"

// findTopUps looks in the order history, which does not know references and does
// not always tell ICCIDs.
func (c *Client) findTopUps(ctx context.Context, a *adapter.Attempt, since time.Time) ([]esim.Order, error) {
	call := adapter.Get("/orders", "search", topUpPrefix, "status", "all", "from_date", second(since))
	return c.history(ctx, call, func(r *orderRow) bool { return r.mayBe(a, since) })
}

// mayBe compares the eSIM, or the package where no eSIM is shown.
func (r *orderRow) mayBe(a *adapter.Attempt, since time.Time) bool {
	about := r.PackageCode.String() == a.PackageID
	if iccid := iccidOf(r.ESIM.ICCID); iccid != "" {
		about = iccid == a.ICCID
	}
	return about && strings.HasPrefix(r.ID.String(), topUpPrefix) && !r.CreatedAt.Before(since)
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

// uninstalled lists the new eSIMs of the order's package, first those sold at
// about the same time. The eSIMs of the order that are known are left out.
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
				sold = at // the others were sold then too
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

// ownerOf asks for the order that an eSIM belongs to, "" if that is not stated.
func (c *Client) ownerOf(ctx context.Context, iccid esim.ICCID) (string, error) {
	data, err := fetch[ownerData](ctx, c, adapter.Get("/esims/usage/query", "iccid", string(iccid)))
	if err != nil {
		return "", err
	}
	owner := data.ESIM.OrderID.String()
	if got := iccidOf(data.ESIM.ICCID); got != "" && got != iccid || owner == "" {
		return "", nil // may be stated another time
	}
	c.api.Learn(owners+string(iccid), owner)
	return owner, nil
}
