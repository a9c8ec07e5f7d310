package router_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/router"
)

// rates is a table of "FROM/TO".
type rates map[string]string

func (r rates) rate(from, to string) esim.Rate {
	rate, _ := esim.ParseRate(r[from+"/"+to], from, to) // none that is missing or wrong
	return rate
}

// What leaves a reseller out, and what the caller is told when that leaves
// nobody.
func TestExclusions(t *testing.T) {
	onlyFly := router.Needs{Providers: []esim.Provider{esimfly.Provider}}
	with := func(change func(n *router.Needs)) router.Needs {
		n := onlyFly
		change(&n)
		return n
	}
	for name, c := range map[string]struct {
		needs  router.Needs
		change func(c *router.Config, w *world)
		req    esim.OrderRequest
		opts   []memory.Option
		kind   esim.Kind
		why    string
	}{
		"not allowed":         {needs: router.Needs{Providers: []esim.Provider{"nobody"}}, kind: esim.ErrPackageUnavailable, why: "not allowed"},
		"price above ceiling": {needs: onlyFly, req: esim.OrderRequest{MaxTotal: money("5.49", "USD")}, kind: esim.ErrPriceChanged, why: "price above ceiling"},
		"two above ceiling":   {needs: onlyFly, req: esim.OrderRequest{Quantity: 2, MaxTotal: money("10.99", "USD")}, kind: esim.ErrPriceChanged, why: "price above ceiling"},
		"one above the maximum": {
			needs: with(func(n *router.Needs) { n.MaxPrice = money("5", "USD") }), kind: esim.ErrPriceChanged, why: "price above ceiling",
		},
		"margin": {
			needs: with(func(n *router.Needs) { n.SellingPrice, n.MinMargin = money("6.11", "USD"), 100 }),
			kind:  esim.ErrPriceChanged, why: "margin too small",
		},
		"no rate": {needs: with(func(n *router.Needs) { n.MaxPrice = money("5", "EUR") }), kind: esim.ErrUnsupported, why: "no rate from USD to EUR"},
		"above a ceiling by rate": {
			needs:  with(func(n *router.Needs) { n.MaxPrice = money("5", "EUR") }),
			change: func(c *router.Config, _ *world) { c.Rates = rates{"USD/EUR": "0.92"}.rate },
			kind:   esim.ErrPriceChanged, why: "price above ceiling",
		},
		"webhook only": {
			needs: with(func(n *router.Needs) { n.Instant = true }),
			opts:  []memory.Option{memory.WithCapabilities(func(c *esim.Capabilities) { c.Fulfilment = esim.FulfilmentWebhook })},
			kind:  esim.ErrPackageUnavailable, why: "delivers by webhook only",
		},
		"not rechargeable": {
			needs:  with(func(n *router.Needs) { n.TopUp = true }),
			change: func(_ *router.Config, w *world) { w.shelf[0].Rechargeable = nil },
			kind:   esim.ErrPackageUnavailable, why: "not rechargeable",
		},
		"too many":        {needs: onlyFly, req: esim.OrderRequest{Quantity: 21}, kind: esim.ErrInvalidRequest, why: "takes fewer at once"},
		"callback URL":    {needs: onlyFly, req: esim.OrderRequest{CallbackURL: "https://shop.example/hooks"}, kind: esim.ErrUnsupported, why: "takes no callback URL"},
		"price not known": {needs: with(func(n *router.Needs) { n.MaxPrice = money("9", "USD") }), change: func(_ *router.Config, w *world) { w.shelf[0].Price = esim.Money{} }, kind: esim.ErrUnsupported, why: "price not known"},
		"policy": {
			needs: onlyFly,
			change: func(c *router.Config, _ *world) {
				c.Policy = func(router.Sale, []router.Candidate) []router.Candidate { return nil }
			},
			kind: esim.ErrPackageUnavailable, why: "left out by the policy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(false, c.opts...)
			config := w.config(nil)
			if c.change != nil {
				c.change(&config, w)
			}
			c.req.PackageID, c.req.Reference = asked, "cart-1"
			var told router.Decision
			config.OnDecision = func(_ context.Context, d router.Decision) { told = d }
			_, err := router.New(config).With(c.needs).Order(t.Context(), c.req)
			require.ErrorIs(t, err, c.kind)
			assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
			none, ok := errors.AsType[*router.NoneLeft](err)
			require.True(t, ok)
			assert.Contains(t, none.Error(), "esimfly:jp-0: "+c.why)
			assert.Contains(t, told.String(), c.why)
			assert.Empty(t, w.charges())
		})
	}
}

