package proof

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// mutant is a client that breaks a promise.
type mutant struct {
	esim.Client

	order func(inner esim.Client, ctx context.Context, req esim.OrderRequest) (*esim.Order, error)
}

// Order implements [esim.Client].
func (m mutant) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	return m.order(m.Client, ctx, req)
}

// Unwrap lets [esim.As] find what the client can do.
func (m mutant) Unwrap() esim.Client { return m.Client }

// mutated are the resellers with broken clients.
func mutated(order func(esim.Client, context.Context, esim.OrderRequest) (*esim.Order, error)) []Reseller {
	list := Resellers()
	for i := range list {
		open := list[i].Open
		list[i].Open = func(c *Conditions) *Account {
			a := open(c)
			newClient := a.NewClient
			a.NewClient = func(s esim.Settings) (esim.Client, error) {
				inner, err := newClient(s)
				return mutant{inner, order}, err
			}
			return a
		}
	}
	return list
}

// The proof finds a promise that is broken: each row breaks one.
func TestTheProofFindsWhatIsBroken(t *testing.T) {
	lost := esimtest.Fault{Kind: esimtest.FaultCutAfterCommit}
	for _, tc := range []struct {
		name  string
		rules []string // one of them is found
		c     Case
		order func(inner esim.Client, ctx context.Context, req esim.OrderRequest) (*esim.Order, error)
	}{
		{
			"another key for each request", []string{"second charge"}, Case{At: esim.ESIMStory, Form: Named, Fault: lost},
			func(inner esim.Client, ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
				o, err := inner.Order(ctx, req)
				if err != nil {
					req.Reference += ".again"
					return inner.Order(ctx, req)
				}
				return o, err
			},
		},
		{
			"what is unknown is called refused", []string{"refunded and charged"}, Case{At: esim.ESIMFX, Form: Named, Fault: lost, Times: many},
			func(inner esim.Client, ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
				o, err := inner.Order(ctx, req)
				if e, ok := errors.AsType[*esim.Error](err); ok {
					e.Outcome = esim.OutcomeRejected
				}
				return o, err
			},
		},
		{
			"the eSIM of somebody else is handed out", []string{"eSIM from nowhere"}, Case{At: esim.ESIMFX, Form: Named},
			func(inner esim.Client, ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
				o, err := inner.Order(ctx, req)
				if o != nil {
					o.ESIMs[0].ICCID = "8948010010092445039"
				}
				return o, err
			},
		},
		{
			"a purchase is sent until it works", []string{"sends"}, Case{At: esim.ESIMStory, Form: Named, Fault: lost, Times: many},
			func(inner esim.Client, ctx context.Context, req esim.OrderRequest) (o *esim.Order, err error) {
				for range 6 {
					if o, err = inner.Order(ctx, req); err == nil {
						break
					}
				}
				return o, err
			},
		},
		{
			"the price is not looked at", []string{"wrong price"}, Case{At: esim.ESIMFly, Form: Named, Ahead: Dearer},
			func(inner esim.Client, ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
				req.Quote = nil
				return inner.Order(ctx, req)
			},
		},
		{
			"a sale that could be made is refused", []string{"wrong seller", "no sale"}, Case{At: esim.ESIMFX, Form: Quoted},
			func(_ esim.Client, _ context.Context, req esim.OrderRequest) (*esim.Order, error) {
				return nil, &esim.Error{Op: "Order", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeNotSent, Reference: req.Reference}
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.c.Store = "memory"
			var rules []string
			for _, f := range Run(t, tc.c, InMemory(), mutated(tc.order)).Findings {
				rules = append(rules, f.Rule)
			}
			found := slices.ContainsFunc(tc.rules, func(rule string) bool { return slices.Contains(rules, rule) })
			assert.True(t, found, "one of %q is expected, and %q are found", tc.rules, rules)
		})
	}
}
