package router_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
)

// doubtful is a reseller whose purchases all end in doubt.
type doubtful struct {
	esim.Client

	repeat esim.Repeat
	after  time.Duration
	caps   func(c *esim.Capabilities)
	sent   *int
}

func (d doubtful) Capabilities() esim.Capabilities {
	caps := d.Client.Capabilities()
	if d.caps != nil {
		d.caps(&caps)
	}
	return caps
}

func (d doubtful) Order(context.Context, esim.OrderRequest) (*esim.Order, error) {
	*d.sent++
	return nil, &esim.Error{Provider: d.Provider(), Op: "Order", Kind: esim.ErrUnavailable, Repeat: d.repeat, RetryAfter: d.after}
}

// Without a journal nothing of unknown outcome is sent again, and nobody else
// is asked, unless a repeat is safe: and then as often as it may be.
func TestNothingInDoubtIsRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		repeat esim.Repeat
		most   int // Capabilities.MaxRepeats
		sent   int
	}{
		"unknown":              {repeat: esim.RepeatUnknown, sent: 1},
		"buys":                 {repeat: esim.RepeatBuys, sent: 1},
		"safe":                 {repeat: esim.RepeatSafe, sent: 4},
		"safe, once":           {repeat: esim.RepeatSafe, most: 1, sent: 2},
		"safe, more than four": {repeat: esim.RepeatSafe, most: 9, sent: 4},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(false)
			sent := 0
			config := w.config(router.Cheapest)
			config.Clients[0] = doubtful{Client: config.Clients[0], repeat: c.repeat, sent: &sent, caps: func(caps *esim.Capabilities) {
				caps.MaxRepeats = c.most
			}}
			for i := range 10 {
				if i == 5 {
					config.Clients = append([]esim.Client{}, config.Clients...)
				}
				_, err := buy(t.Context(), router.New(config), "cart-1")
				require.Error(t, err)
				assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
			}
			assert.Equal(t, c.sent, sent)
			assert.Empty(t, w.charges(), "nobody else is asked")
		})
	}
}

// A repeat waits as long as the reseller said.
func TestRepeatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(false)
		sent := 0
		config := w.config(router.Cheapest)
		config.Clients[0] = doubtful{Client: config.Clients[0], repeat: esim.RepeatSafe, after: time.Minute, sent: &sent}
		r := router.New(config)
		for range 3 {
			_, err := buy(t.Context(), r, "cart-1")
			require.Error(t, err)
			assert.True(t, esim.MayRepeat(err))
			assert.Equal(t, 1, sent)
		}
		time.Sleep(time.Minute)
		_, err := buy(t.Context(), r, "cart-1")
		require.Error(t, err)
		assert.Equal(t, 2, sent)
	})
}

// An attempt that a process left behind is sent again where a repeat is safe
// after no answer, else it is looked up.
func TestAttemptLeftBehind(t *testing.T) {
	for name, c := range map[string]struct {
		repeat  esim.Repeat
		lookup  bool
		charged bool // by the process that died
		sold    bool
	}{
		"safe, never sent":          {repeat: esim.RepeatSafe, sold: true},
		"safe, sent":                {repeat: esim.RepeatSafe, charged: true, sold: true},
		"unknown, never sent":       {repeat: esim.RepeatUnknown},
		"unknown, sent":             {repeat: esim.RepeatUnknown, charged: true},
		"unknown, found":            {repeat: esim.RepeatUnknown, lookup: true, charged: true, sold: true},
		"unknown, nothing is found": {repeat: esim.RepeatUnknown, lookup: true},
		"buys, found":               {repeat: esim.RepeatBuys, lookup: true, charged: true, sold: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(false, memory.WithCapabilities(func(caps *esim.Capabilities) {
				caps.OrderRepeat, caps.LookupByReference = c.repeat, c.lookup
			}))
			config := w.config(router.Cheapest)
			config.Clients[0] = dead{config.Clients[0], c.charged}
			assert.Panics(t, func() {
				_, err := buy(t.Context(), router.New(config), "cart-1")
				assert.NoError(t, err)
			})
			charges := len(w.charges())
			r := router.New(w.config(router.Cheapest))
			for range 2 {
				o, err := buy(t.Context(), r, "cart-1")
				require.Equal(t, c.sold, err == nil, "%v", err)
				if c.sold {
					require.Empty(t, w.truth(o, err))
					continue
				}
				assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
				assert.False(t, esim.MayRepeat(err))
				assert.Len(t, w.charges(), charges)
			}
		})
	}
}

