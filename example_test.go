package esim_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/esimkit/esim"
)

// shop is a reseller in a few lines: two pages of packages, and an order that
// is delivered when it is looked at for the second time.
type shop struct {
	esim.UnimplementedClient

	looks int
	fault *esim.Error // what the next order ends with
}

func (s *shop) Provider() esim.Provider { return "shop" }

func (s *shop) Capabilities() esim.Capabilities {
	return esim.Capabilities{ListPackages: true, Order: true, GetOrder: true, PollInterval: time.Millisecond}
}

func (s *shop) ListPackages(_ context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	if q.Cursor == "" {
		return &esim.PackagePage{Next: "page 2", Packages: []esim.Package{s.sell("jp-1gb", "Japan 1 GB", "2.72")}}, nil
	}
	return &esim.PackagePage{Packages: []esim.Package{s.sell("jp-5gb", "Japan 5 GB", "9.90")}}, nil
}

func (s *shop) sell(id, name, price string) esim.Package {
	amount, err := esim.ParseMoney(price, "USD")
	if err != nil {
		panic(err) // the prices are those above
	}
	return esim.Package{Provider: s.Provider(), ID: id, Name: name, Countries: []esim.Country{"JP"}, Price: amount}
}

func (s *shop) Order(_ context.Context, req esim.OrderRequest) (*esim.Order, error) {
	if s.fault != nil {
		return nil, s.fault
	}
	return &esim.Order{Provider: s.Provider(), ID: "1001", Reference: req.Reference, Status: esim.OrderPending}, nil
}

func (s *shop) GetOrder(_ context.Context, ref esim.OrderRef) (*esim.Order, error) {
	order := &esim.Order{Provider: s.Provider(), ID: ref.ID, Status: esim.OrderPending, Quantity: 1}
	if s.looks++; s.looks > 1 {
		order.Status = esim.OrderCompleted
		code := esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "K2-7QX0-B9ZTR"}
		order.ESIMs = []esim.ESIM{{ICCID: "8948010010036785060", Status: esim.ESIMNew, Activation: code}}
	}
	return order, nil
}

// Points is an extra of this reseller, beyond the Client interface.
func (s *shop) Points() int { return 42 }

func ExamplePackages() {
	var client esim.Client = new(shop)
	query := esim.PackageQuery{Countries: []esim.Country{"JP"}}
	for p, err := range esim.Packages(context.Background(), client, query) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.ID, p.Name, p.Price)
	}
	// Output:
	// jp-1gb Japan 1 GB 2.72 USD
	// jp-5gb Japan 5 GB 9.90 USD
}

func ExampleWaitOrder() {
	ctx := context.Background()
	var client esim.Client = new(shop)
	order, err := client.Order(ctx, esim.OrderRequest{PackageID: "jp-1gb", Reference: "cart-8841"})
	if err == nil && order.Status == esim.OrderPending {
		order, err = esim.WaitOrder(ctx, client, order.Ref(), esim.WaitOptions{Timeout: time.Minute})
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(order.Status, order.ESIMs[0].ICCID)
	// Output:
	// completed 8948010010036785060
}

// After a purchase that failed, the one question is whether money was spent.
func ExampleMaybeCharged() {
	client := new(shop)
	for _, fault := range []*esim.Error{
		{Op: "Order", Kind: esim.ErrInsufficientBalance, Outcome: esim.OutcomeRejected},
		{Op: "Order", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeUnknown},
	} {
		client.fault = fault
		_, err := client.Order(context.Background(), esim.OrderRequest{PackageID: "jp-1gb", Reference: "cart-8841"})
		if esim.MaybeCharged(err) {
			fmt.Println("hold the customer's money, and repeat with the same reference")
		} else {
			fmt.Println("refund the customer")
		}
	}
	fmt.Println(esim.MaybeCharged(errors.New("an error of somebody else's")))
	// Output:
	// refund the customer
	// hold the customer's money, and repeat with the same reference
	// true
}

// audited wraps a client, as a program of your own may do.
type audited struct{ esim.Client }

func (a audited) Unwrap() esim.Client { return a.Client }

func (a audited) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	fmt.Println("ordering", req.PackageID)
	return a.Client.Order(ctx, req)
}

func ExampleAs() {
	var client esim.Client = audited{new(shop)}
	if s, ok := esim.As[*shop](client); ok {
		fmt.Println("points:", s.Points())
	}
	_, ok := esim.As[interface{ Vouchers() []string }](client)
	fmt.Println("vouchers:", ok)
	// Output:
	// points: 42
	// vouchers: false
}

func ExampleError() {
	err := fmt.Errorf("checkout: %w", &esim.Error{
		Provider: "esimfly", Op: "Order", Kind: esim.ErrRateLimited, Outcome: esim.OutcomeRejected,
		HTTPStatus: 429, Code: "RATE_LIMITED", Reference: "cart-8841", RetryAfter: 30 * time.Second,
	})
	fmt.Println(err)
	if e, ok := errors.AsType[*esim.Error](err); ok && errors.Is(err, esim.ErrRateLimited) {
		fmt.Printf("%s - again in %s: %s\n", e.Outcome, e.RetryAfter, e.Advice())
	}
	// Output:
	// checkout: esimfly Order: rate limited: RATE_LIMITED (HTTP 429, reference cart-8841, retry after 30s); nothing was charged
	// rejected - again in 30s: wait, then repeat with the same reference
}

// In a log record an error is a group of attributes.
func ExampleError_LogValue() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{} // for the sake of this example
			}
			return a
		},
	}))
	err := &esim.Error{Provider: "esimfx", Op: "TopUp", Kind: esim.ErrUnavailable, HTTPStatus: 503, Reference: "cart-8841"}
	logger.Error("purchase in doubt", "err", err)
	// Output:
	// level=ERROR msg="purchase in doubt" err.provider=esimfx err.op=TopUp err.kind=unavailable err.outcome=unknown err.http_status=503 err.reference=cart-8841
}

// A client of your own embeds UnimplementedClient: what it does not do is
// unsupported, and sends nothing.
func ExampleUnimplementedClient() {
	var client esim.Client = new(shop)
	_, err := client.Usage(context.Background(), "8948010010036785060")
	fmt.Println(errors.Is(err, errors.ErrUnsupported), client.Capabilities().Usage)
	// Output:
	// true false
}
