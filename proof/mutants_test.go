package proof

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
)

// buys is Order of a client.
type buys func(ctx context.Context, req esim.OrderRequest) (*esim.Order, error)

// mutant is a client that breaks a promise.
type mutant struct {
	esim.Client

	buys buys
}

// Order implements [esim.Client].
func (m mutant) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	return m.buys(ctx, req)
}

// Unwrap lets [esim.As] find what the client can do.
func (m mutant) Unwrap() esim.Client { return m.Client }

// client breaks the clients of an account. Each call gets clients as new as it
// likes, which have forgotten what the others have done.
func client(order func(fresh func() buys) buys) func(*Account) {
	return func(a *Account) {
		newClient := a.NewClient
		a.NewClient = func(s esim.Settings) (esim.Client, error) {
			inner, err := newClient(s)
			fresh := func() buys {
				c, failed := newClient(s)
				if failed != nil {
					panic(failed)
				}
				return c.Order
			}
			return mutant{inner, order(fresh)}, err
		}
	}
}

// lying is a network that answers what was lost with a refusal.
type lying struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t lying) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		return answer, nil
	}
	const body = `{"errors":["Product with option_id not found"]}`
	return &http.Response{
		Status: "422 Unprocessable Entity", StatusCode: http.StatusUnprocessableEntity, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r,
	}, nil
}

// mutated are the resellers with broken accounts.
func mutated(breaks func(*Account)) []Reseller {
	list := Resellers()
	for i := range list {
		open := list[i].Open
		list[i].Open = func(c *Conditions) *Account {
			a := open(c)
			breaks(a)
			return a
		}
	}
	return list
}

// The proof finds a promise that is broken: each row breaks one.
func TestTheProofFindsWhatIsBroken(t *testing.T) {
	lost := esimtest.Fault{Kind: esimtest.FaultCutAfterCommit}
	missing := World{Name: "esimstory/webhooks-missing"}
	for _, tc := range []struct {
		name   string
		rules  []string // one of them is found
		c      Case
		breaks func(*Account)
	}{
		{
			"another key for each request",
			[]string{"second charge"},
			Case{At: esimstory.Provider, Form: Named, Fault: lost},
			client(func(fresh func() buys) buys {
				return func(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
					o, err := fresh()(ctx, req)
					if err != nil {
						req.Reference += ".again"
						return fresh()(ctx, req)
					}
					return o, err
				}
			}),
		},
		{
			"a purchase is sent until it works",
			[]string{"sends"},
			Case{At: esimstory.Provider, Form: Named, Fault: lost, Times: many},
			client(func(fresh func() buys) buys {
				return func(ctx context.Context, req esim.OrderRequest) (o *esim.Order, err error) {
					for range 6 {
						if o, err = fresh()(ctx, req); err == nil {
							break
						}
					}
					return o, err
				}
			}),
		},
		{
			"the eSIM of somebody else is handed out",
			[]string{"eSIM from nowhere"},
			Case{At: esimfx.Provider, Form: Named},
			client(func(fresh func() buys) buys {
				return func(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
					o, err := fresh()(ctx, req)
					if o != nil {
						o.ESIMs[0].ICCID = "8948010010092445039"
					}
					return o, err
				}
			}),
		},
		{
			"the price is not looked at",
			[]string{"wrong price"},
			Case{At: esimfly.Provider, Form: Named, Ahead: Dearer},
			client(func(fresh func() buys) buys {
				return func(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
					req.Quote = nil
					return fresh()(ctx, req)
				}
			}),
		},
		{
			"a sale that could be made is refused",
			[]string{"wrong seller", "no sale"},
			Case{At: esimfx.Provider, Form: Quoted},
			client(func(func() buys) buys {
				return func(_ context.Context, req esim.OrderRequest) (*esim.Order, error) {
					return nil, &esim.Error{Op: "Order", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeNotSent, Reference: req.Reference}
				}
			}),
		},
		{
			"a charged order is called refused",
			[]string{"refunded and charged"},
			Case{At: esimstory.Provider, Form: Bare, Fault: lost, World: missing},
			func(a *Account) { a.Transport = lying{a.Transport} },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.c.Store = "memory"
			var rules []string
			for _, f := range Run(t, tc.c, InMemory(), mutated(tc.breaks)).Findings {
				rules = append(rules, f.Rule)
			}
			found := slices.ContainsFunc(tc.rules, func(rule string) bool { return slices.Contains(rules, rule) })
			assert.True(t, found, "one of %q is expected, and %q are found", tc.rules, rules)
		})
	}
}