// The margin is exact to the thousandth.
func TestMarginIsExact(t *testing.T) {
	w := newWorld(false)
	r := router.New(w.config(nil))
	for selling, sold := range map[string]bool{"6.12": true, "6.11": false} { // 5.50 is 89.87 % and 90.02 % of it
		_, err := r.With(router.Needs{SellingPrice: money(selling, "USD"), MinMargin: 100}).Order(t.Context(),
			esim.OrderRequest{PackageID: asked})
		assert.Equal(t, sold, err == nil, selling)
	}
}

// A package is named by "provider:id", by its quote, or alone where that is clear.
func TestNames(t *testing.T) {
	w := newWorld(false)
	r := router.New(w.config(router.Preferred(esimstory.Provider)))
	quote := w.shelf[1]
	for name, c := range map[string]struct {
		req  esim.OrderRequest
		want string
	}{
		"qualified":         {esim.OrderRequest{PackageID: "esimfx:jp-1"}, "esimstory:jp-2"},
		"with a quote":      {esim.OrderRequest{PackageID: "jp-1", Quote: &quote}, "jp-2"},
		"clear":             {esim.OrderRequest{PackageID: "jp-1"}, "jp-2"},
		"unclear":           {esim.OrderRequest{PackageID: "jp-9"}, ""},
		"somebody's quote":  {esim.OrderRequest{PackageID: "jp-1", Quote: &esim.Package{Provider: "nobody", ID: "jp-1"}}, ""},
		"another's quote":   {esim.OrderRequest{PackageID: "esimfly:jp-1", Quote: &quote}, ""},
		"an id in a header": {esim.OrderRequest{PackageID: "jp\r\n1"}, ""},
	} {
		o, err := r.Order(t.Context(), c.req)
		if c.want == "" {
			require.ErrorIs(t, err, esim.ErrInvalidRequest, name)
			assert.False(t, esim.MaybeCharged(err), name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, c.want, o.PackageID, name)
		assert.Equal(t, esimstory.Provider, o.Provider, name)
	}
	_, err := r.Order(t.Context(), esim.OrderRequest{PackageID: "jp-1", Quote: &esim.Package{Provider: esimfx.Provider, ID: "jp-1", Price: money("6.49", "USD")}})
	require.ErrorIs(t, err, esim.ErrPriceChanged)
}

// Prices of different currencies are compared by the caller's rates, and not at
// all without them.
func TestCurrencies(t *testing.T) {
	for rate, want := range map[string]esim.Provider{"0.8": esimfx.Provider, "1.1": esimfly.Provider, "": esimfly.Provider} {
		w := newWorld(false)
		w.shelf[1].Price = money("6.50", "EUR")
		w.resellers[esimfx.Provider] = memory.New(memory.WithProvider(esimfx.Provider), memory.WithBalance("100", "EUR"), memory.WithPackages(w.shelf[1]))
		config := w.config(nil)
		if rate != "" {
			config.Rates = rates{"EUR/USD": rate}.rate
		}
		r := router.New(config)
		o, err := buy(t.Context(), r, "cart-1")
		require.NoError(t, err)
		assert.Equal(t, want, o.Provider, rate)
		d, err := r.Explain(t.Context(), o)
		require.NoError(t, err)
		assert.Equal(t, rate == "", strings.Contains(d.String(), "no rate from EUR to USD"))
	}
}

// Weighted ranks the same sale alike, and many as the weights say.
func TestWeighted(t *testing.T) {
	policy := router.Weighted(map[esim.Provider]int{"a": 3, "b": 1})
	candidates := func() []router.Candidate {
		return []router.Candidate{{Provider: "c"}, {Provider: "b"}, {Provider: "a"}}
	}
	count := make(map[esim.Provider]int)
	for i := range 10_000 {
		sale := router.Sale{Reference: fmt.Sprintf("cart-%d", i)}
		ranked := policy(sale, candidates())
		assert.Equal(t, ranked, policy(sale, candidates()))
		assert.Equal(t, esim.Provider("c"), ranked[2].Provider, "it has no weight")
		count[ranked[0].Provider]++
	}
	assert.InDelta(t, 7500, count["a"], 200)
	assert.InDelta(t, 2500, count["b"], 200)
}

func TestHealthiest(t *testing.T) {
	ill := router.Health{Breaker: router.BreakerClosed, Total: 100, Failures: 10}
	slow := router.Health{Breaker: router.BreakerClosed, Total: 100, P95: time.Second}
	half := router.Health{Breaker: router.BreakerHalfOpen}
	ranked := router.Healthiest(router.Sale{}, []router.Candidate{
		{Provider: "half", Health: half},
		{Provider: "ill", Health: ill},
		{Provider: "slow", Health: slow},
		{Provider: "well", Health: router.Health{Breaker: router.BreakerClosed}},
	})
	var order []esim.Provider
	for _, c := range ranked {
		order = append(order, c.Provider)
	}
	assert.Equal(t, []esim.Provider{"well", "slow", "ill", "half"}, order)
}

// A policy cannot add, nor double, nor smuggle in another price.
func TestPoliciesAreNotBelieved(t *testing.T) {
	w := newWorld(false)
	config := w.config(func(_ router.Sale, c []router.Candidate) []router.Candidate {
		c[1].Package.Price = money("0.01", "USD")
		return []router.Candidate{{Provider: "nobody"}, c[1], c[1]}
	})
	r := router.New(config)
	o := mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	assert.Equal(t, esimfx.Provider, o.Provider)
	d, err := r.Explain(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, 1, d.Candidates[0].Rank)
	assert.Zero(t, d.Candidates[1].Rank)
}

// The breaker leaves a reseller alone and tries it again after a while, but a
// sale that it has begun is asked about all the same.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(false)
		fly := w.resellers[esimfly.Provider]
		config := w.config(router.Cheapest)
		config.Breaker = router.Breaker{Failures: 2, Cooldown: time.Minute}
		r := router.New(config)
		fly.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
		_, err := buy(t.Context(), r, "in-doubt")
		require.True(t, esim.MaybeCharged(err))
		fly.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
		assert.Equal(t, esimfx.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked}).Provider)
		fly.Heal()
		sent := fly.Requests("Order")
		assert.Equal(t, esimfx.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked}).Provider, "it is open")
		assert.Equal(t, sent, fly.Requests("Order"))
		o, err := buy(t.Context(), r, "in-doubt")
		require.NoError(t, err)
		assert.True(t, o.Replayed)
		time.Sleep(2 * time.Minute)
		assert.Equal(t, esimfly.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked}).Provider, "it is half-open")
		assert.Equal(t, esimfly.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked}).Provider, "it is closed")
	})
}

