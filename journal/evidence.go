package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/esimkit/esim"
)

// Observe tells the journal what is known of an order from elsewhere: a
// webhook, a support list, another program. Only what the order says is taken
// for known: its Provider, and its Reference, ID or the ItemID of a unit, by
// which the purchase is found. It is idempotent, and adds only: what is on
// record is never replaced.
//
// Evidence that fits no purchase is kept, for it may have come before the
// answer that will explain it, and matched is false. OnUnmatched is told of
// what stays. Evidence that contradicts a purchase changes nothing and is
// [ErrContradiction]; it is kept for a person to look at. Any other error means
// that nothing was recorded: have the sender repeat it.
func (j *Journal) Observe(ctx context.Context, o *esim.Order) (matched bool, err error) {
	leave, err := j.enter()
	if err != nil {
		return false, err
	}
	defer leave()
	if o == nil || o.Provider == "" {
		return false, fmt.Errorf("%w: evidence without a provider", esim.ErrInvalidRequest)
	}
	names := evidenceNames(o)
	if len(names) == 0 {
		return false, fmt.Errorf("%w: evidence with neither reference nor order id nor item id", esim.ErrInvalidRequest)
	}
	e, err := j.owner(ctx, o)
	if errors.Is(err, ErrNotFound) {
		// Kept first, then looked again: the answer that names it may have been
		// recorded in between.
		if err = j.hold(ctx, o, names); err != nil {
			return false, err
		}
		if e, err = j.owner(ctx, o); errors.Is(err, ErrNotFound) {
			return false, nil
		}
	}
	if err == nil {
		_, err = j.absorb(ctx, e, o)
	} else if !errors.Is(err, ErrContradiction) {
		return false, err
	}
	if errors.Is(err, ErrContradiction) {
		return true, errors.Join(err, j.hold(ctx, o, names))
	}
	if err != nil {
		return true, err
	}
	j.wake()
	return true, j.store.Release(ctx, o.Provider, evidenceKey(o))
}

// owner finds the purchase that evidence is about.
func (j *Journal) owner(ctx context.Context, o *esim.Order) (Entry, error) {
	if o.Reference != "" {
		if e, err := j.store.Get(ctx, IDOf(o.Provider, o.Reference)); !errors.Is(err, ErrNotFound) {
			return e, err
		}
	}
	found, err := j.store.Named(ctx, o.Provider, orderNames(o))
	switch {
	case err != nil:
		return Entry{}, err
	case len(found) == 0:
		return Entry{}, ErrNotFound
	case len(found) > 1:
		return Entry{}, fmt.Errorf("%w: it names units of several purchases", ErrContradiction)
	}
	return found[0], nil
}

// absorb enters evidence from outside. Being no answer to a request of ours it
// must not contradict what is known.
func (j *Journal) absorb(ctx context.Context, e Entry, o *esim.Order) (Entry, error) {
	after, err := j.change(ctx, e, func(e *Entry, d *document) error {
		why := j.misfit(e, d, o)
		if e.Attempts == 0 {
			why = "nothing was ever sent for it"
		}
		if why != "" {
			return fmt.Errorf("%w: %s", ErrContradiction, why)
		}
		held := e.State
		changed := d.merge(o)
		if d.surplus() {
			return fmt.Errorf("%w: more units than were ordered", ErrContradiction)
		}
		f := facts{latest: true}
		switch {
		case j.policy.whole(d):
			e.Doubt = 0
			j.review(e, d, Whole, "it was charged after it had ended", f)
		case d.unreadable(j.askable(e)):
			e.Doubt = 0
			j.cameUnreadable(e, d, f)
		case d.failed():
			j.review(e, d, Wrong, "the provider reports it as "+d.Order.Status.String(), f)
		case j.divisible(e) && e.Doubt > 0 && (e.State == Sending || e.State == Unknown):
			// The rest may not have been sent; the same request again tells.
		case d.Order.ID != "" || len(d.Order.Units) > 0:
			e.Doubt = 0
			j.review(e, d, Part, "it was charged after it had ended", f)
		}
		if !changed && held == e.State {
			return errNoChange
		}
		return nil
	})
	if errors.Is(err, ErrTaken) {
		err = fmt.Errorf("%w: the order, or a unit of it, is another purchase's", ErrContradiction)
	}
	return after, err
}

// askable reports whether the provider tells more of an order when asked.
func (j *Journal) askable(e *Entry) bool {
	a := j.accounts[e.Provider]
	return a != nil && a.caps.GetOrder
}

// divisible reports whether part of an order says nothing about its rest, which
// is so where one order is several requests. Then they can be repeated.
func (j *Journal) divisible(e *Entry) bool {
	a := j.accounts[e.Provider]
	return a != nil && a.byUnit(e.Kind)
}

