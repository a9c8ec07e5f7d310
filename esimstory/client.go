package esimstory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/esimstory/pricesheet"
)

// Client is one partner account at eSIM Story. It is safe for concurrent use;
// get one from [New].
type Client struct {
	esim.UnimplementedClient

	api       *adapter.API
	signer    *adapter.Signer
	accessKey esim.Secret // an identifier, but nothing that belongs into a printed Client
	account   esim.Account
	maxUnits  int
	sheet     *pricesheet.Sheet
	repeats   adapter.Repeats
}

var _ esim.Client = (*Client)(nil)

// Provider returns [Provider].
func (c *Client) Provider() esim.Provider { return Provider }

// Account tells which account is charged. It is live except in the sandbox and
// on a loopback host.
func (c *Client) Account() esim.Account { return c.account }

// Capabilities returns what eSIM Story documents: orders, delivered by
// webhook. With a price sheet, packages can be listed and prices checked too.
// MaxQuantity is [Config].MaxUnits, since the provider states none. OrderRepeat
// is unknown unless [Config].RepeatsVerified.
func (c *Client) Capabilities() esim.Capabilities { return c.api.Capabilities() }

func (c *Client) capabilities() esim.Capabilities {
	can := esim.Capabilities{
		Order:            true,
		MaxQuantity:      c.maxUnits,
		OrderIdempotency: esim.IdempotencyRejects,
		OrderRepeat:      c.repeats.Lost,
		Fulfilment:       esim.FulfilmentWebhook,
	}
	if c.sheet.Len() > 0 {
		can.ListPackages = true
		can.PriceGuard = esim.PriceGuardSheet
	}
	return can
}

// Format prints what this is and nothing of what it holds, whatever the verb.
func (c *Client) Format(f fmt.State, _ rune) { adapter.Write(f, "esimstory.Client") }

// CloseIdleConnections closes connections that are kept for later calls.
func (c *Client) CloseIdleConnections() { c.api.CloseIdleConnections() }

// authorize signs one attempt: method, path, seconds and access key (eSIM
// Story docs: authentication/overview). The body is not signed, and there is
// no request id.
func (c *Client) authorize(_ context.Context, r *http.Request, _ []byte, now time.Time) (string, error) {
	seconds, accessKey := strconv.FormatInt(now.Unix(), 10), c.accessKey.Reveal()
	signature := c.signer.Lines(r.Method, r.URL.EscapedPath(), seconds, accessKey)
	r.Header.Set("X-Esim-Story-Access-Key", accessKey)
	r.Header.Set("X-Esim-Story-Timestamp", seconds)
	r.Header.Set("X-Esim-Story-Signature", signature.Lower())
	return "", nil
}

// ListTopUps is unsupported: eSIM Story has no top-ups. The topup_id of its
// orders is the id of a sold unit.
func (c *Client) ListTopUps(ctx context.Context, _ esim.ICCID) ([]esim.Package, error) {
	return nil, c.unsupported(ctx, "ListTopUps", "eSIM Story has no top-ups")
}

// TopUp is unsupported: eSIM Story has no top-ups.
func (c *Client) TopUp(ctx context.Context, _ esim.TopUpRequest) (*esim.Order, error) {
	return nil, c.unsupported(ctx, "TopUp", "eSIM Story has no top-ups; order a new eSIM")
}

// GetOrder is unsupported: eSIM Story has no call that reads an order. Put its
// deliveries into the order you keep, with [Apply].
func (c *Client) GetOrder(ctx context.Context, _ esim.OrderRef) (*esim.Order, error) {
	return nil, c.unsupported(ctx, "GetOrder", "eSIM Story cannot be asked about an order; its webhooks deliver it")
}

// Cancel is unsupported: eSIM Story documents neither cancelling nor refunds.
func (c *Client) Cancel(ctx context.Context, _ esim.CancelRequest) (*esim.Cancellation, error) {
	return nil, c.unsupported(ctx, "Cancel", "eSIM Story cancels nothing by API; ask its support")
}

// GetESIM is unsupported: eSIM Story shows an eSIM once, in its webhook.
func (c *Client) GetESIM(ctx context.Context, _ esim.ICCID) (*esim.ESIM, error) {
	return nil, c.unsupported(ctx, "GetESIM", "eSIM Story shows an eSIM once, in its webhook")
}

// Usage is unsupported: eSIM Story does not report usage.
func (c *Client) Usage(ctx context.Context, _ esim.ICCID) (*esim.Usage, error) {
	return nil, c.unsupported(ctx, "Usage", "eSIM Story does not report usage")
}

// Balance is unsupported: eSIM Story does not report a balance.
func (c *Client) Balance(ctx context.Context) (esim.Money, error) {
	return esim.Money{}, c.unsupported(ctx, "Balance", "eSIM Story does not report a balance")
}

// unsupported is the answer to a call without an endpoint.
func (c *Client) unsupported(ctx context.Context, op, why string) (err *esim.Error) {
	_, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	return c.api.FailIn(op, errors.ErrUnsupported, esim.OutcomeNotSent, why)
}
