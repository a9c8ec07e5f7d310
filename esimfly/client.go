package esimfly

import (
	"context"
	"fmt"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

const (
	maxQuantity  = 10               // of one order (eSIMfly docs: api/create-order)
	pollInterval = 15 * time.Second // for a pending order (eSIMfly docs: llm texts)
)

// keyLife is documented for request ids (eSIMfly docs: api/create-order). How
// long idempotency keys are known is not; that it is no shorter is assumed.
const keyLife = 24 * time.Hour

// Client speaks with eSIMfly for one API key. It is safe for concurrent use.
type Client struct {
	esim.UnimplementedClient

	api      *adapter.API
	account  esim.Account
	verified bool
	orders   adapter.Purchase
	topUps   adapter.Purchase
}

var _ esim.Client = (*Client)(nil)

// Account tells which account is charged. There is no sandbox, so it is live
// everywhere but on a loopback host.
func (c *Client) Account() esim.Account { return c.account }

// Capabilities tells what this client can do. The price guard is that of
// Order; the price of a top-up is read again just before it is bought. KeyLife
// is documented for request ids and assumed for idempotency keys. OrderRepeat is
// safe only once you have tried it: see [Config].ReplaysVerified.
func (c *Client) Capabilities() esim.Capabilities { return c.api.Capabilities() }

func (c *Client) can(listProves time.Duration) esim.Capabilities {
	return esim.Capabilities{
		ListPackages: true, ListTopUps: true,
		Order: true, TopUp: true, GetOrder: true, Cancel: true,
		GetESIM: true, Usage: true, Balance: true,
		CallbackURL:      true,
		MaxQuantity:      maxQuantity,
		OrderIdempotency: esim.IdempotencyReplays,
		TopUpIdempotency: esim.IdempotencyNone,
		OrderRepeat:      c.orders.Repeats.Lost,
		TopUpRepeat:      c.topUps.Repeats.Lost,
		ListProvesAfter:  listProves,
		KeyLife:          keyLife,
		OnceRequestID:    true,
		Fulfilment:       esim.FulfilmentPolled,
		PriceGuard:       esim.PriceGuardEnforced,
		PollInterval:     pollInterval,
		ContractVerified: c.verified,
	}
}

// Format prints what this is and nothing of what it holds, whatever the verb.
func (c *Client) Format(f fmt.State, _ rune) { adapter.Write(f, "esimfly.Client") }

// CloseIdleConnections closes connections kept for later calls.
func (c *Client) CloseIdleConnections() { c.api.CloseIdleConnections() }

// Balance reads the prepaid balance in the currency of the account (eSIMfly
// docs: api/balance). For enterprise accounts it may be a few minutes old.
func (c *Client) Balance(ctx context.Context) (esim.Money, error) {
	return adapter.Operate(ctx, c.api, "Balance", adapter.None{}, c.balance)
}

func (c *Client) balance(ctx context.Context, _ adapter.None) (esim.Money, error) {
	data, err := fetch[balance](ctx, c, adapter.Get("/balance"))
	if err != nil {
		return esim.Money{}, err
	}
	return money(data.Balance, data.Currency), nil
}
