package proof

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
)

// failures are those of which it cannot be known whether the order was made.
func failures(p esim.Provider) []esimtest.Fault {
	switch p {
	case esimstory.Provider:
		const supplier = "eSIM Request failed - Status: 500, Message: Internal error"
		return []esimtest.Fault{
			{Kind: esimtest.FaultErrorBefore, Status: http.StatusUnprocessableEntity, Message: supplier},
			{Kind: esimtest.FaultErrorAfter, Status: http.StatusUnprocessableEntity, Message: supplier},
			{Kind: esimtest.Fault500Before},
			{Kind: esimtest.Fault500After},
			{Kind: esimtest.Fault502HTMLBefore},
			{Kind: esimtest.Fault502HTMLAfter},
			{Kind: esimtest.FaultHang},
			{Kind: esimtest.FaultHangAfterCommit},
			{Kind: esimtest.FaultCutBeforeCommit},
			{Kind: esimtest.FaultCutAfterCommit},
			{Kind: esimtest.FaultHTML200},
			{Kind: esimtest.FaultEmpty200},
		}
	default:
		fault := esimtest.Fault{Status: http.StatusInternalServerError, Code: "ORDER_PROCESSING_ERROR", Message: "Order processing failed"}
		before, after := fault, fault
		before.Kind, after.Kind = esimtest.FaultErrorBefore, esimtest.FaultErrorAfter
		return []esimtest.Fault{before, after}
	}
}

// After a failure that may have bought, eSIM Story gets one request; eSIMfly
// gets one after an answer that is a failure code, verified or not. Whoever
// asks, however often, and for ever.
func TestOnePurchaseAfterAFailureThatMayHaveBought(t *testing.T) {
	for _, at := range []struct {
		provider esim.Provider
		config   string
	}{{esimstory.Provider, ""}, {esimfly.Provider, ""}, {esimfly.Provider, verified}} {
		for _, f := range failures(at.provider) {
			for _, form := range []Form{Named, Quoted, Enqueued} {
				for _, caller := range []Caller{Waits, Repeats, Leaves} {
					c := Case{
						Store: "memory", At: at.provider, Config: at.config, Form: form, Fault: f, Times: many, Caller: caller,
					}
					t.Run(c.Name(), func(t *testing.T) {
						t.Parallel()
						r := Run(t, c, InMemory(), Resellers())
						assert.Equal(t, map[esim.Provider]int{at.provider: 1}, r.Sends, "purchases by provider\n%v", r.Findings)
					})
				}
			}
		}
	}
}

// README's own sale, without a journal, sends one purchase where a repeat could
// buy again.
func TestREADMEsSaleBuysOnce(t *testing.T) {
	for _, at := range []struct {
		provider esim.Provider
		config   string
	}{{esimstory.Provider, ""}, {esimfly.Provider, ""}, {esimfly.Provider, verified}} {
		for _, f := range failures(at.provider) {
			name := Case{Store: "no store", At: at.provider, Config: at.config, Form: "README", Fault: f}.Name()
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, Case{At: at.provider, Config: at.config, Form: Bare, Store: "memory"}, InMemory(), Resellers())
					defer w.end()
					w.begin()
					a := w.accounts[0]
					f.Times = many
					a.Inject(f)
					ctx, stop := context.WithTimeout(t.Context(), time.Hour)
					defer stop()
					_, err := sell(ctx, w.now.clients[0], Product.Country, "cart-1")
					require.Error(t, err)
					assert.Len(t, w.log, 1, "purchases")
				})
			})
		}
	}
}

// An account at eSIMfx that has been in funds and is empty gets no purchase,
// with one sale at a time, and the shop goes on selling elsewhere. Once it is
// in funds it sells.
func TestAnEmptyAccountIsNotSentTo(t *testing.T) {
	for _, config := range []string{"", taught} {
		for _, form := range []Form{Quoted, Listed, Named, Bare} {
			t.Run(fmt.Sprint(form, " ", config), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, Case{At: esimfx.Provider, Config: config, Form: form, Carts: 25, Store: "memory"}, InMemory(), Resellers())
					defer w.end()
					for _, c := range w.shop.carts {
						c.quantity = 1
					}
					w.begin()
					w.choose()
					sent := func(c *cart) (purchases int) {
						before := len(w.log)
						w.call(c)
						w.turn()
						for _, s := range w.log[before:] {
							if s.provider == esimfx.Provider {
								purchases++
							}
						}
						return purchases
					}
					require.Equal(t, 1, sent(w.shop.carts[0]), "in funds")
					w.accounts[0].SetBalance("0")
					time.Sleep(2 * time.Minute)
					for i, c := range w.shop.carts[1:23] {
						assert.Zero(t, sent(c), "sale %d at an empty account", i)
						time.Sleep(time.Second)
					}
					w.accounts[0].SetBalance(plenty)
					time.Sleep(5 * time.Minute)
					sent(w.shop.carts[23]) // beside it a router reads the balance
					time.Sleep(5 * time.Minute)
					assert.Equal(t, 1, sent(w.shop.carts[24]), "in funds again")
				})
			})
		}
	}
}

// Package ids that nobody sells, as a browser may send them, stop no sale.
func TestMadeUpPackagesStopNoSale(t *testing.T) {
	for _, form := range []Form{Quoted, Listed, Named, Bare} {
		t.Run(string(form), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, Case{At: esimfx.Provider, Form: form, Store: "memory"}, InMemory(), Resellers())
				defer w.end()
				w.begin()
				w.choose()
				for i := range 25 {
					req := esim.OrderRequest{PackageID: fmt.Sprint("junk-", i), Reference: fmt.Sprint("junk-", i)}
					client := w.now.journal.Client(esimfx.Provider)
					if form.Routed() {
						client, req.PackageID = w.now.best, "esimfx:"+req.PackageID
					}
					_, err := client.Order(t.Context(), req)
					require.Error(t, err)
					assert.False(t, esim.MaybeCharged(err), "nothing was charged, and that is certain: %v", err)
				}
				assert.Empty(t, w.log, "purchases of what nobody sells")
				for _, a := range w.accounts {
					assert.True(t, !form.Routed() || len(a.askedFor) == 0, "the router has asked %s for what no list has", a.reseller.Provider)
				}
				w.call(w.shop.carts[0])
				w.rest()
				w.judge()
				for _, f := range w.findings {
					assert.NotEqual(t, w.shop.carts[0].reference, f.Cart, "%s", f)
				}
				assert.Equal(t, 1, w.charges())
			})
		})
	}
}

// A reference whose failure was told by OnFailed is closed: the customer was
// refunded, so nothing is sent under it any more.
func TestAnEndedReferenceBuysNothing(t *testing.T) {
	for _, c := range []Case{
		{At: esimfly.Provider, Ahead: Empty}, {At: esimfly.Provider, Ahead: Dearer}, {At: esimfx.Provider, Ahead: Dearer},
	} {
		c.Store, c.Form, c.Caller = "memory", Enqueued, Insists
		t.Run(c.Name(), func(t *testing.T) {
			t.Parallel()
			result := Run(t, c, InMemory(), Resellers())
			assert.Equal(t, 2, result.Refunds, "by OnFailed, and by the answer to the second order")
			assert.Zero(t, result.Charges)
			assert.Empty(t, result.Unknown())
		})
	}
}
