package journal_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/journal/internal/simulation"
)

// careless is a store that breaks one promise to the journal above it.
type careless struct {
	journal.Store

	create func(s journal.Store, e *journal.Entry)                                            // before it is committed
	save   func(ctx context.Context, s journal.Store, e journal.Entry) (journal.Entry, error) // nil = as it should be
}

func (c *careless) Create(ctx context.Context, e journal.Entry, b *journal.Budget) (journal.Entry, bool, error) {
	if c.create != nil {
		c.create(c.Store, &e)
	}
	return c.Store.Create(ctx, e, b)
}

func (c *careless) Save(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	if c.save != nil {
		return c.save(ctx, c.Store, e)
	}
	return c.Store.Save(ctx, e)
}

// over makes journals on careless stores.
func over(c careless) simulation.NewJournal {
	return func(s journal.Store, config journal.Config) (*journal.Journal, error) {
		mine := c
		mine.Store = s
		return journal.New(&mine, config)
	}
}

func certain(e *journal.Entry) {
	if e.State == journal.Sending && e.Doubt > 0 {
		e.Doubt--
	}
}

// forgetful commits what is about to be sent only when the end is known.
type forgetful struct {
	journal.Store

	pending map[journal.ID]journal.Entry
}

func (f *forgetful) Create(ctx context.Context, e journal.Entry, b *journal.Budget) (journal.Entry, bool, error) {
	if e.State != journal.Sending {
		return f.Store.Create(ctx, e, b)
	}
	if kept, err := f.Store.Get(ctx, e.ID); err == nil {
		return kept, false, nil
	}
	e.Version = 1
	f.pending[e.ID] = e
	return e, true, nil
}

func (f *forgetful) Save(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	if first, ok := f.pending[e.ID]; ok {
		delete(f.pending, e.ID)
		if _, _, err := f.Store.Create(ctx, first, nil); err != nil {
			return e, err
		}
	}
	return f.Store.Save(ctx, e)
}

func (f *forgetful) Get(ctx context.Context, id journal.ID) (journal.Entry, error) {
	if e, ok := f.pending[id]; ok {
		return e, nil
	}
	return f.Store.Get(ctx, id)
}

// rekeyed is a client that makes a key of its own for each request.
type rekeyed struct {
	esim.Client

	n *int
}

func (r rekeyed) Unwrap() esim.Client { return r.Client }

func (r rekeyed) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	*r.n++
	req.Reference += "-" + strconv.Itoa(*r.n)
	return r.Client.Order(ctx, req)
}

// brokenRules are those that are not in the policy.
func brokenRules() map[string]simulation.NewJournal {
	requests := 0
	doubles := 0
	return map[string]simulation.NewJournal{
		"the intent is durable before the request": func(s journal.Store, config journal.Config) (*journal.Journal, error) {
			return journal.New(&forgetful{s, make(map[journal.ID]journal.Entry)}, config)
		},
		"doubt is durable before the request": over(careless{
			create: func(_ journal.Store, e *journal.Entry) { certain(e) },
			save: func(ctx context.Context, s journal.Store, e journal.Entry) (journal.Entry, error) {
				certain(&e)
				return s.Save(ctx, e)
			},
		}),
		"compare and swap": over(careless{save: func(ctx context.Context, s journal.Store, e journal.Entry) (journal.Entry, error) {
			saved, err := s.Save(ctx, e)
			for errors.Is(err, journal.ErrStale) {
				newest, failed := s.Get(ctx, e.ID)
				if failed != nil {
					return e, failed
				}
				e.Version = newest.Version
				saved, err = s.Save(ctx, e)
			}
			return saved, err
		}}),
		"a result counts, however late": over(careless{save: func(ctx context.Context, s journal.Store, e journal.Entry) (journal.Entry, error) {
			saved, err := s.Save(ctx, e)
			if errors.Is(err, journal.ErrStale) {
				return e, nil
			}
			return saved, err
		}}),
		"a reference is one purchase": over(careless{create: func(s journal.Store, e *journal.Entry) {
			if kept, err := s.Get(context.Background(), e.ID); err == nil && kept.Content == e.Content {
				doubles++
				e.ID += journal.ID(strconv.Itoa(doubles))
				e.Keys = nil
			}
		}}),
		"one key for life": func(s journal.Store, config journal.Config) (*journal.Journal, error) {
			for i, c := range config.Clients {
				config.Clients[i] = rekeyed{c, &requests}
			}
			return journal.New(s, config)
		},
		"a hook is due until it was called": func(s journal.Store, config journal.Config) (*journal.Journal, error) {
			hook := config.OnDelivered
			var late func()
			config.OnDelivered = func(ctx context.Context, p *journal.Purchase) error {
				late = func() { _ = hook(context.WithoutCancel(ctx), p) } // too late to do anything about an error
				return nil
			}
			return journal.New(&careless{Store: s, save: func(ctx context.Context, s journal.Store, e journal.Entry) (journal.Entry, error) {
				saved, err := s.Save(ctx, e)
				if call := late; call != nil {
					late = nil
					call()
				}
				return saved, err
			}}, config)
		},
	}
}

// Every rule is needed: without it the scenarios, their interruptions or the
// simulation see a promise broken. That is how we know that they can.
func TestMutants(t *testing.T) {
	if raceEnabled || testing.Short() {
		t.Skip("takes a while, and says nothing about races")
	}
	mutants := brokenRules()
	for _, m := range journal.Mutants() {
		mutants[m.Rule] = m.New
	}
	require.GreaterOrEqual(t, len(mutants), 18)
	cases, err := simulation.Matrix(t.Context())
	require.NoError(t, err)
	cases = slices.DeleteFunc(cases, func(c simulation.Case) bool { return c.At > 80 }) // the rest is waiting
	for _, rule := range slices.Sorted(maps.Keys(mutants)) {
		newOne := mutants[rule]
		t.Run(rule, func(t *testing.T) {
			began := time.Now()
			how, found := caught(t, newOne, cases)
			t.Logf("%s: %s", time.Since(began).Round(time.Millisecond), how)
			assert.True(t, found, "nothing notices that this rule is broken")
		})
	}
}

// caught looks for a broken promise, first where it is quickly found.
func caught(t *testing.T, newOne simulation.NewJournal, cases []simulation.Case) (how string, found bool) {
	t.Helper()
	for _, mode := range simulation.Modes() {
		for _, name := range simulation.Scenarios(mode) {
			c := simulation.Case{Mode: mode, Scenario: name}
			out, err := simulation.RunCase(t.Context(), c, newOne)
			if err != nil {
				return "scenario: " + err.Error(), true
			}
			if !slices.Equal(out.States, simulation.Want(mode, name)) {
				return "scenario: " + c.String() + " ends in another state", true
			}
		}
	}
	for i := range cases {
		c := cases[i*7919%len(cases)] // from everywhere
		if _, err := simulation.RunCase(t.Context(), c, newOne); err != nil {
			return "matrix: " + c.String() + ": " + err.Error(), true
		}
		if i > 2500 {
			break
		}
	}
	for _, mode := range simulation.Modes() {
		if _, err := simulation.Run(t.Context(), simulation.Options{Mode: mode, Seed: 3, Orders: 2000, New: newOne}); err != nil {
			return "simulation: " + err.Error(), true
		}
	}
	return "not at all", false
}