// While one sale tries whether a reseller is well again, the others go
// elsewhere, and without an elsewhere they end.
func TestHalfOpenBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(false)
		fly := w.resellers[esimfly.Provider]
		config := w.config(router.Cheapest)
		config.Breaker = router.Breaker{Failures: 1, Cooldown: time.Minute}
		r := router.New(config)
		fly.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
		mustOrder(t, r, esim.OrderRequest{PackageID: asked})
		fly.Heal()
		time.Sleep(2 * time.Minute)
		fly.Inject(esimtest.Fault{Kind: esimtest.FaultDelay, Op: "Order", Delay: 10 * time.Second})
		tried := make(chan *esim.Order)
		go func() {
			o, err := buy(t.Context(), r, "cart-1")
			assert.NoError(t, err)
			tried <- o
		}()
		synctest.Wait()
		assert.Equal(t, esimfx.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked}).Provider)
		_, err := buy(t.Context(), r.With(router.Needs{Providers: []esim.Provider{esimfly.Provider}}), "cart-2")
		require.ErrorIs(t, err, esim.ErrUnavailable)
		assert.Contains(t, err.Error(), "esimfly:jp-0: breaker open")
		assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
		assert.Equal(t, esimfly.Provider, (<-tried).Provider)
	})
}

// odd is a client with errors of its own kind, or with none and no order.
type odd struct {
	esim.Client

	err error
}

func (o odd) Order(context.Context, esim.OrderRequest) (*esim.Order, error) { return nil, o.err }

