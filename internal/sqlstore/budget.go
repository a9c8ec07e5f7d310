package sqlstore

import (
	"context"
	"fmt"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// spend adds cost to the counter, unless it would exceed the limit.
func (d *Dialect) spend(ctx context.Context, tx Tx, name, cost, limit string) error {
	most, err := counted(limit)
	if err != nil {
		return fmt.Errorf("sqlstore: the limit of the budget %q: %w", name, err)
	}
	c, err := counted(cost)
	if err != nil {
		return fmt.Errorf("sqlstore: the cost that the budget %q is to bear: %w", name, err)
	}
	if c.Sign() < 0 {
		return fmt.Errorf("sqlstore: the budget %q bears no negative cost", name)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO esim_budget (name, spent) VALUES ($1, '0') ON CONFLICT DO NOTHING`, name); err != nil {
		return err
	}
	return d.count(ctx, tx, name, func(spent esim.Money) (esim.Money, error) {
		sum, err := spent.Add(c)
		if err == nil && sum.Compare(most) > 0 {
			return spent, journal.ErrOverBudget
		}
		return sum, err
	})
}

// giveBack takes what the entry has put on its counter off again, once.
func (d *Dialect) giveBack(ctx context.Context, tx Tx, e *journal.Entry) error {
	taken, err := one[string](ctx, tx, "SELECT taken FROM esim_purchase WHERE id = $1", string(e.ID))
	if err != nil || taken == "" {
		return err
	}
	c, err := counted(taken)
	if err != nil {
		return damaged(e.ID, err)
	}
	if _, err := tx.Exec(ctx, "UPDATE esim_purchase SET taken = '' WHERE id = $1", string(e.ID)); err != nil {
		return err
	}
	return d.count(ctx, tx, e.Budget, func(spent esim.Money) (esim.Money, error) { return spent.Sub(c) })
}

// count replaces the value of a counter, which nobody else changes meanwhile.
func (d *Dialect) count(ctx context.Context, tx Tx, name string, next func(esim.Money) (esim.Money, error)) error {
	text, err := one[string](ctx, tx, "SELECT spent FROM esim_budget WHERE name = $1 "+d.Lock, name)
	if err != nil {
		return err
	}
	spent, err := counted(text)
	if err != nil {
		return fmt.Errorf("%w: the counter of the budget %q is damaged (%w)", journal.ErrForeign, name, err)
	}
	if spent, err = next(spent); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE esim_budget SET spent = $2 WHERE name = $1", name, spent.Amount())
	return err
}

// counted reads an amount of a counter, which has one currency and does not
// say which: XXX is the code of ISO 4217 for that.
func counted(amount string) (esim.Money, error) { return esim.ParseMoney(amount, "XXX") }