// dead dies with its process, before the request or after it.
type dead struct {
	esim.Client

	sends bool
}

func (d dead) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	if d.sends {
		if _, err := d.Client.Order(ctx, req); err != nil {
			return nil, err
		}
	}
	panic("the process dies")
}

// An order that stands under the reference and is another purchase is not
// handed out.
func TestLookUpOfAnotherPurchase(t *testing.T) {
	w := newWorld(false, memory.WithCapabilities(func(caps *esim.Capabilities) { caps.OrderRepeat = esim.RepeatUnknown }))
	config := w.config(router.Cheapest)
	config.Clients[0] = dead{config.Clients[0], false}
	assert.Panics(t, func() {
		_, err := buy(t.Context(), router.New(config), "cart-1")
		assert.NoError(t, err)
	})
	mustOrder(t, w.resellers[esimfly.Provider], esim.OrderRequest{PackageID: "jp-0", Reference: "cart-1", Quantity: 2})
	_, err := buy(t.Context(), router.New(w.config(nil)), "cart-1")
	require.Error(t, err)
	assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
	assert.Len(t, w.charges(), 1)
}

// The breaker counts each purchase once, for 15 minutes, and never one that was
// not sent for what it asks.
func TestWhatOpensTheBreaker(t *testing.T) {
	kinds := []esim.Kind{
		esim.ErrInvalidRequest, esim.ErrPackageUnavailable, esim.ErrPriceChanged, esim.ErrInsufficientBalance, esim.ErrNotEligible, esim.ErrNotFound,
	}
	for name, c := range map[string]struct {
		errs func(n int) error
		wait time.Duration // between two purchases
		same bool          // all under one reference
		open bool
	}{
		"in doubt":                          {errs: func(int) error { return unknown }, open: true},
		"in doubt, a call in three minutes": {errs: func(int) error { return unknown }, wait: 3 * time.Minute, open: true},
		"in doubt, a call in four minutes":  {errs: func(int) error { return unknown }, wait: 4 * time.Minute},
		"one purchase in doubt, repeated":   {errs: func(int) error { return unknown }, same: true},
		"not sent for what they ask": {errs: func(n int) error {
			return &esim.Error{Op: "Order", Kind: kinds[n%len(kinds)], Outcome: esim.OutcomeNotSent}
		}},
		"held back by the journal": {errs: func(int) error {
			return &esim.Error{Op: "Order", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeNotSent, Err: journal.ErrBraked}
		}},
		"in hand elsewhere": {errs: func(int) error {
			return &esim.Error{Op: "Order", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeUnknown, Err: journal.ErrInHand}
		}},
		"cannot be reached": {errs: func(int) error {
			return &esim.Error{Op: "Order", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeNotSent}
		}, open: true},
		"in doubt, with junk between": {errs: func(n int) error {
			if n%2 == 1 {
				return &esim.Error{Op: "Order", Kind: esim.ErrPackageUnavailable, Outcome: esim.OutcomeNotSent}
			}
			return unknown
		}, open: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(false)
				config := w.config(router.Cheapest)
				config.Breaker.Cooldown = time.Hour
				n := 0
				config.Clients[0] = failing{config.Clients[0], func() error { n++; return c.errs(n - 1) }}
				r := router.New(config).With(router.Needs{Providers: []esim.Provider{esimfly.Provider}})
				for i := range 10 {
					reference := fmt.Sprintf("cart-%d", i)
					if c.same {
						reference = "cart"
					}
					_, err := buy(t.Context(), r, reference)
					require.Error(t, err)
					time.Sleep(c.wait)
				}
				_, err := buy(t.Context(), r, "last")
				require.Error(t, err)
				d, explained := r.ExplainReference(t.Context(), "last")
				if c.open {
					require.ErrorContains(t, err, "breaker open")
					return
				}
				require.NoError(t, explained)
				require.NotEmpty(t, d.Candidates)
				assert.NotContains(t, err.Error(), "breaker open")
				if c.same {
					assert.Equal(t, 1, d.Candidates[0].Health.Failures, "one purchase, sent four times")
					assert.Equal(t, 1, d.Candidates[0].Health.Total)
				}
				assert.Empty(t, w.charges())
			})
		})
	}
}

var unknown = &esim.Error{Op: "Order", Kind: esim.ErrUnavailable, Repeat: esim.RepeatSafe}

// failing fails as it is told.
type failing struct {
	esim.Client

	next func() error
}

func (f failing) Order(context.Context, esim.OrderRequest) (*esim.Order, error) { return nil, f.next() }