// What is no answer of a client proves nothing.
func TestStrangeClients(t *testing.T) {
	for _, strange := range []error{nil, errors.New("password=hunter2"), &esim.Error{Op: "Order", Outcome: esim.OutcomeRejected}} {
		w := newWorld(false)
		config := w.config(router.Cheapest)
		config.Clients[0] = odd{config.Clients[0], strange}
		r := router.New(config)
		_, err := buy(t.Context(), r, "cart-1")
		_, ok := errors.AsType[*esim.Error](err)
		require.True(t, ok)
		if esim.OutcomeOf(strange) != esim.OutcomeRejected { // a refusal of no kind is believed, and nobody else is asked
			assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
		}
		assert.Empty(t, w.charges())
		d, err := r.ExplainReference(t.Context(), "cart-1")
		require.NoError(t, err)
		assert.NotContains(t, d.String(), "hunter2")
	}
}

// Balances are read beside the sales, fall with them, and keep a minimum.
func TestBalances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(false)
		fly := w.resellers[esimfly.Provider]
		fly.SetBalance("20")
		config := w.config(router.Cheapest)
		config.BalanceAge = time.Hour
		config.MinBalance = map[esim.Provider]esim.Money{esimfly.Provider: money("5", "USD")}
		r := router.New(config)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		synctest.Wait()
		var from []esim.Provider
		for range 3 {
			from = append(from, mustOrder(t, r, esim.OrderRequest{PackageID: asked}).Provider)
		}
		assert.Equal(t, []esim.Provider{esimfly.Provider, esimfly.Provider, esimfx.Provider}, from, "5.50 twice, and 9.00 would not leave 5.00")
		assert.Equal(t, 1, fly.Requests("Balance"), "not in the path of a sale")
		fly.SetBalance("100")
		time.Sleep(2 * time.Hour)
		assert.Equal(t, esimfly.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked}).Provider)
		stop()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}

// A reseller that has said that its balance is too low is asked last, and not
// never: somebody may have paid in.
func TestInsufficientBalance(t *testing.T) {
	w := newWorld(false)
	fly := w.resellers[esimfly.Provider]
	fly.SetBalance("1")
	r := router.New(w.config(router.Cheapest))
	assert.Equal(t, esimfx.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked}).Provider)
	fly.SetBalance("100")
	assert.Equal(t, esimfx.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked}).Provider)
	only := r.With(router.Needs{Providers: []esim.Provider{esimfly.Provider}})
	assert.Equal(t, esimfly.Provider, mustOrder(t, only, esim.OrderRequest{PackageID: asked}).Provider)
	assert.Equal(t, esimfly.Provider, mustOrder(t, r, esim.OrderRequest{PackageID: asked}).Provider)
}

// What another policy would have done is noted and decides nothing.
func TestShadow(t *testing.T) {
	w := newWorld(false)
	config := w.config(router.Cheapest)
	config.Shadow = router.Preferred(esimstory.Provider)
	var told []router.Decision
	config.OnDecision = func(_ context.Context, d router.Decision) { told = append(told, d) }
	r := router.New(config)
	mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	require.Len(t, told, 1, "the repeat decides nothing")
	assert.Equal(t, &router.ShadowChoice{
		Choice: router.Choice{Provider: esimstory.Provider, PackageID: "jp-2"}, Price: money("7.50", "USD"),
	}, told[0].Shadow)
	assert.Equal(t, esimfly.Provider, told[0].Chosen.Provider)
	assert.Len(t, w.charges(), 1)
}

// A decision prints no secret, and is the same read from its JSON.
func TestDecisionIsData(t *testing.T) {
	w := newWorld(true)
	r := router.New(w.config(router.Cheapest))
	o := mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "cart-1"})
	d, err := r.Explain(t.Context(), o)
	require.NoError(t, err)
	text, err := json.Marshal(d)
	require.NoError(t, err)
	for _, secret := range w.resellers[esimfly.Provider].Secrets() {
		assert.NotContains(t, string(text), secret)
	}
	var again router.Decision
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, d.String(), again.String())
	_, err = r.ExplainReference(t.Context(), "cart-2")
	require.ErrorIs(t, err, esim.ErrNotFound)
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		assert.Equal(t, "router.Router(router)", fmt.Sprintf(verb, r))
	}
}
