package esimfx

import (
	"context"
	"fmt"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// Client speaks with eSIMfx for one account. It is safe for concurrent use;
// all calls share one access token, with other processes too if Config.Tokens
// says how.
type Client struct {
	esim.UnimplementedClient

	api *adapter.API

	id       esim.Secret
	taught   func(code string) (Code, bool) // by Config.Codes
	currency string

	order, topUp adapter.Purchase
}

var _ esim.Client = (*Client)(nil)

// Account tells which account is charged. It is live except on a loopback host:
// what eSIMfx uses for tests, if anything, is not published.
func (c *Client) Account() esim.Account { return c.api.Account(c.id.Reveal()) }

// keyLife is six months (eSIMfx docs: Project Context), of 30 days.
const keyLife = 180 * 24 * time.Hour

// Capabilities tells what this client can do. OrderRepeat and TopUpRepeat are
// assumed as long as ContractVerified is false. MaxQuantity is a bound of this
// package, since eSIMfx sells one eSIM a call.
func (c *Client) Capabilities() esim.Capabilities { return c.api.Capabilities() }

// capabilities of an account whose repeats are these.
func capabilities(repeats adapter.Repeats, verified bool) esim.Capabilities {
	return esim.Capabilities{
		ListPackages: true, ListTopUps: true,
		Order: true, TopUp: true, GetOrder: true, Cancel: true,
		GetESIM: true, Usage: true, Balance: true,
		MaxQuantity:      maxQuantity,
		OrderIdempotency: esim.IdempotencyReplays, TopUpIdempotency: esim.IdempotencyReplays,
		OrderRepeat: repeats.Lost, TopUpRepeat: repeats.Lost, MaxRepeats: repeats.Most,
		KeyLife:          keyLife,
		Fulfilment:       esim.FulfilmentImmediate,
		PriceGuard:       esim.PriceGuardChecked,
		ContractVerified: verified,
	}
}

// Format prints what this is and nothing of what it holds, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) { adapter.Write(f, "esimfx.Client") }

// CloseIdleConnections closes connections kept for later calls.
func (c *Client) CloseIdleConnections() { c.api.CloseIdleConnections() }

// Balance reads the prepaid balance (path and field as public integrations
// have them; not in the provider's documents). Its currency is that of
// Config.Currency, since the API states none.
func (c *Client) Balance(ctx context.Context) (esim.Money, error) {
	return adapter.Operate(ctx, c.api, "Balance", adapter.None{}, func(ctx context.Context, _ adapter.None) (esim.Money, error) {
		return c.readBalance(ctx)
	})
}

func (c *Client) readBalance(ctx context.Context) (esim.Money, error) {
	profile, err := fetch[profileData](ctx, c.api, adapter.Get("/account/api/v1/reseller/get_profile"))
	if err != nil {
		return esim.Money{}, err
	}
	balance, err := profile.Balance.Money(c.currency)
	if err == nil {
		c.api.SawBalance(balance)
	}
	return balance, err
}
