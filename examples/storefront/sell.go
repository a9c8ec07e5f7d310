package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// sell takes the money and has the journal buy. It may be called any number of
// times with the same sale.
func (s *shop) sell(ctx context.Context, sold *sale) error {
	if !s.sells {
		return errNotSelling
	}
	if err := s.books.add(ctx, sold); err != nil {
		return err
	}
	return s.buy(ctx, sold.Reference)
}

var errNotSelling = errors.New("this shop shows prices and sells nothing")

// buy hands a sale to the journal, as it was recorded when it was paid. What
// is refused, and what the journal surely does not have, is paid back; one at a
// time, so that nothing is bought and paid back.
func (s *shop) buy(ctx context.Context, reference string) error {
	s.till.Lock()
	defer s.till.Unlock()
	sold, err := s.books.sale(ctx, reference)
	if err != nil || !sold.RefundedAt.IsZero() {
		return err
	}
	refused := s.enqueue(ctx, sold)
	if refused == nil {
		return s.books.ordered(ctx, reference, time.Now())
	}
	p, err := s.journal.Lookup(ctx, sold.Package.Provider, reference)
	switch {
	case err == nil && !p.State.Uncharged():
		return s.books.ordered(ctx, reference, time.Now()) // it had it already
	case err != nil && !errors.Is(err, journal.ErrNotFound), esim.MaybeCharged(refused), ctx.Err() != nil:
		return nil // nobody knows whether the journal has it, so settle asks again
	}
	s.logger.WarnContext(ctx, "not ordered, so the customer gets the money back", "reference", reference, "error", refused)
	return s.books.refund(ctx, reference, time.Now())
}

func (s *shop) enqueue(ctx context.Context, sold *sale) (err error) {
	p := sold.Package.Provider
	if sold.topUp() {
		_, err = s.journal.EnqueueTopUp(ctx, nil, p, esim.TopUpRequest{
			ICCID: sold.ICCID, PackageID: sold.Package.ID, Reference: sold.Reference, Quote: &sold.Package,
		})
		return err
	}
	_, err = s.journal.EnqueueOrder(ctx, nil, p, esim.OrderRequest{
		PackageID: sold.Package.ID, Reference: sold.Reference, Quote: &sold.Package,
	})
	return err
}

// settle hands to the journal what was paid and perhaps never got there,
// because the process died in between. The journal knows what it has.
func (s *shop) settle(ctx context.Context) error {
	list, err := s.books.unordered(ctx)
	if err != nil {
		return err
	}
	errs := make([]error, len(list))
	for i := range list {
		errs[i] = s.buy(ctx, list[i].Reference)
	}
	return errors.Join(errs...)
}

// patience is how long a customer waits for an order that cannot be sent, the
// reseller being out of reach for instance, before the money goes back.
const patience = time.Minute

// giveUp takes back what is older and of which nothing was sent, and pays it
// back: the journal would go on trying for days, and it tells no hook of what
// the shop has withdrawn, or a person decided.
func (s *shop) giveUp(ctx context.Context, after time.Duration) error {
	var errs []error
	for p, err := range s.journal.Purchases(ctx, journal.Query{States: []journal.State{journal.Ready, journal.NotExecuted, journal.Refunded}}) {
		if err != nil {
			return err
		}
		if p.State == journal.Ready && time.Since(p.CreatedAt) >= after {
			if p, err = s.journal.Withdraw(ctx, p.ID); err != nil {
				continue // it has gone on
			}
		}
		if p.State != journal.Ready {
			errs = append(errs, s.books.refund(ctx, p.Reference, time.Now()))
		}
	}
	return errors.Join(errs...)
}

// purchase returns a sale and what the journal knows of it, nil for nothing
// yet. Its error is [sql.ErrNoRows] for a reference that was never paid.
func (s *shop) purchase(ctx context.Context, reference string) (*sale, *journal.Purchase, error) {
	sold, err := s.books.sale(ctx, reference)
	if err != nil {
		return nil, nil, err
	}
	p, err := s.journal.Lookup(ctx, sold.Package.Provider, reference)
	if errors.Is(err, journal.ErrNotFound) {
		return sold, nil, nil
	}
	return sold, p, err
}

func isMissing(err error) bool { return errors.Is(err, sql.ErrNoRows) }
