package esimstory

import (
	"context"
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
	orders    adapter.Purchase // of one option
}

var _ esim.Client = (*Client)(nil)

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

// missing are the operations of which eSIM Story documents no call, and why.
var missing = map[string]string{
	"ListTopUps": "eSIM Story has no top-ups", // the topup_id of its orders is the id of a sold unit
	"TopUp":      "eSIM Story has no top-ups; order a new eSIM",
	"GetOrder":   "eSIM Story cannot be asked about an order; its webhooks deliver it",
	"Cancel":     "eSIM Story cancels nothing by API; ask its support",
	"GetESIM":    "eSIM Story shows an eSIM once, in its webhook",
	"Usage":      "eSIM Story does not report usage",
	"Balance":    "eSIM Story does not report a balance",
}
