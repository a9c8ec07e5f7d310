package journaltest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/journal"
)

var budgetChecks = []check{
	{"up to the limit", budgetUpToLimit},
	{"over the limit", budgetOver},
	{"exact decimals", budgetIsExact},
	{"many at once", budgetOfMany},
	{"one name each", budgetPerName},
	{"a known reference spends nothing", budgetOnce},
	{"a taken key spends nothing", budgetOfARefusal},
	{"a refusal keeps no key", budgetKeepsNoKey},
	{"given back when rejected", func(t *trial) { budgetGivenBack(t, journal.Rejected) }},
	{"given back when not executed", func(t *trial) { budgetGivenBack(t, journal.NotExecuted) }},
	{"kept in every other state", budgetKept},
	{"given back once", budgetGivenBackOnce},
	{"given back once, by way of a review", budgetGivenBackOnceForGood},
	{"a stale save gives nothing back", budgetStale},
	{"nothing to give back", budgetOfNothing},
}

const day = "north:3f1a USD 2026-07-01"

func costs(amount string) func(*journal.Entry) {
	return func(e *journal.Entry) { e.Cost, e.Currency, e.Budget = amount, "USD", day }
}

func (t *trial) spend(reference, amount, limit string) (journal.Entry, error) {
	t.Helper()
	e, created, err := t.store.Create(t.Context(), t.purchase(north, reference, costs(amount)), &journal.Budget{Limit: limit})
	if err == nil && !created {
		t.Fatalf("Create of %s: created is false for a new entry", reference)
	}
	return e, err
}

func (t *trial) mustSpend(reference, amount, limit string) journal.Entry {
	t.Helper()
	e, err := t.spend(reference, amount, limit)
	if err != nil {
		t.Fatalf("%s within a limit of %s: %v", amount, limit, err)
	}
	return e
}

// wantLeft checks to the cent what a budget still holds, and uses it up.
func (t *trial) wantLeft(left, limit string) {
	t.Helper()
	if _, err := t.spend("cent", "0.01", limit); left == "0" {
		t.wantError(err, journal.ErrOverBudget)
		return
	} else if err != nil {
		t.Errorf("there is nothing left, want %s: %v", left, err)
		return
	}
	if _, err := t.spend("all", left, limit); !errors.Is(err, journal.ErrOverBudget) {
		t.Errorf("more than %s is left: %v", left, err)
	}
}

func budgetUpToLimit(t *trial) {
	t.mustSpend("cart-1", "30", "50.00")
	t.mustSpend("cart-2", "20.00", "50")
	t.wantLeft("0", "50.00")
}

func budgetOver(t *trial) {
	t.mustSpend("cart-1", "49.99", "50")
	e, err := t.spend("cart-2", "0.02", "50")
	t.wantError(err, journal.ErrOverBudget)
	if e.Version != 0 {
		t.Errorf("an entry comes with the refusal: %s", show(&e))
	}
	t.wantAbsent(journal.IDOf(north, "cart-2"))
	t.mustSpend("cart-3", "0.01", "50") // the refusal has spent nothing
}

func budgetIsExact(t *trial) {
	for i := range 10 {
		t.mustSpend(fmt.Sprintf("cart-%d", i), "0.1", "1")
	}
	t.wantLeft("0", "1")
	t.wantLeft("0", "1.0000")
}

func budgetOfMany(t *trial) {
	const n, affordable = 32, 10
	var created, over atomic.Int32
	suite.Together(n, func(i int) {
		e := t.purchase(north, fmt.Sprintf("cart-%d", i), costs("4.99"))
		_, isNew, err := t.store.Create(t.Context(), e, &journal.Budget{Limit: "49.90"})
		switch {
		case err == nil && isNew:
			created.Add(1)
		case errors.Is(err, journal.ErrOverBudget):
			over.Add(1)
		}
	})
	if created.Load() != affordable || over.Load() != n-affordable {
		t.Errorf("%d purchases went through and %d were over, want %d and %d", created.Load(), over.Load(), affordable, n-affordable)
	}
	if kept := len(t.list(journal.Query{})); kept != affordable {
		t.Errorf("%d entries are kept, want %d", kept, affordable)
	}
}