// place enters what was kept for a purchase before it could be known to be its.
func (j *Journal) place(ctx context.Context, e Entry) (Entry, bool, error) {
	held, err := j.store.Held(ctx, HeldQuery{Provider: e.Provider, Names: append(slices.Clone(e.Keys), referenceName(e.Reference))})
	if err != nil {
		return e, false, err
	}
	before := e.State
	for _, h := range held {
		o, err := heldOrder(h)
		if err != nil {
			continue // it stays, and OnUnmatched tells
		}
		after, err := j.absorb(ctx, e, o)
		if errors.Is(err, ErrContradiction) {
			continue
		}
		if err != nil {
			return e, false, err
		}
		e = after
		if err := j.store.Release(ctx, h.Provider, h.Key); err != nil {
			return e, false, err
		}
	}
	return e, e.State != before, nil
}

func (j *Journal) hold(ctx context.Context, o *esim.Order, names []string) error {
	if !j.policy.hold {
		return nil
	}
	now, err := j.now(ctx)
	if err != nil && !errors.Is(err, ErrClockSuspect) {
		return err
	}
	text, err := json.Marshal(evidenceOf(o))
	if err != nil {
		return err
	}
	return j.store.Hold(ctx, Held{Provider: o.Provider, Key: evidenceKey(o), Names: names, At: now, Document: text})
}

// placeLate enters evidence of a purchase that was not worked on any more when
// it became known whose it is.
func (j *Journal) placeLate(ctx context.Context, h Held, o *esim.Order) (placed bool, err error) {
	e, err := j.owner(ctx, o)
	if err == nil {
		_, err = j.absorb(ctx, e, o)
	}
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrContradiction) {
		return false, nil // somebody must look at it
	}
	if err != nil {
		return false, err
	}
	return true, j.store.Release(ctx, h.Provider, h.Key)
}

// unmatched tells of evidence that nobody could place.
func (j *Journal) unmatched(ctx context.Context, now time.Time) error {
	seen := make(map[providerKey]bool) // a page whose hook fails must not hide the next
	for limit := defaultLimit; ; limit *= 2 {
		held, err := j.store.Held(ctx, HeldQuery{Before: now.Add(-unmatchedAfter), Unwarned: true, Limit: limit})
		if err != nil {
			return err
		}
		for _, h := range held {
			key := providerKey{h.Provider, h.Key}
			if seen[key] {
				continue
			}
			seen[key] = true
			if err := j.unmatchedOne(ctx, h); err != nil {
				return err
			}
		}
		if len(held) < limit {
			return nil
		}
	}
}

func (j *Journal) unmatchedOne(ctx context.Context, h Held) error {
	o, err := heldOrder(h)
	if err != nil {
		o = &esim.Order{Provider: h.Provider}
	} else if placed, err := j.placeLate(ctx, h, o); err != nil || placed {
		return err
	}
	j.config.Logger.WarnContext(ctx, "journal evidence fits no purchase", "provider", h.Provider, "reference", o.Reference, "order_id", o.ID)
	if j.callUnmatched(ctx, o) != nil {
		return ctx.Err() // logged, and again next time
	}
	return j.store.Warned(ctx, h.Provider, h.Key)
}

// heldEvidence is an order from outside, as it is kept.
type heldEvidence struct {
	Provider  esim.Provider `json:"provider"`
	Reference string        `json:"reference,omitempty"`
	Quantity  int           `json:"quantity,omitempty"`
	Order     storedOrder   `json:"order"`
}

func evidenceOf(o *esim.Order) heldEvidence {
	var d document
	d.merge(o)
	return heldEvidence{Provider: o.Provider, Reference: o.Reference, Quantity: o.Quantity, Order: *d.Order}
}

func heldOrder(h Held) (*esim.Order, error) {
	var kept heldEvidence
	if err := json.Unmarshal(h.Document, &kept); err != nil {
		return nil, err
	}
	d := document{Order: &kept.Order, Request: request{Quantity: kept.Quantity}}
	return d.order(&Entry{Provider: kept.Provider, Reference: kept.Reference, PackageID: kept.Order.PackageID}), nil
}

func evidenceKey(o *esim.Order) string {
	text, err := json.Marshal(evidenceOf(o))
	if err != nil { // times beyond the year 9999
		text = fmt.Appendf(nil, "%v", evidenceNames(o))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func orderNames(o *esim.Order) []string {
	var names []string
	if o.ID != "" {
		names = append(names, orderKey(o.ID))
	}
	for i := range o.ESIMs {
		if o.ESIMs[i].ItemID != "" {
			names = append(names, itemKey(o.ESIMs[i].ItemID))
		}
	}
	return names
}

func evidenceNames(o *esim.Order) []string {
	names := orderNames(o)
	if o.Reference != "" {
		names = append(names, referenceName(o.Reference))
	}
	return names
}
