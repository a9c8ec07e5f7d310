package proof

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// The sale below is README's, to the letter.
func TestSaleIsREADMEs(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	here, err := os.ReadFile("sale_test.go")
	require.NoError(t, err)
	_, shown, found := strings.Cut(string(page), "<!-- sale: ")
	require.True(t, found)
	_, shown, _ = strings.Cut(shown, "```go\n")
	shown, _, _ = strings.Cut(shown, "```")
	require.True(t, strings.HasSuffix(string(here), "\n\n"+shown), "copy README's sale into this file")
}

func sell(ctx context.Context, client esim.Client, country esim.Country, reference string) (*esim.Order, error) {
	var best esim.Package
	for p, err := range esim.Packages(ctx, client, esim.PackageQuery{Countries: []esim.Country{country}}) {
		if err != nil {
			return nil, err
		}
		if cmp, err := p.Price.Cmp(best.Price); best.ID == "" && p.Price.Currency() != "" || err == nil && cmp < 0 {
			best = p
		}
	}
	if best.ID == "" || reference == "" {
		return nil, fmt.Errorf("no package for %s, or no reference to buy it under", country.Name())
	}
	// One reference is at most one charge. A purchase of unknown outcome is
	// repeated only where the error says that this cannot buy a second time.
	request := esim.OrderRequest{PackageID: best.ID, Reference: reference, Quote: &best}
	order, err := client.Order(ctx, request)
	for tries := 0; tries < 3 && esim.OutcomeOf(err) == esim.OutcomeUnknown && esim.MayRepeat(err) && pause(ctx, err); tries++ {
		order, err = client.Order(ctx, request)
	}
	if err != nil {
		return nil, err // an *esim.Error: was money spent, what came all the same, what to do next
	}
	if order.Status == esim.OrderPending && client.Capabilities().GetOrder {
		return esim.WaitOrder(ctx, client, order.Ref(), esim.WaitOptions{Quantity: order.Quantity})
	}
	return order, nil
}

// pause waits as long as the provider asks for, and is false if ctx ends first.
func pause(ctx context.Context, err error) bool {
	wait := time.Second
	if e, ok := errors.AsType[*esim.Error](err); ok {
		wait = max(wait, e.RetryAfter)
	}
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}
