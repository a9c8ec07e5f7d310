package journal

import (
	"cmp"
	"context"
	"errors"
	"iter"

	"github.com/esimkit/esim"
)

// Lookup returns the purchase that a reference stands for, or [ErrNotFound].
func (j *Journal) Lookup(ctx context.Context, p esim.Provider, reference string) (*Purchase, error) {
	return j.Get(ctx, IDOf(p, reference))
}

// Get returns a purchase, or [ErrNotFound].
func (j *Journal) Get(ctx context.Context, id ID) (*Purchase, error) {
	e, err := j.store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return purchaseOf(&e)
}

// Purchases iterates over purchases, oldest first, by a page of the store at a
// time. Query.After and Limit are the iterator's own. An error is yielded once
// and ends it.
func (j *Journal) Purchases(ctx context.Context, q Query) iter.Seq2[*Purchase, error] {
	return func(yield func(*Purchase, error) bool) {
		q.After, q.Limit = nil, 0
		for {
			page, err := j.store.List(ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page {
				p, err := purchaseOf(&page[i])
				if err != nil { // one damaged document must not hide the others
					p = &Purchase{ID: page[i].ID, Provider: page[i].Provider, Reference: page[i].Reference, State: page[i].State, Review: err.Error()}
				}
				if !yield(p, nil) {
					return
				}
			}
			if len(page) == 0 {
				return
			}
			q.After = &page[len(page)-1]
		}
	}
}

// find returns the entry that an order reference names.
func (j *Journal) find(ctx context.Context, p esim.Provider, ref esim.OrderRef) (Entry, error) {
	if ref.Reference != "" {
		if e, err := j.store.Get(ctx, IDOf(p, ref.Reference)); !errors.Is(err, ErrNotFound) {
			return e, err
		}
	}
	if ref.ID == "" {
		return Entry{}, ErrNotFound
	}
	found, err := j.store.Named(ctx, p, []string{orderKey(ref.ID)})
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Entry{}, err
	}
	return found[0], nil
}

// look answers GetOrder: with what the provider says now, where it can be
// asked, put beside what is on record.
func (j *Journal) look(ctx context.Context, a *account, e Entry) (*esim.Order, error) {
	d, err := decodeDocument(e.Document)
	if err != nil {
		return nil, storeError("GetOrder", e.Provider, e.Reference, err, esim.OutcomeNotSent)
	}
	known := d.order(&e)
	if a.caps.GetOrder && known != nil && known.ID != "" && e.Account == a.fingerprint {
		var told *esim.Order
		told, err = a.client.GetOrder(ctx, known.Ref())
		if err != nil {
			return nil, err
		}
		told.Total = withCurrency(told.Total, known.Total, e.Currency)
		if _, err = j.Observe(ctx, told); err != nil {
			j.config.Logger.WarnContext(ctx, "journal could not take in an order", "provider", e.Provider, "reference", e.Reference, "error", err)
		}
		return told, nil
	}
	order, err := j.onRecord(&e, d)
	if failed, ok := errors.AsType[*esim.Error](err); ok {
		failed.Op = "GetOrder"
	}
	return order, err
}

// withCurrency is the total that was told, in the currency that the purchase is
// known to have where the provider does not say one.
func withCurrency(told, known esim.Money, currency string) esim.Money {
	switch {
	case told.Currency() != "":
		return told
	case told.IsZero():
		return known
	}
	m, err := told.WithCurrency(cmp.Or(known.Currency(), currency))
	if err != nil {
		return told
	}
	return m
}