func budgetPerName(t *trial) {
	t.mustSpend("cart-1", "50", "50")
	other := t.purchase(north, "cart-2", costs("50"), func(e *journal.Entry) { e.Budget = "north:3f1a USD 2026-07-02" })
	if _, created, err := t.store.Create(t.Context(), other, &journal.Budget{Limit: "50"}); err != nil || !created {
		t.Errorf("another budget: created %t, error %v", created, err)
	}
	other.State = journal.Rejected
	t.save(other)
	t.wantLeft("0", "50") // what was given back belongs to the other
}

func budgetOnce(t *trial) {
	first := t.mustSpend("cart-1", "30", "50")
	kept, created, err := t.store.Create(t.Context(), t.purchase(north, "cart-1", costs("30")), &journal.Budget{Limit: "50"})
	if err != nil || created {
		t.Fatalf("a known reference: created %t, error %v, want the entry even over the limit", created, err)
	}
	t.wantSame("what Create returns for a known reference", first, kept)
	t.mustSpend("cart-2", "20", "50")
}

func budgetOfARefusal(t *trial) {
	t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
	e := t.purchase(north, "cart-2", costs("50"), func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
	_, _, err := t.store.Create(t.Context(), e, &journal.Budget{Limit: "50"})
	t.wantError(err, journal.ErrTaken)
	t.mustSpend("cart-3", "50", "50")
}

func budgetKeepsNoKey(t *trial) {
	e := t.purchase(north, "cart-1", costs("51"), func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
	_, _, err := t.store.Create(t.Context(), e, &journal.Budget{Limit: "50"})
	t.wantError(err, journal.ErrOverBudget)
	t.wantOwner(north, "topup:89", "")
	t.created(north, "cart-2", func(e *journal.Entry) { e.Keys = []string{"topup:89"} })
}

func budgetGivenBack(t *trial, s journal.State) {
	e := t.mustSpend("cart-1", "30", "50")
	t.mustSpend("cart-2", "20", "50")
	e.State = s
	t.save(e)
	t.wantLeft("30", "50")
}

func budgetKept(t *trial) {
	e := t.mustSpend("cart-1", "50", "50")
	for _, s := range journal.States() {
		if !s.Uncharged() {
			e.State = s
			e = t.save(e)
		}
	}
	t.wantLeft("0", "50")
}

func budgetGivenBackOnce(t *trial) {
	t.givesBackOnce(journal.Rejected, journal.Rejected, journal.NotExecuted)
}

// An entry that turns out to have been charged takes nothing from the budget of
// a day that may be over, so there is nothing to give back either.
func budgetGivenBackOnceForGood(t *trial) {
	t.givesBackOnce(journal.Rejected, journal.Review, journal.NotExecuted)
}

func (t *trial) givesBackOnce(through ...journal.State) {
	t.Helper()
	e := t.mustSpend("cart-1", "30", "50")
	t.mustSpend("cart-2", "20", "50")
	for _, s := range through {
		e.State = s
		e = t.save(e)
	}
	t.wantLeft("30", "50")
}

func budgetStale(t *trial) {
	e := t.mustSpend("cart-1", "50", "50")
	t.save(e)
	e.State = journal.Rejected
	_, err := t.store.Save(t.Context(), e)
	t.wantError(err, journal.ErrStale)
	t.wantLeft("0", "50")
}

func budgetOfNothing(t *trial) {
	e := t.created(north, "cart-1")
	e.State = journal.Rejected
	t.save(e)
	priced := t.created(north, "cart-2", func(e *journal.Entry) { e.Cost, e.Currency = "5", "USD" })
	priced.State = journal.Rejected
	t.save(priced)
	t.mustSpend("cart-3", "50", "50")
	t.wantLeft("0", "50")
}
