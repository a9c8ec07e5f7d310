package adapter

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

// Together runs reads side by side and returns when all have ended. Each keeps
// its own result. An adapter starts no goroutine of its own.
func (t *API) Together(ctx context.Context, reads ...func(context.Context)) {
	if len(reads) == 1 {
		reads[0](ctx)
		return
	}
	var all sync.WaitGroup
	failures := make(chan any, len(reads))
	for _, read := range reads {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					failures <- p
				}
			}()
			read(ctx)
		})
	}
	all.Wait()
	select {
	case p := <-failures:
		panic(p) // to the caller, who may recover it, as from a call without goroutines
	default:
	}
}

// patience bounds the read of a balance: a purchase does without it rather
// than wait.
const patience = 5 * time.Second

// patiently reads a balance and learns from it.
func (t *API) patiently(ctx context.Context, read func(context.Context) (esim.Money, error)) (esim.Money, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	balance, err := read(ctx)
	if err == nil {
		t.SawBalance(balance)
	}
	return balance, err
}

// SawBalance learns from a balance that was read for whatever reason. That one is
// too low refuses a sale only if the account is known to pay from it: one on
// invoice reads 0, or what it owes, all its life.
func (t *API) SawBalance(balance esim.Money) {
	if balance.Sign() > 0 {
		t.prepaid.Store(true)
	}
}

// covers refuses a purchase that is certain to fail for want of money, before
// it is sent, and logs that: the balance has the currency of total or none, is
// below it, and the account has been seen above zero.
func (t *API) covers(ctx context.Context, op string, balance, total esim.Money) error {
	if !t.prepaid.Load() || !below(balance, total) {
		return nil
	}
	t.logger.LogAttrs(ctx, slog.LevelWarn, "esim purchase held back: the balance is too low",
		slog.String("provider", string(t.spec.Provider)), slog.String("op", op),
		slog.String("balance", amountOf(balance)), slog.String("total", total.String()))
	return t.failIn(op, esim.ErrInsufficientBalance, esim.OutcomeNotSent,
		"the balance of "+amountOf(balance)+" does not cover "+total.String()+"; nothing was sent")
}

// amountOf is a balance as it was stated, which may be without a currency.
func amountOf(balance esim.Money) string {
	if balance.Currency() == "" {
		return balance.Amount()
	}
	return balance.String()
}

// below is false for amounts that cannot be compared.
func below(balance, total esim.Money) bool {
	if balance.Currency() == "" {
		balance, _ = esim.ParseMoney(balance.Amount(), total.Currency()) // 0 too: it was read
	}
	return balance.Currency() == total.Currency() && balance.Compare(total) < 0
}
