package adapter_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// provider names the reseller.
const provider esim.Provider = "small"

// client speaks with a reseller that sells one eSIM a call, under a key that it
// replays.
type client struct {
	esim.UnimplementedClient

	api *adapter.API
}

func newClient(url string, key esim.Secret) (*client, error) {
	c := &client{UnimplementedClient: esim.UnimplementedClient{Name: provider}}
	api, err := adapter.New(adapter.Spec{
		Provider: provider, Pace: 10, Burst: 20,
		Authorize: func(_ context.Context, r *http.Request, _ []byte, _ time.Time) (string, error) {
			r.Header.Set("Authorization", "Bearer "+key.Reveal())
			return "", nil
		},
		Refuse: refuse, Errors: refusals, Secrets: []esim.Secret{key},
		Spends: []string{"POST /orders"}, Purchases: []adapter.Purchase{c.sells()},
		Can: esim.Capabilities{Order: true, GetESIM: true, MaxQuantity: 10, OrderRepeat: esim.RepeatSafe},
	}, esim.Settings{BaseURL: url})
	c.api = api
	return c, err
}

// envelope is what every answer has.
type envelope[T any] struct {
	OK    *bool     `json:"ok"`
	Code  wire.Text `json:"code"`
	Error wire.Text `json:"error"`
	Data  T         `json:"data"`
}

func (e *envelope[T]) Accepted() (ok, valid bool) { return e.OK != nil && *e.OK, e.OK != nil }

// refusals is the error table: what is not in it counts by its status.
var refusals = append(
	adapter.Codes(adapter.Rule{Kind: esim.ErrInsufficientBalance, Outcome: esim.OutcomeRejected}, "NO_FUNDS"),
	adapter.Codes(adapter.Rule{Kind: esim.ErrNotFound, Outcome: esim.OutcomeRejected}, "NO_SUCH_ESIM")...)

func refuse(a adapter.Answer) adapter.Verdict {
	var doc envelope[wire.Raw]
	if !a.JSON || wire.Decode(a.Body, &doc) != nil {
		return adapter.Verdict{Rule: adapter.ByStatus(a.Status)}
	}
	rule, listed := refusals.Find(a.Status, doc.Code.String())
	return adapter.Verdict{Rule: rule, Code: doc.Code.String(), Message: doc.Error.String(), Recognised: listed}
}

type profile struct {
	ID    wire.Text `json:"id"`
	ICCID wire.Text `json:"iccid"`
	Code  wire.Text `json:"lpa"`
}

func (p *profile) convert() esim.ESIM {
	e := esim.ESIM{ICCID: p.ICCID.ICCID(), Status: esim.ESIMNew}
	wire.PutActivation(&e, p.Code)
	return e
}

// Capabilities tells what the reseller can do.
func (c *client) Capabilities() esim.Capabilities { return c.api.Capabilities() }

// Account tells what pays; the key id must be no secret.
func (c *client) Account() esim.Account { return c.api.Account("shop-1") }

// GetESIM reads one eSIM.
func (c *client) GetESIM(ctx context.Context, iccid esim.ICCID) (*esim.ESIM, error) {
	return adapter.Operate(ctx, c.api, "GetESIM", iccid, c.getESIM)
}

func (c *client) getESIM(ctx context.Context, iccid esim.ICCID) (*esim.ESIM, error) {
	answer, err := adapter.Fetch[envelope[profile]](ctx, c.api, adapter.Get("/esims/{iccid}", "iccid", string(iccid)))
	if err != nil {
		return nil, err
	}
	found := answer.Data.convert()
	if found.ICCID != iccid {
		return nil, c.api.Malformed(ctx, "the answer is about another eSIM")
	}
	return &found, nil
}

// Order buys eSIMs of one package.
func (c *client) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	return c.api.Order(ctx, req, c.sells())
}

// sells states how the reseller sells.
func (c *client) sells() adapter.Purchase {
	return adapter.Purchase{
		Max: 10, Single: true, Safety: adapter.Replayed, Repeats: adapter.Repeats{Lost: esim.RepeatSafe},
		Key:  func(reference string, unit int) string { return fmt.Sprintf("%s-%d", reference, unit) },
		Send: c.send,
	}
}

func (c *client) send(ctx context.Context, a *adapter.Attempt, call adapter.Call) error {
	call = call.Post("/orders", map[string]string{"package": a.PackageID})
	call.Header = http.Header{"Idempotency-Key": {call.Key}}
	answer, err := adapter.Fetch[envelope[profile]](ctx, c.api, call)
	if err != nil {
		return err
	}
	bought := answer.Data.convert()
	adapter.AddUnit(a.Order, answer.Data.ID.String(), esim.OrderCompleted, bought)
	if bought.ICCID == "" {
		return c.api.Incomplete(ctx, "the ICCID is missing")
	}
	return nil
}

// A whole adapter, and a reseller whose balance ends after two eSIMs.
func Example() {
	sold := 0
	reseller := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if sold++; sold > 2 {
			w.WriteHeader(http.StatusPaymentRequired)
			_, _ = fmt.Fprint(w, `{"ok":false,"code":"NO_FUNDS","error":"top up your account"}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"ok":true,"data":{"id":"A%d","iccid":"890100000000000000%d","lpa":"LPA:1$smdp.example.com$CODE%d"}}`, sold, sold, sold)
	}))
	defer reseller.Close()

	c, err := newClient(reseller.URL, esim.NewSecret("a secret key"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.api.CloseIdleConnections()
	_, err = c.Order(context.Background(), esim.OrderRequest{PackageID: "TH-5GB", Quantity: 3, Reference: "cart-1"})
	failure, _ := errors.AsType[*esim.Error](err)
	fmt.Println(failure.Outcome, failure.Order.ID, failure.Order.ESIMs[1].ICCID)
	fmt.Println(errors.Is(err, esim.ErrInsufficientBalance), failure.Message)

	_, err = c.GetESIM(context.Background(), "not an ICCID")
	fmt.Println(esim.OutcomeOf(err))
	_, err = c.Balance(context.Background())
	fmt.Println(err)
	// Output:
	// accepted A1,A2 8901000000000000002
	// true 2 of 3 were bought before a failure: top up your account
	// not sent
	// small Balance: unsupported operation
}
